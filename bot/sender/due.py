"""Which rows may go now, in which order: the lanes' order and the subjects' order, in SQL."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import Channel, Outbox, OutboxKind, OutboxState, Person

OPEN = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True)
class Free:
    """What may go now: kinds to send, kinds to look up, whether DMs may be opened, and who is busy."""

    send: Collection[OutboxKind]
    settle: Collection[OutboxKind]
    may_open: bool = True
    busy_places: Collection[str] = field(default_factory=tuple)
    busy_people: Collection[int] = field(default_factory=tuple)


@dataclass(frozen=True)
class Candidate:
    """A row that may go. ``place`` is the Slack channel, None for a DM that has yet to be opened."""

    id: int
    kind: OutboxKind
    state: OutboxState
    place: str | None
    person_id: int | None


def candidates(session: Session, now: datetime, lane: int, free: Free, most: int) -> list[Candidate]:
    """The first rows of a lane that may go, in order."""
    place = _place()
    rows = session.execute(
        select(col(Outbox.id), col(Outbox.kind), col(Outbox.state), place.label("place"), col(Outbox.person_id))
        .outerjoin(
            Channel,
            and_(col(Channel.project_id) == col(Outbox.project_id), col(Channel.purpose) == col(Outbox.purpose)),
        )
        .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
        .where(
            col(Outbox.lane) == lane,
            col(Outbox.due_at) <= now,
            or_(_sendable(place, free), _settleable(free)),
            or_(place.is_(None), place.not_in(free.busy_places)),
            or_(place.is_not(None), col(Outbox.person_id).is_(None), col(Outbox.person_id).not_in(free.busy_people)),
            is_first(),
            _has_its_thread(),
        )
        .order_by(col(Outbox.due_at), col(Outbox.id))
        .limit(most)
    )
    return [Candidate(*row) for row in rows]


def _place() -> ColumnElement[str]:
    """The Slack channel that a row goes to, or went to; NULL while Slack has not told."""
    return case(
        (col(Outbox.sent_channel).is_not(None), col(Outbox.sent_channel)),
        (col(Outbox.channel).is_not(None), col(Outbox.channel)),
        (col(Outbox.purpose).is_not(None), col(Channel.slack_id)),
        else_=col(Person.dm),
    )


def _sendable(place: ColumnElement[str], free: Free) -> ColumnElement[bool]:
    nobody = and_(col(Outbox.channel).is_(None), col(Outbox.purpose).is_(None), col(Outbox.person_id).is_(None))
    opens = and_(col(Outbox.purpose).is_(None), col(Person.slack_id).is_not(None)) if free.may_open else false()
    return and_(
        col(Outbox.state) == OutboxState.WAITING,
        col(Outbox.kind).in_(free.send),
        or_(place.is_not(None), col(Person.active).is_(False), nobody, opens),
    )


def _settleable(free: Free) -> ColumnElement[bool]:
    return and_(col(Outbox.state) == OutboxState.UNKNOWN, col(Outbox.kind).in_(free.settle))


def is_first() -> ColumnElement[bool]:
    """No earlier row about the same message is still on its way."""
    earlier = aliased(Outbox)
    return ~(
        select(col(earlier.id))
        .where(
            col(earlier.subject) == col(Outbox.subject),
            col(earlier.id) < col(Outbox.id),
            col(earlier.state).in_(OPEN),
        )
        .correlate(Outbox)
        .exists()
    )


def _has_its_thread() -> ColumnElement[bool]:
    head = aliased(Outbox)
    return ~(
        select(col(head.id))
        .where(col(head.key) == col(Outbox.thread_key), col(head.state).in_(OPEN))
        .correlate(Outbox)
        .exists()
    )
