"""How files look in Slack's JSON: in ``files.info``, in messages, after they are gone."""

import re
import time
import unicodedata
from typing import Any

from sandbox.filetypes import SNIPPET_BYTES, Kind, extension, kind_of
from sandbox.things import Channel, File
from sandbox.workspace import Workspace

Json = dict[str, Any]
PICTURES = {"image/png", "image/jpeg", "image/gif"}


def kind(kept: File) -> Kind:
    """What kind of file this is."""
    return kind_of(kept.name, readable=kept.readable)


def ready(kept: File) -> bool:
    """Whether Slack has worked out what kind of file this is."""
    return kept.completed and time.time() >= kept.ready_at


def mimetype(kept: File) -> str:
    """The type of a file, empty until it is known."""
    return kind(kept).mimetype if ready(kept) else ""


def in_message(workspace: Workspace, kept: File) -> Json:
    """A file as messages and events carry it: whole, as a tombstone, or as the stub of a Slack Connect file."""
    if kept.deleted:
        return {"id": kept.id, "mode": "tombstone"}
    if kept.external:
        stub = {"id": kept.id, "mode": "file_access", "file_access": "check_file_info"}
        return stub | {"created": 0, "timestamp": 0, "user": ""}
    return file(workspace, kept)


def file(workspace: Workspace, kept: File) -> Json:
    """A file object, as in ``files.info``; type and shares appear once Slack has worked on it."""
    done = ready(kept)
    base, team = workspace.team.get("url", ""), workspace.team["id"]
    path = f"{team}-{kept.id}"
    name = slug(kept.name)
    shown = kind(kept)
    return {
        "id": kept.id,
        "created": kept.created,
        "timestamp": kept.created,
        "name": kept.name,
        "title": kept.title or kept.name,
        "mimetype": shown.mimetype if done else "",
        "filetype": shown.filetype if done else "",
        "pretty_type": shown.pretty if done else "",
        "user": kept.user,
        "user_team": team,
        "editable": snippet(kept),
        "size": kept.size,
        "mode": "snippet" if snippet(kept) else "hosted",
        "alt_txt": kept.alt,
        "is_external": False,
        "external_type": "",
        "is_public": bool(_places(workspace, kept, "channels")),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{base}/files-pri/{path}/{name}",
        "url_private_download": f"{base}/files-pri/{path}/download/{name}",
        "permalink": f"{base}/files/{kept.user}/{kept.id}/{name}",
        "file_access": "check_file_info" if kept.external else "visible",
        "channels": _places(workspace, kept, "channels"),
        "groups": _places(workspace, kept, "groups"),
        "ims": _places(workspace, kept, "ims"),
        "shares": _shares(workspace, kept),
        "comments_count": 0,
    } | (preview(kept) if done and shown.text else {})


def snippet(kept: File) -> bool:
    """Whether Slack keeps it as a snippet: text of up to 1 MB."""
    return kind(kept).text and kept.size <= SNIPPET_BYTES


def preview(kept: File) -> Json:
    """The first lines of a text, as its card shows them."""
    shown = kept.preview.count("\n") + 1 if kept.preview else 0
    return {
        "preview": kept.preview,
        "lines": shown + kept.lines_more,
        "lines_more": kept.lines_more,
        "preview_is_truncated": kept.lines_more > 0,
    }


def seen_by_app(workspace: Workspace, kept: File) -> bool:
    """Whether the bot may look at a file: its own, or one shared where it is a member."""
    bot = workspace.bot.user_id
    shared = (workspace.channels[share["channel"]] for share in kept.shares)
    return kept.user == bot or any(bot in place.members for place in shared)


def _shared(workspace: Workspace, kept: File) -> list[Json]:
    bot = workspace.bot.user_id
    rows = kept.shares if ready(kept) else []
    return [share for share in rows if bot in workspace.channels[share["channel"]].members]


def _places(workspace: Workspace, kept: File, field: str) -> list[str]:
    named = [workspace.channels[share["channel"]] for share in _shared(workspace, kept)]
    return list(dict.fromkeys(place.id for place in named if _field(place) == field))


def _field(place: Channel) -> str:
    if place.kind == "im":
        return "ims"
    return "groups" if place.is_private else "channels"


def _shares(workspace: Workspace, kept: File) -> Json:
    out: Json = {}
    for share in _shared(workspace, kept):
        place = workspace.channels[share["channel"]]
        scope = out.setdefault("private" if place.is_private or place.kind == "im" else "public", {})
        replies = workspace.threads.get((place.id, share["ts"]), [])
        row = {
            "ts": share["ts"],
            "channel_name": place.name,
            "team_id": workspace.team["id"],
            "share_user_id": share.get("user", kept.user),
            "reply_users": [],
            "reply_users_count": 0,
            "reply_count": len(replies),
        }
        scope.setdefault(place.id, []).append(row | ({"thread_ts": share["thread_ts"]} if "thread_ts" in share else {}))
    return out


def slug(name: str) -> str:
    """The name as addresses carry it: small letters, digits and dots, everything else an underscore."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = plain.rsplit(".", 1)[0] if "." in plain else plain
    made = re.sub(r"[^a-z0-9]+", "_", stem).strip("_") or "file"
    end = re.sub(r"[^a-z0-9]", "", extension(plain))
    return f"{made}.{end}" if end else made
