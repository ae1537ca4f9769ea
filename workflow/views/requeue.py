"""The card on which a lead decides what is labelled again after a rule change."""

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Guideline, LabelValue, Person, Project, Proposal, Requeue, RequeueState
from workflow.guidelines.decisions import touched
from workflow.guidelines.requeue import requeueing


def requeue_version(session: Session, requeue_id: int) -> int | None:
    """The version of a requeue's card."""
    found = session.execute(select(col(Requeue.version)).where(col(Requeue.id) == requeue_id)).scalar()
    return int(found) if found is not None else None


def hold_requeue(session: Session, requeue_id: int) -> None:
    """Wait for whoever is moving the requeue on, and let nobody do so until the session ends."""
    session.execute(select(col(Requeue.id)).where(col(Requeue.id) == requeue_id).with_for_update(read=True))


def requeue_view(session: Session, requeue_id: int) -> dict[str, Any] | None:
    """What the card shows now; None where there is no such requeue."""
    head = session.execute(
        select(
            *Requeue.__table__.c,  # type: ignore[attr-defined]
            col(Project.name).label("project"),
            col(Guideline.major),
            col(Guideline.minor),
            col(Person.name).label("by"),
            col(Proposal.summary),
        )
        .join(Project, col(Project.id) == col(Requeue.project_id))
        .join(Guideline, col(Guideline.id) == col(Requeue.guideline_id))
        .outerjoin(Person, col(Person.id) == col(Requeue.by_id))
        .outerjoin(Proposal, col(Proposal.guideline_id) == col(Requeue.guideline_id))
        .where(col(Requeue.id) == requeue_id)
    ).first()
    if head is None:
        return None
    touch = touched.by_version(session, head.guideline_id)
    sampled = head.state is RequeueState.SAMPLED
    return {
        "id": requeue_id,
        "version": head.version,
        "project": head.project,
        "state": head.state.value,
        "touched": head.touched,
        "done": head.done,
        "left": max(0, head.touched - head.done),
        "number": f"{head.major}.{head.minor}",
        "earlier": "1.x" if head.major == 2 else f"versions before {head.major}.0",
        "summary": head.summary or "",
        "labels": _titles(session, touch),
        "segments": list(touch.segments),
        "by": head.by or "",
        "sample": requeueing.SAMPLE if head.touched > requeueing.SAMPLE else 0,
        "outcome": requeueing.sample_outcome(session, requeue_id) if sampled else None,
    }


def _titles(session: Session, touch: touched.Touch) -> list[str]:
    """The touched labels as they are called now; none where all are touched."""
    if touch.value_ids is None:
        return []
    mine = (
        select(col(LabelValue.title)).where(col(LabelValue.id).in_(touch.value_ids)).order_by(col(LabelValue.position))
    )
    return list(session.execute(mine).scalars())
