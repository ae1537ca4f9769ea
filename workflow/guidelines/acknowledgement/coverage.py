"""Who of a project has read the version that has to be read, and who has not."""

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlmodel import Session, col

from storage.tables import Acknowledgement, Guideline, Person, Project, plain
from workflow.guidelines.acknowledgement import required


@dataclass(frozen=True)
class Coverage:
    """How far a version is read by those who are in the project now. Nobody is ``asked`` where none has to be read.

    ``missing`` are the names of those who have not acknowledged it, in order.
    """

    guideline_id: int
    version: str
    asked: int
    acknowledged: int
    missing: tuple[str, ...]

    @property
    def is_wanted(self) -> bool:
        """Whether anybody has to read it."""
        return self.asked > 0


def of(session: Session, project_id: int) -> Coverage:
    """How far the version of a project is read that has to be read; without one, the version in force, asked of nobody."""
    wanted = required.to_read(project_id)
    head = session.execute(
        select(col(Guideline.id), col(Guideline.major), col(Guideline.minor), col(Guideline.held_from))
        .join(Project, func.coalesce(wanted, col(Project.guideline_id)) == col(Guideline.id))
        .where(col(Project.id) == project_id)
    ).one()
    version = f"{head.major}.{head.minor}"
    if head.held_from is None:
        return Coverage(head.id, version, 0, 0, ())
    read = exists().where(
        col(Acknowledgement.guideline_id) == head.id,
        col(Acknowledgement.person_id) == col(Person.id),
        col(Acknowledgement.acknowledged_at).is_not(None),
    )
    people = session.execute(
        select(col(Person.name), read.label("read")).where(required.is_reader(project_id, plain(Person).c))
    ).all()
    missing = sorted((row.name for row in people if not row.read), key=str.casefold)
    return Coverage(head.id, version, len(people), len(people) - len(missing), tuple(missing))
