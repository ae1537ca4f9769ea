"""What could not be said, and why: for leads, and for whoever runs Concord."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlmodel import Session, col

from storage.tables import Channel, Outbox, OutboxState, Person

MOST = 200
STUCK = (OutboxState.WAITING, OutboxState.UNKNOWN)


@dataclass(frozen=True)
class Undelivered:
    """A message that did not arrive. ``to`` is in words; ``still_trying`` while Concord may yet deliver it by itself."""

    id: int
    template: str
    to: str
    reason: str
    still_trying: bool
    since: datetime


def undelivered(session: Session, project_id: int | None = None, *, most: int = MOST) -> list[Undelivered]:
    """What failed, and what waits for somebody to do something, the newest first; of all projects where none is named."""
    statement = (
        select(
            col(Outbox.id),
            col(Outbox.template),
            col(Outbox.channel),
            col(Outbox.purpose),
            col(Channel.name),
            col(Person.name),
            col(Outbox.error),
            col(Outbox.state),
            col(Outbox.created_at),
        )
        .outerjoin(
            Channel,
            and_(col(Channel.project_id) == col(Outbox.project_id), col(Channel.purpose) == col(Outbox.purpose)),
        )
        .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
        .where(
            or_(
                col(Outbox.state) == OutboxState.FAILED,
                and_(col(Outbox.state).in_(STUCK), col(Outbox.error).is_not(None)),
            )
        )
        .order_by(col(Outbox.id).desc())
        .limit(most)
    )
    if project_id is not None:
        statement = statement.where(col(Outbox.project_id) == project_id)
    return [
        Undelivered(row_id, template, _to(channel, purpose, name, person), error or "", state in STUCK, since)
        for row_id, template, channel, purpose, name, person, error, state, since in session.execute(statement)
    ]


def try_again(session: Session, now: datetime, ids: Collection[int]) -> int:
    """Send these again now that the cause is gone; how many there were. What is unknown is left to its look-up."""
    fresh = {"state": OutboxState.WAITING, "due_at": now, "attempts": 0, "error": None, "settled_at": None}
    unsent = {"sending_since": None, "lease_until": None, "sent_channel": None}
    held = (OutboxState.FAILED, OutboxState.WAITING)
    statement = update(Outbox).where(col(Outbox.id).in_(ids), col(Outbox.state).in_(held)).values(**fresh, **unsent)
    return len(session.execute(statement.returning(col(Outbox.id))).all())


def _to(channel: str | None, purpose: str | None, name: str | None, person: str | None) -> str:
    if purpose:
        return name or f"the {purpose} channel"
    return person or channel or "nobody"
