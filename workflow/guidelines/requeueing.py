"""Giving out again what was labelled under earlier rules: a lead decides, the clock does it, a few items at a time."""

from datetime import datetime

from sqlmodel import Session

from storage.tables import Guideline, Requeue, RequeueState
from workflow import outbox
from workflow.guidelines import waiting


def offer(session: Session, guideline_id: int, now: datetime) -> None:
    """Let a lead decide about items that a new major version touches, once the clock has counted them."""
    project_id = session.get_one(Guideline, guideline_id).project_id
    row = {"project_id": project_id, "guideline_id": guideline_id, "state": RequeueState.OFFERED, "at": now}
    session.execute(outbox.insert_or_skip(session, Requeue, ["guideline_id"]).values(**row))
    waiting.wake(session)
