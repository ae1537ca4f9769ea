"""The weekly audit of a project that wants one: of what was finished since the last, on its day, once."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Claim, History, Project
from workflow import calendar, project_settings, quality_rules
from workflow.audit import scope, starting
from workflow.audit.scope import Scope
from workflow.quality_rules import AuditRules, Every, QualityRules

JOB = "audit"
# A click is dated before its transaction commits: what is younger than this belongs to the next audit.
SETTLED = timedelta(seconds=30)
WHY = "Weekly audit"
SCHEDULED = "schedule"


def start_due(store: Store, now: datetime) -> int:
    """The clock's step: start the audits that are due; how many. Where nothing was finished, there is none that week."""
    with store.read() as session:
        rows = session.execute(select(col(Project.id), col(Project.quality)).order_by(col(Project.id)))
        wanting = [row.id for row in rows if QualityRules.model_validate(row.quality).audits.every is Every.WEEK]
        due = [project_id for project_id in wanting if _due(session, project_id, now) is not None]
    return sum(store.transact(lambda session, one=project_id: _start(session, one, now)) for project_id in due)  # type: ignore[misc]


def due_day(rules: AuditRules, zone: str, now: datetime) -> date:
    """The latest date of a project's zone on which its weekly audit was due."""
    day = calendar.due_local_date(now, zone, time.fromisoformat(rules.at))
    return day - timedelta(days=(day.weekday() - rules.day.number) % 7)


def _due(session: Session, project_id: int, now: datetime) -> date | None:
    project: Any = session.execute(
        select(col(Project.time_zone), col(Project.created_at)).where(col(Project.id) == project_id)
    ).one()
    rules = quality_rules.of_project(session, project_id).audits
    day = due_day(rules, project.time_zone, now)
    claimed = select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == JOB)
    last: date | None = session.execute(claimed).scalar()
    if last is not None and day <= last:
        return None
    began = calendar.moment(day, time.fromisoformat(rules.at), project.time_zone)
    return day if began >= (_switched_on(session, project_id) or project.created_at) else None


def _switched_on(session: Session, project_id: int) -> datetime | None:
    """When somebody last said how often an audit is drawn; None where that is as it was made."""
    changes = session.execute(
        select(col(History.at), col(History.after))
        .where(col(History.subject) == "project", col(History.subject_id) == project_id)
        .where(col(History.action) == project_settings.CHANGED)
        .order_by(col(History.id).desc())
    )
    found = (row.at for row in changes if "quality.audits.every" in (row.after or {}))
    return next(found, None)


def _start(session: Session, project_id: int, now: datetime) -> bool:
    """Claim the week and start its audit, if anything was finished."""
    from workflow.audit import population

    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True)).one()
    day = _due(session, project_id, now)
    if day is None:
        return False
    session.execute(insert(Claim).values(job=JOB, project_id=project_id, local_date=day, at=now))
    which = Scope(since=_looked_at(session, project_id), until=now - SETTLED)
    if not population.anything(session, project_id, which):
        return False
    starting.start(session, project_id, None, starting.Wanted(scope=which, why=WHY), now, asked=f"{SCHEDULED} {day}")
    return True


def _looked_at(session: Session, project_id: int) -> datetime | None:
    """Until when what was finished is in a weekly audit that was not called off."""
    rows = session.execute(
        select(col(Audit.scope), col(Audit.plan))
        .where(col(Audit.project_id) == project_id, col(Audit.by_id).is_(None))
        .where(col(Audit.state) != AuditState.CANCELLED)
        .order_by(col(Audit.id).desc())
    )
    weekly = (row.scope for row in rows if str(row.plan.get(starting.ASKED, "")).startswith(SCHEDULED))
    last = next(weekly, None)
    return scope.read(last).until if last else None
