"""Flagging an item as unclear: it waits for a ruling, and nobody new is given it meanwhile."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, update
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationReason, Flag, ItemState, Place
from workflow import escalation, history, holding
from workflow.errors import RefusedError
from workflow.holding import Answered, Holding, Others

NOTE_LIMIT = 3000


class FlagReason(StrEnum):
    """Why somebody finds an item unclear."""

    GUIDELINE_SILENT = "guideline_silent"
    SEVERAL_FIT = "several_fit"
    NONE_FITS = "none_fits"
    NOT_ENOUGH_CONTEXT = "not_enough_context"
    BROKEN = "broken"
    OTHER = "other"


def flag(
    session: Session, slack_id: str, assignment_id: int, reason: FlagReason, note: str, us: int, now: datetime
) -> Answered:
    """Take the flagger's place without a label, and open the item's case or add to it.

    ``us`` is the moment at which *Unclear* was pressed. A label that the flagger had given is withdrawn.
    """
    held = holding.load(session, slack_id, assignment_id)
    if us <= held.acted_us:
        if held.place is Place.FLAGGED:
            return Answered(held.batch_id, changed=False)
        raise RefusedError("You answered this item meanwhile. Press *Unclear* again if it is still unclear.")
    if held.item_state is ItemState.RULED:
        raise RefusedError("A reviewer has ruled on this item meanwhile: the ruling is in your messages.")
    if held.place is not Place.FLAGGED:
        holding.check_place(held)
    others = holding.write_place(session, held, us, state=Place.FLAGGED, value_id=None, counted_id=None, now=now)
    others.check_uncontested()
    if held.value_id is not None:
        _withdraw_label(session, held, others, now)
    case_id = _case(session, held, others, now)
    session.execute(
        insert(Flag).values(
            project_id=held.project_id,
            escalation_id=case_id,
            item_id=held.item_id,
            person_id=held.person_id,
            assignment_id=held.id,
            reason=reason,
            note=note.strip()[:NOTE_LIMIT],
            at=now,
        )
    )
    return Answered(held.batch_id, changed=True)


def _case(session: Session, held: Holding, others: Others, now: datetime) -> int:
    """The item's open case, with its card to be rewritten; or a new one."""
    if others.case is not None:
        case_id = int(others.case.partition(":")[0])
        session.execute(
            update(Escalation)
            .where(col(Escalation.id) == case_id, col(Escalation.reason) != EscalationReason.PASSED_UP)
            .values(reason=EscalationReason.UNCLEAR)
        )
        escalation.touch(session, case_id, now)
        return case_id
    return escalation.escalate_item(
        session,
        held.project_id,
        held.item_id,
        held.item_state,
        EscalationReason.UNCLEAR,
        now,
        held.person_id,
    )


def _withdraw_label(session: Session, held: Holding, others: Others, now: datetime) -> None:
    holding.write_pattern(session, held, others, None)
    history.note(
        session,
        now,
        "label.withdrawn",
        "item",
        held.item_id,
        project_id=held.project_id,
        actor_id=held.person_id,
        before={"value_id": held.value_id},
    )
