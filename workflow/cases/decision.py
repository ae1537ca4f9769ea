"""A decision on a case as it is kept: the value and why, the reason code, the section it rests on, the precedent left."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select
from sqlmodel import Session, col

from storage.tables import Escalation, LabelValue, Project, Ruling
from workflow.cases import reasons
from workflow.errors import RefusedError
from workflow.guidelines.labels import former_labels

SECTION_LIMIT = 300
DEPARTURE_LIMIT = 3000


@dataclass(frozen=True)
class Details:
    """What belongs to a decision besides its value and its rationale.

    ``reason_code`` is one of ``reasons.ReasonCode``, or empty; ``section`` the title of the guideline's section that it
    rests on. Where it decides otherwise than the ruling ``precedent_id`` on a like item, ``departure`` says why.
    """

    reason_code: str = ""
    section: str = ""
    precedent_id: int | None = None
    departure: str = ""


NONE = Details()


@dataclass(frozen=True)
class About:
    """What a decision is about: the case, its item and project."""

    case_id: int
    item_id: int
    project_id: int


def checked(session: Session, project_id: int, details: Details) -> Details:
    """The details as they are kept. Raises RefusedError for a reason or a precedent that is not there."""
    if details.reason_code and reasons.known(details.reason_code) is None:
        raise RefusedError("That reason is none of the list any more. Choose another one.")
    if details.precedent_id is not None and not _is_of(session, project_id, details.precedent_id):
        raise RefusedError("The earlier ruling that this one refers to is not one of this project.")
    return replace(
        details,
        section=" ".join(details.section.split())[:SECTION_LIMIT],
        departure="" if is_blank(details.departure) else details.departure.strip()[:DEPARTURE_LIMIT],
    )


def is_blank(text: str) -> bool:
    """Whether there is nothing to read in a text: spaces, controls and what else leaves no mark."""
    return all(character.isspace() or unicodedata.category(character) in ("Cc", "Cf") for character in text)


def check_value(session: Session, project_id: int, value_id: int) -> None:
    """Raise RefusedError for a value that is none of the project's labels (any more)."""
    known = select(col(LabelValue.id)).where(
        col(LabelValue.id) == value_id, col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None)
    )
    if session.execute(known).first() is None:
        raise RefusedError(former_labels.why_unknown(session, project_id, value_id))


def keep(
    session: Session,
    about: About,
    person_id: int,
    value_id: int | None,
    rationale: str,
    details: Details,
    now: datetime,
) -> int:
    """Write a decision down, under the version of the guideline that is in force; the ruling's id.

    ``details`` are as ``checked`` gives them.
    """
    guideline = select(col(Project.guideline_id)).where(col(Project.id) == about.project_id).scalar_subquery()
    ruling_id: int = session.execute(
        insert(Ruling)
        .values(
            escalation_id=about.case_id,
            item_id=about.item_id,
            person_id=person_id,
            value_id=value_id,
            rationale=rationale,
            reason_code=details.reason_code,
            section=details.section,
            precedent_id=details.precedent_id,
            departure=details.departure,
            guideline_id=guideline,
            at=now,
        )
        .returning(col(Ruling.id))
    ).scalar_one()
    return ruling_id


def _is_of(session: Session, project_id: int, ruling_id: int) -> bool:
    found = select(col(Ruling.id)).join(Escalation, col(Escalation.id) == col(Ruling.escalation_id))
    return (
        session.execute(found.where(col(Ruling.id) == ruling_id, col(Escalation.project_id) == project_id)).first()
        is not None
    )
