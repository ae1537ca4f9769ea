"""Taking a lot back: what is half in, and what is complete, as long as nobody has labelled any of it."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import String, cast, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Escalation,
    Example,
    FileDrop,
    Item,
    ItemState,
    Label,
    Lot,
    LotState,
    Place,
    PriorLabel,
    RefusedRow,
)
from workflow import history, outbox, places
from workflow.batches import leave, rewrite_batch
from workflow.errors import RefusedError
from workflow.intake import lots, opening
from workflow.intake.lots import CHUNK
from workflow.near import index, restoring
from workflow.near.kept_texts import items_of_lot

ANSWERED = (Place.LABELLED, Place.FLAGGED, Place.SKIPPED, Place.CLOSED, Place.BARRED)


def undo_running(store: Store, lot_id: int, now: datetime, by: int | None = None) -> None:
    """Take back everything that a running lot has brought in so far, at most 1,000 rows a transaction."""
    with store.read() as session:
        if session.execute(select(col(Lot.state)).where(col(Lot.id) == lot_id)).scalar() is not LotState.RUNNING:
            return
    with store.read() as session:
        project_id = session.execute(select(col(Lot.project_id)).where(col(Lot.id) == lot_id)).scalar_one()
    index.forget(store, project_id, (item_id for item_id, _ in items_of_lot(store, lot_id)))
    _delete(store, PriorLabel, select(col(PriorLabel.id)).where(col(PriorLabel.lot_id) == lot_id))
    store.transact(lambda session: _keep_examples(session, lot_id))
    for linked in (col(Item.duplicate_of), col(Item.near_of)):
        _delete(store, Item, select(col(Item.id)).where(col(Item.lot_id) == lot_id, linked.is_not(None)))
    _delete(store, Item, select(col(Item.id)).where(col(Item.lot_id) == lot_id))
    _delete(store, RefusedRow, select(col(RefusedRow.id)).where(col(RefusedRow.lot_id) == lot_id))

    def close(session: Session) -> None:
        lot = session.execute(select(Lot).where(col(Lot.id) == lot_id)).scalar_one()
        none = {"rows": 0, "items": 0, "duplicates": 0, "refused": 0, "near": 0, "changed": 0}
        lots.step(session, lot_id, LotState.RUNNING, state=LotState.UNDONE, finished_at=now, **none)
        history.note(
            session, now, "lot.undone", "lot", lot_id,
            project_id=lot.project_id, actor_id=by or lot.by_id, before={"rows": lot.rows},
            after={"file": lot.file_name},
        )  # fmt: skip

        _rewrite_card(session, lot_id, now)

    store.transact(close)


def _rewrite_card(session: Session, lot_id: int, now: datetime) -> None:
    """Where the lot came as a file dropped in chat, its card says that it is undone."""
    drops = session.execute(
        update(FileDrop)
        .where(col(FileDrop.lot_id) == lot_id)
        .values(version=col(FileDrop.version) + 1)
        .returning(col(FileDrop.id), col(FileDrop.version))
    )
    for drop_id, version in drops.all():
        outbox.rewrite(session, now, "drop", drop_id, version, "drop")


def undo_complete(store: Store, lot_id: int, now: datetime, by: int | None) -> None:
    """Take a complete lot back. Who holds items of it unanswered is left without them; what it stands for opens again.

    Raises RefusedError where the lot is not complete, where somebody answered, where items of other lots are linked to
    its own, or where it replaced other texts: nothing is changed then. An undo that dies half-way leaves the lot complete,
    or is finished.
    """
    store.transact(lambda session: _withdraw(session, lot_id, now))
    after = 0
    while (last := store.transact(partial(_close_some, lot_id=lot_id, after=after, now=now))) is not None:
        after = last
        with store.read() as session:
            why = _why_not(session, lot_id)
        if why:
            # Somebody was quicker: what was closed so far opens again.
            opening.open_lot(store, lot_id, lambda: now)
            raise RefusedError(why)
    restoring.let_go(store, lot_id, now)
    store.transact(lambda session: lots.step(session, lot_id, LotState.OPENING, state=LotState.RUNNING, seen_at=now))
    undo_running(store, lot_id, now, by)


def _withdraw(session: Session, lot_id: int, now: datetime) -> None:
    state = session.execute(select(col(Lot.state)).where(col(Lot.id) == lot_id).with_for_update()).scalar()
    if state is None:
        raise RefusedError(f"There is no import lot {lot_id}.")
    if state is not LotState.COMPLETE:
        words = "was undone already" if state is LotState.UNDONE else "is still being imported"
        raise RefusedError(f"Lot {lot_id} {words}.")
    if why := _why_not(session, lot_id):
        raise RefusedError(why)
    lots.step(session, lot_id, LotState.COMPLETE, state=LotState.OPENING, seen_at=now)


def _why_not(session: Session, lot_id: int) -> str | None:
    """Why a lot cannot be taken back; None where it can."""
    of_lot = select(col(Item.id)).where(col(Item.lot_id) == lot_id)
    answered = select(func.count()).where(
        col(Assignment.item_id).in_(of_lot),
        or_(col(Assignment.state).in_(ANSWERED), _labelled()),
    )
    if count := session.execute(answered).scalar_one():
        return f"{count:,} places on items of lot {lot_id} were answered already: it stays. Nothing was changed."
    if session.execute(select(col(Escalation.id)).where(col(Escalation.item_id).in_(of_lot)).limit(1)).first():
        return f"An item of lot {lot_id} was escalated: it stays. Nothing was changed."
    first, other = aliased(Item), aliased(Item)
    linked = (
        select(col(other.lot_id))
        .join(first, col(first.id) == col(other.duplicate_of))
        .where(col(first.lot_id) == lot_id, col(other.lot_id) != lot_id)
        .distinct()
        .order_by(col(other.lot_id).desc())
        .limit(5)
    )
    if later := session.execute(linked).scalars().all():
        named = ", ".join(map(str, later))
        return f"Duplicates in lot {named} are linked to items of lot {lot_id}: undo that first. Nothing was changed."
    if _has_replaced(session, lot_id):
        return f"Texts of lot {lot_id} have replaced others, or were replaced: it stays. Nothing was changed."
    return None


def _has_replaced(session: Session, lot_id: int) -> bool:
    """Whether the lot has taken the place of other items, or lost an item to another lot."""
    mine, old = aliased(Item), aliased(Item)
    lost = exists().where(col(old.lot_id) == lot_id, col(old.state) == ItemState.REPLACED)
    taken = exists().where(
        col(mine.lot_id) == lot_id,
        col(old.project_id) == col(mine.project_id),
        col(old.state) == ItemState.REPLACED,
        col(old.key) == col(mine.key) + "~before-" + cast(col(mine.id), String),
    )
    changed = session.execute(select(col(Lot.changed)).where(col(Lot.id) == lot_id)).scalar_one()
    return bool(session.execute(select(or_(lost, taken) if changed else lost)).scalar())


def _close_some(session: Session, lot_id: int, after: int, now: datetime) -> int | None:
    """Close the next items of a lot and take them from who holds them unanswered; the last id, None at the end.

    What was answered meanwhile stays open as it is: the lot stays, and an item that opens again has no place taken.
    """
    lots.seen(session, lot_id, now)
    waiting = (col(Item.lot_id) == lot_id, col(Item.id) > after, col(Item.state) == ItemState.OPEN)
    ids = session.execute(select(col(Item.id)).where(*waiting).order_by(col(Item.id)).limit(CHUNK)).scalars().all()
    if not ids:
        return None
    locked = [item.id for item in places.lock_items(session, ids) if item.state is ItemState.OPEN]
    answered = or_(col(Assignment.state).in_(ANSWERED), _labelled())
    stay = set(
        session.execute(select(col(Assignment.item_id)).where(col(Assignment.item_id).in_(locked), answered)).scalars()
    )
    locked = [item_id for item_id in locked if item_id not in stay]
    held = list(session.execute(select(col(Assignment.id)).where(col(Assignment.item_id).in_(locked))).scalars())
    left = leave(session, held)
    session.execute(delete(Assignment).where(col(Assignment.id).in_(held)))
    for batch_id in left:
        rewrite_batch(session, batch_id, now)
    session.execute(update(Item).where(col(Item.id).in_(locked)).values(state=ItemState.LOADING, open_places=0))
    return int(ids[-1])


def _labelled() -> Any:
    return exists().where(col(Label.assignment_id) == col(Assignment.id))


def _keep_examples(session: Session, lot_id: int) -> None:
    """Worked examples in guidelines stay as they read, without the items that they were."""
    gone = select(col(Item.id)).where(col(Item.lot_id) == lot_id)
    session.execute(update(Example).where(col(Example.item_id).in_(gone)).values(item_id=None))


def _delete(store: Store, table: type[Any], ids: Any) -> None:
    some = ids.limit(CHUNK)
    gone = delete(table).where(table.id.in_(some.scalar_subquery())).returning(table.id)
    while store.transact(lambda session: session.execute(gone).all()):
        pass
