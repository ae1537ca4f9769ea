"""A dropped file meets intake: it is looked at without writing, and imported once."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import FileDrop, Lot, LotState
from workflow import intake, normalise
from workflow.drop_work import Work
from workflow.errors import RefusedError
from workflow.intake.preview import preview
from workflow.reading.asked import Asked

MOST_COLUMNS = 1000
MOST_REASONS = 20
MOST_QUESTIONS = 20
LONGEST_SHOWN = 400
FIGURES = ("rows", "items", "duplicates", "near", "refused", "changed", "labels", "pairs")

Progress = Callable[[int], None]


def look(store: Store, work: Work, path: Path, progress: Progress) -> dict[str, Any]:
    """What a look into the file shows, as a drop keeps it: a bounded part of it. Raises RefusedError."""
    found = preview(store, _project(work), path, **_choices(work), progress=progress)
    reasons = sorted(found.refused_by_reason.items(), key=lambda reason: -reason[1])
    shown = {
        **{name: getattr(found, name) for name in FIGURES},
        **{name: getattr(found.written, name) for name in ("file_format", "encoding", "delimiter")},
        "columns": dict(islice(found.written.columns.items(), MOST_COLUMNS)),
        "all_columns": list(found.all_columns[:MOST_COLUMNS]),
        "more_columns": max(0, len(found.all_columns) - MOST_COLUMNS),
        "steps": dict(found.steps),
        "filters": dict(found.filters),
        "refused_by_reason": dict(reasons[:MOST_REASONS]),
        "first_rows": [{name: text[:LONGEST_SHOWN] for name, text in row.items()} for row in found.first_rows],
        "questions": list(found.questions[:MOST_QUESTIONS]),
    }
    kept: dict[str, Any] = _storable(shown)
    return kept


def _storable(value: Any) -> Any:
    """Text as a database takes it, anywhere in a value."""
    if isinstance(value, str):
        return normalise.storable(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    return [_storable(part) for part in value] if isinstance(value, list) else value


def bring_in(store: Store, work: Work, path: Path, now: Callable[[], datetime], progress: Progress) -> tuple[int, int]:
    """Import the file; its lot, and how many rows were refused. Raises BusyError, UnansweredError, RefusedError."""
    more = _choices(work)
    report = intake.import_file(store, _project(work), path, now, progress, work.by_id, **more, name=work.name)
    return report.lot_id, report.refused


def already_in(session: Session, work: Work) -> tuple[int, int] | None:
    """The lot that this very request made before it could be written down, and how many rows were refused."""
    mine = select(col(FileDrop.lot_id)).where(col(FileDrop.lot_id).is_not(None))
    found = session.execute(
        select(col(Lot.id), col(Lot.refused))
        .where(
            col(Lot.project_id) == work.project_id,
            col(Lot.state) == LotState.COMPLETE,
            col(Lot.sha256) == work.preview["sha256"],
            col(Lot.by_id) == work.by_id,
            col(Lot.file_name) == work.name,
            col(Lot.started_at) >= datetime.fromisoformat(work.preview["asked_at"]),
            col(Lot.id).not_in(mine),
        )
        .order_by(col(Lot.id))
        .limit(1)
    ).first()
    return (found.id, found.refused) if found else None


def _project(work: Work) -> int:
    if work.project_id is None:
        raise RefusedError("Nobody has chosen the project yet that this file is for.")
    return work.project_id


def _choices(work: Work) -> dict[str, Any]:
    """How the file is to be read, as intake takes it."""
    chosen = work.choices
    how = {name: chosen.get(name) for name in ("encoding", "delimiter", "header")}
    return {
        "asked": Asked(**how),
        "columns": dict(chosen.get("columns", {})),
        "on_change": intake.OnChange(chosen.get("on_change", "keep")),
    }
