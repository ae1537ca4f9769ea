"""What a proposed version would touch: how many items, whose labels, and how far people agree on those labels so far."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select, true
from sqlmodel import Session, col

from storage.tables import Assignment, Guideline, Item, ItemState, LabelValue, Pattern, Person, Place, Project, plain
from workflow.agreement import parse_pattern, value_agreement
from workflow.agreement_words import in_words
from workflow.alpha import Undefined
from workflow.counts import DONE
from workflow.guidelines.decisions import touched
from workflow.guidelines.decisions.touched import Touch


def count(session: Session, proposal_id: int, now: datetime) -> dict[str, Any]:
    """The impact of a proposal as plain JSON. It only reads, so it is to be given a reading session.

    ``finished``, ``open`` and ``escalated`` are numbers of items that carry a touched label, ``person_ids`` who gave it.
    ``labels`` has alpha of each touched label against the rest, under the present major version: ``value``, ``title``,
    ``items`` (with two labels or more), ``alpha``, ``low`` and ``high`` (95 %, None where there are too few) and ``words``.
    ``value_ids`` are the touched labels as they are in the schema now, None for all; ``at`` is when it was counted.
    """
    touch = touched.by_proposal(session, proposal_id)
    by_state = items_by_state(session, touch)
    return {
        "finished": sum(by_state[state] for state in (*DONE, ItemState.IN_REVIEW)),
        "open": by_state[ItemState.OPEN],
        "escalated": by_state[ItemState.ESCALATED],
        "person_ids": people(session, touch),
        "labels": agreement(session, touch),
        "value_ids": None if touch.value_ids is None else sorted(touch.value_ids),
        "at": now.isoformat(),
    }


def names(session: Session, impact: dict[str, Any], most: int = 10) -> tuple[list[str], int]:
    """Who is concerned by a kept impact: the first names, and how many more. Names are read now, as people may go."""
    ids = impact["person_ids"]
    mine = select(col(Person.name)).where(col(Person.id).in_(ids)).order_by(col(Person.name), col(Person.id))
    return list(session.execute(mine.limit(most)).scalars()), max(0, len(ids) - most)


def items_by_state(session: Session, touch: Touch) -> Counter[ItemState]:
    """How many touched items are in each state.

    Two grouped statements, since PostgreSQL joins a condition that stands alone and asks it row by row within an *or*.
    """
    item = plain(Item).c
    found: Counter[ItemState] = Counter()
    for touching in (touched.going_on(touch), touched.ruled(touch)):
        mine = select(item.state, func.count()).where(item.project_id == touch.project_id, touching)
        found.update({row[0]: row[1] for row in session.execute(mine.group_by(item.state))})
    return found


def people(session: Session, touch: Touch) -> list[int]:
    """Who has a touched label in force; for each it is looked for until one is found."""
    place, item = plain(Assignment).c, plain(Item).c
    ids = sorted(touch.value_ids or ())
    theirs = [
        place.person_id == col(Person.id),
        place.project_id == touch.project_id,
        place.state == Place.LABELLED,
        true() if touch.value_ids is None else or_(place.value_id.in_(ids), place.counted_id.in_(ids)),
        touched.given_before(touch),
    ]
    if touch.segments:
        theirs.append(exists().where(item.id == place.item_id, item.segment.in_(touch.segments)))
    found = session.execute(select(col(Person.id)).where(exists().where(*theirs)).order_by(col(Person.id)))
    return list(found.scalars())


def agreement(session: Session, touch: Touch) -> list[dict[str, Any]]:
    """Alpha of each touched label against the rest, from patterns of the present major version; in the schema's order."""
    schema = session.execute(
        select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title), col(LabelValue.retired_at))
        .where(col(LabelValue.project_id) == touch.project_id)
        .order_by(col(LabelValue.position), col(LabelValue.id))
    ).all()
    shown = {row.id: row for row in schema if _is_shown(row, touch)}
    found = value_agreement(_patterns(session, touch), [row.id for row in schema])
    return [
        {
            "value": shown[one.value].value,
            "title": shown[one.value].title,
            "items": one.alpha.units,
            "alpha": one.alpha.value,
            "low": one.interval.low,
            "high": one.interval.high,
            "words": _in_words(one, shown[one.value].title),
        }
        for one in found
        if one.value in shown
    ]


def _is_shown(row: Any, touch: Touch) -> bool:
    return row.retired_at is None if touch.value_ids is None else row.id in touch.value_ids


def _in_words(one: Any, title: str) -> str:
    if one.alpha.undefined is Undefined.ONE_VALUE and one.alpha.only_value != one.value:
        return "nobody gave it: no figure"
    return in_words(one.alpha, one.interval, {one.value: title})


def _patterns(session: Session, touch: Touch) -> Counter[Any]:
    major = (
        select(col(Guideline.major))
        .join(Project, col(Project.guideline_id) == col(Guideline.id))
        .where(col(Project.id) == touch.project_id)
        .scalar_subquery()
    )
    mine = [col(Pattern.project_id) == touch.project_id, col(Pattern.major) == major]
    if touch.segments:
        mine.append(col(Pattern.segment).in_(touch.segments))
    rows = session.execute(select(col(Pattern.pattern), func.count()).where(*mine).group_by(col(Pattern.pattern)))
    return Counter({parse_pattern(row[0]): row[1] for row in rows})
