"""Counting, by the database: what a digest and a project's page say in numbers."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
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
    Review,
    ReviewState,
    plain,
)

RATE_DAYS = 7
# Beyond this an expected end says nothing, and soon passes what a date can hold.
FARTHEST = timedelta(days=36_525)
DONE = (ItemState.ACCEPTED, ItemState.RULED)
APART = (ItemState.LOADING, ItemState.DUPLICATE, ItemState.REPLACED)


def _new_labels(project_id: int, from_at: datetime, to_at: datetime) -> list[ColumnElement[bool]]:
    """SQL: the labels of a period that are work done, and no label changed.

    That is somebody's first on their item, and their first again after a rule changed and the item was given out anew.
    """
    earlier = plain(Label).alias("earlier")
    before = exists().where(
        earlier.c.item_id == col(Label.item_id),
        earlier.c.person_id == col(Label.person_id),
        earlier.c.id < col(Label.id),
        or_(
            col(Label.previous_value_id).is_not(None), _major(earlier.c.guideline_id) == _major(col(Label.guideline_id))
        ),
    )
    return [col(Label.project_id) == project_id, col(Label.at) >= from_at, col(Label.at) < to_at, ~before]


def _major(guideline_id: Any) -> Any:
    version = plain(Guideline).alias()
    major = select(version.c.major).where(version.c.id == guideline_id).correlate_except(version)
    return func.coalesce(major.scalar_subquery(), 0)


def labels_by_person(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> Counter[int]:
    """Labels given in a period (from inclusive, to exclusive) by person id, each counted once however often changed."""
    rows = session.execute(
        select(col(Label.person_id), func.count())
        .where(*_new_labels(project_id, from_at, to_at))
        .group_by(col(Label.person_id))
    )
    return Counter({row[0]: row[1] for row in rows})


def named(session: Session, labels: Counter[int]) -> list[dict[str, Any]]:
    """Who gave how many labels, by name, most first."""
    gave = {person_id: count for person_id, count in labels.items() if count > 0}
    rows = session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(gave))).all()
    return [
        {"name": row.name, "labels": gave[row.id]} for row in sorted(rows, key=lambda row: (-gave[row.id], row.name))
    ]


def items_done_between(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> int:
    """Items that became accepted or ruled in a period, and still are; one that is reviewed, when its review ended."""
    looked_at = (
        col(Review.project_id) == project_id,
        col(Review.state).not_in((ReviewState.WAITING, ReviewState.CLAIMED)),
    )
    reviewed = select(col(Review.item_id)).where(
        *looked_at, col(Review.settled_at) >= from_at, col(Review.settled_at) < to_at
    )
    review = plain(Review).alias("later")
    later = exists().where(
        review.c.item_id == col(Item.id), or_(review.c.settled_at.is_(None), review.c.settled_at >= to_at)
    )
    decided = and_(col(Item.decided_at) >= from_at, col(Item.decided_at) < to_at)
    counted = select(func.count()).where(
        col(Item.project_id) == project_id,
        col(Item.state).in_(DONE),
        ~later,
    )
    return sum(
        int(session.execute(counted.where(when)).scalar_one())
        for when in (decided, and_(col(Item.decided_at) < from_at, col(Item.id).in_(reviewed)))
    )


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
    """Items in all, done and to go, labels still needed, and when that ends at the pace of the last seven days.

    ``no_end`` says why there is no expected end, empty where there is one. Duplicates, and items of an import that is not
    complete, are no items to do.
    """
    by_state = states(session, project_id)
    total = sum(count for state, count in by_state.items() if state not in APART)
    done = sum(by_state[state] for state in DONE)
    needed = labels_needed(session, project_id)
    ends, no_end = _expected_end(session, project_id, needed, now)
    return {
        "items": total,
        "done": done,
        "to_go": total - done,
        "labels_needed": needed,
        "expected_end": ends.isoformat() if ends else None,
        "no_end": "done" if total == done and total else no_end,
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


def _expected_end(session: Session, project_id: int, needed: int, now: datetime) -> tuple[datetime | None, str]:
    """When the labels that are needed will be there; else None and why, in words."""
    if not needed:
        return None, "no label is needed now"
    since = now - timedelta(days=RATE_DAYS)
    recent = _first_values(session, project_id, since, now)
    if not recent:
        return None, f"no labels in the last {RATE_DAYS} days"
    first = session.execute(
        select(func.min(col(Label.at))).where(col(Label.project_id) == project_id, col(Label.at) >= since)
    ).scalar_one()
    takes = max(now - first, timedelta(minutes=1)) * (needed / recent)
    if takes > FARTHEST:
        return None, "in more than 100 years, at the pace of the last 7 days"
    ends: datetime = now + takes
    return ends, ""


def _first_values(session: Session, project_id: int, from_at: datetime, to_at: datetime) -> int:
    """Labels of a period that changed none: close enough for a pace, and App Home need not look for earlier ones of each."""
    given = [col(Label.project_id) == project_id, col(Label.at) >= from_at, col(Label.at) < to_at]
    counted = select(func.count()).select_from(Label).where(*given, col(Label.previous_value_id).is_(None))
    return int(session.execute(counted).scalar_one())


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
    # Not count(distinct): PostgreSQL reads a million places in the order of the people for it, by index, one by one.
    people = select(col(Assignment.person_id)).distinct()
    labelled = people.where(col(Assignment.project_id) == project_id, col(Assignment.state) == Place.LABELLED)
    return int(session.execute(select(func.count()).select_from(labelled.subquery())).scalar_one())


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
