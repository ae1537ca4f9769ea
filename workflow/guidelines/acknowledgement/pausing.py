"""Batches that are open when a rule changes: where the project says so they wait until their owner has read.

The clock does it, some people at a time. What somebody labels before it comes to them is a label of the version that their
batch began with, as it says.
"""

from datetime import datetime
from functools import partial

from sqlalchemy import Select, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Acknowledgement, Assignment, Batch, Guideline
from workflow import history, places
from workflow.batches import rewrite_batches
from workflow.guidelines import rules, versions
from workflow.guidelines.acknowledgement import announcing, required
from workflow.guidelines.rules import OpenBatches

CHUNK = 250


def pause_open(store: Store, now: datetime) -> int:
    """Pause what is to be paused; how many batches. The clock's step."""
    paused = 0
    for project_id, guideline_id in announcing.wanted(store):
        with store.read() as session:
            wanted = rules.of_project(session, project_id).open_batches is OpenBatches.PAUSE
        while wanted and (
            some := store.transact(partial(_pause_some, project_id=project_id, guideline_id=guideline_id, now=now))
        ):
            paused += some
    return paused


def _pause_some(session: Session, project_id: int, guideline_id: int, now: datetime) -> int:
    found = session.execute(
        select(col(Batch.id), col(Batch.person_id))
        .join(Guideline, col(Guideline.id) == col(Batch.guideline_id))
        .where(
            col(Batch.id).in_(_in_hand(project_id)),
            or_(col(Batch.paused_for).is_(None), col(Batch.paused_for) < guideline_id),
            required.held_since(project_id, col(Batch.person_id), since_major=col(Guideline.major)) <= now,
        )
        .order_by(col(Batch.id))
        .limit(CHUNK)
    ).all()
    unread = _still_unread(session, guideline_id, {row.person_id for row in found})
    ids = [row.id for row in found if row.person_id in unread]
    if not ids:
        return 0
    session.execute(
        update(Batch)
        .where(col(Batch.id).in_(ids))
        .values(paused_for=guideline_id, version=col(Batch.version) + 1)
        .execution_options(synchronize_session=False)
    )
    rewrite_batches(session, ids, now)
    history.note(
        session, now, "batches.paused", "guideline", guideline_id, project_id=project_id,
        after={"batches": len(ids), "version": versions.called(session, guideline_id)},
    )  # fmt: skip
    return len(ids)


def _in_hand(project_id: int) -> Select[int | None]:
    """SQL: batches in which somebody has something in hand."""
    return select(col(Assignment.batch_id)).where(col(Assignment.project_id) == project_id, places.HELD)


def _still_unread(session: Session, guideline_id: int, person_ids: set[int]) -> set[int]:
    """Those who have been asked and have not read, under lock: who reads meanwhile finds their batches paused, or not."""
    rows = session.execute(
        select(col(Acknowledgement.person_id))
        .where(
            col(Acknowledgement.guideline_id) == guideline_id,
            col(Acknowledgement.person_id).in_(person_ids),
            col(Acknowledgement.acknowledged_at).is_(None),
        )
        .order_by(col(Acknowledgement.id))
        .with_for_update(key_share=True)
    )
    return set(rows.scalars())
