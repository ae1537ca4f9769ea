"""How things stand in the whole installation, in a few cheap counts."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from storage.tables import Digest, Escalation, EscalationState, Lot, Outbox, Project
from workflow import counts, overview, quality_counts
from workflow.intake.lots import UNFINISHED
from workflow.undelivered import UNSENT


def projects(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Every project: items, how many are done, people, what waits, and the local date of the last digest."""
    ids = {row.name: row.id for row in session.execute(select(col(Project.name), col(Project.id)))}
    cases = _by_project(session, Escalation, col(Escalation.state) == EscalationState.OPEN)
    running = _by_project(session, Lot, col(Lot.state).in_(UNFINISHED))
    last = select(col(Digest.project_id), func.max(col(Digest.local_date))).where(col(Digest.scheduled))
    digests = {row[0]: row[1] for row in session.execute(last.group_by(col(Digest.project_id)))}
    found = []
    for one in overview.listed(session):
        project_id = ids[one["name"]]
        told = digests.get(project_id)
        found.append(
            {name: one[name] for name in ("name", "items", "done", "people")}
            | {
                "labels_needed": counts.labels_needed(session, project_id),
                "open_cases": cases.get(project_id, 0),
                "quality": quality_counts.waiting(session, project_id, now),
                "unfinished_imports": running.get(project_id, 0),
                "last_digest": told.isoformat() if told else None,
            }
        )
    return found


def outbox(session: Session) -> dict[str, int]:
    """Messages that are not sent, by state; states without any are left out."""
    rows = session.execute(
        select(col(Outbox.state), func.count()).where(col(Outbox.state).in_(UNSENT)).group_by(col(Outbox.state))
    )
    return {row[0].value: row[1] for row in rows}


def size(session: Session) -> int | None:
    """The bytes that the store takes on the disk, as its database tells."""
    if session.get_bind().dialect.name == "postgresql":
        return int(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages = session.execute(text("PRAGMA page_count")).scalar_one()
    return int(pages) * int(session.execute(text("PRAGMA page_size")).scalar_one())


def _by_project(session: Session, table: Any, where: Any) -> dict[int, int]:
    rows = session.execute(select(table.project_id, func.count()).where(where).group_by(table.project_id))
    return {row[0]: row[1] for row in rows}
