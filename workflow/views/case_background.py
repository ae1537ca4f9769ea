"""What stands behind a case: who is asked and until when, who contests what, rulings on like items, replies."""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Dispute,
    DisputeState,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    LabelValue,
    Person,
    Review,
    ReviewState,
    Ruling,
)
from workflow import places
from workflow.cases import citing, judging, ladder, precedents, reasons, replies

SHOWN_REPLIES = 5


def asked(session: Session, case_id: int) -> dict[str, Any]:
    """Where an open case is on its ladder: ``who`` is asked, until when (seconds), or that nobody is left, or may rule."""
    row = session.execute(
        select(
            col(Escalation.step),
            col(Escalation.due_at),
            col(Escalation.reason),
            col(Person.name),
            judging.somebody_may(col(Escalation.item_id), col(Escalation.project_id), judging.Layer.DISPUTE).label(
                "for_dispute"
            ),
            judging.somebody_may(col(Escalation.item_id), col(Escalation.project_id), judging.Layer.RULING).label(
                "for_ruling"
            ),
        )
        .outerjoin(Person, col(Person.id) == col(Escalation.assigned_id))
        .where(col(Escalation.id) == case_id)
    ).one()
    somebody = row.for_dispute if row.reason is EscalationReason.CONTESTED else row.for_ruling
    return {
        "who": row.name or "",
        "until": _seconds(row.due_at),
        "step": row.step,
        "stuck": row.name is None and row.due_at is not None,
        "nobody": not somebody,
        "top": row.step >= ladder.LEAD,
    }


def disputes(session: Session, case_id: int) -> list[dict[str, str]]:
    """Who contests the ruling before, which one with its reason, and with what argument."""
    former, ruler = aliased(LabelValue), aliased(Person)
    rows = session.execute(
        select(col(Person.name), col(Dispute.argument), col(former.title), col(ruler.name).label("ruler"))
        .add_columns(col(Ruling.rationale))
        .join(Person, col(Person.id) == col(Dispute.person_id))
        .join(Ruling, col(Ruling.id) == col(Dispute.ruling_id))
        .join(ruler, col(ruler.id) == col(Ruling.person_id))
        .outerjoin(former, col(former.id) == col(Ruling.value_id))
        .where(col(Dispute.escalation_id) == case_id, col(Dispute.state) != DisputeState.WITHDRAWN)
        .order_by(col(Dispute.id))
    )
    return [
        {
            "person": row.name,
            "argument": row.argument,
            "against": row.title or "",
            "ruler": row.ruler,
            "reason": row.rationale,
        }
        for row in rows
    ]


def passed_up(session: Session, item_id: int) -> dict[str, str] | None:
    """Who left the item to others in a review, and what they were unsure of."""
    row = session.execute(
        select(col(Person.name), col(Review.note))
        .join(Person, col(Person.id) == col(Review.by_id))
        .where(col(Review.item_id) == item_id, col(Review.state) == ReviewState.PASSED_UP)
        .order_by(col(Review.id).desc())
        .limit(1)
    ).first()
    return {"person": row.name, "text": row.note} if row is not None and row.note else None


def like_cases(session: Session, item_id: int) -> list[dict[str, Any]]:
    """Rulings on items that say nearly the same, never their labels."""
    return [
        {
            "key": one.key,
            "text": one.text,
            # Rounded down: what differs by one word in a thousand is not the same.
            "percent": int(100 * one.similarity),
            "same": one.same,
            "title": one.title,
            "person": one.by,
            "rationale": one.rationale,
        }
        for one in precedents.of_item(session, item_id)
    ]


def somebody_is_to_answer(session: Session, item_id: int) -> bool:
    """Whether somebody has a place on the item and no answer yet: a channel shows them no ruling on a like item."""
    held = exists().where(col(Assignment.item_id) == item_id, col(Assignment.state).in_(places.HOLDING))
    return bool(session.execute(select(held)).scalar())


def is_overtaken(session: Session, case_id: int) -> bool:
    """Whether a ruled case is not what its item stands on any more: contested, corrected or given out again."""
    item_id, state, final = session.execute(
        select(col(Escalation.item_id), col(Escalation.state), col(Item.final_value_id))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Escalation.id) == case_id)
    ).one()
    later = exists().where(
        col(Escalation.item_id) == item_id,
        col(Escalation.id) > case_id,
        col(Escalation.state) != EscalationState.WITHDRAWN,
    )
    return state is EscalationState.RULED and (final is None or bool(session.execute(select(later)).scalar()))


def said(session: Session, case_id: int) -> tuple[list[dict[str, str]], int]:
    """The latest replies in the thread, and how many were before them."""
    found, more = replies.of_case(session, case_id, SHOWN_REPLIES)
    return [{"person": one.person, "text": one.text} for one in found], more


def reason_choices() -> list[dict[str, str]]:
    """The reasons to choose from for a ruling."""
    return [{"code": code.value, "title": title} for code, title in reasons.TITLES.items()]


def section_choices(session: Session, project_id: int) -> list[dict[str, str]]:
    """The sections of the guideline in force to choose from."""
    return [{"value": one.value, "title": one.title} for one in citing.offered(session, project_id)]


def section_title(session: Session, case_id: int, chosen: str) -> str:
    """The section that a form's value means for a case; empty for none, or where it is not there."""
    project_id = session.execute(select(col(Escalation.project_id)).where(col(Escalation.id) == case_id)).scalar()
    return citing.title(session, project_id, chosen) if project_id is not None else ""


def _seconds(when: datetime | None) -> int:
    return int(when.timestamp()) if when is not None else 0
