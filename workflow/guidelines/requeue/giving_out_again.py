"""An item that was labelled under earlier rules goes back to people: its places, its state, and what its history keeps.

Labels stay where they were given, in ``label``, and so does the pattern of their major version: agreement under the new one
begins with nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlmodel import Session, col

from storage.tables import Assignment, Batch, Item, ItemState, Place, plain
from workflow import history, places, relabelling
from workflow.guidelines.decisions import touched
from workflow.guidelines.decisions.touched import Touch
from workflow.places import Locked

AGAIN = (ItemState.OPEN, ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.RULED)
"""What waits for a ruling stays with its reviewer, who rules by the new version."""


def again(touch: Touch) -> ColumnElement[bool]:
    """SQL: whether an item is to be given out again."""
    return and_(touched.items(touch), col(Item.state).in_(AGAIN))


def after(touch: Touch, item_id: int) -> Select[tuple[int]]:
    """SQL: ids of the items past one that are to be given out again, in their order.

    Nought is added to the project, which no index knows, so that both databases go on from the one item: by an index of
    the project they would look at every item of it, and sort what they found, for each chunk.
    """
    item = plain(Item).c
    return (
        select(item.id)
        .where(item.id > item_id, item.project_id + 0 == touch.project_id)
        .where(touched.carrying(touch), func.lower(item.state).in_([state.value for state in AGAIN]))
        .order_by(item.id)
    )


def give_out(session: Session, touch: Touch, item_ids: Sequence[int], requeue_id: int, now: datetime) -> int:
    """Give touched items out again, to the same people too; how many still were touched once they were under lock.

    The caller holds the project's row, so that no overlap changes meanwhile, and has every item in one transaction.
    """
    locked = relabelling.lock_items(session, item_ids)
    # Read under the lock: a click may have been faster.
    finals = dict(
        session.execute(
            select(col(Item.id), col(Item.final_value_id)).where(col(Item.id).in_(locked), again(touch))
        ).all()
    )
    items = [locked[item_id] for item_id in sorted(finals)]
    if not items:
        return 0
    lost = relabelling.return_places(session, _speaking(touch, items))
    history.note(
        session,
        now,
        "items.requeued",
        "requeue",
        requeue_id,
        project_id=touch.project_id,
        before={"finals": {str(item_id): value for item_id, value in finals.items()}},
        after={"items": [item.id for item in items]},
    )
    relabelling.reopen(session, touch.project_id, items, lost, now)
    return len(items)


def _speaking(touch: Touch, items: Sequence[Locked]) -> ColumnElement[bool]:
    """SQL: the places that speak for earlier rules."""
    ruled = [item.id for item in items if item.state is ItemState.RULED]
    others = [item.id for item in items if item.state is not ItemState.RULED]
    return or_(
        and_(col(Assignment.item_id).in_(ruled), col(Assignment.state).in_((Place.LABELLED, Place.CLOSED))),
        and_(
            col(Assignment.item_id).in_(others),
            or_(
                and_(col(Assignment.state) == Place.LABELLED, touched.given_before(touch)),
                and_(col(Assignment.state) == Place.OPEN, col(Assignment.batch_id).in_(_outdated(touch))),
            ),
        ),
    )


def _outdated(touch: Touch) -> Any:
    """SQL: batches whose labels are still given under an earlier version."""
    batch = plain(Batch).c
    return select(batch.id).where(batch.project_id == touch.project_id, batch.guideline_id < touch.guideline_id)


def labels_may_come(session: Session, touch: Touch) -> bool:
    """Whether somebody still has items in hand in a batch that goes on under an earlier version."""
    held = (
        select(col(Assignment.id))
        .join(Batch, col(Batch.id) == col(Assignment.batch_id))
        .where(
            col(Assignment.project_id) == touch.project_id,
            places.HELD,
            col(Batch.guideline_id) < touch.guideline_id,
        )
    )
    return session.execute(held.limit(1)).first() is not None
