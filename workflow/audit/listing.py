"""Audits as people read them: in lists, one in full, and its findings as rows of a file."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import (
    Audit,
    AuditDesign,
    Finding,
    FindingState,
    Guideline,
    Item,
    LabelValue,
    Lot,
    Person,
    Project,
    plain,
)
from workflow import calendar
from workflow.audit import plan, scope
from workflow.audit.scope import Scope
from workflow.errors import RefusedError

FINDING_COLUMNS = (
    "position",
    "item_id",
    "tier",
    "probability",
    "label",
    "version",
    "state",
    "auditor",
    "answer",
    "verdict",
    "severity",
    "correct",
    "reason_code",
    "section",
    "note",
    "corrected",
    "judged_at",
)


def listed(session: Session, project_id: int) -> list[dict[str, Any]]:
    """Every audit of a project, the newest first, each as ``shown`` has it."""
    return [_row(session, row) for row in session.execute(_rows().where(col(Audit.project_id) == project_id))]


def shown(session: Session, audit_id: int) -> dict[str, Any]:
    """One audit: ``audit`` (its number), ``project_id``, ``design``, ``state``, ``items`` (which, in words), ``why``,
    ``by``, ``plan``, ``population``, ``size``, ``accept``, ``seed``, ``again_of``, ``tiers``, ``judged``, ``result`` (as in
    ``workflow/audit/results.py``), and the moments ``created``, ``drawn``, ``due``, ``ended`` in ISO format.

    Raises RefusedError where there is none.
    """
    row = session.execute(_rows().where(col(Audit.id) == audit_id)).first()
    if row is None:
        raise RefusedError(f"There is no audit {audit_id}.")
    return _row(session, row)


def _rows() -> Any:
    kept = [column for column in plain(Audit).c if column.name != "members"]
    judged = (
        select(func.count())
        .select_from(Finding)
        .where(col(Finding.audit_id) == col(Audit.id), col(Finding.state) == FindingState.JUDGED)
        .scalar_subquery()
        .label("judged")
    )
    return (
        select(*kept, judged, col(Person.name).label("by"))
        .select_from(Audit)
        .outerjoin(Person, col(Person.id) == col(Audit.by_id))
        .order_by(col(Audit.id).desc())
    )


def _row(session: Session, row: Any) -> dict[str, Any]:
    return {
        "audit": row.id,
        "project_id": row.project_id,
        "design": row.design.value,
        "state": row.state.value,
        "items": _which(session, row),
        "why": row.why,
        "by": row.by,
        "plan": plan.kept(plan.read(row.plan)),
        "population": row.population,
        "size": row.size,
        "accept": row.accept_number,
        "seed": row.seed,
        "again_of": row.again_of_id,
        "tiers": row.tiers,
        "judged": row.judged,
        "result": row.result,
        "created": row.created_at.isoformat(),
        "drawn": _iso(row.drawn_at),
        "due": _iso(row.due_at),
        "ended": _iso(row.ended_at),
    }


def _which(session: Session, row: Any) -> str:
    targeted = row.design is AuditDesign.TARGETED
    return in_words(session, row.project_id, scope.read(row.scope), targeted=targeted)


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def in_words(session: Session, project_id: int, which: Scope, *, targeted: bool = False, blind: bool = False) -> str:
    """Which items an audit is about: ``finished items labelled by Ana, decided since 2 Mar 2026``.

    In a targeted audit: ``finished items decided since 2 Mar 2026, suspected if labelled by Ana or on which people differ``.
    ``blind``: for who has yet to answer, so the label that the items have is not named.
    """
    grounds, frame = _grounds(session, which, blind=blind), _frame(session, project_id, which)
    inside = frame if targeted else [*grounds, *frame]
    said = "finished items " + ", ".join(inside) if inside else "all finished items"
    return f"{said}, suspected if {' or '.join(grounds)}" if targeted and grounds else said


def _grounds(session: Session, which: Scope, *, blind: bool) -> list[str]:
    said = []
    if which.person_id is not None:
        said.append(f"labelled by {_named(session, Person.name, Person.id, which.person_id)}")
    if which.value_id is not None and blind:
        said.append("with one label, named when all are judged")
    elif which.value_id is not None:
        said.append(f"labelled “{_named(session, LabelValue.title, LabelValue.id, which.value_id)}”")
    if which.segment is not None:
        said.append(f"of segment “{which.segment}”" if which.segment else "of no segment")
    if which.guideline_id is not None:
        said.append(f"decided under version {_version(session, which.guideline_id)}")
    if which.low_agreement:
        said.append("on which people differ")
    if which.suspects is not None:
        said.append(f"among {len(which.suspects.item_ids):,} suspects of {which.suspects.source}")
    if which.column is not None:
        said.append(f"suspect by the column “{which.column}”")
    return said


def _frame(session: Session, project_id: int, which: Scope) -> list[str]:
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == project_id)).scalar_one()
    said = []
    if which.lot_id is not None:
        said.append(f"from {_named(session, Lot.file_name, Lot.id, which.lot_id)} (lot {which.lot_id})")
    if which.audit_id is not None:
        said.append(f"of audit {which.audit_id}")
    if which.since is not None:
        said.append(f"decided since {calendar.in_words(which.since, zone)}")
    if which.until is not None:
        said.append(f"decided before {calendar.in_words(which.until, zone)}")
    return said


def _named(session: Session, name: Any, key: Any, wanted: int) -> str:
    return str(session.execute(select(col(name)).where(col(key) == wanted)).scalar() or f"({wanted})")


def _version(session: Session, guideline_id: int) -> str:
    row = session.execute(
        select(col(Guideline.major), col(Guideline.minor)).where(col(Guideline.id) == guideline_id)
    ).first()
    return f"{row.major}.{row.minor}" if row else f"({guideline_id})"


def findings(session: Session, audit_id: int) -> Iterator[dict[str, Any]]:
    """The findings of an audit in their order, by `FINDING_COLUMNS`; empty texts for what is not there.

    ``label`` is the one in force when it was drawn, ``answer`` the auditor's own before seeing it; ``corrected`` whether the
    item was given the correct value.
    """
    names = session.execute(select(col(Audit.tiers)).where(col(Audit.id) == audit_id)).scalar_one()
    label, answer, right = aliased(LabelValue), aliased(LabelValue), aliased(LabelValue)
    rows = session.execute(
        select(
            *plain(Finding).c,
            col(Item.key),
            col(label.value).label("label"),
            col(answer.value).label("answer"),
            col(right.value).label("correct"),
            col(Guideline.major),
            col(Guideline.minor),
            col(Person.name).label("auditor"),
        )
        .select_from(Finding)
        .join(Item, col(Item.id) == col(Finding.item_id))
        .join(label, col(label.id) == col(Finding.value_id))
        .outerjoin(answer, col(answer.id) == col(Finding.answer_id))
        .outerjoin(right, col(right.id) == col(Finding.correct_id))
        .outerjoin(Guideline, col(Guideline.id) == col(Finding.guideline_id))
        .outerjoin(Person, col(Person.id) == col(Finding.auditor_id))
        .where(col(Finding.audit_id) == audit_id)
        .order_by(col(Finding.position))
    )
    for row in rows:
        yield _finding(row, names)


def _finding(row: Any, tiers: list[dict[str, Any]]) -> dict[str, Any]:
    judged = row.state is FindingState.JUDGED
    return {
        "position": row.position,
        "item_id": row.key,
        "tier": tiers[row.tier]["name"] if row.tier < len(tiers) else str(row.tier),
        "probability": row.probability,
        "label": row.label,
        "version": f"{row.major}.{row.minor}" if row.major is not None else "",
        "state": row.state.value,
        "auditor": row.auditor or "",
        "answer": row.answer or "",
        "verdict": row.verdict.value if judged else "",
        "severity": row.severity.value if row.severity else "",
        "correct": row.correct or "",
        "reason_code": row.reason_code,
        "section": row.section,
        "note": row.note,
        "corrected": row.ruling_id is not None,
        "judged_at": _iso(row.judged_at) or "",
    }
