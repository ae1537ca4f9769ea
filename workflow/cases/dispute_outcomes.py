"""What becomes of a dispute: the contested ruling stands or is changed, and who contested it and who ruled are told."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Dispute, DisputeState, LabelMove, LabelValue, Ruling
from workflow import history, outbox
from workflow.cases import telling

OPENED, WITHDRAWN, UPHELD, GRANTED = "ruling.contested", "dispute.withdrawn", "dispute.upheld", "dispute.granted"
CARD = "dispute"
"""The card that whoever contests a ruling has of it, in their own messages."""


def settle(session: Session, case_id: int, ruling_id: int, value_id: int, now: datetime) -> None:
    """A contested case was ruled: every open dispute of it is upheld (the ruling stands) or granted (it was changed).

    The caller holds the case and its item under lock, and has kept the ruling. Told are who contested and who had ruled.
    """
    judge_id = session.execute(select(col(Ruling.person_id)).where(col(Ruling.id) == ruling_id)).scalar_one()
    rows = session.execute(
        select(col(Dispute.id), col(Dispute.person_id), col(Dispute.item_id), col(Dispute.project_id))
        .add_columns(col(Dispute.ruling_id), col(Ruling.value_id), col(Ruling.person_id).label("ruled_by"))
        .join(Ruling, col(Ruling.id) == col(Dispute.ruling_id))
        .where(col(Dispute.escalation_id) == case_id, col(Dispute.state) == DisputeState.OPEN)
        .order_by(col(Dispute.id))
    ).all()
    for row in rows:
        stands = value_id in (row.value_id, value_now(session, row.value_id))
        state = DisputeState.UPHELD if stands else DisputeState.GRANTED
        session.execute(
            update(Dispute)
            .where(col(Dispute.id) == row.id)
            .values(state=state, settled_by_id=ruling_id, settled_at=now)
        )
        history.note(
            session,
            now,
            UPHELD if stands else GRANTED,
            "item",
            row.item_id,
            project_id=row.project_id,
            actor_id=judge_id,
            after={"person_id": row.person_id, "ruling_id": row.ruling_id, "escalation_id": case_id},
        )
        outbox.rewrite(session, now, CARD, row.id, version(state), CARD)
        for person_id in (row.person_id, row.ruled_by):
            telling.tell(session, row.project_id, ruling_id, person_id, now)


def version(state: DisputeState) -> int:
    """The version of a dispute's card: it changes once."""
    return int(state is not DisputeState.OPEN)


def value_now(session: Session, value_id: int | None) -> int | None:
    """What a label is by now, where it went into another one since; None where it is none any more."""
    seen: set[int] = set()
    while value_id is not None and value_id not in seen:
        seen.add(value_id)
        row = session.execute(select(col(LabelValue.retired_at)).where(col(LabelValue.id) == value_id)).one()
        if row.retired_at is None:
            return value_id
        value_id = session.execute(
            select(col(LabelMove.to_id))
            .where(col(LabelMove.from_id) == value_id)
            .order_by(col(LabelMove.id).desc())
            .limit(1)
        ).scalar()
    return None
