"""files.*: an address to upload to, the upload, completing it, asking, deleting."""

import asyncio
import secrets
import time
from typing import Any

from sandbox import file_shapes, ids, posting, shapes, sharing
from sandbox.api import content, places
from sandbox.api.registry import SlackError, method, need, whole
from sandbox.incoming import MOST_BYTES
from sandbox.simulator import Simulator
from sandbox.things import Channel, File, Message

Json = dict[str, Any]
_tasks: set[asyncio.Task[None]] = set()


@method("files.getUploadURLExternal", scope="files:write", tier=4, form_only=True)
def get_upload_url(sim: Simulator, args: Json) -> Json:
    """An address that takes the bytes once."""
    name, _ = need(args, "filename", "length")
    size = whole(args, "length", 1, MOST_BYTES)
    alt = str(args.get("alt_txt") or "")
    if len(alt) > 1000:
        raise SlackError("alt_txt_too_large")
    kept = File(
        id=ids.fresh("F"),
        name=str(name),
        user=sim.workspace.bot.user_id,
        size=size,
        ticket=secrets.token_urlsafe(16),
        alt=alt,
        created=int(time.time()),
    )
    sim.workspace.save_file(kept)
    return {"upload_url": f"{sim.settings.url}/upload/v1/{kept.ticket}", "file_id": kept.id}


def awaited(sim: Simulator, ticket: str) -> File | None:
    """The file whose bytes this address takes; None when the address is not one, or the file is complete."""
    kept = next((file for file in sim.workspace.files.values() if file.ticket == ticket), None)
    return None if kept is None or kept.completed else kept


@method("files.completeUploadExternal", scope="files:write", tier=4)
def complete_upload(sim: Simulator, args: Json) -> Json:
    """Files are done; Slack looks at them, and shares them where asked, a little later."""
    (files,) = need(args, "files")
    kept = _uploaded(sim, files)
    named = args.get("channel_id") or args.get("channels")
    channels = [places.to_post(sim, name.strip()) for name in str(named).split(",")] if named else []
    if args.get("thread_ts") and len(channels) != 1:
        raise SlackError("invalid_arguments", "[ERROR] thread_ts needs exactly one channel")
    if len(channels) > 100:
        raise SlackError("invalid_channels")
    blocks = args.get("blocks")
    if blocks and channels:
        content.read(sim, {"blocks": blocks})
    for file in kept:
        file.completed = True
        file.ready_at = time.time() + sim.settings.file_seconds
        sim.workspace.save_file(file)
    _later(sim, kept, channels, args)
    return {"files": [file_shapes.file(sim.workspace, file) for file in kept]}


def _uploaded(sim: Simulator, files: Any) -> list[File]:
    if not isinstance(files, list) or not files:
        raise SlackError("invalid_arguments", "[ERROR] must be an array [json-pointer:/files]")
    kept = []
    for row in files:
        file = sim.workspace.files.get(row.get("id", "")) if isinstance(row, dict) else None
        if file is None or not file.received:
            raise SlackError("file_not_found")
        if file.completed:
            raise SlackError("file_update_failed")
        file.title = str(row.get("title") or file.name)
        kept.append(file)
    return kept


def _later(sim: Simulator, kept: list[File], channels: list[Channel], args: Json) -> None:
    async def share() -> None:
        await asyncio.sleep(sim.settings.file_seconds)
        for place in channels:
            _share_in(sim, kept, place, args)
        sim.workspace.store.flush()

    task = asyncio.get_running_loop().create_task(share())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _share_in(sim: Simulator, kept: list[File], place: Channel, args: Json) -> None:
    message = Message(
        channel=place.id,
        ts=sim.workspace.clock.next(),
        user=sim.workspace.bot.user_id,
        bot=True,
        text=shapes.mrkdwn(str(args.get("initial_comment") or "")),
        blocks=posting.with_ids(args.get("blocks") or []),
        thread_ts=places.thread_of(sim, place, args.get("thread_ts")),
    )
    there = [file for file in kept if not file.deleted]
    if there:
        sharing.share(sim, there, message)


def _known(sim: Simulator, args: Json) -> File:
    (key,) = need(args, "file")
    kept = sim.workspace.files.get(str(key))
    if kept is None or not kept.completed or not file_shapes.seen_by_app(sim.workspace, kept):
        raise SlackError("file_not_found")
    if kept.deleted:
        raise SlackError("file_deleted")
    return kept


@method("files.info", scope="files:read", tier=4, form_only=True)
def info(sim: Simulator, args: Json) -> Json:
    """What is known of a file; its ``mimetype`` is empty until Slack has looked at it."""
    kept = _known(sim, args)
    return {"file": file_shapes.file(sim.workspace, kept), "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.delete", scope="files:write", tier=3)
def delete(sim: Simulator, args: Json) -> Json:
    """A file of the app's own, gone, and with it the message that showed it alone."""
    kept = _known(sim, args)
    if kept.user != sim.workspace.bot.user_id:
        raise SlackError("cant_delete_file")
    sharing.delete(sim, kept)
    for share in kept.shares:
        message = sim.workspace.find_message(share["channel"], share["ts"])
        if message and message.files == [kept.id] and not message.text and not message.blocks:
            posting.remove(sim, message)
    return {}
