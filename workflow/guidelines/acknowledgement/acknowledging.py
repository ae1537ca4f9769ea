"""Somebody has read a version; and who is held back until they have."""

from datetime import datetime

from sqlalchemy import case, or_, select, update
from sqlmodel import Session, col

from storage.tables import Acknowledgement, Assignment, Batch, Lane, Member, Role
from workflow import history, outbox, places, waiting
from workflow.batches import rewrite_batch
from workflow.errors import RefusedError
from workflow.guidelines.acknowledgement import asked, checking, required
from workflow.guidelines.acknowledgement.announcing import CARD, message
from workflow.guidelines.acknowledgement.asked import Asked


def acknowledge(session: Session, acknowledgement_id: int, slack_id: str, now: datetime) -> str | None:
    """Somebody says that they have read a version. What to tell them, where it is another one that they have to read.

    Their open batches go on under it, and none of them is paused any more. The same again changes nothing. Refused while
    the check of the version is not passed.
    """
    held = asked.hold(session, acknowledgement_id, slack_id)
    if held.acknowledged_at is not None:
        return None
    if held.superseded_by is not None:
        waiting.wake(session)
        return (
            f"Guideline {held.superseded_by} has come after {held.number}: read that one. It has a message of its own."
        )
    if checking.is_open(session, acknowledgement_id):
        raise RefusedError(f"Answer the examples of guideline {held.number} first.")
    asked.write(session, acknowledgement_id, now, acknowledged_at=now)
    history.note(
        session, now, "guideline.acknowledged", "guideline", held.guideline_id,
        project_id=held.project_id, actor_id=held.person_id, after={"version": held.number},
    )  # fmt: skip
    _bring_batches_over(session, held, now)
    return None


def is_held(session: Session, project_id: int, person_id: int, now: datetime) -> int | None:
    """The version that somebody has to read before they get a new batch; None where nothing holds them back."""
    since = required.held_since(project_id, person_id)
    found: int | None = session.execute(select(required.to_read(project_id)).where(since <= now)).scalar()
    return found


def held_people(session: Session, project_id: int, now: datetime) -> set[int]:
    """The annotators of a project who get no new batch before they have read."""
    found = session.execute(
        select(col(Member.person_id)).where(
            col(Member.project_id) == project_id,
            col(Member.role) == Role.ANNOTATOR,
            required.held_since(project_id, col(Member.person_id)) <= now,
        )
    )
    return set(found.scalars())


def came_back(session: Session, project_id: int, person_id: int, now: datetime) -> None:
    """Somebody is in the project again: what they were asked before they left is asked anew, as a new message.

    Who was never asked is asked by the clock.
    """
    found = session.execute(
        update(Acknowledgement)
        .where(
            col(Acknowledgement.project_id) == project_id,
            col(Acknowledgement.person_id) == person_id,
            col(Acknowledgement.guideline_id) == required.to_read(project_id),
            col(Acknowledgement.acknowledged_at).is_(None),
        )
        .values(asked_at=now)
        .returning(col(Acknowledgement.id))
    ).scalar()
    if found is not None:
        again = f"back:{int(now.timestamp())}"
        outbox.put_all(session, now, CARD, [message(found, person_id, project_id, again)], lane=Lane.BULK)
    waiting.wake(session)


def _bring_batches_over(session: Session, held: Asked, now: datetime) -> None:
    """Open batches go on under the version. Of the others, a click finds out by itself what their owner has read."""
    in_hand = select(col(Assignment.batch_id)).where(
        col(Assignment.person_id) == held.person_id, col(Assignment.project_id) == held.project_id, places.HELD
    )
    before = col(Batch.guideline_id) < held.guideline_id
    changed = session.execute(
        update(Batch)
        .where(col(Batch.id).in_(in_hand), or_(before, col(Batch.paused_for).is_not(None)))
        .values(
            guideline_id=case((before, held.guideline_id), else_=col(Batch.guideline_id)),
            paused_for=None,
            version=col(Batch.version) + 1,
        )
        .returning(col(Batch.id))
        .execution_options(synchronize_session=False)
    ).scalars()
    for batch_id in sorted(changed.all()):
        rewrite_batch(session, batch_id, now)
