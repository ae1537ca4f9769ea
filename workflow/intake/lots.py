"""Import lots: begun, filled, complete or undone; and what was refused on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlmodel import Session, col

from storage.tables import Lot, LotState, NearPair, Person, PriorLabel, RefusedRow
from workflow import history
from workflow.errors import RefusedError

CHUNK = 1000
UNFINISHED = (LotState.RUNNING, LotState.OPENING)
TAKEN_OVER = "This import was taken over by another process: import the file again."


@dataclass(frozen=True)
class Tally:
    """How many rows became what: ``rows = items + duplicates + refused``.

    ``near`` of the duplicates say only nearly the same; ``changed`` rows had an id that another text has.
    """

    items: int = 0
    duplicates: int = 0
    refused: int = 0
    near: int = 0
    changed: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.items + self.duplicates + self.refused

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.items + other.items,
            self.duplicates + other.duplicates,
            self.refused + other.refused,
            self.near + other.near,
            self.changed + other.changed,
        )


@dataclass(frozen=True)
class Written:
    """How a file is written, and what its columns became; ``compression`` is known while it is read, and not kept."""

    file_format: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    compression: str = field(default="", compare=False)


@dataclass(frozen=True)
class Report(Tally):
    """What became of a file. ``steps`` and ``filters`` have how many rows each touched; ``labels`` are those that it
    brought, ``pairs`` the pairs of items that say nearly the same.
    """

    lot_id: int = 0
    written: Written = field(default_factory=Written)
    steps: Mapping[str, int] = field(default_factory=dict)
    filters: Mapping[str, int] = field(default_factory=dict)
    labels: int = 0
    pairs: int = 0


def begin(
    session: Session, project_id: int, file_name: str, sha256: str, written: Written, now: datetime, by: int | None
) -> int:
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
        "near": 0,
        "changed": 0,
        "file_format": written.file_format,
        "encoding": written.encoding,
        "delimiter": written.delimiter,
        "header": written.header,
        "columns": dict(written.columns),
        "steps": {},
        "filters": {},
        "by_id": by,
        "started_at": now,
        "seen_at": now,
    }
    lot_id: int = session.execute(insert(Lot).values(**row).returning(col(Lot.id))).scalar_one()
    return lot_id


def count(session: Session, lot_id: int, tally: Tally, now: datetime) -> None:
    """Add to the figures of a lot that is being read; a sign of life too."""
    step(
        session,
        lot_id,
        LotState.RUNNING,
        rows=col(Lot.rows) + tally.rows,
        items=col(Lot.items) + tally.items,
        duplicates=col(Lot.duplicates) + tally.duplicates,
        refused=col(Lot.refused) + tally.refused,
        changed=col(Lot.changed) + tally.changed,
        seen_at=now,
    )


def all_in(
    session: Session, lot_id: int, near: int, steps: Mapping[str, int], filters: Mapping[str, int], now: datetime
) -> None:
    """Every row is in, ``near`` items of them linked to what says nearly the same: from here the lot is finished."""
    figures: dict[str, Any] = {"steps": dict(steps), "filters": dict(filters), "near": near}
    linked = {"items": col(Lot.items) - near, "duplicates": col(Lot.duplicates) + near}
    step(session, lot_id, LotState.RUNNING, state=LotState.OPENING, seen_at=now, **figures, **linked)


def seen(session: Session, lot_id: int, now: datetime) -> None:
    """A sign of life of a lot that is being opened."""
    step(session, lot_id, LotState.OPENING, seen_at=now)


def complete(session: Session, lot_id: int, now: datetime) -> None:
    """Every item is open to people."""
    step(session, lot_id, LotState.OPENING, state=LotState.COMPLETE, seen_at=now, finished_at=now)
    lot = session.execute(select(Lot).where(col(Lot.id) == lot_id)).scalar_one()
    figures = {"rows": lot.rows, "items": lot.items, "duplicates": lot.duplicates, "refused": lot.refused}
    history.note(
        session, now, "lot.complete", "lot", lot_id,
        project_id=lot.project_id, actor_id=lot.by_id, after={"file": lot.file_name, **figures},
    )  # fmt: skip


def report(session: Session, lot_id: int) -> Report:
    """What became of the rows of a lot."""
    lot = session.execute(select(Lot).where(col(Lot.id) == lot_id)).scalar_one()
    labels = session.execute(select(func.count()).where(col(PriorLabel.lot_id) == lot_id)).scalar_one()
    pairs = session.execute(select(func.count()).where(col(NearPair.lot_id) == lot_id)).scalar_one()
    return Report(
        items=lot.items,
        duplicates=lot.duplicates,
        refused=lot.refused,
        near=lot.near,
        changed=lot.changed,
        lot_id=lot_id,
        written=Written(lot.file_format, lot.encoding, lot.delimiter, lot.header, lot.columns),
        steps=lot.steps,
        filters=lot.filters,
        labels=labels,
        pairs=pairs,
    )


def refused_rows(session: Session, lot_id: int) -> Iterator[dict[str, Any]]:
    """Line, field and reason of every refused row, in the order of the file, without holding them all."""
    rows = session.execute(
        select(col(RefusedRow.line), col(RefusedRow.field), col(RefusedRow.reason))
        .where(col(RefusedRow.lot_id) == lot_id)
        .order_by(col(RefusedRow.id))
        .execution_options(yield_per=CHUNK)
    )
    for line, field_name, reason in rows:
        yield {"line": line, "field": field_name, "reason": reason}


def refused_by_reason(session: Session, lot_id: int, most: int = 20) -> dict[str, int]:
    """How many rows were refused for what, most first; the particulars of a row are left out."""
    rows = session.execute(
        select(col(RefusedRow.field), col(RefusedRow.reason), func.count().label("rows"))
        .where(col(RefusedRow.lot_id) == lot_id)
        .group_by(col(RefusedRow.field), col(RefusedRow.reason))
        .execution_options(yield_per=CHUNK)
    )
    counted: Counter[str] = Counter()
    for row in rows:
        counted[kind_of(row.field, row.reason)] += row.rows
    return dict(counted.most_common(most))


def kind_of(field_name: str, reason: str) -> str:
    """What a row was refused for, without its particulars: what stands before the first colon of the reason."""
    kind = reason.partition(":")[0]
    return f"{field_name}: {kind}" if field_name else kind


def listed(session: Session, project_id: int) -> list[dict[str, Any]]:
    """Every lot of a project, the newest first."""
    return [_shown(lot, name) for lot, name in session.execute(_lots().where(col(Lot.project_id) == project_id))]


def one(session: Session, lot_id: int) -> dict[str, Any]:
    """One lot. Raises RefusedError where there is none of that number."""
    row = session.execute(_lots().where(col(Lot.id) == lot_id)).first()
    if row is None:
        raise RefusedError(f"There is no import lot {lot_id}: concord lots list PROJECT shows those that there are.")
    return _shown(*row)


def _lots() -> Any:
    return (
        select(Lot, col(Person.name)).outerjoin(Person, col(Person.id) == col(Lot.by_id)).order_by(col(Lot.id).desc())
    )


def _shown(lot: Lot, by: str | None) -> dict[str, Any]:
    return {
        "lot": lot.id,
        "project_id": lot.project_id,
        "file": lot.file_name,
        "state": lot.state.value,
        "rows": lot.rows,
        "items": lot.items,
        "duplicates": lot.duplicates,
        "near": lot.near,
        "refused": lot.refused,
        "changed": lot.changed,
        "by": by,
        "started": lot.started_at.isoformat(),
        "finished": lot.finished_at.isoformat() if lot.finished_at else None,
    }


def unfinished(session: Session) -> list[tuple[int, int, LotState]]:
    """(project, lot, state) of lots that are neither complete nor undone; somebody may be at work on them."""
    rows = session.execute(
        select(col(Lot.project_id), col(Lot.id), col(Lot.state))
        .where(col(Lot.state).in_(UNFINISHED))
        .order_by(col(Lot.id))
    )
    return [(row.project_id, row.id, row.state) for row in rows]


def step(session: Session, lot_id: int, expected: LotState, **values: Any) -> None:
    """Change a lot that is where it is expected to be. Raises RefusedError where it is not."""
    change = update(Lot).where(col(Lot.id) == lot_id, col(Lot.state) == expected).values(**values)
    if session.execute(change.returning(col(Lot.id))).first() is None:
        raise RefusedError(TAKEN_OVER)
