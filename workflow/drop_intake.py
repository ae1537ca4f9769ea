"""A dropped file meets intake: it is looked at without writing, and imported once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import FileDrop, Lot, LotState
from workflow.drop_work import Work
from workflow.reading.asked import Asked

MOST_COLUMNS = 1000
MOST_REASONS = 20
MOST_QUESTIONS = 20
LONGEST_SHOWN = 400
FIGURES = ("rows", "items", "duplicates", "near", "refused", "changed", "file_format", "encoding", "delimiter")

Progress = Callable[[int], None]


class Intake(Protocol):
    """The two doors of intake that a dropped file goes through."""

    def preview(self, *arguments: Any) -> Any:
        """A look without writing: ``workflow.intake.preview.preview``."""

    def import_file(self, *arguments: Any, **named: Any) -> Any:
        """The import: ``workflow.intake.import_file``."""


class RealIntake:
    """Intake itself."""

    def preview(self, *arguments: Any) -> Any:
        """A look without writing."""
        return import_module("workflow.intake.preview").preview(*arguments)

    def import_file(self, *arguments: Any, **named: Any) -> Any:
        """The import."""
        return import_module("workflow.intake").import_file(*arguments, **named)


def look(intake: Intake, store: Store, work: Work, path: Path, progress: Progress) -> dict[str, Any]:
    """What a look into the file shows, as a drop keeps it: a bounded part of it. Raises RefusedError."""
    chosen = work.choices
    found = intake.preview(store, work.project_id, path, asked(chosen), columns(chosen), on_change(chosen), progress)
    reasons = sorted(found.refused_by_reason.items(), key=lambda reason: -reason[1])
    return {
        **{name: getattr(found, name) for name in FIGURES},
        "columns": dict(islice(found.columns.items(), MOST_COLUMNS)),
        "all_columns": list(found.all_columns[:MOST_COLUMNS]),
        "more_columns": max(0, len(found.all_columns) - MOST_COLUMNS),
        "steps": dict(found.steps),
        "filters": dict(found.filters),
        "refused_by_reason": dict(reasons[:MOST_REASONS]),
        "first_rows": [{name: text[:LONGEST_SHOWN] for name, text in row.items()} for row in found.first_rows],
        "questions": list(found.questions[:MOST_QUESTIONS]),
    }


def bring_in(
    intake: Intake, store: Store, work: Work, path: Path, now: Callable[[], datetime], progress: Progress
) -> tuple[int, int]:
    """Import the file; its lot, and how many rows were refused. Raises BusyError, RefusedError."""
    chosen = work.choices
    report = intake.import_file(
        store, work.project_id, path, now, progress, work.by_id,
        asked=asked(chosen), columns=columns(chosen), on_change=on_change(chosen), name=work.name,
    )  # fmt: skip
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


def asked(choices: Mapping[str, Any]) -> Asked:
    """How the file is to be read, by a lead's choices."""
    return Asked(encoding=choices.get("encoding"), delimiter=choices.get("delimiter"), header=choices.get("header"))


def columns(choices: Mapping[str, Any]) -> dict[str, str]:
    """Role -> column, by a lead's choices; a role that they left empty is not used."""
    return dict(choices.get("columns", {}))


def on_change(choices: Mapping[str, Any]) -> Any:
    """What becomes of a known id with another text."""
    return getattr(import_module("workflow.intake"), "OnChange", str)(choices.get("on_change", "keep"))
