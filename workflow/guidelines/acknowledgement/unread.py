"""Who has not read a version is reminded of it, at hours when people work; after some days the leads hear who it is."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Acknowledgement, Lane, Outbox, Person, Project, Purpose, plain
from workflow import outbox
from workflow.guidelines import rules
from workflow.guidelines.acknowledgement import announcing, required
from workflow.guidelines.hours import working_day

CHUNK = 250
AT_LEAST = timedelta(hours=8)
"""Between two reminders: a working day is not longer, so that two clocks at once remind of it once."""


def remind(store: Store, now: datetime) -> int:
    """Remind everybody who has not read, once a working day of theirs; how many. The clock's step."""
    reminded = 0
    for project_id, guideline_id in announcing.wanted(store):
        with store.read() as session:
            due = [row.id for row in _open(session, project_id, guideline_id) if _is_due(row, now)]
        for first in range(0, len(due), CHUNK):
            some = due[first : first + CHUNK]
            reminded += store.transact(partial(_remind_some, project_id=project_id, ids=some, now=now))
    return reminded


def tell_leads(store: Store, now: datetime) -> int:
    """Tell leads once who has not read a version, some days after they were asked; how many posts. The clock's step."""
    told = 0
    for project_id, guideline_id in announcing.wanted(store):
        with store.read() as session:
            due = _leads_are_due(session, project_id, guideline_id, now)
        if due:
            store.transact(partial(_tell, project_id=project_id, guideline_id=guideline_id, now=now))
            told += 1
    return told


def _open(session: Session, project_id: int, guideline_id: int) -> list[Any]:
    """Who is asked and has not read, of those who are in the project now."""
    return list(
        session.execute(
            select(
                col(Acknowledgement.id),
                col(Acknowledgement.asked_at),
                func.coalesce(col(Acknowledgement.reminded_at), col(Acknowledgement.asked_at)).label("last"),
                func.coalesce(col(Person.time_zone), col(Project.time_zone)).label("zone"),
            )
            .join(Person, col(Person.id) == col(Acknowledgement.person_id))
            .join(Project, col(Project.id) == col(Acknowledgement.project_id))
            .where(
                col(Acknowledgement.guideline_id) == guideline_id,
                col(Acknowledgement.acknowledged_at).is_(None),
                required.is_reader(project_id, plain(Person).c),
            )
            .order_by(col(Acknowledgement.id))
        )
    )


def _is_due(row: Any, now: datetime) -> bool:
    today = working_day(now, row.zone)
    return today is not None and max(row.last, row.asked_at).astimezone(ZoneInfo(row.zone)).date() < today


def _remind_some(session: Session, project_id: int, ids: list[int], now: datetime) -> int:
    """The card once more, as a new message: one that is only drawn anew alarms nobody."""
    last = func.coalesce(col(Acknowledgement.reminded_at), col(Acknowledgement.asked_at))
    rows = session.execute(
        update(Acknowledgement)
        .where(col(Acknowledgement.id).in_(ids), col(Acknowledgement.acknowledged_at).is_(None), last < now - AT_LEAST)
        .values(reminders=col(Acknowledgement.reminders) + 1, reminded_at=now)
        .returning(col(Acknowledgement.id), col(Acknowledgement.person_id), col(Acknowledgement.reminders))
        .execution_options(synchronize_session=False)
    ).all()
    messages = [announcing.message(row.id, row.person_id, project_id, f"reminder:{row.reminders}") for row in rows]
    outbox.put_all(session, now, announcing.CARD, messages, lane=Lane.BULK)
    return len(messages)


def _leads_are_due(session: Session, project_id: int, guideline_id: int, now: datetime) -> bool:
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    if working_day(now, zone) is None:
        return False
    if session.execute(select(exists().where(col(Outbox.key) == _key(guideline_id)))).scalar():
        return False
    days = timedelta(days=rules.of_project(session, project_id).tell_lead_after)
    return any(row.asked_at <= now - days for row in _open(session, project_id, guideline_id))


def _tell(session: Session, project_id: int, guideline_id: int, now: datetime) -> None:
    days = rules.of_project(session, project_id).tell_lead_after
    to = outbox.To(project_id=project_id, purpose=Purpose.LEADS)
    context = {"id": guideline_id, "project_id": project_id, "days": days}
    outbox.put(session, now, _key(guideline_id), "unread", to, context, lane=Lane.URGENT)


def _key(guideline_id: int) -> str:
    return f"unread:{guideline_id}"
