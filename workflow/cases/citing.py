"""Which section of the guideline a decision rests on: chosen from the headings of the version in force."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Guideline, Project
from workflow.guidelines.text import sections

MOST = 100
"""So many a select offers. A guideline of more sections is cited by its first."""


@dataclass(frozen=True)
class Citable:
    """A section that can be cited; ``value`` names it in a form, whatever version is in force when that is sent."""

    value: str
    title: str


def offered(session: Session, project_id: int) -> list[Citable]:
    """The sections of the guideline in force, in their order; none where it has no headings."""
    row = session.execute(
        select(col(Guideline.id), col(Guideline.markdown))
        .join(Project, col(Project.guideline_id) == col(Guideline.id))
        .where(col(Project.id) == project_id)
    ).first()
    if row is None:
        return []
    found = [
        Citable(f"{row.id}.{number}", section.title)
        for number, section in enumerate(sections.read(row.markdown))
        if section.level and section.title.strip()
    ]
    return found[:MOST]


def title(session: Session, project_id: int, value: str) -> str:
    """The title of the section that a form names; empty for none, or for one that is not there."""
    guideline, _, number = value.partition(".")
    if not (guideline.isascii() and guideline.isdecimal() and number.isascii() and number.isdecimal()):
        return ""
    if len(guideline) > 18 or len(number) > 9:
        return ""
    text = session.execute(
        select(col(Guideline.markdown)).where(
            col(Guideline.id) == int(guideline), col(Guideline.project_id) == project_id
        )
    ).scalar()
    found = sections.read(text) if text is not None else []
    return found[int(number)].title if int(number) < len(found) else ""
