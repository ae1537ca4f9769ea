"""The card of a project, which its maker has: which version it shows."""

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Project


def project_version(session: Session, project_id: int) -> int | None:
    """The version of a project."""
    found = session.execute(select(col(Project.version)).where(col(Project.id) == project_id)).scalar()
    return int(found) if found is not None else None


def hold_project(session: Session, project_id: int) -> None:
    """Wait for whoever is changing the project, and let nobody change it until the session ends."""
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(read=True))
