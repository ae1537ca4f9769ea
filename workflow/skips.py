"""Skipping an item: its place goes back, and what three people skip goes to a reviewer."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, EscalationReason, ItemState, Place, SkipRule
from workflow import escalation, history, holding, places, settling
from workflow.errors import RefusedError
from workflow.holding import Answered, Holding

ENOUGH_SKIPS = 3


def skip(session: Session, slack_id: str, assignment_id: int, us: int, now: datetime) -> Answered:
    """Give a place back unanswered: for others only, or (``later``) for the same person again."""
    locked = places.lock_item_of(session, assignment_id)
    held = holding.load(session, slack_id, assignment_id)
    if held.skip == SkipRule.NEVER:
        raise RefusedError("This project asks for an answer to every item. If this one is unclear, press *Unclear*.")
    if us <= held.acted_us or held.place in (Place.SKIPPED, Place.RETURNED, Place.CLOSED):
        return Answered(held.batch_id, changed=False)
    holding.check_pause(held)
    if held.place is not Place.OPEN:
        raise RefusedError("You have answered this item already: choose another label to change your answer.")
    _mark(session, held, us)
    history.note(
        session, now, "item.skipped", "item", held.item_id, project_id=held.project_id, actor_id=held.person_id
    )
    if held.item_state is ItemState.OPEN:
        _free_place(session, locked[0], now, held.person_id)
    return Answered(held.batch_id, changed=True)


def _free_place(session: Session, item: places.Locked, now: datetime, actor: int | None) -> None:
    """Open a place of a locked item again; escalate the item where that leads nowhere."""
    skipped = session.execute(
        select(func.count()).where(col(Assignment.item_id) == item.id, col(Assignment.skips) > 0)
    ).scalar_one()
    if skipped >= ENOUGH_SKIPS:
        escalation.escalate(session, item, EscalationReason.SKIPS, now, actor)
        return
    settling.settle(session, [item], now, actor)


def _mark(session: Session, held: Holding, us: int) -> None:
    gone = Place.RETURNED if held.skip == SkipRule.LATER else Place.SKIPPED
    session.execute(
        update(Assignment)
        .where(col(Assignment.id) == held.id)
        .values(
            state=gone,
            acted_us=us,
            skips=col(Assignment.skips) + 1,
            version=col(Assignment.version) + 1,
            lease_until=None,
        )
    )
