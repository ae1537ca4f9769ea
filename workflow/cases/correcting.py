"""A correction: what a review or an audit found wrong becomes a case that is opened and ruled at once.

So whoever labelled the item is told, may contest it, and it can be proposed as an example, as with any other ruling. It has
no card until it is contested.
"""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationReason, EscalationState, Item, ItemState, LabelValue
from workflow import escalation, history, places
from workflow.batches import close_places
from workflow.cases import decision, precedents, telling
from workflow.cases.decision import Details, is_blank
from workflow.errors import RefusedError
from workflow.states import check_move

CORRECTABLE = (ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.RULED)


def correct(
    session: Session,
    item: places.Locked,
    by_id: int,
    value_id: int,
    rationale: str,
    details: Details,
    reason: EscalationReason,
    now: datetime,
) -> int:
    """Give a finished item another value; the ruling's id. Whoever labelled it is told.

    ``reason`` is ``REVIEW`` or ``AUDIT``. The caller holds the item under lock and has asked ``judging.check``. Raises
    RefusedError where the item is not finished any more, has this value already, or no reason is given; DepartureError where
    a review decides otherwise than a ruling on a near duplicate and does not say why.
    """
    if item.state not in CORRECTABLE:
        raise RefusedError("This item is worked on again: there is nothing to correct just now. Nothing was changed.")
    if is_blank(rationale):
        raise RefusedError("A correction needs its reason: the people who labelled the item will read it.")
    decision.check_value(session, item.project_id, value_id)
    _check_differs(session, item, value_id)
    kept = decision.checked(session, item.project_id, details)
    if reason is EscalationReason.REVIEW:
        # An auditor answers blind: nothing that others ruled is to lead them.
        kept = precedents.settled(session, item.id, value_id, kept)
    earlier = _decided_in(session, item.id)
    case_id = _open_ruled(session, item, reason, now)
    about = decision.About(case_id, item.id, item.project_id)
    ruling_id = decision.keep(session, about, by_id, value_id, rationale, kept, now)
    _settle(session, item, case_id, by_id, value_id, reason, now)
    told = telling.concerned(session, item.id, case_id)
    close_places(session, item.id, now)
    for person_id in told:
        telling.tell(session, item.project_id, ruling_id, person_id, now)
    if earlier is not None:
        escalation.touch(session, earlier, now)
    return ruling_id


def _check_differs(session: Session, item: places.Locked, value_id: int) -> None:
    title = session.execute(
        select(col(LabelValue.title))
        .join(Item, col(Item.final_value_id) == col(LabelValue.id))
        .where(col(Item.id) == item.id, col(LabelValue.id) == value_id)
    ).scalar()
    if title is not None:
        raise RefusedError(f"This item is “{title}” already. Nothing was changed.")


def _decided_in(session: Session, item_id: int) -> int | None:
    """The case that the item stood on until now, whose card is to say that it was decided anew."""
    found: int | None = session.execute(
        select(col(Escalation.id))
        .where(col(Escalation.item_id) == item_id, col(Escalation.state) == EscalationState.RULED)
        .order_by(col(Escalation.id).desc())
        .limit(1)
    ).scalar()
    return found


def _open_ruled(session: Session, item: places.Locked, reason: EscalationReason, now: datetime) -> int:
    case_id: int = session.execute(
        insert(Escalation)
        .values(
            project_id=item.project_id,
            item_id=item.id,
            reason=reason,
            state=EscalationState.RULED,
            opened_at=now,
            settled_at=now,
        )
        .returning(col(Escalation.id))
    ).scalar_one()
    return case_id


def _settle(
    session: Session,
    item: places.Locked,
    case_id: int,
    by_id: int,
    value_id: int,
    reason: EscalationReason,
    now: datetime,
) -> None:
    check_move(item.state, ItemState.RULED)
    session.execute(
        update(Item)
        .where(col(Item.id) == item.id)
        .values(state=ItemState.RULED, final_value_id=value_id, decided_by=reason.value, decided_at=now, open_places=0)
    )
    history.note(
        session,
        now,
        "item.corrected",
        "item",
        item.id,
        project_id=item.project_id,
        actor_id=by_id,
        before={"state": item.state},
        after={"state": ItemState.RULED, "value_id": value_id, "reason": reason, "escalation_id": case_id},
    )
