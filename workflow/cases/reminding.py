"""Reminding people of the cases they were asked about: all of them at once, while they are at work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Escalation, Person, Project
from workflow import quality_rules
from workflow.cases import ladder, telling_asked, working_time
from workflow.quality_rules import CaseRules


@dataclass(frozen=True)
class Reminder:
    """Who is to be reminded, and of the cases of which project."""

    project_id: int
    person_id: int


def remind(store: Store, now: datetime) -> int:
    """Remind whoever has heard nothing of a case for as long as the project says; how many people. A step of the clock."""
    with store.read() as session:
        rules = {project_id: one.cases for project_id, one in quality_rules.of_all(session).items()}
        due = [
            reminder
            for project_id, cases in rules.items()
            if cases.due and cases.remind
            for reminder in _late(session, project_id, cases, now)
        ]
    return sum(store.transact(partial(_remind, reminder=reminder, now=now)) for reminder in due)


def _late(session: Session, project_id: int, rules: CaseRules, now: datetime) -> Iterator[Reminder]:
    """Those who were reminded of none of their cases for so long, and are at work."""
    zone = func.coalesce(col(Person.time_zone), col(Project.time_zone))
    rows = session.execute(
        select(col(Escalation.assigned_id).label("person_id"), zone.label("zone"))
        .add_columns(func.min(col(Escalation.reminded_at)).label("since"))
        .join(Person, col(Person.id) == col(Escalation.assigned_id))
        .join(Project, col(Project.id) == col(Escalation.project_id))
        .where(ladder.OPEN, col(Escalation.project_id) == project_id, col(Escalation.due_at) > now)
        .group_by(col(Escalation.assigned_id), zone)
    )
    for row in rows:
        hours = working_time.of_rules(rules, row.zone)
        if working_time.is_at_work(now, hours) and working_time.add(row.since, rules.remind, hours) <= now:
            yield Reminder(project_id, row.person_id)


def _remind(session: Session, reminder: Reminder, now: datetime) -> int:
    ids = _mine(session, reminder, now)
    if not ids:
        return 0
    session.execute(update(Escalation).where(col(Escalation.id).in_(ids)).values(reminded_at=now))
    telling_asked.remind(session, reminder.project_id, reminder.person_id, ids, now)
    return 1


def _mine(session: Session, reminder: Reminder, now: datetime) -> Sequence[int]:
    """The open cases that somebody has, under lock, the first due first."""
    rows: list[Any] = list(
        session.execute(
            select(col(Escalation.id), col(Escalation.due_at))
            .where(
                ladder.OPEN,
                col(Escalation.project_id) == reminder.project_id,
                col(Escalation.assigned_id) == reminder.person_id,
                col(Escalation.due_at) > now,
            )
            .order_by(col(Escalation.id))
            .limit(1000)
            .with_for_update(key_share=True)
        )
    )
    return [row.id for row in sorted(rows, key=lambda row: (row.due_at, row.id))]
