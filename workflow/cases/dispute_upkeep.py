"""Disputes whose case ended without a decision are over: the item's text was replaced meanwhile."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Dispute, DisputeState, Escalation, EscalationState
from workflow import escalation, history, outbox
from workflow.cases.dispute_outcomes import CARD, WITHDRAWN, version

A_TICK = 500


def let_go(store: Store, now: datetime) -> int:
    """Close them; how many. A step of the clock."""
    with store.read() as session:
        gone = (
            session.execute(
                select(col(Dispute.id))
                .join(Escalation, col(Escalation.id) == col(Dispute.escalation_id))
                .where(col(Dispute.state) == DisputeState.OPEN, col(Escalation.state) == EscalationState.WITHDRAWN)
                .order_by(col(Dispute.id))
                .limit(A_TICK)
            )
            .scalars()
            .all()
        )
    return sum(store.transact(lambda session, one=dispute_id: _let_go(session, one, now)) for dispute_id in gone)  # type: ignore[misc]


def _let_go(session: Session, dispute_id: int, now: datetime) -> bool:
    row = session.execute(
        select(col(Dispute.escalation_id), col(Dispute.item_id), col(Dispute.project_id), col(Dispute.ruling_id)).where(
            col(Dispute.id) == dispute_id
        )
    ).one()
    case = escalation.lock_case(session, row.escalation_id)
    state = session.execute(select(col(Dispute.state)).where(col(Dispute.id) == dispute_id)).scalar_one()
    if state is not DisputeState.OPEN or case.state is not EscalationState.WITHDRAWN:
        return False
    session.execute(
        update(Dispute).where(col(Dispute.id) == dispute_id).values(state=DisputeState.WITHDRAWN, settled_at=now)
    )
    history.note(
        session, now, WITHDRAWN, "item", row.item_id, project_id=row.project_id,
        after={"ruling_id": row.ruling_id, "escalation_id": row.escalation_id},
    )  # fmt: skip
    outbox.rewrite(session, now, CARD, dispute_id, version(DisputeState.WITHDRAWN), CARD)
    return True
