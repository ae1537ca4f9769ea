"""Another text takes an item's place: the old one keeps its labels and ends, the new one gets its id."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Escalation, EscalationState, Item, ItemState, Lot, LotState, Project
from workflow import batches, escalation, history, places
from workflow.intake import lots
from workflow.intake.sorting import REPLACES
from workflow.near import restoring
from workflow.states import check_move

AT_ONCE = 200


def swap(store: Store, lot_id: int, now: Callable[[], datetime]) -> None:
    """Put a lot's items that are to replace others in their places. Can be taken up again."""
    while store.transact(partial(_swap_some, lot_id=lot_id, now=now())):
        pass
    with store.read() as session:
        lot = session.execute(select(col(Lot.project_id), col(Lot.changed)).where(col(Lot.id) == lot_id)).one()
    if lot.changed:
        while store.transact(partial(_part, lot_id=lot_id, project_id=lot.project_id, now=now())):
            pass
        restoring.let_go_replaced(store, lot.project_id, now())


def _part(session: Session, lot_id: int, project_id: int, now: datetime) -> int:
    """A text that says nearly the same as the one that it replaces, or that another row does, is no duplicate of it."""
    lots.seen(session, lot_id, now)
    if parted := restoring.part_from_replaced(session, project_id, lot_id):
        less = {"near": col(Lot.near) - parted, "duplicates": col(Lot.duplicates) - parted}
        lots.step(session, lot_id, LotState.OPENING, items=col(Lot.items) + parted, **less)
    return parted


def _swap_some(session: Session, lot_id: int, now: datetime) -> int:
    lots.seen(session, lot_id, now)
    waiting = (col(Item.lot_id) == lot_id, col(Item.key) >= REPLACES + "0", col(Item.key) <= REPLACES + ":")
    rows = session.execute(select(col(Item.id), col(Item.key)).where(*waiting).limit(AT_ONCE)).all()
    new_of = {int(row.key[len(REPLACES) :]): row.id for row in rows}
    places.lock_items(session, new_of)
    old = session.execute(
        select(col(Item.id), col(Item.key), col(Item.state)).where(col(Item.id).in_(new_of)).order_by(col(Item.id))
    ).all()
    # Doubles first: one that another text replaces as well does not stand for a text on the way.
    for row in sorted(old, key=lambda row: row.state is not ItemState.DUPLICATE):
        check_move(row.state, ItemState.REPLACED)
        _end(session, row.id, now)
        if promote_double(session, row.id, now) is None:
            _promote_newcomer(session, lot_id, row.id, now)
    _rename(session, [(row.id, f"{row.key}~before-{new_of[row.id]}") for row in old])
    _rename(session, [(new_of[row.id], row.key) for row in old])
    _note(session, lot_id, [(row.id, row.state, new_of[row.id]) for row in old], now)
    return len(rows)


def _end(session: Session, item_id: int, now: datetime) -> None:
    """Close an item's places and its case; its text is no longer anybody's but its own labels'."""
    batches.close_places(session, item_id, now)
    opened = session.execute(
        select(col(Escalation.id), col(Escalation.version)).where(
            col(Escalation.item_id) == item_id, col(Escalation.state) == EscalationState.OPEN
        )
    ).first()
    if opened:
        escalation.withdraw(session, opened.id, opened.version, now)
    session.execute(
        update(Item)
        .where(col(Item.id) == item_id)
        .values(state=ItemState.REPLACED, open_places=0, digest=f"replaced-{item_id}")
    )


def promote_double(session: Session, item_id: int, now: datetime) -> int | None:
    """The first double of an item stands for their text from now on, open to people, the others linked to it; its id.

    The item itself must have given its digest up: of one text there is one item that is no duplicate.
    """
    doubles = select(col(Item.id)).where(col(Item.duplicate_of) == item_id, col(Item.state) == ItemState.DUPLICATE)
    first: int | None = session.execute(doubles.order_by(col(Item.id)).limit(1)).scalar()
    if first is None:
        return None
    queue_id, project_id = session.execute(
        select(col(Item.queue_id), col(Item.project_id)).where(col(Item.id) == item_id)
    ).one()
    overlap = session.execute(select(col(Project.overlap)).where(col(Project.id) == project_id)).scalar_one()
    session.execute(
        update(Item)
        .where(col(Item.id) == first)
        .values(
            duplicate_of=None,
            queue_id=queue_id,
            seq=places.advance(session, queue_id, 1),
            overlap=overlap,
            open_places=overlap,
            state=ItemState.OPEN,
        )
    )
    session.execute(update(Item).where(col(Item.duplicate_of) == item_id).values(duplicate_of=first))
    history.note(
        session, now, "item.stands_for_text", "item", first,
        project_id=project_id,
        before={"state": ItemState.DUPLICATE, "duplicate_of": item_id}, after={"state": ItemState.OPEN},
    )  # fmt: skip
    return first


def _promote_newcomer(session: Session, lot_id: int, item_id: int, now: datetime) -> None:
    """The first row of the very file with an item's former text stands for it: it opens with the rest of its lot."""
    newcomers = select(col(Item.id)).where(
        col(Item.lot_id) == lot_id, col(Item.duplicate_of) == item_id, col(Item.state) == ItemState.LOADING
    )
    first: int | None = session.execute(newcomers.order_by(col(Item.id)).limit(1)).scalar()
    if first is None:
        return
    queue = select(col(Item.queue_id)).where(col(Item.id) == item_id).scalar_subquery()
    session.execute(update(Item).where(col(Item.id) == first).values(duplicate_of=None, queue_id=queue))
    session.execute(update(Item).where(col(Item.duplicate_of) == item_id).values(duplicate_of=first))
    one_more = {"items": col(Lot.items) + 1, "duplicates": col(Lot.duplicates) - 1}
    lots.step(session, lot_id, LotState.OPENING, seen_at=now, **one_more)


def _rename(session: Session, keys: Sequence[tuple[int, str]]) -> None:
    if keys:
        session.connection().execute(
            update(Item).where(col(Item.id) == bindparam("item")).values(key=bindparam("new_key")),
            [{"item": item_id, "new_key": key} for item_id, key in keys],
        )


def _note(session: Session, lot_id: int, swapped: Sequence[tuple[int, ItemState, int]], now: datetime) -> None:
    if not swapped:
        return
    lot = session.execute(select(col(Lot.project_id), col(Lot.by_id)).where(col(Lot.id) == lot_id)).one()
    for old_id, state, new_id in swapped:
        history.note(
            session, now, "item.replaced", "item", old_id,
            project_id=lot.project_id, actor_id=lot.by_id,
            before={"state": state}, after={"state": ItemState.REPLACED, "by_item": new_id, "lot": lot_id},
        )  # fmt: skip
