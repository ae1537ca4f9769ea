"""Import lots: begun, filled, complete or undone; and what was refused on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, Lot, LotState, RefusedRow
from workflow import history
from workflow.errors import RefusedError

CHUNK = 1000
UNFINISHED = (LotState.RUNNING, LotState.OPENING)


@dataclass(frozen=True)
class Tally:
    """How many rows became what: ``rows = items + duplicates + refused``."""

    items: int = 0
    duplicates: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.items + self.duplicates + self.refused

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.items + other.items, self.duplicates + other.duplicates, self.refused + other.refused)


@dataclass(frozen=True)
class Report(Tally):
    """What became of a file. ``refused_rows`` reads the refused ones."""

    lot_id: int = 0


def begin(session: Session, project_id: int, file_name: str, sha256: str, now: datetime, by: int | None) -> int:
    """A new lot. Its order is drawn from a seed that the file itself gives, and that is stored."""
    row = {
        "project_id": project_id,
        "file_name": file_name,
        "sha256": sha256,
        "state": LotState.RUNNING,
        "seed": int(sha256[:15], 16),
        "rows": 0,
        "items": 0,
        "duplicates": 0,
        "refused": 0,
        "by_id": by,
        "started_at": now,
        "seen_at": now,
    }
    lot_id: int = session.execute(insert(Lot).values(**row).returning(col(Lot.id))).scalar_one()
    return lot_id


def count(session: Session, lot_id: int, tally: Tally, now: datetime) -> None:
    """Add to the figures of a lot that is being read; a sign of life too."""
    _step(
        session,
        lot_id,
        LotState.RUNNING,
        rows=col(Lot.rows) + tally.rows,
        items=col(Lot.items) + tally.items,
        duplicates=col(Lot.duplicates) + tally.duplicates,
        refused=col(Lot.refused) + tally.refused,
        seen_at=now,
    )


def all_in(session: Session, lot_id: int, now: datetime) -> None:
    """Every row is in: from here the lot is finished, not undone."""
    _step(session, lot_id, LotState.RUNNING, state=LotState.OPENING, seen_at=now)


def seen(session: Session, lot_id: int, now: datetime) -> None:
    """A sign of life of a lot that is being opened."""
    _step(session, lot_id, LotState.OPENING, seen_at=now)


def complete(session: Session, lot_id: int, now: datetime) -> None:
    """Every item is open to people."""
    _step(session, lot_id, LotState.OPENING, state=LotState.COMPLETE, seen_at=now, finished_at=now)
    lot = session.execute(select(Lot).where(col(Lot.id) == lot_id)).scalar_one()
    figures = {"rows": lot.rows, "items": lot.items, "duplicates": lot.duplicates, "refused": lot.refused}
    history.note(
        session, now, "lot.complete", "lot", lot_id,
        project_id=lot.project_id, actor_id=lot.by_id, after={"file": lot.file_name, **figures},
    )  # fmt: skip


def undo(store: Store, lot_id: int, now: datetime) -> None:
    """Take back everything that a running lot has brought in so far, at most 1,000 rows a transaction."""
    with store.read() as session:
        if session.execute(select(col(Lot.state)).where(col(Lot.id) == lot_id)).scalar() is not LotState.RUNNING:
            return
    duplicates = select(col(Item.id)).where(col(Item.lot_id) == lot_id, col(Item.duplicate_of).is_not(None))
    _delete(store, Item, duplicates)
    _delete(store, Item, select(col(Item.id)).where(col(Item.lot_id) == lot_id))
    _delete(store, RefusedRow, select(col(RefusedRow.id)).where(col(RefusedRow.lot_id) == lot_id))

    def close(session: Session) -> None:
        lot = session.execute(select(Lot).where(col(Lot.id) == lot_id)).scalar_one()
        none = {"rows": 0, "items": 0, "duplicates": 0, "refused": 0}
        _step(session, lot_id, LotState.RUNNING, state=LotState.UNDONE, finished_at=now, **none)
        history.note(
            session, now, "lot.undone", "lot", lot_id,
            project_id=lot.project_id, actor_id=lot.by_id, before={"rows": lot.rows}, after={"file": lot.file_name},
        )  # fmt: skip

    store.transact(close)


def report(session: Session, lot_id: int) -> Report:
    """What became of the rows of a lot."""
    lot = session.execute(
        select(col(Lot.items), col(Lot.duplicates), col(Lot.refused)).where(col(Lot.id) == lot_id)
    ).one()
    return Report(lot.items, lot.duplicates, lot.refused, lot_id)


def refused_rows(session: Session, lot_id: int) -> Iterator[dict[str, Any]]:
    """Line, field and reason of every refused row, in the order of the file, without holding them all."""
    rows = session.execute(
        select(col(RefusedRow.line), col(RefusedRow.field), col(RefusedRow.reason))
        .where(col(RefusedRow.lot_id) == lot_id)
        .order_by(col(RefusedRow.id))
        .execution_options(yield_per=CHUNK)
    )
    for line, field, reason in rows:
        yield {"line": line, "field": field, "reason": reason}


def unfinished(session: Session) -> list[tuple[int, int, LotState]]:
    """(project, lot, state) of lots that are neither complete nor undone; somebody may be at work on them."""
    rows = session.execute(
        select(col(Lot.project_id), col(Lot.id), col(Lot.state))
        .where(col(Lot.state).in_(UNFINISHED))
        .order_by(col(Lot.id))
    )
    return [(row.project_id, row.id, row.state) for row in rows]


def _step(session: Session, lot_id: int, expected: LotState, **values: Any) -> None:
    step = update(Lot).where(col(Lot.id) == lot_id, col(Lot.state) == expected).values(**values)
    if session.execute(step.returning(col(Lot.id))).first() is None:
        raise RefusedError("This import was taken over by another process: import the file again.")


def _delete(store: Store, table: type[Any], ids: Any) -> None:
    some = ids.limit(CHUNK)
    gone = delete(table).where(table.id.in_(some.scalar_subquery())).returning(table.id)
    while store.transact(lambda session: session.execute(gone).all()):
        pass
