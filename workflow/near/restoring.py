"""Linked items that people get after all: a lead takes one back, or what stood for them is gone."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, NearPair, NearState, Project
from workflow import history, places
from workflow.errors import RefusedError

CHUNK = 500


def restore(session: Session, item_id: int, by: int | None, now: datetime) -> None:
    """Take a linked item back: it is open to people as any other, with the overlap of the project.

    The caller knows that ``by`` is a lead; None stands for the command line. Raises RefusedError where it is not linked.
    """
    if item_id not in _open(session, [item_id], by, now):
        raise RefusedError(_why_not(session, item_id))


def let_go(store: Store, lot_id: int, now: datetime) -> int:
    """Take back the items of other lots that items of this lot stand for, since those are about to go; how many."""
    count = 0
    while found := store.transact(partial(_let_some_go, lot_id=lot_id, now=now)):
        count += found
    return count


def let_go_replaced(store: Store, project_id: int, now: datetime) -> int:
    """Take back the items of a project that stood behind a text which another one has replaced; how many."""
    count = 0
    while found := store.transact(partial(_let_some_replaced_go, project_id=project_id, now=now)):
        count += found
    return count


def _let_some_replaced_go(session: Session, project_id: int, now: datetime) -> int:
    return _open_some(session, _behind_replaced(project_id).where(col(Item.state) == ItemState.DUPLICATE), now)


def part_from_replaced(session: Session, project_id: int, lot_id: int) -> int:
    """Items of a lot that is not open yet, and that would stand behind what it replaces, stand for themselves; how many.

    Some at a time: until there are none.
    """
    newcomers = _behind_replaced(project_id).where(col(Item.lot_id) == lot_id, col(Item.state) == ItemState.LOADING)
    some = list(session.execute(newcomers.order_by(col(Item.id)).limit(CHUNK)).scalars())
    session.execute(update(Item).where(col(Item.id).in_(some)).values(near_of=None))
    linked = (col(NearPair.item_id).in_(some), col(NearPair.state) == NearState.LINKED)
    session.execute(update(NearPair).where(*linked).values(state=NearState.REPORTED))
    return len(some)


def _behind_replaced(project_id: int) -> Any:
    """The near duplicates of texts that were replaced."""
    first = aliased(Item)
    gone = and_(col(first.id) == col(Item.near_of), col(first.state) == ItemState.REPLACED)
    return select(col(Item.id)).join(first, gone).where(col(Item.project_id) == project_id)


def _let_some_go(session: Session, lot_id: int, now: datetime) -> int:
    going = select(col(Item.id)).where(col(Item.lot_id) == lot_id)
    return _open_some(
        session, select(col(Item.id)).where(col(Item.near_of).in_(going), col(Item.lot_id) != lot_id), now
    )


def _open_some(session: Session, linked: Any, now: datetime) -> int:
    some = list(session.execute(linked.order_by(col(Item.id)).limit(CHUNK)).scalars())
    return len(_open(session, some, None, now)) if some else 0


def _open(session: Session, item_ids: list[int], by: int | None, now: datetime) -> set[int]:
    """Open linked items; which ones were linked."""
    # Held until commit, and before queues and items: an overlap that is changed meanwhile finds these items afterwards.
    overlaps = dict(
        session.execute(
            select(col(Project.id), col(Project.overlap))
            .where(col(Project.id).in_(select(col(Item.project_id)).where(col(Item.id).in_(item_ids))))
            .with_for_update(read=True)
        ).all()
    )
    locked = places.lock_items(session, item_ids)
    # Read under the lock: of two leads who press at once the second finds it open.
    stood = dict(
        session.execute(
            select(col(Item.id), col(Item.near_of)).where(
                col(Item.id).in_([item.id for item in locked]),
                col(Item.near_of).is_not(None),
                col(Item.state) == ItemState.DUPLICATE,
            )
        ).all()
    )
    going = [
        replace(item, state=ItemState.OPEN, overlap=overlaps[item.project_id]) for item in locked if item.id in stood
    ]
    for item in going:
        session.execute(
            update(Item).where(col(Item.id) == item.id).values(state=ItemState.OPEN, near_of=None, overlap=item.overlap)
        )
        history.note(
            session, now, "item.restored", "item", item.id,
            project_id=item.project_id, actor_id=by,
            before={"state": ItemState.DUPLICATE, "near_of": stood[item.id]}, after={"state": ItemState.OPEN},
        )  # fmt: skip
    session.execute(
        update(NearPair)
        .where(col(NearPair.item_id).in_(stood), col(NearPair.state) == NearState.LINKED)
        .values(state=NearState.RESTORED, by_id=by, at=now)
    )
    places.give_back(session, going)
    return set(stood)


def _why_not(session: Session, item_id: int) -> str:
    item = session.execute(
        select(col(Item.key), col(Item.state), col(Item.near_of), col(Item.duplicate_of)).where(col(Item.id) == item_id)
    ).first()
    if item is None:
        return "There is no such item."
    if item.duplicate_of is not None:
        return f"Item {item.key} has the very same text as an earlier one: it stays linked to it."
    if item.near_of is not None and item.state is ItemState.LOADING:
        return f"The import that brings item {item.key} is not done yet: take it back then."
    taken_back = select(col(NearPair.id)).where(
        col(NearPair.item_id) == item_id, col(NearPair.state) == NearState.RESTORED
    )
    if session.execute(taken_back.limit(1)).first() is not None:
        return f"Item {item.key} was taken back already. Nothing was changed."
    return f"Item {item.key} is not linked to another one: there is nothing to take back."
