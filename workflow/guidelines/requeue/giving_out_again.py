"""An item that was labelled under earlier rules goes back to people: its places, its state, and what its history keeps.

Labels stay where they were given, in ``label``, and so does the pattern of their major version: agreement under the new one
begins with nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Batch, Item, ItemState, Place, Project, plain
from workflow import history, places, settling, upkeep
from workflow.batches import going_on, rewrite_batch
from workflow.guidelines.decisions import touched
from workflow.guidelines.decisions.touched import Touch
from workflow.places import Locked
from workflow.states import check_move

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
    locked = {item.id: item for item in places.lock_items(session, item_ids)}
    # Read under the lock: a click may have been faster.
    finals = dict(
        session.execute(
            select(col(Item.id), col(Item.final_value_id)).where(col(Item.id).in_(locked), again(touch))
        ).all()
    )
    items = [locked[item_id] for item_id in sorted(finals)]
    if not items:
        return 0
    lost = _return_places(session, touch, items)
    _reopen(session, touch.project_id, items)
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
    # Where there are too few people, items wait for more to join, as after a raised overlap.
    overlap = session.execute(select(col(Project.overlap)).where(col(Project.id) == touch.project_id)).scalar_one()
    enough = upkeep.annotators(session, touch.project_id) >= overlap
    settling.settle(session, [replace(item, state=ItemState.OPEN) for item in items], now, None, stranded=enough)
    for batch_id in _open_batches(session, lost):
        rewrite_batch(session, batch_id, now)
    return len(items)


def _return_places(session: Session, touch: Touch, items: Sequence[Locked]) -> list[Any]:
    """Return every place that speaks for earlier rules; what they were, each (assignment, batch, state)."""
    ruled = [item.id for item in items if item.state is ItemState.RULED]
    others = [item.id for item in items if item.state is not ItemState.RULED]
    rows = session.execute(
        select(col(Assignment.id), col(Assignment.batch_id), col(Assignment.state))
        .where(
            or_(
                and_(col(Assignment.item_id).in_(ruled), col(Assignment.state).in_((Place.LABELLED, Place.CLOSED))),
                and_(
                    col(Assignment.item_id).in_(others),
                    or_(
                        and_(col(Assignment.state) == Place.LABELLED, touched.given_before(touch)),
                        and_(col(Assignment.state) == Place.OPEN, col(Assignment.batch_id).in_(_outdated(touch))),
                    ),
                ),
            )
        )
        .order_by(col(Assignment.id))
        .with_for_update(key_share=True)
    ).all()
    session.execute(
        update(Assignment)
        .where(col(Assignment.id).in_([row.id for row in rows]))
        .values(
            state=Place.RETURNED,
            value_id=None,
            counted_id=None,
            major=None,
            guideline_id=None,
            after_ruling=False,
            lease_until=None,
            version=col(Assignment.version) + 1,
        )
    )
    return list(rows)


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


def _reopen(session: Session, project_id: int, items: Sequence[Locked]) -> None:
    """Open the items with no final value; ruled ones kept an older overlap and get the project's."""
    for item in items:
        check_move(item.state, ItemState.OPEN)
    session.execute(
        update(Item)
        .where(col(Item.id).in_([item.id for item in items]))
        .values(state=ItemState.OPEN, final_value_id=None, decided_by=None, decided_at=None)
    )
    overlap = select(col(Project.overlap)).where(col(Project.id) == project_id).scalar_subquery()
    ruled = [item.id for item in items if item.state is ItemState.RULED]
    session.execute(update(Item).where(col(Item.id).in_(ruled)).values(overlap=overlap))


def _open_batches(session: Session, lost: Sequence[Any]) -> list[int]:
    """Batches that lost a place while somebody works in them: only their cards are rewritten.

    A finished batch's card shows the truth once it is clicked; after a rule change there may be a hundred thousand of them.
    """
    in_hand = {row.batch_id for row in lost if row.state is Place.OPEN}
    return sorted(in_hand | going_on(session, {row.batch_id for row in lost if row.batch_id is not None}))
