"""A lot opens to people: shuffled as a whole by its seed, a chunk in a transaction; taken up again after a stop."""

import random
from array import array
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, Lot, Project
from workflow import places
from workflow.intake import lots, replacing
from workflow.intake.lots import CHUNK


def open_lot(store: Store, lot_id: int, now: Callable[[], datetime]) -> None:
    """Open a lot's items to people, 1,000 a transaction: those that replace others first. Can be taken up again.

    Holds eight bytes for every item of the lot.
    """
    replacing.swap(store, lot_id, now)
    with store.read() as session:
        seed: int = session.execute(select(col(Lot.seed)).where(col(Lot.id) == lot_id)).scalar_one()
        ids = array("q", _item_ids(session, lot_id, doubles=False))
    random.Random(seed).shuffle(ids)  # noqa: S311 - an order that can be drawn again
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        store.transact(partial(_open, lot_id=lot_id, item_ids=chunk, now=now()))
    with store.read() as session:
        ids = array("q", _item_ids(session, lot_id, doubles=True))
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        store.transact(partial(_link, lot_id=lot_id, item_ids=chunk, now=now()))
    store.transact(partial(lots.complete, lot_id=lot_id, now=now()))


def _open(session: Session, lot_id: int, item_ids: list[int], now: datetime) -> None:
    lots.seen(session, lot_id, now)
    overlap = session.execute(
        select(col(Project.overlap))
        .join(Lot, col(Lot.project_id) == col(Project.id))
        .where(col(Lot.id) == lot_id)
        # Held until commit: an overlap that is changed meanwhile finds these items afterwards, and brings them along.
        .with_for_update(read=True, of=Project)
    ).scalar_one()
    waiting: dict[int, list[int]] = {}
    queue_of = dict(
        session.execute(
            select(col(Item.id), col(Item.queue_id)).where(
                col(Item.id).in_(item_ids), col(Item.state) == ItemState.LOADING
            )
        ).all()
    )
    for item_id in item_ids:
        if (queue_id := queue_of.get(item_id)) is not None:
            waiting.setdefault(queue_id, []).append(item_id)
    changes: list[dict[str, Any]] = []
    for queue_id, ids in sorted(waiting.items()):
        number = places.advance(session, queue_id, len(ids))
        changes += [{"item": item_id, "number": number + n} for n, item_id in enumerate(ids)]
    if changes:
        session.connection().execute(
            update(Item)
            .where(col(Item.id) == bindparam("item"))
            .values(seq=bindparam("number"), overlap=overlap, open_places=overlap, state=ItemState.OPEN),
            changes,
        )


def _link(session: Session, lot_id: int, item_ids: list[int], now: datetime) -> None:
    lots.seen(session, lot_id, now)
    session.execute(update(Item).where(col(Item.id).in_(item_ids)).values(state=ItemState.DUPLICATE))


def _item_ids(session: Session, lot_id: int, *, doubles: bool) -> Iterable[int]:
    linked = or_(col(Item.duplicate_of).is_not(None), col(Item.near_of).is_not(None))
    waiting = (col(Item.lot_id) == lot_id, col(Item.state) == ItemState.LOADING)
    ids = select(col(Item.id)).where(*waiting, linked if doubles else ~linked)
    return session.execute(ids.order_by(col(Item.id)).execution_options(yield_per=10 * CHUNK)).scalars()
