"""Counting, by the database: what a digest and a project's page say in numbers."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Escalation,
    EscalationState,
    Guideline,
    History,
    Item,
    ItemState,
    Label,
    Outbox,
    OutboxState,
    Pattern,
    Person,
    Place,
    Project,
)

RATE_DAYS = 7
DONE = (ItemState.ACCEPTED, ItemState.RULED)


def _new_labels(project_id: int, from_at: datetime, to_at: datetime) -> list[ColumnElement[bool]]:
    """SQL: the labels of a period that are somebody's first on their item; a changed label is not a second one."""
    earlier = Label.__table__.alias("earlier")  # type: ignore[attr-defined]
    first = ~exists().where(
        earlier.c.item_id == col(Label.item_id),
        earlier.c.person_id == col(Label.person_id),
        earlier.c.id < col(Label.id),
    )
    return [col(Label.project_id) == project_id, col(Label.at) >= from_at, col(Label.at) < to_at, first]


def labels_between(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> int:
    """Labels given in a period (from inclusive, to exclusive), each counted once however often it was changed."""
    counted = select(func.count()).select_from(Label).where(*_new_labels(project_id, from_at, to_at))
    return int(session.execute(counted).scalar_one())


def people_between(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> list[dict[str, Any]]:
    """Who labelled in a period and how much, most first."""
    rows = session.execute(
        select(col(Person.name), func.count().label("labels"))
        .select_from(Label)
        .join(Person, col(Person.id) == col(Label.person_id))
        .where(*_new_labels(project_id, from_at, to_at))
        .group_by(col(Person.id), col(Person.name))
        .order_by(func.count().desc(), col(Person.name))
    )
    return [{"name": row.name, "labels": row.labels} for row in rows]


def items_done_between(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> int:
    """Items accepted or ruled in a period, and still so."""
    counted = select(func.count()).where(
        col(Item.project_id) == project_id,
        col(Item.state).in_(DONE),
        col(Item.decided_at) >= from_at,
        col(Item.decided_at) < to_at,
    )
    return int(session.execute(counted).scalar_one())


def skips_between(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> int:
    """How often somebody skipped in a period."""
    counted = select(func.count()).where(
        col(History.project_id) == project_id,
        col(History.action) == "item.skipped",
        col(History.at) >= from_at,
        col(History.at) < to_at,
    )
    return int(session.execute(counted).scalar_one())


def states(session: Session, project_id: int) -> dict[str, int]:
    """How many items are in each state."""
    rows = session.execute(
        select(col(Item.state), func.count()).where(col(Item.project_id) == project_id).group_by(col(Item.state))
    )
    found = {row[0].value: row[1] for row in rows}
    return {state.value: found.get(state.value, 0) for state in ItemState}


def progress(session: Session, project_id: int, now: datetime) -> dict[str, Any]:
    """Items in all, done and to go, labels still needed, and when that ends at the pace of the last seven days."""
    by_state = states(session, project_id)
    total = sum(count for state, count in by_state.items() if state != ItemState.DUPLICATE)
    done = sum(by_state[state] for state in DONE)
    needed = labels_needed(session, project_id)
    ends = _expected_end(session, project_id, needed, now)
    return {
        "items": total,
        "done": done,
        "to_go": total - done,
        "labels_needed": needed,
        "expected_end": ends.isoformat() if ends else None,
    }


def labels_needed(session: Session, project_id: int) -> int:
    """Places of open items that nobody has answered yet, taken or not."""
    opened = select(func.coalesce(func.sum(col(Item.open_places)), 0)).where(
        col(Item.project_id) == project_id, col(Item.open_places) > 0
    )
    held = select(func.count()).where(
        col(Assignment.project_id) == project_id, col(Assignment.state).in_((Place.PLANNED, Place.OPEN))
    )
    return int(session.execute(opened).scalar_one()) + int(session.execute(held).scalar_one())


def _expected_end(session: Session, project_id: int, needed: int, now: datetime) -> datetime | None:
    since = now - timedelta(days=RATE_DAYS)
    recent = labels_between(session, project_id, since, now)
    if not recent or not needed:
        return None
    first = session.execute(
        select(func.min(col(Label.at))).where(col(Label.project_id) == project_id, col(Label.at) >= since)
    ).scalar_one()
    elapsed = max(now - first, timedelta(minutes=1))
    ends: datetime = now + elapsed * (needed / recent)
    return ends


def patterns(session: Session, project_id: int) -> list[tuple[str, int]]:
    """Every pattern of labels under the present major guideline version, and how many items have it."""
    major = (
        select(col(Guideline.major))
        .join(Project, col(Project.guideline_id) == col(Guideline.id))
        .where(col(Project.id) == project_id)
        .scalar_subquery()
    )
    rows = session.execute(
        select(col(Pattern.pattern), func.count())
        .where(col(Pattern.project_id) == project_id, col(Pattern.major) == major)
        .group_by(col(Pattern.pattern))
    )
    return [(row[0], row[1]) for row in rows]


def people_who_labelled(session: Session, project_id: int) -> int:
    """How many people have a label in force."""
    counted = select(func.count(func.distinct(col(Assignment.person_id)))).where(
        col(Assignment.project_id) == project_id, col(Assignment.state) == Place.LABELLED
    )
    return int(session.execute(counted).scalar_one())


def open_escalations(session: Session, project_id: int) -> dict[str, Any]:
    """How many cases wait, and since when the oldest."""
    row = session.execute(
        select(func.count(), func.min(col(Escalation.opened_at))).where(
            col(Escalation.project_id) == project_id, col(Escalation.state) == EscalationState.OPEN
        )
    ).one()
    return {"open": row[0], "oldest": row[1].isoformat() if row[1] else None}


def undelivered(session: Session, project_id: int) -> int:
    """Messages of the project that could not be delivered."""
    counted = select(func.count()).where(col(Outbox.project_id) == project_id, col(Outbox.state) == OutboxState.FAILED)
    return int(session.execute(counted).scalar_one())
