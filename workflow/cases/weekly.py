"""Once a week, in private: what somebody confused most, and how their decisions held. Where there is nothing, nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Claim, Lane, Project
from workflow import calendar, outbox, people
from workflow.audit.scheduling import due_day
from workflow.cases import confusions
from workflow.cases.second_looks import Figures, reviewer_figures
from workflow.quality_rules import Every, QualityRules

JOB = TEMPLATE = "weekly_feedback"
# A click is dated before its transaction commits: what is younger than this is not counted yet.
SETTLED = timedelta(seconds=30)
WEEK = timedelta(days=7)
AT_ONCE = 500


@dataclass(frozen=True)
class Due:
    """A week that is due: its local date, and its period (UTC, from inclusive, to exclusive)."""

    project_id: int
    day: date
    since: datetime
    until: datetime


def post_due(store: Store, now: datetime) -> int:
    """Tell everybody of the weeks that are due; how many were told. A step of the clock."""
    with store.read() as session:
        projects = session.execute(select(col(Project.id)).order_by(col(Project.id))).scalars().all()
        due = [week for project_id in projects if (week := _due(session, project_id, now)) is not None]
    return sum(_tell(store, week, now) for week in due)


def to_tell(session: Session, week: Due) -> list[int]:
    """Whom there is something to tell, by id: they are still there, and something of theirs went otherwise."""
    there = {one.person_id for one in people.members(session, week.project_id) if one.active and one.slack_id}
    found = confusions.of_project(session, week.project_id, week.since, week.until)
    confused = {person_id for person_id, summary in found.items() if summary.confusions}
    judged = reviewer_figures(session, week.project_id, week.since, week.until)
    return sorted(there & (confused | {one.person_id for one in judged if is_worth_telling(one)}))


def is_worth_telling(figures: Figures) -> bool:
    """Whether anybody looked a second time at what somebody decided, or wants it."""
    return bool(figures.contested or figures.agreement is not None)


def _due(session: Session, project_id: int, now: datetime) -> Due | None:
    project: Any = session.execute(
        select(col(Project.time_zone), col(Project.created_at), col(Project.quality)).where(
            col(Project.id) == project_id
        )
    ).one()
    rules = QualityRules.model_validate(project.quality).audits
    if rules.feedback is not Every.WEEK:
        return None
    at, zone = time.fromisoformat(rules.at), project.time_zone
    day = due_day(rules, zone, now - SETTLED)
    claimed = select(func.max(col(Claim.local_date))).where(col(Claim.project_id) == project_id, col(Claim.job) == JOB)
    last: date | None = session.execute(claimed).scalar()
    until = calendar.moment(day, at, zone)
    if (last is not None and day <= last) or until <= project.created_at:
        return None
    since = calendar.moment(last, at, zone) if last is not None else until - WEEK
    return Due(project_id, day, since, until)


def _tell(store: Store, week: Due, now: datetime) -> int:
    """The counting keeps no click waiting. The week is claimed last: until then another try says nothing twice."""
    with store.read() as session:
        ids = to_tell(session, week)
    for start in range(0, len(ids), AT_ONCE):
        store.transact(partial(_put, week=week, person_ids=ids[start : start + AT_ONCE], now=now))
    store.transact(partial(_claim, week=week, now=now))
    return len(ids)


def _put(session: Session, week: Due, person_ids: Sequence[int], now: datetime) -> None:
    period = {"since": week.since.isoformat(), "until": week.until.isoformat()}
    messages = [
        outbox.Message(
            f"{JOB}:{week.project_id}:{week.day}:{person_id}",
            outbox.To(project_id=week.project_id, person_id=person_id),
            {"project_id": week.project_id, "person_id": person_id, **period},
        )
        for person_id in person_ids
    ]
    outbox.put_all(session, now, TEMPLATE, messages, lane=Lane.BULK)


def _claim(session: Session, week: Due, now: datetime) -> None:
    row = {"job": JOB, "project_id": week.project_id, "local_date": week.day, "at": now}
    session.execute(outbox.insert_or_skip(session, Claim, ["job", "project_id", "local_date"]).values(**row))
