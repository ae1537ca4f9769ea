"""The versions of a project's guideline: which is in force, what it is called, finding one by its number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from storage.tables import ChangeKind, Guideline, Person, Project, Proposal
from workflow.errors import RefusedError


@dataclass(frozen=True)
class Version:
    """A version as lists show it. ``kind``, ``summary`` and ``by`` are empty where no proposal led to it."""

    id: int
    major: int
    minor: int
    at: datetime
    kind: ChangeKind | None
    summary: str
    by: str

    @property
    def number(self) -> str:
        """``2.0``."""
        return f"{self.major}.{self.minor}"


def current(session: Session, project_id: int) -> Guideline:
    """The version in force."""
    found: Guideline = session.execute(
        select(Guideline)
        .join(Project, col(Project.guideline_id) == col(Guideline.id))
        .where(col(Project.id) == project_id)
    ).scalar_one()
    return found


def listed(session: Session, project_id: int) -> list[Version]:
    """All versions, the newest first."""
    rows = session.execute(
        select(
            col(Guideline.id),
            col(Guideline.major),
            col(Guideline.minor),
            col(Guideline.at),
            col(Proposal.kind),
            col(Proposal.summary),
            col(Person.name),
        )
        .select_from(Guideline)
        .outerjoin(Proposal, col(Proposal.guideline_id) == col(Guideline.id))
        .outerjoin(Person, col(Person.id) == col(Guideline.by_id))
        .where(col(Guideline.project_id) == project_id)
        .order_by(col(Guideline.id).desc())
    )
    return [Version(row.id, row.major, row.minor, row.at, row.kind, row.summary or "", row.name or "") for row in rows]


def project_of(session: Session, guideline_id: int) -> int:
    """Whose version it is. Raises RefusedError where there is no such version."""
    found: int | None = session.execute(
        select(col(Guideline.project_id)).where(col(Guideline.id) == guideline_id)
    ).scalar()
    if found is None:
        raise RefusedError("There is no such guideline version (any more).")
    return found


def called(session: Session, guideline_id: int) -> str:
    """What a version is called: ``2.0``."""
    row = session.execute(
        select(col(Guideline.major), col(Guideline.minor)).where(col(Guideline.id) == guideline_id)
    ).one()
    return f"{row.major}.{row.minor}"


def find(session: Session, project_id: int, number: str) -> Guideline:
    """A version by its number, such as ``1.2``. Raises RefusedError naming those that there are."""
    read = re.fullmatch(r"v?(\d{1,6})\.(\d{1,6})", number.strip())
    if read:
        found: Guideline | None = session.execute(
            select(Guideline).where(
                col(Guideline.project_id) == project_id,
                col(Guideline.major) == int(read[1]),
                col(Guideline.minor) == int(read[2]),
            )
        ).scalar_one_or_none()
        if found is not None:
            return found
    there = ", ".join(version.number for version in listed(session, project_id)[:20])
    raise RefusedError(f"There is no guideline version {number[:40]!r}. There is {there}.")


def between(session: Session, project_id: int, numbers: Sequence[str]) -> tuple[Guideline, Guideline]:
    """Two versions to compare: by their numbers; one and the one in force; for no number the last two.

    Raises RefusedError where there are not two.
    """
    if len(numbers) > 2:
        raise RefusedError("Which two? Say two numbers, such as 1.2 2.0.")
    now = current(session, project_id)
    asked = [*numbers, f"{now.major}.{now.minor}"] if len(numbers) == 1 else list(numbers)
    if not asked:
        asked = [version.number for version in reversed(listed(session, project_id)[:2])]
    if len(asked) < 2:
        raise RefusedError(f"{asked[0]} is the first version: there is none to compare it with.")
    before, after = (find(session, project_id, number) for number in asked)
    if before.id == after.id:
        raise RefusedError(f"These are one version, {before.major}.{before.minor}: say two, such as 1.2 2.0.")
    return before, after


def next_number(before: Guideline, kind: ChangeKind) -> tuple[int, int]:
    """(major, minor) of the version after ``before``: a clarification raises the minor, anything else the major one."""
    if kind is ChangeKind.CLARIFICATION:
        return before.major, before.minor + 1
    return before.major + 1, 0


def add(
    session: Session,
    before: Guideline,
    kind: ChangeKind,
    markdown: str,
    by: int | None,
    now: datetime,
    held_from: datetime | None,
) -> int:
    """Store the version after ``before``; its id. The caller holds the project under lock, and puts it in force."""
    major, minor = next_number(before, kind)
    row = {
        "project_id": before.project_id,
        "major": major,
        "minor": minor,
        "markdown": markdown,
        "by_id": by,
        "at": now,
        "held_from": held_from,
    }
    made: int = session.execute(insert(Guideline).values(**row).returning(col(Guideline.id))).scalar_one()
    return made
