"""An escalation's card, the labels behind it, and the notice of a ruling."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Flag,
    Guideline,
    Item,
    LabelValue,
    Person,
    Place,
    Project,
    Ruling,
)
from workflow.cases import reasons
from workflow.views import case_background as background
from workflow.views.batch import shown_fields
from workflow.views.schema import choices


def case_version(session: Session, case_id: int) -> int | None:
    """The version of a case's card."""
    found = session.execute(select(col(Escalation.version)).where(col(Escalation.id) == case_id)).scalar()
    return int(found) if found is not None else None


def hold_case(session: Session, case_id: int) -> None:
    """Wait for whoever is changing the case, and let nobody change it until the session ends."""
    session.execute(select(col(Escalation.id)).where(col(Escalation.id) == case_id).with_for_update(read=True))


def case_view(session: Session, case_id: int) -> dict[str, Any] | None:
    """What a case's card shows now: never a label, for people in the channel may still be asked to label the item."""
    head = session.execute(
        select(
            col(Escalation.project_id),
            col(Escalation.item_id),
            col(Escalation.reason),
            col(Escalation.state),
            col(Escalation.version),
            col(Project.name),
            col(Project.question),
            col(Project.fields).label("field_names"),
            col(Project.version).label("project_version"),
            col(Guideline.major),
            col(Guideline.minor),
            col(Item.key),
            col(Item.fields),
        )
        .join(Project, col(Project.id) == col(Escalation.project_id))
        .join(Guideline, col(Guideline.id) == col(Project.guideline_id))
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Escalation.id) == case_id)
    ).first()
    if head is None:
        return None
    flags = _flags(session, case_id)
    labels = choices(session, head.project_id, head.project_version)
    is_open = head.state is EscalationState.OPEN
    return {
        "id": case_id,
        "version": head.version,
        "project_id": head.project_id,
        "project": head.name,
        "question": head.question,
        "guideline": f"{head.major}.{head.minor}",
        "key": head.key,
        "fields": shown_fields(head.fields, head.field_names),
        "reason": head.reason.value,
        "open": is_open,
        "withdrawn": head.state is EscalationState.WITHDRAWN,
        "may_rule": head.state in (EscalationState.OPEN, EscalationState.RULED),
        "flags": flags,
        "may_send_back": is_open and bool(flags) and head.reason is not EscalationReason.CONTESTED,
        "labels": [{"id": choice.id, "title": choice.title} for choice in labels],
        "ruling": latest_ruling(session, case_id),
        "overtaken": background.is_overtaken(session, case_id),
        "passed": background.passed_up(session, head.item_id) if head.reason is EscalationReason.PASSED_UP else None,
        "disputes": background.disputes(session, case_id),
        "asked": background.asked(session, case_id) if is_open else None,
        "precedents": background.like_cases(session, head.item_id) if is_open else [],
        "blind": is_open and background.somebody_is_to_answer(session, head.item_id),
    }


def _flags(session: Session, case_id: int) -> list[dict[str, str]]:
    rows = session.execute(
        select(col(Person.name), col(Flag.reason), col(Flag.note))
        .join(Person, col(Person.id) == col(Flag.person_id))
        .where(col(Flag.escalation_id) == case_id)
        .order_by(col(Flag.id))
    )
    return [{"person": row.name, "reason": row.reason, "note": row.note} for row in rows]


def latest_ruling(session: Session, case_id: int) -> dict[str, Any] | None:
    """Who decided last, what and why; ``title`` is None where the item was sent back."""
    earlier, like = aliased(Ruling), aliased(Item)
    rows = session.execute(
        select(col(Person.name), col(LabelValue.title), col(Ruling.rationale), col(Ruling.reason_code))
        .add_columns(col(Ruling.section), col(Ruling.departure), col(like.key).label("otherwise_than"))
        .select_from(Ruling)
        .join(Person, col(Person.id) == col(Ruling.person_id))
        .outerjoin(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .outerjoin(earlier, col(earlier.id) == col(Ruling.precedent_id))
        .outerjoin(like, col(like.id) == col(earlier.item_id))
        .where(col(Ruling.escalation_id) == case_id)
        .order_by(col(Ruling.id).desc())
        .limit(2)
    ).all()
    if not rows:
        return None
    return {
        "person": rows[0].name,
        "title": rows[0].title,
        "rationale": rows[0].rationale,
        "changed_from": rows[1].title if len(rows) > 1 else None,
        "reason": reasons.in_words(rows[0].reason_code),
        "section": rows[0].section,
        "otherwise_than": rows[0].otherwise_than or "",
        "departure": rows[0].departure,
    }


def labels_view(session: Session, case_id: int) -> dict[str, Any]:
    """The labels of a case's item, for a reviewer who may see them."""
    rows = session.execute(
        select(col(Person.name), col(LabelValue.title), col(Assignment.after_ruling))
        .select_from(Escalation)
        .join(Assignment, col(Assignment.item_id) == col(Escalation.item_id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(LabelValue, col(LabelValue.id) == col(Assignment.value_id))
        .where(col(Escalation.id) == case_id, col(Assignment.state) == Place.LABELLED)
        .order_by(col(LabelValue.position), col(Person.name))
    )
    return {"labels": [{"person": row.name, "title": row.title, "late": row.after_ruling} for row in rows]}
