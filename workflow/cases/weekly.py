"""Once a week, in private: what somebody confused most, and how their decisions held. Where there is nothing, nothing."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Claim, Lane, Project
from workflow import outbox, people
from workflow.audit import weeks
from workflow.audit.weeks import Due
from workflow.cases import confusions
from workflow.cases.second_looks import Figures, reviewer_figures

JOB = TEMPLATE = "weekly_feedback"
AT_ONCE = 500


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
    return weeks.due(session, project_id, JOB, lambda rules: rules.feedback, now)


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
