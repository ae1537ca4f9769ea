"""An audit that is late: its auditors are reminded once on each of their working days, and the leads hear it once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Finding, FindingState, Lane, Member, Outbox, Person, Project, Role
from workflow import calendar, outbox, quality_rules
from workflow.audit import telling
from workflow.audit.answering import OPEN
from workflow.cases import judging, working_time
from workflow.cases.judging import Layer
from workflow.quality_rules import CaseRules

OVERDUE = "overdue"


@dataclass(frozen=True)
class Reminder:
    """Who is to be reminded; ``key`` names the audit, the person and their day."""

    person_id: int
    key: str


def remind(store: Store, now: datetime) -> int:
    """The clock's step: remind of audits that are late, as ``cases/reminding`` does of cases; how many messages.

    ``quality: cases: remind: 0`` is for audits too: nobody is reminded.
    """
    with store.read() as session:
        late = [(row, quality_rules.of_project(session, row.project_id).cases) for row in _late(session, now)]
        due = [(row, reminder) for row, rules in late for reminder in _reminders(session, row, rules, now)]
        untold = [(row, rules) for row, rules in late if not _is_said(session, f"audit:{row.id}:{OVERDUE}")]
    for row, reminder in due:
        store.transact(partial(_remind, audit=row, reminder=reminder, now=now))
    for row, rules in untold:
        store.transact(partial(_tell_leads, audit=row, rules=rules, now=now))
    return len(due) + len(untold)


def _late(session: Session, now: datetime) -> list[Any]:
    columns = (col(Audit.id), col(Audit.project_id), col(Audit.due_at), col(Audit.size))
    judged = (
        select(func.count())
        .where(col(Finding.audit_id) == col(Audit.id), col(Finding.state) == FindingState.JUDGED)
        .correlate(Audit)
        .scalar_subquery()
        .label("judged")
    )
    return list(
        session.execute(
            select(*columns, col(Project.name), col(Project.time_zone), judged)
            .join(Project, col(Project.id) == col(Audit.project_id))
            .where(col(Audit.state) == AuditState.RUNNING, col(Audit.due_at) <= now)
            .order_by(col(Audit.id))
        )
    )


def _reminders(session: Session, audit: Any, rules: CaseRules, now: datetime) -> Iterator[Reminder]:
    """Auditors at work who were not reminded today, and can still judge something of the audit."""
    if not rules.remind:
        return
    for person_id, zone in _auditors(session, audit.project_id):
        if not working_time.is_at_work(now, working_time.of_rules(rules, zone or audit.time_zone)):
            continue
        today = now.astimezone(ZoneInfo(zone or audit.time_zone)).date()
        key = f"audit_reminded:{audit.id}:{person_id}:{today}"
        if not _is_said(session, key) and _can_judge(session, audit.id, person_id):
            yield Reminder(person_id, key)


def _auditors(session: Session, project_id: int) -> list[Any]:
    return list(
        session.execute(
            select(col(Person.id), col(Person.time_zone))
            .join(Member, col(Member.person_id) == col(Person.id))
            .where(col(Member.project_id) == project_id, col(Member.role) == Role.AUDITOR, col(Person.active))
            .order_by(col(Person.id))
        )
    )


def _is_said(session: Session, key: str) -> bool:
    return bool(session.execute(select(exists().where(col(Outbox.key) == key))).scalar_one())


def _can_judge(session: Session, audit_id: int, person_id: int) -> bool:
    left = (
        select(col(Finding.id))
        .where(col(Finding.audit_id) == audit_id, col(Finding.state).in_(OPEN))
        .where(judging.may(col(Finding.item_id), person_id, Layer.AUDIT))
    )
    return session.execute(left.limit(1)).first() is not None


def _remind(session: Session, audit: Any, reminder: Reminder, now: datetime) -> None:
    words = (
        f"Audit {audit.id} of {audit.name} {_standing(audit)}. You can judge some of what is left: press “Audit next "
        "item” on the audit's card or in Concord's Home tab, or write “/concord audit next”."
    )
    to = outbox.To(project_id=audit.project_id, person_id=reminder.person_id)
    outbox.put(session, now, reminder.key, "said", to, {"message": words}, lane=Lane.URGENT)


def _tell_leads(session: Session, audit: Any, rules: CaseRules, now: datetime) -> None:
    reminded = "Auditors who can judge some of the rest are reminded once a working day. " if rules.remind else ""
    words = f"it {_standing(audit)}. {reminded}Leads can call it off with the button on its card."
    telling.say(session, audit.project_id, audit.id, OVERDUE, words, now)


def _standing(audit: Any) -> str:
    when = calendar.in_words(audit.due_at, audit.time_zone)
    return f"was due on {when} ({audit.time_zone}); {audit.judged:,} of {audit.size:,} items are judged"
