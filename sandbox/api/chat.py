"""chat.*: posting, changing and deleting messages."""

from typing import Any

from sandbox import posting, shapes
from sandbox.api import content, places
from sandbox.api.registry import SlackError, method, need
from sandbox.rules.messages import UPDATED_TEXT
from sandbox.simulator import Simulator
from sandbox.things import Message

Json = dict[str, Any]


def _thread(sim: Simulator, channel: str, args: Json) -> str | None:
    thread = args.get("thread_ts")
    if not thread:
        return None
    parent = sim.workspace.find_message(channel, str(thread))
    if parent is None:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


@method("chat.postMessage", scope="chat:write", posts=True)
def post_message(sim: Simulator, args: Json) -> Json:
    """A new message, in a channel, a direct message or a thread."""
    need(args, "channel")
    place = places.to_post(sim, args["channel"])
    said = content.read(sim, args)
    message = Message(
        channel=place.id,
        ts=sim.workspace.clock.next(),
        user=sim.workspace.bot.user_id,
        bot=True,
        text=said.text or "",
        blocks=said.blocks or [],
        metadata=said.metadata or None,
        thread_ts=_thread(sim, place.id, args),
    )
    posting.post(sim, message)
    shown = shapes.message(sim.workspace, message)
    return {"channel": place.id, "ts": message.ts, "message": shown}


@method("chat.update", scope="chat:write", tier=3)
def update(sim: Simulator, args: Json) -> Json:
    """A message of the app's own, changed. ``text`` without ``blocks`` drops the blocks; metadata left out stays."""
    need(args, "channel", "ts")
    place = places.known(sim, args["channel"])
    message = sim.workspace.find_message(place.id, str(args["ts"]))
    if message is None:
        raise SlackError("message_not_found")
    if not message.bot or message.via != "api":
        raise SlackError("cant_update_message")
    if place.is_archived:
        raise SlackError("is_inactive")
    said = content.read(sim, args, most_text=UPDATED_TEXT)
    rewrite(sim, message, said)
    shown = shapes.message(sim.workspace, message)
    return {"channel": place.id, "ts": message.ts, "text": message.text, "message": shown}


def rewrite(sim: Simulator, message: Message, said: content.Content) -> None:
    """Put new content into a message."""
    before = posting.before_change(sim, message)
    if not said.blocks and said.text != message.text:
        message.edited = sim.workspace.clock.next()
    message.text = said.text or ""
    message.blocks = said.blocks or []
    message.state = {}
    if said.metadata is not None:
        message.metadata = said.metadata or None
    posting.change(sim, message, before)


@method("chat.delete", scope="chat:write", tier=3)
def delete(sim: Simulator, args: Json) -> Json:
    """A message of the app's own, gone."""
    need(args, "channel", "ts")
    place = places.known(sim, args["channel"])
    message = sim.workspace.find_message(place.id, str(args["ts"]))
    if message is None:
        raise SlackError("message_not_found")
    if not message.bot:
        raise SlackError("cant_delete_message")
    posting.remove(sim, message)
    return {"channel": place.id, "ts": message.ts}


@method("chat.postEphemeral", scope="chat:write", tier=4)
def post_ephemeral(sim: Simulator, args: Json) -> Json:
    """A message that one member sees until they reload; not in history, without metadata."""
    need(args, "channel", "user")
    place = places.known(sim, args["channel"])
    if place.is_archived:
        raise SlackError("is_archived")
    if sim.workspace.bot.user_id not in place.members:
        raise SlackError("not_in_channel")
    if args["user"] not in place.members:
        raise SlackError("user_not_in_channel")
    said = content.read(sim, args)
    message = Message(
        channel=place.id,
        ts=sim.workspace.clock.next(),
        user=sim.workspace.bot.user_id,
        bot=True,
        text=said.text or "",
        blocks=said.blocks or [],
        only_for=args["user"],
        thread_ts=_thread(sim, place.id, args),
    )
    posting.post(sim, message)
    return {"message_ts": message.ts}
