"""Unclear or disputed items: they wait for a reviewer, who rules or sends them back, and people are told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    ItemState,
    Lane,
    Place,
    Purpose,
    Role,
)
from workflow import history, outbox, people, places
from workflow.cases import judging
from workflow.errors import RefusedError
from workflow.states import check_move

RULERS = (Role.REVIEWER, Role.LEAD)
GONE = "This case does not exist (any more)."


@dataclass(frozen=True)
class Case:
    """An escalation under lock, with what a decision needs to know."""

    id: int
    project_id: int
    item_id: int
    state: EscalationState
    version: int
    reason: EscalationReason
    step: int
    assigned_id: int | None
    item_state: ItemState


def rulers(case: Case) -> tuple[Role, ...]:
    """Who may rule on a case: auditors too where it is contested, or has come to the second step of the ladder."""
    auditors = case.reason is EscalationReason.CONTESTED or case.step > 1
    return (Role.REVIEWER, Role.AUDITOR, Role.LEAD) if auditors else RULERS


def open_case(session: Session, project_id: int, item_id: int, reason: EscalationReason, now: datetime) -> int:
    """Escalate an item: a case, and its card for the review channel. The caller moves the item."""
    case_id: int = session.execute(
        insert(Escalation)
        .values(project_id=project_id, item_id=item_id, reason=reason, state=EscalationState.OPEN, opened_at=now)
        .returning(col(Escalation.id))
    ).scalar_one()
    outbox.put(
        session,
        now,
        f"escalation:{case_id}",
        "escalation",
        outbox.To(project_id=project_id, purpose=Purpose.REVIEW),
        {"id": case_id},
        lane=Lane.URGENT,
        card=("escalation", case_id),
    )
    return case_id


def escalate(session: Session, item: places.Locked, reason: EscalationReason, now: datetime, actor: int | None) -> int:
    """Move a locked item to escalated, with no place left to take, and open its case."""
    return escalate_item(session, item.project_id, item.id, item.state, reason, now, actor)


def escalate_item(
    session: Session,
    project_id: int,
    item_id: int,
    before: ItemState,
    reason: EscalationReason,
    now: datetime,
    actor: int | None,
) -> int:
    """The same for an item that the caller holds under lock, and of which it knows the state."""
    check_move(before, ItemState.ESCALATED)
    session.execute(
        update(Item)
        .where(col(Item.id) == item_id)
        .values(state=ItemState.ESCALATED, open_places=0, final_value_id=None, decided_by=None, decided_at=None)
    )
    history.note(
        session,
        now,
        "item.escalated",
        "item",
        item_id,
        project_id=project_id,
        actor_id=actor,
        before={"state": before},
        after={"state": ItemState.ESCALATED, "reason": reason},
    )
    return open_case(session, project_id, item_id, reason, now)


def withdraw(session: Session, case_id: int, version: int, now: datetime) -> None:
    """Take an open case back: the labels agree after all."""
    session.execute(
        update(Escalation)
        .where(col(Escalation.id) == case_id)
        .values(state=EscalationState.WITHDRAWN, settled_at=now, version=version + 1)
    )
    outbox.rewrite(session, now, "escalation", case_id, version + 1, "escalation")


def touch(session: Session, case_id: int, now: datetime) -> int:
    """Something on the case's card changed: every copy is rewritten; the case's version now."""
    version: int = session.execute(
        update(Escalation)
        .where(col(Escalation.id) == case_id)
        .values(version=col(Escalation.version) + 1)
        .returning(col(Escalation.version))
    ).scalar_one()
    outbox.rewrite(session, now, "escalation", case_id, version, "escalation")
    return version


def may_rule(session: Session, slack_id: str, case_id: int) -> bool:
    """Whether a case still waits for a ruling; refused to who may not rule on it, so that nobody fills in a form in vain."""
    case = _find(session, case_id)
    person_id = people.require(session, case.project_id, slack_id, *rulers(case))
    check_answered(session, case, person_id)
    judging.check(session, case.item_id, person_id, judging.layer_of(case.reason))
    return case.state is EscalationState.OPEN


def may_read(session: Session, slack_id: str, case_id: int) -> None:
    """Raise NotAllowedError where somebody may not read the item of a case."""
    people.require(session, _find(session, case_id).project_id, slack_id, *RULERS, Role.AUDITOR)


def check_answered(session: Session, case: Case, person_id: int) -> None:
    """Refuse to let somebody rule on an item that they have yet to answer themselves."""
    mine = select(col(Assignment.id)).where(
        col(Assignment.item_id) == case.item_id,
        col(Assignment.person_id) == person_id,
        col(Assignment.state).in_(places.HOLDING),
    )
    if session.execute(mine).first() is not None:
        raise RefusedError(
            "You have a place on this item yourself: answer it first, or leave the ruling to somebody else."
        )


def see_labels(session: Session, slack_id: str, case_id: int, now: datetime) -> None:
    """Let a reviewer see the labels of a case, and never be given its item afterwards.

    Refused to somebody who has a place on the item and has not answered: nobody sees others' labels before their own.
    """
    case = lock_case(session, case_id)
    person_id = people.require(session, case.project_id, slack_id, *RULERS, Role.AUDITOR)
    if case.state not in (EscalationState.OPEN, EscalationState.RULED) or case.item_state is ItemState.OPEN:
        # The item is with the annotators again: who looked could not be given it, and might be the last who can.
        raise RefusedError("This case is closed: the item went back, or its labels agree after all.")
    own = session.execute(
        select(col(Assignment.id), col(Assignment.state))
        .where(col(Assignment.item_id) == case.item_id, col(Assignment.person_id) == person_id)
        .with_for_update(key_share=True)
    ).first()
    if own and own.state in (*places.HOLDING, Place.FLAGGED):
        raise RefusedError(
            "You have a place on this item yourself. Answer it first; then you may see what others answered."
        )
    if own and own.state in (Place.RETURNED, Place.SKIPPED, Place.CLOSED):
        session.execute(update(Assignment).where(col(Assignment.id) == own.id).values(state=Place.BARRED))
    if own is None:
        session.execute(
            insert(Assignment).values(
                project_id=case.project_id,
                item_id=case.item_id,
                person_id=person_id,
                state=Place.BARRED,
                given_at=now,
            )
        )
    history.note(session, now, judging.LOOKED_AT, "item", case.item_id, project_id=case.project_id, actor_id=person_id)


def lock_case(session: Session, case_id: int) -> Case:
    """Lock a case and its item until the transaction ends."""
    item_id = session.execute(select(col(Escalation.item_id)).where(col(Escalation.id) == case_id)).scalar()
    locked = places.lock_items(session, [item_id] if item_id is not None else [])
    if not locked:
        raise RefusedError(GONE)
    session.execute(select(col(Escalation.id)).where(col(Escalation.id) == case_id).with_for_update(key_share=True))
    return _find(session, case_id)


def _find(session: Session, case_id: int) -> Case:
    row = session.execute(
        select(
            col(Escalation.id),
            col(Escalation.project_id),
            col(Escalation.item_id),
            col(Escalation.state),
            col(Escalation.version),
            col(Escalation.reason),
            col(Escalation.step),
            col(Escalation.assigned_id),
            col(Item.state).label("item_state"),
        )
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Escalation.id) == case_id)
    ).first()
    if row is None:
        raise RefusedError(GONE)
    return Case(**row._mapping)
