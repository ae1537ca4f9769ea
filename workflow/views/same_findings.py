"""Findings of audits that say the same, as the card in the leads' channel shows them."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Finding, Project
from workflow.audit import same_findings
from workflow.guidelines import versions


def same_view(session: Session, finding_id: int) -> dict[str, Any] | None:
    """What they say, and of which items with what note; None where none is left."""
    found = same_findings.equal(session, finding_id)
    if not found:
        return None
    project = session.execute(
        select(col(Project.id), col(Project.name))
        .join(Finding, col(Finding.project_id) == col(Project.id))
        .where(col(Finding.id) == finding_id)
    ).one()
    base = versions.current(session, project.id)
    return {
        "id": finding_id,
        "project_id": project.id,
        "project": project.name,
        "guideline": f"{base.major}.{base.minor}",
        "verdict": found[0].verdict.value,
        "value": found[0].value,
        "correct": found[0].correct,
        "section": found[0].section,
        "items": [{"key": one.key, "note": one.note} for one in found],
    }
