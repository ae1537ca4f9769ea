"""All versions of a guideline as files: a Markdown file each, and what changed from one to the next."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Decision, Guideline, Person, Project, Proposal, Verdict
from workflow.guidelines.labels import label_changes
from workflow.guidelines.text import diffing

CHANGELOG = "CHANGELOG.md"
KINDS = {"clarification": "clarification", "rule_change": "rule change", "new_label": "new label"}


def files(session: Session, project_id: int) -> Iterator[tuple[str, str]]:
    """Name and text of each file, one version after the other: ``1.0.md`` and so on, and last ``CHANGELOG.md``."""
    project = session.execute(
        select(col(Project.name), col(Project.time_zone)).where(col(Project.id) == project_id)
    ).one()
    zone = ZoneInfo(project.time_zone)
    told: list[str] = []
    before: str | None = None
    for row in list(_versions(session, project_id)):
        text = session.execute(select(col(Guideline.markdown)).where(col(Guideline.id) == row.id)).scalar_one()
        yield f"{row.major}.{row.minor}.md", text
        told.append(_told(row, before, text, _approvers(session, row.proposal_id), zone))
        before = text
    yield CHANGELOG, "\n".join([f"# Guideline of {project.name}\n", *reversed(told)])


def _versions(session: Session, project_id: int) -> Sequence[Any]:
    return session.execute(
        select(
            col(Guideline.id),
            col(Guideline.major),
            col(Guideline.minor),
            col(Guideline.at),
            col(Person.name).label("by"),
            col(Proposal.id).label("proposal_id"),
            col(Proposal.kind),
            col(Proposal.summary),
            col(Proposal.why),
            col(Proposal.label_changes),
            col(Proposal.labels_touched),
            col(Proposal.segments_touched),
        )
        .select_from(Guideline)
        .outerjoin(Proposal, col(Proposal.guideline_id) == col(Guideline.id))
        .outerjoin(Person, col(Person.id) == col(Guideline.by_id))
        .where(col(Guideline.project_id) == project_id)
        .order_by(col(Guideline.id))
    ).all()


def _approvers(session: Session, proposal_id: int | None) -> list[str]:
    """Who approved what came into effect."""
    rows = session.execute(
        select(col(Person.name))
        .join(Decision, col(Decision.person_id) == col(Person.id))
        .join(Proposal, col(Proposal.id) == col(Decision.proposal_id))
        .where(
            col(Proposal.id) == proposal_id,
            col(Decision.verdict) == Verdict.APPROVED,
            col(Decision.revision) == col(Proposal.revision),
        )
        .order_by(col(Decision.id))
    )
    return [row.name for row in rows]


def _told(row: Any, before: str | None, text: str, approvers: Sequence[str], zone: ZoneInfo) -> str:
    """What is said of one version."""
    kind = f", {KINDS[row.kind.value]}" if row.kind else ""
    lines = [f"## {row.major}.{row.minor}, {row.at.astimezone(zone):%Y-%m-%d %H:%M %Z}{kind}", ""]
    if row.summary:
        lines += [row.summary, ""]
    if row.why:
        lines += [*(f"> {line}".rstrip() for line in row.why.splitlines()), ""]
    lines += [f"- {fact}" for fact in _facts(row, approvers)]
    if before is not None:
        lines += [f"- {fact}" for fact in _changes(before, text)]
    return "\n".join([*lines, ""])


def _facts(row: Any, approvers: Sequence[str]) -> Iterator[str]:
    if row.by:
        yield f"{'Proposed' if row.proposal_id else 'Put in force'} by {row.by}"
    if approvers:
        yield f"Approved by {', '.join(approvers)}"
    for line in label_changes.in_words(label_changes.parse(row.label_changes or [])):
        yield f"Label: {line}"
    if row.labels_touched:
        yield f"Touches the labels {', '.join(row.labels_touched)}"
    if row.segments_touched:
        yield f"Touches the segments {', '.join(row.segments_touched)}"


def _changes(before: str, after: str) -> Iterator[str]:
    for change in diffing.compare(before, after).changes:
        title = f"“{change.title}”" if change.title else "what stands before the first heading"
        renamed = f", which was “{change.old_title}”" if change.old_title not in ("", change.title) else ""
        rewritten = " and changed" if change.words and change.kind in ("moved", "renamed") else ""
        yield f"{change.kind.capitalize()}{rewritten}: {title}{renamed}"
