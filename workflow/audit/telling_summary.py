"""The audit summary in the leads' channel, with a chart and the findings in its thread: at each audit's end, and weekly."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Claim, Lane, OutboxKind, Project, Purpose
from workflow import outbox
from workflow.audit import summary, weeks
from workflow.audit.summary import Summary
from workflow.audit.weeks import Due

JOB = TEMPLATE = "audit_summary"
FINDINGS = "audit_findings"
LOOKS_BACK = timedelta(days=28)
"""The period of what an audit's summary says of disputes and rulings."""


def at_end(session: Session, project_id: int, audit_id: int, now: datetime) -> None:
    """An audit has ended with a result: tell the leads, in the transaction that ends it."""
    period = {"since": (now - LOOKS_BACK).isoformat(), "until": now.isoformat(), "audit_id": audit_id}
    _post(session, project_id, f"{TEMPLATE}:{audit_id}", period, [audit_id], now)


def post_due(store: Store, now: datetime) -> int:
    """The clock's step: the weekly summaries that are due; how many were posted. Where there is nothing, none that week.

    The counting is done before the transaction that claims the week, so that clicks need not wait for it.
    """
    with store.read() as session:
        projects = session.execute(select(col(Project.id)).order_by(col(Project.id))).scalars().all()
        due = [week for project_id in projects if (week := _due(session, project_id, now)) is not None]
        found = [summary.of_period(session, week.project_id, week.since, week.until) for week in due]
    return sum(
        store.transact(partial(_tell, week=week, found=one, now=now)) for week, one in zip(due, found, strict=True)
    )


def _due(session: Session, project_id: int, now: datetime) -> Due | None:
    return weeks.due(session, project_id, JOB, lambda rules: rules.summary, now)


def _tell(session: Session, week: Due, found: Summary, now: datetime) -> bool:
    """Claim the week, and tell it if there is anything to tell."""
    project_id = week.project_id
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True)).one()
    if _due(session, project_id, now) != week:
        return False
    row = {"job": JOB, "project_id": project_id, "local_date": week.day, "at": now}
    session.execute(outbox.insert_or_skip(session, Claim, ["job", "project_id", "local_date"]).values(**row))
    if not found.is_worth_telling:
        return False
    period = {"since": week.since.isoformat(), "until": week.until.isoformat(), "audit_id": 0}
    key = f"{TEMPLATE}:{project_id}:week:{week.day}"
    _post(session, project_id, key, period, [one.id for one in found.audits], now)
    return True


def _post(
    session: Session, project_id: int, key: str, period: Mapping[str, Any], audit_ids: Sequence[int], now: datetime
) -> None:
    leads = outbox.To(project_id=project_id, purpose=Purpose.LEADS)
    kind = OutboxKind.CHART if audit_ids else OutboxKind.POST
    outbox.put(session, now, key, TEMPLATE, leads, {"project_id": project_id, **period}, kind=kind)
    if audit_ids:
        outbox.put(
            session, now, f"{key}:findings", FINDINGS, leads, {"audit_ids": list(audit_ids)},
            lane=Lane.BULK, kind=OutboxKind.FILE, thread_key=key,
        )  # fmt: skip
