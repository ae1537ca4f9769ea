"""The versions of a project's guideline as people read them: the list, and what differs between two."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Guideline, Project, Proposal
from workflow.guidelines import versions
from workflow.guidelines.labels import label_changes
from workflow.guidelines.text import diffing


@dataclass(frozen=True)
class Compared:
    """Two versions of one project: their numbers and texts, what differs, and what became of labels in between."""

    project_id: int
    project: str
    before: str
    after: str
    before_markdown: str
    after_markdown: str
    labels: tuple[str, ...]

    @property
    def diff(self) -> diffing.Diff:
        """By section and word."""
        return diffing.compare(self.before_markdown, self.after_markdown)


def versions_view(session: Session, project_id: int) -> dict[str, Any]:
    """All versions of a project, the newest first; ``before`` is the one that a version came after, 0 for the first."""
    project = session.execute(
        select(col(Project.name), col(Project.time_zone), col(Project.guideline_id)).where(
            col(Project.id) == project_id
        )
    ).one()
    found = versions.listed(session, project_id)
    earlier = [one.id for one in found[1:]] + [0]
    return {
        "project_id": project_id,
        "project": project.name,
        "zone": project.time_zone,
        "versions": [
            {"version": one, "in_force": one.id == project.guideline_id, "before": before}
            for one, before in zip(found, earlier, strict=True)
        ],
    }


def compared(session: Session, before_id: int, after_id: int) -> Compared:
    """Two versions of a project, in whichever order."""
    rows = session.execute(
        select(
            col(Guideline.id),
            col(Guideline.major),
            col(Guideline.minor),
            col(Guideline.markdown),
            col(Guideline.project_id),
            col(Project.name),
        )
        .join(Project, col(Project.id) == col(Guideline.project_id))
        .where(col(Guideline.id).in_((before_id, after_id)))
    )
    by_id = {row.id: row for row in rows}
    before, after = by_id[before_id], by_id[after_id]
    return Compared(
        after.project_id,
        after.name,
        f"{before.major}.{before.minor}",
        f"{after.major}.{after.minor}",
        before.markdown,
        after.markdown,
        _labels(session, after.project_id, before_id, after_id),
    )


def _labels(session: Session, project_id: int, before_id: int, after_id: int) -> tuple[str, ...]:
    """What became of labels with the versions after the one, up to the other."""
    rows = session.execute(
        select(col(Proposal.label_changes))
        .where(
            col(Proposal.project_id) == project_id,
            col(Proposal.guideline_id) > before_id,
            col(Proposal.guideline_id) <= after_id,
        )
        .order_by(col(Proposal.guideline_id))
    ).scalars()
    return tuple(words for lines in rows for words in label_changes.in_words(label_changes.parse(lines)))
