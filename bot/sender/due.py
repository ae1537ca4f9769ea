"""Which rows may go now, in which order: the lanes' order and the subjects' order, in SQL.

The statement is built once: this runs at every nudge, beside the clicks, and building it costs ten times what it takes.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, case, or_, select
from sqlmodel import Session, SQLModel

from storage.tables import Outbox, OutboxKind, OutboxState

OUTBOX = SQLModel.metadata.tables[str(Outbox.__tablename__)]
CHANNEL = SQLModel.metadata.tables["channel"]
PERSON = SQLModel.metadata.tables["person"]
OPEN = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True)
class Free:
    """What may go now: lanes, kinds to send, kinds to look up, whether DMs may be opened, and who is busy."""

    lanes: Collection[int]
    send: Collection[OutboxKind]
    settle: Collection[OutboxKind]
    may_open: bool = True
    busy_places: Collection[str] = field(default_factory=tuple)
    busy_people: Collection[int] = field(default_factory=tuple)


@dataclass(frozen=True)
class Candidate:
    """A row that may go. ``place`` is the Slack channel, None for a DM that has yet to be opened."""

    id: int
    lane: int
    kind: OutboxKind
    state: OutboxState
    place: str | None
    person_id: int | None


def candidates(session: Session, now: datetime, free: Free, most: int) -> list[Candidate]:
    """The first rows that may go, in order."""
    values = {
        "now": now,
        "lanes": list(free.lanes),
        "send": list(free.send),
        "settle": list(free.settle),
        "may_open": free.may_open,
        "places": list(free.busy_places),
        "people": list(free.busy_people),
        "most": most,
    }
    return [Candidate(*row) for row in session.connection().execute(DUE, values)]


def _is_first() -> ColumnElement[bool]:
    earlier = OUTBOX.alias()
    # Copies of one card do not wait for each other: Concord may be shut out of where one of them is.
    one_copy = or_(earlier.c.card_id.is_(None), OUTBOX.c.card_id.is_(None), earlier.c.card_id == OUTBOX.c.card_id)
    same = and_(earlier.c.subject == OUTBOX.c.subject, earlier.c.id < OUTBOX.c.id, earlier.c.state.in_(OPEN), one_copy)
    return ~select(earlier.c.id).where(same).correlate(OUTBOX).exists()


def _has_its_thread() -> ColumnElement[bool]:
    head = OUTBOX.alias()
    coming = and_(head.c.key == OUTBOX.c.thread_key, head.c.state.in_(OPEN))
    return or_(OUTBOX.c.thread_key.is_(None), ~select(head.c.id).where(coming).correlate(OUTBOX).exists())


def _place() -> ColumnElement[str]:
    """The Slack channel that a row goes to, or went to; NULL while Slack has not told."""
    return case(
        (OUTBOX.c.sent_channel.is_not(None), OUTBOX.c.sent_channel),
        (OUTBOX.c.channel.is_not(None), OUTBOX.c.channel),
        (OUTBOX.c.purpose.is_not(None), CHANNEL.c.slack_id),
        else_=PERSON.c.dm,
    )


def _may_go(place: ColumnElement[str]) -> ColumnElement[bool]:
    nobody = and_(OUTBOX.c.channel.is_(None), OUTBOX.c.purpose.is_(None), OUTBOX.c.person_id.is_(None))
    opens = and_(
        OUTBOX.c.purpose.is_(None), PERSON.c.slack_id.is_not(None), bindparam("may_open", type_=PERSON.c.active.type)
    )
    send = bindparam("send", expanding=True, type_=OUTBOX.c.kind.type)
    settle = bindparam("settle", expanding=True, type_=OUTBOX.c.kind.type)
    return or_(
        and_(
            OUTBOX.c.state == OutboxState.WAITING,
            OUTBOX.c.kind.in_(send),
            or_(place.is_not(None), PERSON.c.active.is_(False), nobody, opens),
        ),
        and_(OUTBOX.c.state == OutboxState.UNKNOWN, OUTBOX.c.kind.in_(settle)),
    )


IS_FIRST = _is_first()
"""No earlier row about the same message is still on its way."""

PLACE = _place()
DUE = (
    select(OUTBOX.c.id, OUTBOX.c.lane, OUTBOX.c.kind, OUTBOX.c.state, PLACE.label("place"), OUTBOX.c.person_id)
    .select_from(
        OUTBOX.outerjoin(
            CHANNEL, and_(CHANNEL.c.project_id == OUTBOX.c.project_id, CHANNEL.c.purpose == OUTBOX.c.purpose)
        ).outerjoin(PERSON, PERSON.c.id == OUTBOX.c.person_id)
    )
    .where(
        OUTBOX.c.state.in_((OutboxState.WAITING, OutboxState.UNKNOWN)),
        OUTBOX.c.lane.in_(bindparam("lanes", expanding=True)),
        OUTBOX.c.due_at <= bindparam("now"),
        _may_go(PLACE),
        or_(PLACE.is_(None), PLACE.not_in(bindparam("places", expanding=True))),
        or_(
            PLACE.is_not(None),
            OUTBOX.c.person_id.is_(None),
            OUTBOX.c.person_id.not_in(bindparam("people", expanding=True)),
        ),
        IS_FIRST,
        _has_its_thread(),
    )
    .order_by(OUTBOX.c.lane, OUTBOX.c.due_at, OUTBOX.c.id)
    .limit(bindparam("most"))
)
