"""An item in review, as the reviewer's modal shows it: what people said of it, and what it counts as."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Flag,
    Guideline,
    Item,
    ItemState,
    LabelValue,
    Person,
    Place,
    Project,
    Review,
    ReviewReason,
)
from workflow.review.held import OPEN
from workflow.views.batch import shown_fields
from workflow.views.schema import choices


def review_view(session: Session, review_id: int, person_id: int, now: datetime) -> dict[str, Any] | None:
    """What a reviewer sees who has claimed a review; None where it is not theirs to look at (any more)."""
    head = session.execute(_head(review_id)).first()
    if head is None or head.state not in OPEN or head.item_state is not ItemState.IN_REVIEW:
        return None
    if head.claimed_by_id != person_id:
        return None
    labels = _labels(session, head.item_id)
    people = {one["id"]: one["name"] for one in labels}
    return {
        "id": review_id,
        "version": head.version,
        "item_id": head.item_id,
        "project_id": head.project_id,
        "project": head.name,
        "question": head.question,
        "guideline": f"{head.major}.{head.minor}",
        "key": head.key,
        "fields": shown_fields(head.fields, head.field_names),
        "reason": head.reason.value,
        "about": {"id": head.about_id, "name": people.get(head.about_id) or head.about or ""},
        "early": head.reason is ReviewReason.NEWCOMER,
        "overdue": head.due_at < now,
        "due_at": head.due_at,
        "zone": head.time_zone,
        "flags": _flags(session, head.item_id),
        "final": {"id": head.final_value_id, "title": head.title},
        "said": _by_value(labels, head.final_value_id, head.title),
        "people": [{"id": one_id, "name": name} for one_id, name in people.items()],
        "labels": [
            {"id": choice.id, "title": choice.title}
            for choice in choices(session, head.project_id, head.project_version)
            if choice.id != head.final_value_id
        ],
    }


def decided_view(session: Session, review_id: int) -> dict[str, Any] | None:
    """A review that was decided just now: its item, by whom, whose work, and how."""
    row = session.execute(
        select(col(Review.state), col(Review.by_id), col(Item.key), col(Person.name))
        .join(Item, col(Item.id) == col(Review.item_id))
        .outerjoin(Person, col(Person.id) == col(Review.about_id))
        .where(col(Review.id) == review_id)
    ).first()
    return {"state": row.state, "by_id": row.by_id, "key": row.key, "about": row.name or ""} if row else None


def _head(review_id: int) -> Any:
    return (
        select(
            col(Review.state),
            col(Review.version),
            col(Review.project_id),
            col(Review.item_id),
            col(Review.reason),
            col(Review.about_id),
            col(Review.claimed_by_id),
            col(Review.lease_until),
            col(Review.due_at),
            col(Person.name).label("about"),
            col(Project.name),
            col(Project.question),
            col(Project.time_zone),
            col(Project.fields).label("field_names"),
            col(Project.version).label("project_version"),
            col(Guideline.major),
            col(Guideline.minor),
            col(Item.key),
            col(Item.fields),
            col(Item.state).label("item_state"),
            col(Item.final_value_id),
            col(LabelValue.title),
        )
        .join(Item, col(Item.id) == col(Review.item_id))
        .join(Project, col(Project.id) == col(Review.project_id))
        .join(Guideline, col(Guideline.id) == col(Project.guideline_id))
        .join(LabelValue, col(LabelValue.id) == col(Item.final_value_id))
        .outerjoin(Person, col(Person.id) == col(Review.about_id))
        .where(col(Review.id) == review_id)
    )


def _labels(session: Session, item_id: int) -> list[dict[str, Any]]:
    """The labels in force, in the order of their values, then of names."""
    rows = session.execute(
        select(col(Person.id), col(Person.name), col(LabelValue.id).label("value_id"), col(LabelValue.title))
        .join(Assignment, col(Assignment.person_id) == col(Person.id))
        .join(LabelValue, col(LabelValue.id) == col(Assignment.value_id))
        .where(col(Assignment.item_id) == item_id, col(Assignment.state) == Place.LABELLED)
        .order_by(col(LabelValue.position), col(Person.name), col(Person.id))
    )
    return [dict(row) for row in rows.mappings()]


def _by_value(labels: list[dict[str, Any]], final_id: int, final: str) -> list[dict[str, Any]]:
    """Who gave which label: first what the item counts as, though nobody may have given it, then what most gave."""
    titles: dict[int, str] = {final_id: final}
    given: defaultdict[int, list[str]] = defaultdict(list)
    for label in labels:
        titles.setdefault(label["value_id"], label["title"])
        given[label["value_id"]].append(label["name"])
    others = sorted(given.keys() - {final_id}, key=lambda value: -len(given[value]))
    return [
        {"title": titles[value], "people": given.get(value, []), "final": value == final_id}
        for value in (final_id, *others)
    ]


def _flags(session: Session, item_id: int) -> list[Mapping[str, str]]:
    rows = session.execute(
        select(col(Person.name).label("person"), col(Flag.reason), col(Flag.note))
        .join(Person, col(Person.id) == col(Flag.person_id))
        .where(col(Flag.item_id) == item_id)
        .order_by(col(Flag.id))
    )
    return [dict(row) for row in rows.mappings()]
