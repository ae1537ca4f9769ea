"""A guideline version as it is told and read: what it changes, and what somebody who is asked to read it has to do."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import exists, func, select
from sqlmodel import Session, col

from storage.tables import (
    Acknowledgement,
    Assignment,
    Batch,
    Example,
    Guideline,
    LabelValue,
    Member,
    Person,
    Project,
    Proposal,
    Role,
    plain,
)
from workflow import places
from workflow.guidelines import rules, versions
from workflow.guidelines.acknowledgement import checking, required
from workflow.guidelines.labels import label_changes
from workflow.guidelines.text import diffing
from workflow.views.batch import shown_fields

HELD, LATER, FREE = "held", "later", ""
WAITING, READ, SUPERSEDED = "waiting", "read", "later"


def version_view(session: Session, guideline_id: int) -> dict[str, Any] | None:
    """What a version changed and why; None where there is no such version.

    ``changes`` are as ``diffing`` has them. Where no proposal led to it, as in a project's first version, nobody says why.
    """
    head = session.execute(
        select(
            Guideline,
            col(Project.name),
            col(Project.time_zone),
            col(Project.fields),
            Proposal,
            col(Person.name).label("by"),
        )
        .select_from(Guideline)
        .join(Project, col(Project.id) == col(Guideline.project_id))
        .outerjoin(Proposal, col(Proposal.guideline_id) == col(Guideline.id))
        .outerjoin(Person, col(Person.id) == col(Guideline.by_id))
        .where(col(Guideline.id) == guideline_id)
    ).first()
    if head is None:
        return None
    version, proposal = head.Guideline, head.Proposal
    words, changes = _compared(_before(session, version), version.markdown)
    return {
        "guideline_id": guideline_id,
        "project_id": version.project_id,
        "project": head.name,
        "zone": head.time_zone,
        "number": f"{version.major}.{version.minor}",
        "markdown": version.markdown,
        "at": version.at,
        "held_from": version.held_from,
        "by": head.by or "",
        "kind": proposal.kind.value if proposal else "",
        "summary": proposal.summary if proposal else "",
        "why": proposal.why if proposal else "",
        "labels": _in_words(proposal.label_changes) if proposal else [],
        "changed": words,
        "changes": changes,
        "examples": _examples(session, proposal.id, head.fields) if proposal else [],
        "asks_examples": rules.of_project(session, version.project_id).check > 0,
    }


def acknowledgement_view(session: Session, acknowledgement_id: int, now: datetime) -> dict[str, Any] | None:
    """What somebody who is asked to read a version has to do; None where nobody is asked any more, as when they have left.

    ``hold``: whether they are held back until then: now, ``held_from`` on, or never. ``check``: examples to be answered.
    ``skipped``: the versions before it that they have not read either, ``since`` the one before all of these.
    """
    row = session.execute(
        select(
            Acknowledgement,
            required.to_read(col(Acknowledgement.project_id)).label("to_read"),
            required.held_since(col(Acknowledgement.project_id), col(Acknowledgement.person_id)).label("held_since"),
            required.is_reader(col(Acknowledgement.project_id), plain(Person).c).label("reads"),
            _annotates(),
            _is_paused(),
        )
        .join(Person, col(Person.id) == col(Acknowledgement.person_id))
        .where(col(Acknowledgement.id) == acknowledgement_id)
    ).first()
    if row is None or not (row.reads or row.Acknowledgement.acknowledged_at):
        return None
    asked: Acknowledgement = row.Acknowledgement
    view = version_view(session, asked.guideline_id)
    if view is None:
        return None
    later = row.to_read not in (None, asked.guideline_id)
    state = READ if asked.acknowledged_at else SUPERSEDED if later else WAITING
    skipped = _skipped(session, asked) if state == WAITING else []
    return {
        **view,
        "id": acknowledgement_id,
        "version": asked.version,
        "state": state,
        "acknowledged_at": asked.acknowledged_at,
        "later": versions.called(session, row.to_read) if later else "",
        "hold": _hold(row.held_since, now) if state == WAITING and row.annotates else FREE,
        "held_since": row.held_since,
        "paused": row.paused and state == WAITING,
        "check": len(checking.questions(session, acknowledgement_id)) if state == WAITING else 0,
        "wrong": asked.wrong,
        "asked_at": asked.asked_at,
        "reminders": asked.reminders,
        "annotates": row.annotates,
        "skipped": skipped,
        "since": _version_before(session, asked.project_id, skipped[0]["id"]) if skipped else None,
    }


def acknowledgement_version(session: Session, acknowledgement_id: int) -> int | None:
    """The version of the card that asks somebody to read."""
    found = session.execute(
        select(col(Acknowledgement.version)).where(col(Acknowledgement.id) == acknowledgement_id)
    ).scalar()
    return int(found) if found is not None else None


def hold_acknowledgement(session: Session, acknowledgement_id: int) -> None:
    """Wait for whoever is changing it, and let nobody change it until the session ends."""
    row = select(col(Acknowledgement.id)).where(col(Acknowledgement.id) == acknowledgement_id)
    session.execute(row.with_for_update(read=True))


def to_read(session: Session, project_id: int, person_id: int, now: datetime) -> dict[str, Any] | None:
    """The version that somebody has to read and has not; None where there is nothing to read.

    ``id`` is that of their acknowledgement, 0 while the clock has not asked them yet.
    """
    wanted = required.to_read(project_id)
    row = session.execute(
        select(
            col(Guideline.id),
            col(Guideline.major),
            col(Guideline.minor),
            col(Acknowledgement.id).label("asked"),
            required.held_since(project_id, person_id).label("held_since"),
        )
        .outerjoin(
            Acknowledgement,
            (col(Acknowledgement.guideline_id) == col(Guideline.id)) & (col(Acknowledgement.person_id) == person_id),
        )
        .where(col(Guideline.id) == wanted, col(Acknowledgement.acknowledged_at).is_(None))
    ).first()
    if row is None or row.held_since is None:
        return None
    return {
        "id": row.asked or 0,
        "guideline_id": row.id,
        "number": f"{row.major}.{row.minor}",
        "hold": _hold(row.held_since, now),
        "held_since": row.held_since,
    }


def _skipped(session: Session, asked: Acknowledgement) -> list[dict[str, Any]]:
    """What came before the version that somebody is asked to read, and was not read by them either; the oldest first."""
    last_read = required.last_read(asked.project_id, asked.person_id)
    rows = session.execute(
        select(col(Guideline.id), col(Guideline.major), col(Guideline.minor), col(Proposal.kind), col(Proposal.summary))
        .outerjoin(Proposal, col(Proposal.guideline_id) == col(Guideline.id))
        .where(
            col(Guideline.project_id) == asked.project_id,
            col(Guideline.held_from).is_not(None),
            col(Guideline.id) > func.coalesce(last_read, 0),
            col(Guideline.id) < asked.guideline_id,
        )
        .order_by(col(Guideline.id))
    )
    return [
        {
            "id": row.id,
            "number": f"{row.major}.{row.minor}",
            "rules": row.minor == 0,
            "kind": row.kind.value if row.kind else "",
            "summary": row.summary or "",
        }
        for row in rows
    ]


def _version_before(session: Session, project_id: int, guideline_id: int) -> dict[str, Any] | None:
    row = session.execute(
        select(col(Guideline.id), col(Guideline.major), col(Guideline.minor))
        .where(col(Guideline.project_id) == project_id, col(Guideline.id) < guideline_id)
        .order_by(col(Guideline.id).desc())
        .limit(1)
    ).first()
    return {"id": row.id, "number": f"{row.major}.{row.minor}"} if row else None


def _hold(since: datetime | None, now: datetime) -> str:
    return FREE if since is None else HELD if since <= now else LATER


def _annotates() -> Any:
    return (
        exists()
        .where(
            col(Member.project_id) == col(Acknowledgement.project_id),
            col(Member.person_id) == col(Acknowledgement.person_id),
            col(Member.role) == Role.ANNOTATOR,
        )
        .label("annotates")
    )


def _is_paused() -> Any:
    """SQL: whether something in hand waits; what a batch that is done was paused for says nothing any more."""
    in_hand = (col(Assignment.project_id) == col(Acknowledgement.project_id), places.HELD)
    mine = col(Assignment.person_id) == col(Acknowledgement.person_id)
    read = required.last_read(col(Acknowledgement.project_id), col(Acknowledgement.person_id))
    return (
        exists()
        .where(
            *in_hand, mine, col(Batch.id) == col(Assignment.batch_id), col(Batch.paused_for) > func.coalesce(read, 0)
        )
        .label("paused")
    )


def _before(session: Session, version: Guideline) -> str:
    """The text of the version before; empty before the first."""
    before = (
        select(col(Guideline.markdown))
        .where(col(Guideline.project_id) == version.project_id, col(Guideline.id) < version.id)
        .order_by(col(Guideline.id).desc())
        .limit(1)
    )
    return session.execute(before).scalar() or ""


# Five hundred people get the same card at once.
@lru_cache(maxsize=8)
def _compared(before: str, after: str) -> tuple[str, tuple[dict[str, Any], ...]]:
    found = diffing.compare(before, after)
    return (diffing.in_words(found), tuple(found.as_values())) if found.changes else ("", ())


def _in_words(lines: list[str]) -> list[str]:
    return label_changes.in_words(label_changes.parse(lines)) if lines else []


def _examples(session: Session, proposal_id: int, names: list[str]) -> list[dict[str, Any]]:
    rows = session.execute(
        select(col(Example.fields), col(Example.explanation), col(LabelValue.title))
        .join(LabelValue, col(LabelValue.id) == col(Example.value_id))
        .where(col(Example.proposal_id) == proposal_id)
        .order_by(col(Example.position), col(Example.id))
    )
    return [
        {"fields": shown_fields(row.fields, names), "title": row.title, "explanation": row.explanation} for row in rows
    ]
