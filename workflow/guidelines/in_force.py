"""Putting a version in force, in the place of the one before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import ChangeKind, Guideline, Project, Proposal, ProposalState
from workflow import history
from workflow.guidelines import moving, versions


def put(
    session: Session,
    before: Guideline,
    kind: ChangeKind,
    markdown: str,
    by: int | None,
    now: datetime,
    *,
    held_from: datetime | None,
    actor: int | None,
    noted: Mapping[str, Any] | None = None,
) -> int:
    """Add the version after ``before`` and put it in force; its id. The caller holds the project under lock.

    ``by`` wrote it, ``actor`` put it in force; ``noted`` stands in the history beside its number.
    """
    made = versions.add(session, before, kind, markdown, by, now, held_from)
    session.execute(
        update(Project)
        .where(col(Project.id) == before.project_id)
        .values(guideline_id=made, version=col(Project.version) + 1)
    )
    _supersede(session, before, now)
    major, minor = versions.next_number(before, kind)
    history.note(
        session, now, "guideline.version", "guideline", made, project_id=before.project_id, actor_id=actor,
        before={"version": f"{before.major}.{before.minor}"}, after={"version": f"{major}.{minor}", **(noted or {})},
    )  # fmt: skip
    return made


def _supersede(session: Session, before: Guideline, now: datetime) -> None:
    """The proposal that led to the version before is in effect no more."""
    former = session.execute(
        select(Proposal)
        .where(col(Proposal.guideline_id) == before.id, col(Proposal.state) == ProposalState.EFFECTIVE)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if former is not None:
        moving.move(session, former, ProposalState.SUPERSEDED, now, None, "proposal.superseded")
