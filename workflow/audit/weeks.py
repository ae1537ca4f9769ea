"""Which week is to be told: what a project wants to hear weekly, on its day, once, and never twice of one moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Claim, Project
from workflow import calendar
from workflow.audit.scheduling import SETTLED, due_day
from workflow.quality_rules import AuditRules, Every, QualityRules

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """A week that is due: its local date, and its period (UTC, from inclusive, to exclusive)."""

    project_id: int
    day: date
    since: datetime
    until: datetime


def due(
    session: Session, project_id: int, job: str, wanted: Callable[[AuditRules], Every], now: datetime
) -> Due | None:
    """The week of a project that ``job`` has not claimed yet; None where it is not wanted, or told already."""
    project: Any = session.execute(
        select(col(Project.time_zone), col(Project.created_at), col(Project.quality)).where(
            col(Project.id) == project_id
        )
    ).one()
    rules = QualityRules.model_validate(project.quality).audits
    if wanted(rules) is not Every.WEEK:
        return None
    at, zone = time.fromisoformat(rules.at), project.time_zone
    day = due_day(rules, zone, now - SETTLED)
    claimed = select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == job)
    last: date | None = session.execute(claimed).scalar()
    until = calendar.moment(day, at, zone)
    if (last is not None and day <= last) or until <= project.created_at:
        return None
    since = calendar.moment(last, at, zone) if last is not None else until - WEEK
    return Due(project_id, day, since, until)
