"""What happens to channels that Concord is in, as Slack tells it: nobody waits ten minutes for the directory."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.desk import Desk
from workflow import channel_changes

Event = Mapping[str, Any]
Change = Callable[[Session, str, datetime], None]


def register(desk: Desk, us: str) -> None:
    """Coming and going, archives and names; ``us`` is the Slack id of the bot."""
    desk.event("member_joined_channel", lambda session, event, now: joined(session, event, now, us))
    desk.event("channel_id_changed", moved)
    changes: dict[str, Change] = {
        "left": channel_changes.left,
        "archive": channel_changes.archived,
        "unarchive": channel_changes.unarchived,
    }
    for kind in ("channel", "group"):
        desk.event(f"{kind}_rename", renamed)
        for name, change in changes.items():
            desk.event(f"{kind}_{name}", _as_event(change))


def joined(session: Session, event: Event, now: datetime, us: str) -> None:
    """Others come into a channel too; only Concord's own coming is news."""
    if event.get("user") == us:
        channel_changes.joined(session, str(event["channel"]), now)


def renamed(session: Session, event: Event, _now: datetime) -> None:
    """The new name comes with the event."""
    channel_changes.renamed(session, str(event["channel"]["id"]), str(event["channel"]["name"]))


def moved(session: Session, event: Event, _now: datetime) -> None:
    """A private channel that is shared gets another id."""
    channel_changes.moved(session, str(event["old_channel_id"]), str(event["new_channel_id"]))


def _as_event(change: Change) -> Callable[[Session, Event, datetime], None]:
    return lambda session, event, now: change(session, str(event["channel"]), now)
