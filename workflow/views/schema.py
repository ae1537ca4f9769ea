"""A project's label schema as cards show it, kept in memory: it changes only together with the project's version."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import LabelValue

_kept: WeakKeyDictionary[Any, dict[int, tuple[int, list["Choice"]]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Choice:
    """One value that people choose from."""

    id: int
    value: str
    title: str
    description: str


def choices(session: Session, project_id: int, version: int) -> list[Choice]:
    """The values of a project at a version of it, in order."""
    known = _kept.setdefault(session.get_bind().engine, {})
    found = known.get(project_id)
    if found is None or found[0] != version:
        rows = session.execute(
            select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title), col(LabelValue.description))
            .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
            .order_by(col(LabelValue.position))
        )
        found = known[project_id] = (version, [Choice(*row) for row in rows])
    return found[1]
