"""The audit summary in the leads' channel, with a chart and the findings in its thread: at each audit's end, and weekly."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Claim, Lane, OutboxKind, Project, Purpose
from workflow import calendar, outbox
from workflow.audit import summary
from workflow.audit.scheduling import SETTLED, due_day
from workflow.quality_rules import Every, QualityRules

JOB = TEMPLATE = "audit_summary"
FINDINGS = "audit_findings"
WEEK = timedelta(days=7)
LOOKS_BACK = timedelta(days=28)
"""The period of what an audit's summary says of disputes and rulings."""


def at_end(session: Session, project_id: int, audit_id: int, now: datetime) -> None:
    """An audit has ended with a result: tell the leads, in the transaction that ends it."""
    _post(session, project_id, f"{TEMPLATE}:{audit_id}", now - LOOKS_BACK, now, now, audit_id=audit_id)


def post_due(store: Store, now: datetime) -> int:
    """The clock's step: the weekly summaries that are due; how many were posted. Where there is nothing, none that week."""
    with store.read() as session:
        projects = session.execute(select(col(Project.id)).order_by(col(Project.id))).scalars().all()
        due = [project_id for project_id in projects if _due(session, project_id, now) is not None]
    return sum(store.transact(partial(_tell, project_id=project_id, now=now)) for project_id in due)


def _due(session: Session, project_id: int, now: datetime) -> tuple[date, datetime, datetime] | None:
    """The week that is due: its local date, and its period (UTC)."""
    project: Any = session.execute(
        select(col(Project.time_zone), col(Project.created_at), col(Project.quality)).where(
            col(Project.id) == project_id
        )
    ).one()
    rules = QualityRules.model_validate(project.quality).audits
    if rules.summary is not Every.WEEK:
        return None
    at, zone = time.fromisoformat(rules.at), project.time_zone
    day = due_day(rules, zone, now - SETTLED)
    claimed = select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == JOB)
    last: date | None = session.execute(claimed).scalar()
    until = calendar.moment(day, at, zone)
    if (last is not None and day <= last) or until <= project.created_at:
        return None
    return day, calendar.moment(last, at, zone) if last is not None else until - WEEK, until


def _tell(session: Session, project_id: int, now: datetime) -> bool:
    """Claim the week, and tell it if there is anything to tell."""
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True)).one()
    due = _due(session, project_id, now)
    if due is None:
        return False
    day, since, until = due
    row = {"job": JOB, "project_id": project_id, "local_date": day, "at": now}
    session.execute(outbox.insert_or_skip(session, Claim, ["job", "project_id", "local_date"]).values(**row))
    if not summary.of_period(session, project_id, since, until).is_worth_telling:
        return False
    _post(session, project_id, f"{TEMPLATE}:{project_id}:week:{day}", since, until, now)
    return True


def _post(
    session: Session,
    project_id: int,
    key: str,
    since: datetime,
    until: datetime,
    now: datetime,
    *,
    audit_id: int = 0,
) -> None:
    leads = outbox.To(project_id=project_id, purpose=Purpose.LEADS)
    found = summary.of_period(session, project_id, since, until, audit_id)
    context = {"project_id": project_id, "since": since.isoformat(), "until": until.isoformat(), "audit_id": audit_id}
    kind = OutboxKind.CHART if found.audits else OutboxKind.POST
    outbox.put(session, now, key, TEMPLATE, leads, context, kind=kind)
    if found.audits:
        ids = {"audit_ids": [one.id for one in found.audits]}
        outbox.put(
            session, now, f"{key}:findings", FINDINGS, leads, ids,
            lane=Lane.BULK, kind=OutboxKind.FILE, thread_key=key,
        )  # fmt: skip
