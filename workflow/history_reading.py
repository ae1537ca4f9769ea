"""Everything that happened in a project, in the order of time: what the history holds, the labels, and the flags.

They stand in three tables. Each gives the times and ids of its rows in order, the three are merged as they are read, and
what an event says is looked up for a few hundred at a time: a million labels take no more memory than a thousand.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select
from sqlmodel import Session, col

from storage.tables import Escalation, Flag, History, Item, Label
from workflow.history_events import CASE, Event, Names, Source, imported, load

AT_ONCE = 500
LABEL_ACTIONS = ("label.given", "label.changed")
FLAG_ACTION = "item.flagged"

Place = tuple[datetime, Source, int]


@dataclass(frozen=True)
class Wanted:
    """Which events: of one item, of one person (what they did, and what was done to them), of a time, of one kind.

    ``since`` is inclusive, ``until`` exclusive. ``action`` is a whole action (``item.ruled``) or what it begins with
    (``item``).
    """

    item_id: int | None = None
    person_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    action: str | None = None

    def takes(self, action: str) -> bool:
        """Whether this kind of event is wanted."""
        return self.action is None or action == self.action or action.startswith(f"{self.action}.")

    def fits(self, event: Event) -> bool:
        """Whether this very event is wanted."""
        return (
            self.takes(event.action)
            and (self.item_id is None or self.item_id in event.item_ids)
            and (self.person_id is None or self.person_id in event.person_ids)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
        )


def events(session: Session, project_id: int, wanted: Wanted) -> Iterator[Event]:
    """The events of a project, oldest first, read as they are asked for. The session is open all the while."""
    names = Names(session, project_id)
    if wanted.item_id is not None and wanted.fits(first := imported(session, wanted.item_id)):
        yield first
    streams = [
        _places(session, source, table, [*_times(table, wanted), *where])
        for source, table, where in _sources(project_id, wanted)
    ]
    for page in _pages(heapq.merge(*streams)):
        yield from filter(wanted.fits, load(session, names, page))


def item_called(session: Session, project_id: int, key: str) -> int | None:
    """The item of that id, as the file had it; None where there is none."""
    found = select(col(Item.id)).where(col(Item.project_id) == project_id, col(Item.key) == key)
    item_id: int | None = session.execute(found).scalar()
    return item_id


def _pages(places: Iterable[Place]) -> Iterator[list[Place]]:
    rest = iter(places)
    while page := list(islice(rest, AT_ONCE)):
        yield page


def _places(
    session: Session, source: Source, table: type[Any], where: Iterable[ColumnElement[bool]]
) -> Iterator[Place]:
    # Times and ids only: that is what the database sorts, where it has no index by time.
    rows = session.execute(
        select(table.at, table.id).where(*where).order_by(table.at, table.id).execution_options(yield_per=AT_ONCE)
    )
    return ((row.at, source, row.id) for row in rows)


def _times(table: type[Any], wanted: Wanted) -> list[ColumnElement[bool]]:
    since = [table.at >= wanted.since] if wanted.since else []
    return since + ([table.at < wanted.until] if wanted.until else [])


def _sources(project_id: int, wanted: Wanted) -> Iterator[tuple[Source, type[Any], list[ColumnElement[bool]]]]:
    """The tables to read, and which of their rows may be wanted."""
    tables: list[tuple[Source, Any, tuple[str, ...]]]
    tables = [(Source.LABEL, Label, LABEL_ACTIONS), (Source.FLAG, Flag, (FLAG_ACTION,))]
    for source, table, actions in tables:
        if any(map(wanted.takes, actions)):
            item = [table.item_id == wanted.item_id] if wanted.item_id is not None else []
            person = [table.person_id == wanted.person_id] if wanted.person_id is not None else []
            yield source, table, [table.project_id == project_id, *item, *person]
    yield Source.HISTORY, History, _noted(project_id, wanted)


def _noted(project_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Rows of the history. What is said in their documents is only narrowed down here, and looked at when it is read."""
    found = [or_(col(History.project_id) == project_id, _of_members(project_id))]
    if wanted.action is not None:
        begins = col(History.action).startswith(f"{wanted.action}.", autoescape=True)
        found.append(or_(col(History.action) == wanted.action, begins))
    if wanted.item_id is not None:
        itself = and_(col(History.subject) == "item", col(History.subject_id) == wanted.item_id)
        mine = select(col(Escalation.id)).where(col(Escalation.item_id) == wanted.item_id)
        its_cases = and_(col(History.subject) == CASE, col(History.subject_id).in_(mine))
        found.append(or_(itself, its_cases, _written(wanted.item_id)))
    if wanted.person_id is not None:
        themselves = and_(col(History.subject) == "person", col(History.subject_id) == wanted.person_id)
        found.append(or_(themselves, col(History.actor_id) == wanted.person_id, _written(wanted.person_id)))
    return found


def _of_members(project_id: int) -> ColumnElement[bool]:
    """SQL: what happened to people of the project in the whole workspace; that somebody was forgotten, too."""
    mine = select(col(History.subject_id)).where(
        col(History.project_id) == project_id, col(History.subject) == "person"
    )
    return and_(
        col(History.project_id).is_(None),
        col(History.subject) == "person",
        or_(col(History.subject_id).in_(mine), col(History.subject_id) == 0),
    )


def _written(number: int) -> ColumnElement[bool]:
    """SQL: whether a number may stand in what the row says."""
    return or_(*(cast(one, Text).contains(str(number)) for one in (col(History.before), col(History.after))))
