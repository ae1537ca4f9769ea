"""An item of an audit as its auditor sees it: blind until they have answered, then with the label that was in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import (
    Audit,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    Item,
    ItemState,
    LabelValue,
    Project,
)
from workflow.audit.answering import OPEN
from workflow.views.batch import shown_fields
from workflow.views.schema import choices

DECIDED = (ItemState.ACCEPTED, ItemState.RULED)


def finding_view(session: Session, finding_id: int, person_id: int) -> dict[str, Any] | None:
    """What an auditor sees who has the item; None where it is not theirs to look at (any more).

    ``verdict`` is None as long as they have not answered, so that nothing of the label in force is in here: ``drawn`` and
    ``own`` (labels, ``{id, title}``), ``changed`` (the item has another label by now), ``labels`` that could be right.
    """
    head = session.execute(_head(finding_id)).first()
    if head is None or head.state not in OPEN or head.audit_state is not AuditState.RUNNING:
        return None
    if head.auditor_id != person_id or head.lease_until is None:
        return None
    labels = [
        {"id": choice.id, "title": choice.title} for choice in choices(session, head.project_id, head.project_version)
    ]
    return {
        "id": finding_id,
        "audit_id": head.audit_id,
        "project_id": head.project_id,
        "project": head.name,
        "question": head.question,
        "key": head.key,
        "fields": shown_fields(head.fields, head.field_names),
        "labels": labels,
        "verdict": _to_judge(session, head, labels) if head.state is FindingState.ANSWERED else None,
    }


def _to_judge(session: Session, head: Any, labels: list[dict[str, Any]]) -> dict[str, Any]:
    titles = _titles(session, head.value_id, head.answer_id)
    stands = head.item_state in DECIDED and head.final_value_id == head.value_id
    return {
        "drawn": {"id": head.value_id, "title": titles[head.value_id]},
        "own": {"id": head.answer_id, "title": titles[head.answer_id]},
        "agrees": head.value_id == head.answer_id,
        "changed": not stands,
        "labels": [label for label in labels if label["id"] != head.value_id],
    }


def _titles(session: Session, *value_ids: int) -> dict[int, str]:
    rows = session.execute(select(col(LabelValue.id), col(LabelValue.title)).where(col(LabelValue.id).in_(value_ids)))
    return {row.id: row.title for row in rows}


def judged_view(session: Session, finding_id: int, person_id: int) -> dict[str, Any] | None:
    """What somebody said of an item just before: its key, the verdict, whether the item was corrected and to what."""
    right = aliased(LabelValue)
    row = session.execute(
        select(col(Finding.state), col(Finding.auditor_id), col(Finding.verdict), col(Finding.ruling_id))
        .add_columns(col(Item.key), col(right.title))
        .join(Item, col(Item.id) == col(Finding.item_id))
        .outerjoin(right, col(right.id) == col(Finding.correct_id))
        .where(col(Finding.id) == finding_id)
    ).first()
    if row is None:
        return None
    mine = row.state is FindingState.JUDGED and row.auditor_id == person_id
    verdict: AuditVerdict | None = row.verdict if mine else None
    return {
        "key": row.key,
        "verdict": verdict.value if verdict else "",
        "corrected": row.ruling_id is not None,
        "title": row.title or "",
    }


def progress(session: Session, audit_id: int) -> Mapping[str, int]:
    """How many items of an audit there are to judge: ``judged``, ``left``, and ``size``, both together."""
    rows = session.execute(
        select(col(Finding.state), func.count()).where(col(Finding.audit_id) == audit_id).group_by(col(Finding.state))
    )
    by_state: dict[FindingState, int] = {row[0]: row[1] for row in rows}
    judged, left = by_state.get(FindingState.JUDGED, 0), sum(by_state.get(state, 0) for state in OPEN)
    return {"judged": judged, "left": left, "size": judged + left}


def others_have(session: Session, audit_id: int, person_id: int, now: datetime) -> int:
    """How many items of an audit other auditors have open."""
    with_others = (
        col(Finding.audit_id) == audit_id,
        col(Finding.state).in_(OPEN),
        col(Finding.auditor_id) != person_id,
        col(Finding.lease_until) >= now,
    )
    return int(session.execute(select(func.count()).select_from(Finding).where(*with_others)).scalar_one())


def _head(finding_id: int) -> Any:
    return (
        select(
            col(Finding.audit_id),
            col(Finding.state),
            col(Finding.auditor_id),
            col(Finding.lease_until),
            col(Finding.value_id),
            col(Finding.answer_id),
            col(Audit.state).label("audit_state"),
            col(Project.id).label("project_id"),
            col(Project.name),
            col(Project.question),
            col(Project.fields).label("field_names"),
            col(Project.version).label("project_version"),
            col(Item.key),
            col(Item.fields),
            col(Item.state).label("item_state"),
            col(Item.final_value_id),
        )
        .join(Audit, col(Audit.id) == col(Finding.audit_id))
        .join(Project, col(Project.id) == col(Finding.project_id))
        .join(Item, col(Item.id) == col(Finding.item_id))
        .where(col(Finding.id) == finding_id)
    )
