"""What people confuse: their own labels beside the final values of items that were decided in a period.

An item counts in the period in which it was decided or, where a reviewer looked at it, in which they let it stand. The label
that is compared is the one from before a ruling, since people may follow a ruling afterwards.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, select, union
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    BackTo,
    Item,
    ItemState,
    LabelValue,
    Place,
    Review,
    ReviewState,
    Ruling,
    plain,
)
from workflow.cases.dispute_outcomes import value_now


@dataclass(frozen=True)
class Confusion:
    """Somebody said ``mine`` where ``final`` was decided, on so many items; ``sections`` of the guideline name it most."""

    mine: str
    final: str
    items: int
    sections: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Summary:
    """Of ``items`` decided ones that somebody labelled, ``same`` ended as they said; the rest, the most frequent first."""

    items: int
    same: int
    confusions: tuple[Confusion, ...]


def of_project(session: Session, project_id: int, since: datetime, until: datetime) -> dict[int, Summary]:
    """For everybody of a project who labelled an item that was decided from ``since`` up to ``until`` (exclusive)."""
    return _summaries(session, project_id, since, until, None)


def of_person(session: Session, project_id: int, person_id: int, since: datetime, until: datetime) -> Summary:
    """The same for one person."""
    return _summaries(session, project_id, since, until, person_id).get(person_id, Summary(0, 0, ()))


def _summaries(
    session: Session, project_id: int, since: datetime, until: datetime, person_id: int | None
) -> dict[int, Summary]:
    values = _values(session, project_id)
    pairs: defaultdict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for row in session.execute(_counted(project_id, since, until, person_id)):
        pairs[row.person_id][values[row.mine].id, values[row.final].id] += row.items
    sections: defaultdict[tuple[int, int, int], Counter[str]] = defaultdict(Counter)
    for row in session.execute(_cited(project_id, since, until, person_id)):
        sections[row.person_id, values[row.mine].id, values[row.final].id][row.section] += row.items
    titles = {value.id: value.title for value in values.values()}
    return {
        person: _summary(found, titles, {pair: sections[person, *pair] for pair in found})
        for person, found in sorted(pairs.items())
    }


def _summary(
    pairs: Counter[tuple[int, int]], titles: Mapping[int, str], sections: Mapping[tuple[int, int], Counter[str]]
) -> Summary:
    same = sum(items for (mine, final), items in pairs.items() if mine == final)
    confusions = [
        Confusion(titles[mine], titles[final], items, tuple(_ordered(sections[mine, final])))
        for (mine, final), items in pairs.items()
        if mine != final
    ]
    confusions.sort(key=lambda one: (-one.items, one.mine, one.final))
    return Summary(sum(pairs.values()), same, tuple(confusions))


def _ordered(sections: Counter[str]) -> list[tuple[str, int]]:
    return sorted(sections.items(), key=lambda one: (-one[1], one[0]))


@dataclass(frozen=True)
class _Value:
    """What a label is by now: one that went into another is that other."""

    id: int
    title: str


def _values(session: Session, project_id: int) -> dict[int, _Value]:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.title)).where(col(LabelValue.project_id) == project_id)
    ).all()
    titles = {row.id: row.title for row in rows}
    now = {value_id: value_now(session, value_id) or value_id for value_id in titles}
    return {value_id: _Value(goal, titles[goal]) for value_id, goal in now.items()}


def _finished(project_id: int, since: datetime, until: datetime) -> Any:
    """SQL: the items that were finished in a period."""
    decided = and_(col(Item.project_id) == project_id, col(Item.decided_at) >= since, col(Item.decided_at) < until)
    looked_at = or_(
        col(Review.state) == ReviewState.ACCEPTED,
        and_(col(Review.state) == ReviewState.SENT_BACK, col(Review.back_mode) == BackTo.NOTED),
    )
    # Written out and not bound, so that SQLite uses the small index of accepted items.
    accepted = select(col(Item.id)).where(decided, col(Item.state) == literal_column("'accepted'"))
    ruled = select(col(Item.id)).where(decided, col(Item.state) == ItemState.RULED)
    reviewed = (
        select(col(Item.id))
        .join(Review, col(Review.item_id) == col(Item.id))
        .where(
            col(Review.project_id) == project_id,
            looked_at,
            col(Review.settled_at) >= since,
            col(Review.settled_at) < until,
            col(Item.state) == ItemState.ACCEPTED,
        )
    )
    return union(accepted, ruled, reviewed).cte("finished")


def _counted(project_id: int, since: datetime, until: datetime, person_id: int | None) -> Any:
    finished = _finished(project_id, since, until)
    mine, final = func.coalesce(col(Assignment.counted_id), col(Assignment.value_id)), col(Item.final_value_id)
    statement: Any = (
        select(col(Assignment.person_id), mine.label("mine"), final.label("final"), func.count().label("items"))
        .select_from(finished)
        .join(Item, col(Item.id) == finished.c.id)
        .join(Assignment, col(Assignment.item_id) == finished.c.id)
        .where(col(Assignment.state) == Place.LABELLED, final.is_not(None), mine.is_not(None))
        .group_by(col(Assignment.person_id), mine, final)
    )
    return statement if person_id is None else statement.where(col(Assignment.person_id) == person_id)


def _cited(project_id: int, since: datetime, until: datetime, person_id: int | None) -> Any:
    """The sections that the rulings in force rest on, where somebody had said otherwise."""
    later = plain(Ruling).alias("later")
    last = select(func.max(later.c.id)).where(later.c.item_id == col(Item.id)).correlate(Item).scalar_subquery()
    section = col(Ruling.section)
    mine = func.coalesce(col(Assignment.counted_id), col(Assignment.value_id))
    return (
        _counted(project_id, since, until, person_id)
        .join(Ruling, col(Ruling.id) == last)
        .add_columns(section.label("section"))
        .where(col(Item.state) == ItemState.RULED, section != "", mine != col(Item.final_value_id))
        .group_by(section)
    )
