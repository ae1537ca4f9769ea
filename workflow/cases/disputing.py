"""Disputes: who labelled an item contests the ruling on it, once, with an argument; somebody who has not judged it decides.

The item becomes a new case, which only people may decide who have not judged the item in any way. Whoever else labelled the
item and contests the same ruling joins it. What is decided there stands.
"""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from storage.tables import (
    Dispute,
    DisputeState,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    ItemState,
    Role,
    Ruling,
)
from workflow import escalation, history, outbox, people, places, waiting
from workflow.cases import contestable
from workflow.cases.decision import is_blank
from workflow.cases.dispute_outcomes import CARD, OPENED, WITHDRAWN, settle, value_now, version
from workflow.cases.second_looks import reviewer_figures
from workflow.errors import RefusedError
from workflow.states import check_move

__all__ = ["ARGUMENT_LIMIT", "check", "contest", "reviewer_figures", "settle", "withdraw"]

ARGUMENT_LIMIT = 3000


def check(session: Session, slack_id: str, ruling_id: int, now: datetime) -> int:
    """Who wants to contest a ruling, by id. Raises RefusedError where they may not now, saying why."""
    ruling = contestable.find(session, ruling_id)
    person_id = people.require(session, ruling.project_id, slack_id, *Role)
    contestable.check(session, ruling, person_id, now)
    return person_id


def contest(session: Session, slack_id: str, ruling_id: int, argument: str, now: datetime) -> int:
    """Contest a ruling; the case in which it is decided. The same person again, while it is open: the same case.

    Raises RefusedError for who has no label on the item, after the project's window, for a ruling that settled a dispute or
    does not count any more, and for a second time.
    """
    ruling = contestable.find(session, ruling_id)
    places.lock_items(session, [ruling.item_id])
    person_id = people.require(session, ruling.project_id, slack_id, *Role)
    mine = contestable.disputed_by(session, ruling_id, person_id)
    if mine is not None and mine.state is DisputeState.OPEN:
        return mine.case_id
    contestable.check(session, ruling, person_id, now)
    if is_blank(argument):
        raise RefusedError("Say why the ruling should be another one: whoever decides will read it.")
    case_id = contestable.open_case(session, ruling)
    if case_id is None:
        case_id = _open(session, ruling, person_id, now)
    else:
        escalation.touch(session, case_id, now)
    _keep(session, ruling, person_id, case_id, argument.strip()[:ARGUMENT_LIMIT], now)
    waiting.wake(session)
    return case_id


def withdraw(session: Session, slack_id: str, dispute_id: int, now: datetime) -> bool:
    """Take one's own open dispute back; whether it was open. Where nobody else contests the ruling, it is in force again."""
    row = session.execute(
        select(col(Dispute.item_id), col(Dispute.project_id), col(Dispute.person_id), col(Dispute.ruling_id))
        .add_columns(col(Dispute.escalation_id))
        .where(col(Dispute.id) == dispute_id)
    ).first()
    if row is None:
        raise RefusedError("This dispute does not exist (any more).")
    case = escalation.lock_case(session, row.escalation_id)
    person_id = people.require(session, row.project_id, slack_id, *Role)
    if person_id != row.person_id:
        raise RefusedError("Only who contests a ruling can take that back. Nothing was changed.")
    state = session.execute(select(col(Dispute.state)).where(col(Dispute.id) == dispute_id)).scalar_one()
    if state is DisputeState.WITHDRAWN:
        return False
    if state is not DisputeState.OPEN:
        raise RefusedError("This dispute is decided already. Nothing was changed.")
    restored = _alone(session, row.escalation_id)
    if restored:
        _restore(session, case, row.ruling_id, now)
    else:
        escalation.touch(session, case.id, now)
    session.execute(
        update(Dispute).where(col(Dispute.id) == dispute_id).values(state=DisputeState.WITHDRAWN, settled_at=now)
    )
    moved = (case.item_state, ItemState.RULED) if restored else None
    _note(session, WITHDRAWN, case.item_id, row.project_id, person_id, row.ruling_id, case.id, now, moved)
    outbox.rewrite(session, now, CARD, dispute_id, version(DisputeState.WITHDRAWN), CARD)
    return True


def _open(session: Session, ruling: contestable.Contested, person_id: int, now: datetime) -> int:
    """The item waits for a decision again, in a case of its own; the card of the former case says so."""
    case_id = escalation.escalate_item(
        session, ruling.project_id, ruling.item_id, ItemState.RULED, EscalationReason.CONTESTED, now, person_id
    )
    escalation.touch(session, ruling.case_id, now)
    return case_id


def _keep(
    session: Session, ruling: contestable.Contested, person_id: int, case_id: int, argument: str, now: datetime
) -> None:
    dispute_id: int = session.execute(
        insert(Dispute)
        .values(
            project_id=ruling.project_id,
            item_id=ruling.item_id,
            person_id=person_id,
            ruling_id=ruling.id,
            escalation_id=case_id,
            argument=argument,
            opened_at=now,
            state=DisputeState.OPEN,
        )
        .returning(col(Dispute.id))
    ).scalar_one()
    _note(session, OPENED, ruling.item_id, ruling.project_id, person_id, ruling.id, case_id, now)
    outbox.put(
        session,
        now,
        f"dispute:{dispute_id}",
        CARD,
        outbox.To(project_id=ruling.project_id, person_id=person_id),
        {"id": dispute_id},
        card=(CARD, dispute_id),
    )


def _alone(session: Session, case_id: int) -> bool:
    open_ones = select(func.count()).where(
        col(Dispute.escalation_id) == case_id, col(Dispute.state) == DisputeState.OPEN
    )
    return int(session.execute(open_ones).scalar_one()) == 1


def _restore(session: Session, case: escalation.Case, ruling_id: int, now: datetime) -> None:
    """The contested ruling is in force again, as if it had not been contested."""
    if case.state is not EscalationState.OPEN or case.item_state is not ItemState.ESCALATED:
        raise RefusedError("This item went on meanwhile: there is no dispute to take back. Nothing was changed.")
    ruling = session.execute(
        select(col(Ruling.value_id), col(Ruling.at), col(Ruling.escalation_id), col(Escalation.reason))
        .join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
        .where(col(Ruling.id) == ruling_id)
    ).one()
    value_id = value_now(session, ruling.value_id)
    if value_id is None:
        raise RefusedError("The label that was ruled is no label any more, so the dispute has to be decided.")
    check_move(case.item_state, ItemState.RULED)
    by_whom = {EscalationReason.REVIEW: "review", EscalationReason.AUDIT: "audit"}
    session.execute(
        update(Item)
        .where(col(Item.id) == case.item_id)
        .values(
            state=ItemState.RULED,
            final_value_id=value_id,
            decided_by=by_whom.get(ruling.reason, "ruling"),
            decided_at=ruling.at,
        )
    )
    escalation.withdraw(session, case.id, case.version, now)
    escalation.touch(session, ruling.escalation_id, now)


def _note(
    session: Session,
    action: str,
    item_id: int,
    project_id: int,
    person_id: int,
    ruling_id: int,
    case_id: int,
    now: datetime,
    moved: tuple[ItemState, ItemState] | None = None,
) -> None:
    """What somebody did with a dispute, and from which state to which it moved the item, where it did."""
    history.note(
        session,
        now,
        action,
        "item",
        item_id,
        project_id=project_id,
        actor_id=person_id,
        before={"state": moved[0]} if moved else None,
        after={"ruling_id": ruling_id, "escalation_id": case_id} | ({"state": moved[1]} if moved else {}),
    )
