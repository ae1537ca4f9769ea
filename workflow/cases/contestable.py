"""Whether a ruling can be contested: by whom, until when, and why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Dispute,
    DisputeState,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    ItemState,
    Outbox,
    OutboxState,
    Place,
    Ruling,
)
from workflow import quality_rules
from workflow.cases import telling
from workflow.errors import NotAllowedError, RefusedError

ON_THEIR_WAY = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)
ONCE = "You have contested this ruling before: that can be done once. Nothing was changed."


@dataclass(frozen=True)
class Contested:
    """A ruling that somebody may want to contest, with the case that it decided."""

    id: int
    project_id: int
    item_id: int
    case_id: int
    reason: EscalationReason
    person_id: int
    value_id: int | None
    at: datetime


@dataclass(frozen=True)
class Mine:
    """Somebody's dispute about a ruling."""

    id: int
    case_id: int
    state: DisputeState


def find(session: Session, ruling_id: int) -> Contested:
    """A ruling, by its id. Raises RefusedError where there is none."""
    row = session.execute(
        select(
            col(Ruling.id),
            col(Escalation.project_id),
            col(Ruling.item_id),
            col(Ruling.escalation_id),
            col(Escalation.reason),
            col(Ruling.person_id),
            col(Ruling.value_id),
            col(Ruling.at),
        )
        .join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
        .where(col(Ruling.id) == ruling_id)
    ).first()
    if row is None:
        raise RefusedError("This ruling does not exist (any more).")
    return Contested(*row)


def disputed_by(session: Session, ruling_id: int, person_id: int) -> Mine | None:
    """The dispute of a person about a ruling, whatever became of it."""
    row = session.execute(
        select(col(Dispute.id), col(Dispute.escalation_id), col(Dispute.state)).where(
            col(Dispute.ruling_id) == ruling_id, col(Dispute.person_id) == person_id
        )
    ).first()
    return Mine(*row) if row is not None else None


def check(session: Session, ruling: Contested, person_id: int, now: datetime) -> None:
    """Raise RefusedError where a person may not contest a ruling (any more), saying why."""
    if not _labelled(session, ruling.item_id, person_id):
        raise NotAllowedError("Only who labelled this item can contest its ruling. Nothing was changed.")
    if ruling.reason is EscalationReason.CONTESTED:
        raise RefusedError("This ruling settled a dispute, and stands. Nothing was changed.")
    if disputed_by(session, ruling.id, person_id) is not None:
        raise RefusedError(ONCE)
    if ruling.person_id == person_id:
        raise RefusedError("This is your own ruling: change it, if you think otherwise now.")
    if not _stands(session, ruling) and open_case(session, ruling) is None:
        raise RefusedError(
            "This ruling does not count any more: it was changed or contested, or the item was given out again. "
            "Nothing was changed."
        )
    until = _until(session, ruling, person_id, now)
    if until is None:
        raise RefusedError("Rulings of this project cannot be contested. Talk to a lead, if one seems wrong to you.")
    if until <= now:
        raise RefusedError("The time in which this ruling could be contested is over. Nothing was changed.")


def until(session: Session, ruling_id: int, person_id: int, now: datetime) -> datetime | None:
    """Until when a person may contest a ruling; None where they may not."""
    ruling = find(session, ruling_id)
    try:
        check(session, ruling, person_id, now)
    except RefusedError:
        return None
    return _until(session, ruling, person_id, now)


def open_case(session: Session, ruling: Contested) -> int | None:
    """The open case in which somebody else contests the ruling already."""
    found: int | None = session.execute(
        select(col(Dispute.escalation_id))
        .join(Escalation, col(Escalation.id) == col(Dispute.escalation_id))
        .where(
            col(Dispute.ruling_id) == ruling.id,
            col(Dispute.state) == DisputeState.OPEN,
            col(Escalation.state) == EscalationState.OPEN,
        )
        .limit(1)
    ).scalar()
    return found


def _labelled(session: Session, item_id: int, person_id: int) -> bool:
    mine = select(col(Assignment.id)).where(
        col(Assignment.item_id) == item_id,
        col(Assignment.person_id) == person_id,
        col(Assignment.state) == Place.LABELLED,
    )
    return session.execute(mine).first() is not None


def _stands(session: Session, ruling: Contested) -> bool:
    """Whether the item stands on this ruling: the last one of its last case, but for cases that were taken back."""
    last = (
        select(col(Ruling.id))
        .join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
        .where(col(Ruling.item_id) == ruling.item_id, col(Escalation.state) == EscalationState.RULED)
        .order_by(col(Ruling.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(select(col(Item.state), last.label("last")).where(col(Item.id) == ruling.item_id)).one()
    return row.state is ItemState.RULED and row.last == ruling.id and ruling.value_id is not None


def _until(session: Session, ruling: Contested, person_id: int, now: datetime) -> datetime | None:
    """The window begins when the person was told; a notice that is still on its way was not."""
    window = quality_rules.of_project(session, ruling.project_id).disputes.window
    if not window:
        return None
    notice = session.execute(
        select(col(Outbox.state), col(Outbox.settled_at)).where(col(Outbox.key) == telling.key(ruling.id, person_id))
    ).first()
    told = ruling.at
    if notice is not None and notice.state in ON_THEIR_WAY:
        told = now
    elif notice is not None and notice.state is OutboxState.SENT and notice.settled_at is not None:
        told = notice.settled_at
    return told + timedelta(seconds=window)
