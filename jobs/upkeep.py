"""Places whose lease is over, a changed overlap, items that nobody may finish: a thousand at a time."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from jobs.projects import project_ids
from storage.engine import Store
from storage.tables import Project
from workflow import projects, upkeep


def keep_up(store: Store, now: datetime, nudge: Callable[[], None] = lambda: None) -> int:
    """Do what time has made due; how many items it touched."""
    touched = _until_done(store, lambda session: upkeep.expire(session, now))
    for project_id in project_ids(store):
        if _has_open_overlap(store, project_id):
            projects.finish_overlap(store, project_id, now)
        touched += _until_done(store, lambda session, it=project_id: upkeep.escalate_stranded(session, it, now))  # type: ignore[misc]
    if touched:
        nudge()
    return touched


def _until_done(store: Store, work: Callable[[Session], int]) -> int:
    total = 0
    while done := store.transact(work):
        total += done
    return total


def _has_open_overlap(store: Store, project_id: int) -> bool:
    with store.read() as session:
        reached = session.execute(select(col(Project.overlap_after)).where(col(Project.id) == project_id)).scalar()
    return reached is not None
