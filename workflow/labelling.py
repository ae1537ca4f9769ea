"""A label is recorded or changed; when an item has enough of them, it is decided.

Clicks come twice, late and out of order. A click counts if its ``action_ts`` is later than that of the last one that
counted for the same place; any other changes nothing, and the card shows the truth again.

The rare move is kept out of the way of the common one: a label takes four statements, and at most seven where it ends an
item and escalates it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col

from storage.tables import Assignment, EscalationReason, Item, ItemState, Label, Place, plain
from workflow import consensus, escalation, holding
from workflow.errors import RefusedError
from workflow.guidelines.labels import former_labels
from workflow.holding import Answered, Holding, Others
from workflow.states import check_move

# Built once, as in ``holding``.
ADD_LABEL = insert(plain(Label)).inline()
MOVE_ITEM = (
    update(plain(Item))
    .where(plain(Item).c.id == bindparam("item"))
    .values(
        state=bindparam("new_state"),
        open_places=bindparam("places"),
        final_value_id=bindparam("value"),
        decided_by=bindparam("rule"),
        decided_at=bindparam("moment"),
    )
)


class FormerLabelError(RefusedError):
    """Refused: the card offers what is no label any more, and is to be drawn anew."""

    def __init__(self, words: str, batch_id: int) -> None:
        super().__init__(words)
        self.batch_id = batch_id


def record(session: Session, slack_id: str, assignment_id: int, value_id: int, us: int, now: datetime) -> Answered:
    """Record a label, or change it; ``us`` is the click's ``action_ts`` in microseconds.

    Refused: a place of somebody else, one that was given away meanwhile, a value that is not the project's.
    """
    held = holding.load(session, slack_id, assignment_id, value_id)
    if held.known_value is None:
        why = former_labels.why_unknown(session, held.project_id, value_id)
        raise FormerLabelError(f"{why} Nothing was changed.", held.batch_id)
    if holding.is_late(held, us):
        return Answered(held.batch_id, changed=False)
    if held.place is Place.LABELLED and held.value_id == value_id:
        session.execute(update(Assignment).where(col(Assignment.id) == held.id).values(acted_us=us))
        return Answered(held.batch_id, changed=False)
    retaken = holding.check_place(held)
    counted_id = held.counted_id if held.item_state is ItemState.RULED else value_id
    others = holding.write_place(
        session, held, us, state=Place.LABELLED, value_id=value_id, counted_id=counted_id, now=now
    )
    others.check_uncontested()
    outcome = _decide(held, others, [*others.values, value_id], retaken)
    _write_label(session, held, value_id, outcome.state, now)
    if held.item_state is not ItemState.RULED:
        holding.write_pattern(session, held, others, value_id)
    _move_item(session, held, others, outcome, retaken, now)
    return Answered(held.batch_id, changed=True)


@dataclass(frozen=True)
class Outcome:
    """What an item becomes by a click."""

    state: ItemState
    value_id: int | None = None
    reason: EscalationReason | None = None


def _decide(held: Holding, others: Others, values: Sequence[int], retaken: bool) -> Outcome:
    """What the labels in force make of the item, this one among them."""
    open_places = held.open_places - retaken
    if held.item_state is ItemState.RULED:
        return Outcome(ItemState.RULED)
    disputed = others.case is not None and others.case.endswith(EscalationReason.DISAGREEMENT)
    if held.item_state is ItemState.ESCALATED and not disputed:
        return Outcome(ItemState.ESCALATED)
    if others.holding or open_places:
        if held.item_state is ItemState.OPEN and not others.holding and not others.somebody_left:
            return Outcome(ItemState.ESCALATED, reason=EscalationReason.NOBODY_LEFT)
        return Outcome(held.item_state)
    agreed = consensus.decide(values, held.accept)
    if agreed is not None:
        return Outcome(ItemState.ACCEPTED, agreed)
    return Outcome(ItemState.ESCALATED, reason=None if disputed else EscalationReason.DISAGREEMENT)


def _write_label(session: Session, held: Holding, value_id: int, outcome: ItemState, now: datetime) -> None:
    check_move(held.item_state, outcome)
    row = {
        "project_id": held.project_id,
        "assignment_id": held.id,
        "item_id": held.item_id,
        "person_id": held.person_id,
        "value_id": value_id,
        "previous_value_id": held.value_id,
        "guideline_id": held.guideline_id,
        "item_from": held.item_state,
        "item_to": outcome,
        "after_ruling": held.item_state is ItemState.RULED,
        "at": now,
    }
    session.connection().execute(ADD_LABEL, row)


def _move_item(session: Session, held: Holding, others: Others, outcome: Outcome, retaken: bool, now: datetime) -> None:
    moved = outcome.state is not held.item_state or outcome.value_id is not None
    if moved or retaken:
        decided = outcome.state is ItemState.ACCEPTED
        values = {
            "item": held.item_id,
            "new_state": outcome.state,
            "places": 0 if outcome.state is ItemState.ESCALATED else held.open_places - retaken,
            "value": outcome.value_id,
            "rule": consensus.name(held.accept) if decided else None,
            "moment": now if decided else None,
        }
        session.connection().execute(MOVE_ITEM, values)
    if outcome.reason is not None:
        escalation.open_case(session, held.project_id, held.item_id, outcome.reason, now)
    elif held.item_state is ItemState.ESCALATED and outcome.state is ItemState.ACCEPTED and others.case:
        case_id, version, _ = others.case.split(":")
        escalation.withdraw(session, int(case_id), int(version), now)
