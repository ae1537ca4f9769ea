"""Replies in the thread of a case's card, as Slack tells of messages in channels."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.click import clean, microseconds
from handlers.desk import Desk
from workflow.cases import replies

Event = Mapping[str, Any]
WRITTEN = (None, "file_share", "thread_broadcast")
CHANGED, DELETED = "message_changed", "message_deleted"


def register(desk: Desk) -> None:
    """Messages in channels. Not those in direct messages: Slack would tell of every card that Concord draws anew there."""
    for name in ("message.channels", "message.groups"):
        desk.event(name, written, wanted=is_reply)


def is_reply(event: Event) -> bool:
    """Whether somebody, and no app, wrote, changed or deleted something in a thread."""
    if event.get("subtype") not in (*WRITTEN, CHANGED, DELETED):
        return False
    said = _message(event)
    thread, ts, user = said.get("thread_ts"), said.get("ts"), said.get("user")
    return bool(thread and ts and thread != ts and user and not said.get("bot_id") and microseconds(str(ts)))


def written(session: Session, event: Event, _now: datetime) -> None:
    """Keep it, keep it as it reads now, or take it away."""
    said = _message(event)
    channel, thread, ts = str(event["channel"]), str(said["thread_ts"]), str(said["ts"])
    if event.get("subtype") == DELETED:
        replies.take_away(session, channel, thread, ts)
        return
    text = clean(str(said.get("text") or ""))
    replies.keep(
        session, replies.Said(channel, thread, ts, str(said["user"]), text), changed=event.get("subtype") == CHANGED
    )


def _message(event: Event) -> Event:
    inner = {CHANGED: "message", DELETED: "previous_message"}.get(event.get("subtype") or "")
    said = event.get(inner) if inner else event
    return said if isinstance(said, Mapping) else {}
