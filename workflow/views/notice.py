"""What people are told of their own work: a ruling or a correction, and what a reviewer sent back. Nobody else sees it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Dispute,
    DisputeState,
    Escalation,
    EscalationReason,
    Flag,
    Guideline,
    Item,
    Label,
    LabelValue,
    Person,
    Project,
    Review,
    Ruling,
)
from workflow.cases import contestable, reasons
from workflow.views.batch import shown_fields

ORIGINS = {
    EscalationReason.REVIEW: "review",
    EscalationReason.AUDIT: "audit",
    EscalationReason.CONTESTED: "dispute",
}


def notice_view(session: Session, ruling_id: int, person_id: int, now: datetime) -> dict[str, Any] | None:
    """What somebody who labelled, flagged or ruled on an item before is told about a ruling on it.

    ``until`` is until when they may contest it (None where they may not), ``zone`` the project's time zone.
    """
    row = session.execute(_notice(ruling_id)).first()
    if row is None:
        return None
    return {
        "ruling_id": ruling_id,
        "project": row.project,
        "project_id": row.project_id,
        "key": row.key,
        "fields": shown_fields(row.fields, row.field_names),
        "origin": ORIGINS.get(row.case_reason, "case"),
        "reviewer": row.reviewer,
        "title": row.title,
        "rationale": row.rationale,
        "reason": _besides(row.rationale, reasons.in_words(row.reason_code)),
        "section": row.section,
        "own": own_label(session, row.item_id, person_id),
        "flagged": _has_flagged(session, row.escalation_id, person_id),
        "changed": _is_change(session, row.escalation_id, ruling_id),
        "guideline": f"{row.major}.{row.minor}" if row.major is not None else None,
        "dispute": _dispute(session, ruling_id, person_id),
        "until": contestable.until(session, ruling_id, person_id, now),
        "zone": row.time_zone,
    }


def _besides(rationale: str, reason: str) -> str:
    """The reason in words, where it is not all that was said: a correction without a note has it for its rationale."""
    return "" if reason == rationale else reason


def own_label(session: Session, item_id: int, person_id: int) -> str | None:
    """The title of somebody's label on an item: the one in force, else None."""
    title: str | None = session.execute(
        select(col(LabelValue.title))
        .join(Assignment, col(Assignment.value_id) == col(LabelValue.id))
        .where(col(Assignment.item_id) == item_id, col(Assignment.person_id) == person_id)
    ).scalar()
    return title


def review_notice_view(session: Session, review_ids: Sequence[int], person_id: int) -> dict[str, Any] | None:
    """What somebody is told of reviews in which their work was sent back together; the text where it is one item."""
    rows = session.execute(_reviews(review_ids)).all()
    if not rows:
        return None
    first = rows[0]
    return {
        "project": first.project,
        "project_id": first.project_id,
        "reviewer": first.reviewer or "Somebody",
        "mode": first.back_mode.value if first.back_mode is not None else "noted",
        "keys": [row.key for row in rows],
        "many": len(rows),
        "fields": shown_fields(first.fields, first.field_names) if len(rows) == 1 else [],
        "own": _label_given(session, first, person_id),
        "reason": reasons.in_words(first.reason_code),
        "section": first.section,
        "note": first.note,
    }


def _notice(ruling_id: int) -> Any:
    return (
        select(
            col(Ruling.escalation_id),
            col(Ruling.item_id),
            col(Ruling.rationale),
            col(Ruling.reason_code),
            col(Ruling.section),
            col(Escalation.reason).label("case_reason"),
            col(Item.key),
            col(Item.fields),
            col(Project.id).label("project_id"),
            col(Project.name).label("project"),
            col(Project.time_zone),
            col(Project.fields).label("field_names"),
            col(Person.name).label("reviewer"),
            col(LabelValue.title),
            col(Guideline.major),
            col(Guideline.minor),
        )
        .select_from(Ruling)
        .join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
        .join(Item, col(Item.id) == col(Ruling.item_id))
        .join(Project, col(Project.id) == col(Item.project_id))
        .join(Person, col(Person.id) == col(Ruling.person_id))
        .outerjoin(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .outerjoin(Guideline, col(Guideline.id) == col(Ruling.guideline_id))
        .where(col(Ruling.id) == ruling_id)
    )


def _reviews(review_ids: Sequence[int]) -> Any:
    return (
        select(
            col(Review.item_id),
            col(Review.reason_code),
            col(Review.section),
            col(Review.note),
            col(Review.back_mode),
            col(Review.settled_at),
            col(Item.key),
            col(Item.fields),
            col(Project.id).label("project_id"),
            col(Project.name).label("project"),
            col(Project.fields).label("field_names"),
            col(Person.name).label("reviewer"),
        )
        .join(Item, col(Item.id) == col(Review.item_id))
        .join(Project, col(Project.id) == col(Review.project_id))
        .outerjoin(Person, col(Person.id) == col(Review.by_id))
        .where(col(Review.id).in_(review_ids))
        .order_by(col(Review.id))
    )


def _label_given(session: Session, review: Any, person_id: int) -> str | None:
    """The label that somebody had given when the reviewer decided: by now it may have been taken off."""
    title: str | None = session.execute(
        select(col(LabelValue.title))
        .join(Label, col(Label.value_id) == col(LabelValue.id))
        .where(col(Label.item_id) == review.item_id, col(Label.person_id) == person_id)
        .where(col(Label.at) <= review.settled_at)
        .order_by(col(Label.id).desc())
        .limit(1)
    ).scalar()
    return title


def _dispute(session: Session, ruling_id: int, person_id: int) -> dict[str, Any] | None:
    """What a ruling settled: who reads this contested it, had ruled before, or neither."""
    rows = session.execute(
        select(col(Dispute.state), col(Dispute.person_id), col(Ruling.person_id).label("judge_id"))
        .add_columns(col(LabelValue.title), col(Person.name))
        .join(Ruling, col(Ruling.id) == col(Dispute.ruling_id))
        .join(Person, col(Person.id) == col(Dispute.person_id))
        .outerjoin(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .where(col(Dispute.settled_by_id) == ruling_id)
        .order_by(col(Dispute.id))
    ).all()
    if not rows:
        return None
    return {
        "granted": rows[0].state is DisputeState.GRANTED,
        "mine": any(row.person_id == person_id for row in rows),
        "judged": rows[0].judge_id == person_id,
        "by": rows[0].name,
        "others": len(rows) - 1,
        "former": rows[0].title or "",
    }


def _has_flagged(session: Session, case_id: int, person_id: int) -> bool:
    mine = select(col(Flag.id)).where(col(Flag.escalation_id) == case_id, col(Flag.person_id) == person_id)
    return session.execute(mine.limit(1)).first() is not None


def _is_change(session: Session, case_id: int, ruling_id: int) -> bool:
    earlier = select(col(Ruling.id)).where(col(Ruling.escalation_id) == case_id, col(Ruling.id) < ruling_id)
    return session.execute(earlier.limit(1)).first() is not None
