"""A lead hands out batches: to named people, or to everybody who has nothing open."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Lane, Origin, Person, Role
from workflow import assignment, people
from workflow.assignment import Given
from workflow.guidelines.acknowledgement import acknowledging
from workflow.nothing import Why

MOST = 100
LISTED = 20


@dataclass
class HandedOut:
    """Who got how many items; who got none because nothing was there for them, or has to read the guideline first."""

    given: dict[str, int] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def hand_out(
    session: Session,
    project_id: int,
    slack_id: str,
    to: Sequence[str],
    size: int | None,
    now: datetime,
    *,
    asked: str = "",
) -> HandedOut:
    """Give a batch of ``size`` items (without one: the project's size) to each of ``to``, else to everybody who is free.

    ``to`` names people as ``@name``, by e-mail or by Slack id. Refused where somebody named does not annotate here: then
    nobody gets anything. ``asked`` tells the asking click from all others, so that it gives nothing when it comes again.
    """
    by = people.require(session, project_id, slack_id, Role.LEAD)
    named = [people.find(session, project_id, user) for user in dict.fromkeys(to)]
    held = acknowledging.held_people(session, project_id, now)
    wanted = named if to else assignment.free_people(session, project_id)
    # Who gets nothing takes nobody else's turn.
    able = [person_id for person_id in wanted if person_id not in held]
    names = _names(session, wanted)
    told = HandedOut(unread=[names[person_id] for person_id in wanted if person_id in held])
    for person_id in able if to else able[:MOST]:
        given = assignment.next_batch(
            session,
            project_id,
            person_id,
            now,
            size=size,
            origin=Origin.PUSHED,
            by=by,
            resume=False,
            lane=Lane.BULK,
            asked=asked,
        )
        if isinstance(given, Given):
            told.given[names[person_id]] = given.size
        elif given.why is Why.GUIDELINE:
            told.unread.append(names[person_id])
        else:
            told.without.append(names[person_id])
    return told


def in_words(told: HandedOut) -> str:
    """What became of it, for the lead."""
    lines = [f"{name}: {size} items" if size != 1 else f"{name}: 1 item" for name, size in told.given.items()]
    if told.without:
        lines.append("Nothing is open for " + ", ".join(told.without) + ".")
    if told.unread:
        lines.append(f"No batch before they have read the new guideline: {_listed(told.unread)}.")
    return "\n".join(lines) or "Nobody is free: every annotator has a batch open, or there is none."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _names(session: Session, person_ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(col(Person.id), col(Person.name)).where(col(Person.id).in_(person_ids)))
    return {row.id: row.name for row in rows}
