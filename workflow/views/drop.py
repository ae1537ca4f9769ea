"""The card of a dropped file, and the form that says how it is to be read: as plain values."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import FileDrop, Lot, LotState, Person, Project
from workflow import drops
from workflow.drop_work import has_answers
from workflow.intake import lots
from workflow.intake.mapping import KNOWN_ROLES, METADATA

SHOWN_ROLES = frozenset({"id", "segment", "skill", "difficulty", "priority"})


def drop_version(session: Session, drop_id: int) -> int | None:
    """The version of a drop's card."""
    found = session.execute(select(col(FileDrop.version)).where(col(FileDrop.id) == drop_id)).scalar()
    return int(found) if found is not None else None


def hold_drop(session: Session, drop_id: int) -> None:
    """Wait for whoever is changing the drop, and let nobody change it until the session ends."""
    session.execute(select(col(FileDrop.id)).where(col(FileDrop.id) == drop_id).with_for_update(read=True))


def drop_view(session: Session, drop_id: int) -> dict[str, Any] | None:
    """What a drop's card shows now.

    Annotators see it: of the first rows only what they will be given to label, never an answer.
    """
    drop = session.execute(
        select(FileDrop, col(Project.name).label("project"), col(Project.fields), col(Person.name).label("by"))
        .outerjoin(Project, col(Project.id) == col(FileDrop.project_id))
        .outerjoin(Person, col(Person.id) == col(FileDrop.by_id))
        .where(col(FileDrop.id) == drop_id)
    ).first()
    if drop is None:
        return None
    row: FileDrop = drop.FileDrop
    looked = row.preview.get("looked")
    return {
        "id": drop_id,
        "version": row.version,
        "state": row.state,
        "name": row.name,
        "size": row.size,
        "slack_user": row.slack_user,
        "project": drop.project,
        "candidates": drops.candidates(session, row.channel) if row.project_id is None else [],
        "by": drop.by,
        "problem": row.problem,
        "readable": bool(row.preview.get("readable")),
        "note": row.preview.get("note"),
        "on_change": row.choices.get("on_change", "keep"),
        "looked": _shown(looked, drop.fields or []) if looked else None,
        "done_bytes": row.done_bytes,
        "lot": _lot(session, row.lot_id) if row.lot_id is not None else None,
        "answers_hidden": has_answers(row.preview),
    }


def _shown(looked: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    allowed = {*fields, *SHOWN_ROLES}
    rows = [{name: text for name, text in row.items() if name in allowed} for row in looked["first_rows"]]
    return {**looked, "first_rows": rows}


def _lot(session: Session, lot_id: int) -> dict[str, Any] | None:
    lot: Lot | None = session.get(Lot, lot_id)
    if lot is None:
        return None
    names = ("rows", "items", "duplicates", "refused", "near", "changed", "pairs", "labels", "steps", "filters")
    report = lots.report(session, lot_id)
    return {
        **{name: getattr(report, name) for name in names},
        "id": lot_id,
        "undone": lot.state is LotState.UNDONE,
        "refused_by_reason": lots.refused_by_reason(session, lot_id) if lot.refused else {},
    }


def mapping_view(session: Session, drop_id: int) -> dict[str, Any] | None:
    """What the form for the mapping begins with: every role with the column that it has now."""
    drop = session.execute(
        select(FileDrop, col(Project.fields))
        .join(Project, col(Project.id) == col(FileDrop.project_id))
        .where(col(FileDrop.id) == drop_id)
    ).first()
    if drop is None:
        return None
    row: FileDrop = drop.FileDrop
    looked = row.preview.get("looked") or {}
    return {
        "id": drop_id,
        "version": row.version,
        "name": row.name,
        "fields": list(drop.fields),
        "roles": [*drop.fields, *(role for role in KNOWN_ROLES if role not in drop.fields)],
        "all_columns": list(looked.get("all_columns", [])),
        "column_of": {role: column for column, role in looked.get("columns", {}).items() if role != METADATA},
        "file_format": looked.get("file_format", ""),
        "found": {"encoding": looked.get("encoding", ""), "delimiter": looked.get("delimiter", "")},
        "choices": dict(row.choices),
    }
