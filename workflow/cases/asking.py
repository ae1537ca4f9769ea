"""The clock of the ladder: cases are given to whose turn it is, and go on when their time is over."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from itertools import groupby

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Escalation, Member, Person
from workflow import quality_rules
from workflow.cases import ladder, telling_asked
from workflow.cases.ladder import Waiting

AT_ONCE = 25
A_TICK = 500


def ask(store: Store, now: datetime) -> int:
    """Give cases that nobody has, or whose time is over, to the next on the ladder; how many. A step of the clock."""
    done = 0
    for project_id, ids in _due(store, now).items():
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            done += store.transact(partial(_hand_on, project_id=project_id, case_ids=some, now=now))
    return done


def _due(store: Store, now: datetime) -> dict[int, list[int]]:
    with store.read() as session:
        projects = [one for one, rules in quality_rules.of_all(session).items() if rules.cases.due]
        rows = session.execute(
            select(col(Escalation.project_id), col(Escalation.id))
            .where(ladder.OPEN, col(Escalation.project_id).in_(projects), _needs_somebody(now))
            .order_by(col(Escalation.project_id), col(Escalation.id))
            .limit(A_TICK)
        ).all()
    return {project_id: [row.id for row in some] for project_id, some in groupby(rows, lambda row: row.project_id)}


def _needs_somebody(now: datetime) -> ColumnElement[bool]:
    """SQL: nobody has the case, their time is over, or they cannot rule any more."""
    there = exists().where(
        col(Person.id) == col(Escalation.assigned_id),
        col(Person.active),
        col(Member.person_id) == col(Person.id),
        col(Member.project_id) == col(Escalation.project_id),
        col(Member.role).in_({role for roles in ladder.ROLES.values() for role in roles}),
    )
    gone = and_(col(Escalation.assigned_id).is_not(None), ~there)
    return or_(col(Escalation.due_at).is_(None), col(Escalation.due_at) <= now, gone)


def _hand_on(session: Session, project_id: int, case_ids: Collection[int], now: datetime) -> int:
    """Lock some cases, hand those on that need it still, and tell whom it concerns."""
    cases = _locked(session, case_ids, _needs_somebody(now))
    if not cases:
        return 0
    team = ladder.team(session, project_id)
    turns = [ladder.hand_on(session, team, case, now) for case in cases]
    telling_asked.tell(session, team, turns, now)
    return len(turns)


def _locked(session: Session, case_ids: Collection[int], still: ColumnElement[bool]) -> list[Waiting]:
    rows = session.execute(
        select(col(Escalation.id), col(Escalation.item_id), col(Escalation.reason))
        .add_columns(col(Escalation.step), col(Escalation.assigned_id))
        .where(col(Escalation.id).in_(case_ids), ladder.OPEN, still)
        .order_by(col(Escalation.id))
        .with_for_update(of=Escalation, key_share=True)
    )
    return [Waiting(row.id, row.item_id, row.reason, row.step, row.assigned_id) for row in rows]
