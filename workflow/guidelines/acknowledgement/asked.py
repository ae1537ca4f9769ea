"""Somebody is asked to read a version: that row under lock, and changing it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Acknowledgement, Person, plain
from workflow import outbox
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines import versions
from workflow.guidelines.acknowledgement import required
from workflow.guidelines.acknowledgement.announcing import CARD

GONE = "This message is out of date: you are not asked to read this any more. Nothing was changed."
FOREIGN = "This message is for somebody else. Nothing was changed."
LEFT = "You neither annotate nor review in this project any more, so there is nothing for you to read."


@dataclass(frozen=True)
class Asked:
    """Who is asked to read which version of what. ``superseded_by`` is the number of a later one that is to be read."""

    id: int
    project_id: int
    guideline_id: int
    person_id: int
    number: str
    acknowledged_at: datetime | None
    checked: dict[str, Any]
    wrong: int
    superseded_by: str | None


def hold(session: Session, acknowledgement_id: int, slack_id: str) -> Asked:
    """What somebody is asked, which nobody else changes until the session ends.

    Refused where somebody else is asked, or where they have left.
    """
    row = session.execute(
        select(
            col(Acknowledgement.id),
            col(Acknowledgement.project_id),
            col(Acknowledgement.guideline_id),
            col(Acknowledgement.person_id),
            col(Acknowledgement.acknowledged_at),
            col(Acknowledgement.checked),
            col(Acknowledgement.wrong),
            col(Person.slack_id),
            required.is_reader(col(Acknowledgement.project_id), plain(Person).c).label("reads"),
            required.to_read(col(Acknowledgement.project_id)).label("to_read"),
        )
        .join(Person, col(Person.id) == col(Acknowledgement.person_id))
        .where(col(Acknowledgement.id) == acknowledgement_id)
        .with_for_update(of=Acknowledgement, key_share=True)
    ).first()
    if row is None:
        raise RefusedError(GONE)
    if row.slack_id != slack_id:
        raise NotAllowedError(FOREIGN)
    if not row.reads:
        raise NotAllowedError(LEFT)
    return Asked(
        row.id,
        row.project_id,
        row.guideline_id,
        row.person_id,
        versions.called(session, row.guideline_id),
        row.acknowledged_at,
        row.checked or {},
        row.wrong,
        versions.called(session, row.to_read) if row.to_read not in (None, row.guideline_id) else None,
    )


def write(session: Session, acknowledgement_id: int, now: datetime, **values: Any) -> None:
    """Write values of a row that is under lock, and have every copy of its card drawn anew."""
    version = session.execute(
        update(Acknowledgement)
        .where(col(Acknowledgement.id) == acknowledgement_id)
        .values(version=col(Acknowledgement.version) + 1, **values)
        .returning(col(Acknowledgement.version))
    ).scalar_one()
    outbox.rewrite(session, now, CARD, acknowledgement_id, version, CARD)
