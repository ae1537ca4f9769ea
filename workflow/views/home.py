"""App Home: what somebody has to do, project by project."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    LabelValue,
    Member,
    Person,
    Place,
    Project,
    Role,
    Ruling,
)
from workflow import counts
from workflow.audit.starting import STARTERS
from workflow.cases import judging, ladder
from workflow.digest import last_end
from workflow.people import ordered
from workflow.review import queue
from workflow.views.audit import has_auditors, waiting_audits
from workflow.views.batch import shown_fields

SHOWN_CASES = 5
LOOKED = 200
"""So many of the oldest open cases are asked who may judge them."""


def home_view(session: Session, slack_id: str, now: datetime) -> dict[str, Any]:
    """What a person's App Home shows."""
    rows = session.execute(
        select(col(Project.id), col(Project.name), col(Project.question), col(Project.time_zone))
        .add_columns(col(Person.id).label("person_id"), col(Member.role))
        .join(Member, col(Member.project_id) == col(Project.id))
        .join(Person, col(Person.id) == col(Member.person_id))
        .where(col(Person.slack_id) == slack_id, col(Person.active))
        .order_by(col(Project.name))
    ).all()
    roles: dict[int, set[Role]] = {}
    for row in rows:
        roles.setdefault(row.id, set()).add(row.role)
    heads = {row.id: row for row in rows}
    return {"projects": [_project(session, heads[project_id], roles[project_id], now) for project_id in heads]}


def _project(session: Session, head: Any, roles: set[Role], now: datetime) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": head.id,
        "person_id": head.person_id,
        "name": head.name,
        "question": head.question,
        "time_zone": head.time_zone,
        "roles": [role.value for role in ordered(roles)],
        "annotates": Role.ANNOTATOR in roles,
        "reviews": bool(roles & {Role.REVIEWER, Role.LEAD}),
        "leads": Role.LEAD in roles,
        "audits": bool(roles & set(STARTERS)),
    }
    if view["annotates"]:
        view |= _own_work(session, head.id, head.person_id)
    if view["reviews"]:
        view |= {"cases": open_cases(session, head.id, head.person_id)}
        view["rulings"] = _recent_rulings(session, head.id, head.person_id)
        view["waiting"] = counts.open_escalations(session, head.id)["open"]
        view["review"] = _to_review(session, head.id, now)
    elif Role.AUDITOR in roles:
        view["cases"] = open_cases(session, head.id, head.person_id, later=True)
    if view["audits"]:
        judges = Role.AUDITOR in roles or (Role.LEAD in roles and not has_auditors(session, head.id))
        view["audit"] = {**waiting_audits(session, head.id), "judges": judges}
    if view["leads"]:
        view["progress"] = counts.progress(session, head.id, now)
        view["since"] = last_end(session, head.id).isoformat()
        view["undelivered"] = counts.undelivered(session, head.id)
    return view


def _own_work(session: Session, project_id: int, person_id: int) -> dict[str, Any]:
    mine = (col(Assignment.person_id) == person_id, col(Assignment.project_id) == project_id)
    labelled = session.execute(select(func.count()).where(*mine, col(Assignment.state) == Place.LABELLED)).scalar_one()
    opened = session.execute(select(func.count()).where(*mine, col(Assignment.state) == Place.OPEN)).scalar_one()
    return {"labelled": labelled, "open": opened}


def _to_review(session: Session, project_id: int, now: datetime) -> dict[str, int]:
    counted = queue.counts(session, project_id, None, now)
    return {"waiting": counted.waiting + counted.claimed, "overdue": counted.overdue, "back": counted.back}


def open_cases(session: Session, project_id: int, person_id: int, *, later: bool = False) -> list[dict[str, Any]]:
    """Open cases, each with the first field of its item: first those that the person is asked to rule on, then what they may
    judge, then the others; each the longest waiting first. ``later``: only those that auditors may rule on.
    """
    mine = case((col(Escalation.assigned_id) == person_id, 0), else_=1)
    oldest = select(col(Escalation.id)).where(
        col(Escalation.project_id) == project_id, col(Escalation.state) == EscalationState.OPEN
    )
    if later:
        oldest = oldest.where(or_(_is_dispute(), col(Escalation.step) > ladder.REVIEWER))
    some = oldest.order_by(mine, col(Escalation.opened_at), col(Escalation.id)).limit(LOOKED).subquery()
    theirs = or_(
        and_(_is_dispute(), judging.may(col(Escalation.item_id), person_id, judging.Layer.DISPUTE)),
        and_(~_is_dispute(), judging.may(col(Escalation.item_id), person_id, judging.Layer.RULING)),
    )
    rows = session.execute(
        select(col(Escalation.id), col(Escalation.reason), col(Item.key), col(Item.fields))
        .add_columns(col(Project.fields).label("names"))
        .join(some, some.c.id == col(Escalation.id))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .join(Project, col(Project.id) == col(Escalation.project_id))
        .order_by(mine, case((theirs, 0), else_=1), col(Escalation.opened_at), col(Escalation.id))
        .limit(SHOWN_CASES)
    )
    return [
        {
            "id": row.id,
            "reason": row.reason.value,
            "key": row.key,
            "text": shown_fields(row.fields, row.names)[0]["text"],
        }
        for row in rows
    ]


def _is_dispute() -> ColumnElement[bool]:
    return col(Escalation.reason) == EscalationReason.CONTESTED


def _recent_rulings(session: Session, project_id: int, person_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(col(Escalation.id), col(Item.key), col(LabelValue.title))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .join(LabelValue, col(LabelValue.id) == col(Item.final_value_id))
        .where(col(Escalation.project_id) == project_id, col(Escalation.state) == EscalationState.RULED)
        .where(select(col(Ruling.id)).where(col(Ruling.escalation_id) == col(Escalation.id)).exists())
        .where(_may_change(person_id))
        .order_by(col(Escalation.settled_at).desc(), col(Escalation.id).desc())
        .limit(SHOWN_CASES)
    )
    return [{"id": row.id, "key": row.key, "title": row.title} for row in rows]


def _may_change(person_id: int) -> ColumnElement[bool]:
    """SQL: whether the ruling of a case can be changed: not what disputes settled or audits found, nor others' reviews."""
    own = exists().where(col(Ruling.escalation_id) == col(Escalation.id), col(Ruling.person_id) == person_id)
    final = (EscalationReason.CONTESTED, EscalationReason.AUDIT)
    return and_(col(Escalation.reason).not_in(final), or_(col(Escalation.reason) != EscalationReason.REVIEW, own))
