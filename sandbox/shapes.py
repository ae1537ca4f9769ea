"""How things look in Slack's JSON: users, channels, messages and views."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.file_shapes import in_message
from sandbox.rules.blocks import entities
from sandbox.things import Channel, Message, User, View
from sandbox.workspace import Workspace

Json = dict[str, Any]
_ALLOWED = re.compile(r"<(?:[@#!][^<>\n]+|[a-zA-Z][a-zA-Z0-9+.-]*:[^<>\n]+)>|&(?:amp|lt|gt);")


def mrkdwn(text: str) -> str:
    """Markup text as Slack keeps it: control sequences and entities stay, stray ``&``, ``<``, ``>`` become entities.

    A leading ``>`` (a quote) becomes ``&gt;`` as well, as Slack's own clients send it.
    """
    out, end = [], 0
    for match in _ALLOWED.finditer(text):
        out += [_escape(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*out, _escape(text[end:])])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped(value: Any) -> Any:
    """Blocks as the app gets them back, with entities in every text a person reads, button texts included."""
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    out = {name: escaped(item) if isinstance(item, dict | list) else item for name, item in value.items()}
    if isinstance(value.get("text"), str) and not ("&" not in value["text"] and _plain(value["text"])):
        if kind == "mrkdwn":
            out["text"] = mrkdwn(value["text"])
        elif kind == "plain_text":
            out["text"] = entities(value["text"])
        elif kind in {"text", "link", "raw_text"}:
            out["text"] = _escape(value["text"])
    return out


def _plain(text: str) -> bool:
    return "<" not in text and ">" not in text


def user(workspace: Workspace, person: User, *, email: bool = True) -> Json:
    """A user object, as in ``users.info``."""
    try:
        zone = ZoneInfo(person.tz)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    now = datetime.now(zone)
    offset = now.utcoffset()
    called = person.name if person.display_name is None else person.display_name
    profile = {
        "title": person.title,
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": called,
        "display_name_normalized": called,
        "team": workspace.team["id"],
        "image_72": "",
    }
    if email and person.email and not person.is_bot:
        profile["email"] = person.email
    out: Json = {
        "id": person.id,
        "team_id": workspace.team["id"],
        "name": person.name,
        "deleted": person.deleted,
        "profile": profile,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": person.updated,
    }
    if person.deleted:
        return out
    return out | {
        "color": person.color,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": now.tzname() or person.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
    }


def channel(workspace: Workspace, place: Channel) -> Json:
    """A conversation object, as in ``conversations.info``."""
    bot = workspace.bot.user_id
    if place.kind == "im":
        other = place.other(bot)
        gone = other in workspace.users and workspace.users[other].deleted
        return {
            "id": place.id,
            "created": place.created,
            "is_archived": False,
            "is_im": True,
            "is_org_shared": False,
            "user": other,
            "is_user_deleted": gone,
            "context_team_id": workspace.team["id"],
        }
    return {
        "id": place.id,
        "name": place.name,
        "name_normalized": place.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": place.is_private,
        "is_archived": place.is_archived,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": bot in place.members,
        "created": place.created,
        "creator": bot,
        "num_members": len(place.members),
        "topic": {"value": place.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "context_team_id": workspace.team["id"],
    }


def message(workspace: Workspace, said: Message, *, metadata: bool = False) -> Json:
    """A message as the app sees it, in history and in payloads."""
    out: Json = {
        "type": "message",
        "user": said.user,
        "ts": said.ts,
        "text": said.text,
        "team": workspace.team["id"],
    }
    if said.subtype:
        out["subtype"] = said.subtype
    if said.bot:
        app = workspace.bot
        out |= {
            "bot_id": app.bot_id,
            "app_id": app.id,
            "bot_profile": {
                "id": app.bot_id,
                "app_id": app.id,
                "name": app.name,
                "deleted": False,
                "team_id": workspace.team["id"],
            },
        }
    if said.blocks:
        out["blocks"] = escaped(said.blocks)
    if said.files:
        out["files"] = [in_message(workspace, workspace.files[key]) for key in said.files if key in workspace.files]
    if said.edited:
        out["edited"] = {"user": said.user, "ts": said.edited}
    if said.reactions:
        out["reactions"] = said.reactions
    if metadata and said.metadata:
        out["metadata"] = said.metadata
    return out | _thread(workspace, said)


def _thread(workspace: Workspace, said: Message) -> Json:
    if said.thread_ts and said.thread_ts != said.ts:
        parent = workspace.messages[said.channel].get(said.thread_ts)
        return {"thread_ts": said.thread_ts} | ({"parent_user_id": parent.user} if parent else {})
    replies = workspace.threads.get((said.channel, said.ts))
    if not replies:
        return {}
    people = list(dict.fromkeys(workspace.messages[said.channel][ts].user for ts in replies))
    return {
        "thread_ts": said.ts,
        "reply_count": len(replies),
        "reply_users_count": len(people),
        "latest_reply": replies[-1],
        "reply_users": people,
    }


def view(workspace: Workspace, shown: View) -> Json:
    """A view as the app sees it, with the state of its inputs."""
    body = shown.body
    out: Json = {
        "id": shown.id,
        "team_id": workspace.team["id"],
        "type": shown.kind,
        "blocks": escaped(body["blocks"]),
        "private_metadata": body.get("private_metadata", ""),
        "callback_id": body.get("callback_id", ""),
        "state": {"values": shown.inputs},
        "hash": shown.hash,
        "title": escaped(body.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": body.get("clear_on_close", False),
        "notify_on_close": body.get("notify_on_close", False),
        "close": escaped(body.get("close")),
        "submit": escaped(body.get("submit")),
        "previous_view_id": shown.previous,
        "root_view_id": shown.root,
        "app_id": workspace.bot.id,
        "external_id": body.get("external_id", ""),
        "app_installed_team_id": workspace.team["id"],
        "bot_id": workspace.bot.bot_id,
    }
    if shown.kind == "modal":
        out["submit_disabled"] = body.get("submit_disabled", False)
    return out
