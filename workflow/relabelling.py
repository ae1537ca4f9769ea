"""Decided items go back to people: their places, their state, and the cards that show it.

Labels stay where they were given, in ``label``; what the caller lets count for agreement is the caller's to say.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Item, ItemState, Place, Project
from workflow import places, settling, upkeep
from workflow.batches import going_on, rewrite_batch
from workflow.places import Locked
from workflow.states import check_move


def return_places(session: Session, which: ColumnElement[bool]) -> list[Any]:
    """Return places with no label in force on them; what they were, each (assignment, batch, person, item, state)."""
    rows = session.execute(
        select(
            col(Assignment.id),
            col(Assignment.batch_id),
            col(Assignment.person_id),
            col(Assignment.item_id),
            col(Assignment.state),
        )
        .where(which)
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


def reopen(session: Session, project_id: int, items: Sequence[Locked], lost: Sequence[Any], now: datetime) -> None:
    """Open locked items whose places in ``lost`` were returned, and show it on the cards that people work in.

    Ruled items kept an older overlap and get the project's. Where there are too few people, items wait for more to join,
    as after a raised overlap. A finished batch's card shows the truth once it is clicked: there may be very many of them.
    """
    _open(session, project_id, items)
    overlap = session.execute(select(col(Project.overlap)).where(col(Project.id) == project_id)).scalar_one()
    enough = upkeep.annotators(session, project_id) >= overlap
    settling.settle(session, [replace(item, state=ItemState.OPEN) for item in items], now, None, stranded=enough)
    in_hand = {row.batch_id for row in lost if row.state is Place.OPEN}
    for batch_id in sorted(in_hand | going_on(session, {row.batch_id for row in lost if row.batch_id is not None})):
        rewrite_batch(session, batch_id, now)


def lock_items(session: Session, item_ids: Sequence[int]) -> dict[int, Locked]:
    """Items under lock, by their ids."""
    return {item.id: item for item in places.lock_items(session, item_ids)}


def _open(session: Session, project_id: int, items: Sequence[Locked]) -> None:
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
