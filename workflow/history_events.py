"""One event of a project's past: read from where it is kept, with names and texts in the place of numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Escalation, Flag, History, Item, Label, LabelValue, Lot, Person, Ruling

NOBODY = "Concord"
RULED = ("item.ruled", "item.sent_back", "item.corrected")
CASE = "escalation"
_ITEM_REFERENCES = ("by_item", "near_of", "duplicate_of")


class Source(IntEnum):
    """Where events are kept; of two at one moment the label or flag comes before what it did."""

    LABEL = 0
    FLAG = 1
    HISTORY = 2


@dataclass(frozen=True)
class Event:
    """Who did what to what, when (UTC), from which value to which.

    ``who`` is Concord where nobody did it: the clock, an import, the command line. ``what`` is the item's id, the person's
    name, or the kind of thing and its number; ``item_id`` and ``person_ids`` are whom and what it is about.
    """

    at: datetime
    action: str
    who: str
    what: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    item_ids: frozenset[int] = frozenset()
    person_ids: frozenset[int] = frozenset()


class Names:
    """What numbers are called: people and label values at once, items those of a page."""

    def __init__(self, session: Session, project_id: int) -> None:
        self._session = session
        self._people = {row.id: row.name for row in session.execute(select(col(Person.id), col(Person.name)))}
        mine = select(col(LabelValue.id), col(LabelValue.value)).where(col(LabelValue.project_id) == project_id)
        self._values = {row.id: row.value for row in session.execute(mine)}
        self._items: dict[int, str] = {}

    def look_up(self, item_ids: Iterable[int]) -> None:
        """Learn the items of the next page, and forget those of the last."""
        self._items = {}
        wanted = sorted(set(item_ids))
        for start in range(0, len(wanted), 500):
            some = col(Item.id).in_(wanted[start : start + 500])
            rows = self._session.execute(select(col(Item.id), col(Item.key)).where(some))
            self._items.update({row.id: row.key for row in rows})

    def person(self, person_id: int | None) -> str:
        """Somebody by name; nobody is Concord."""
        return NOBODY if person_id is None else self._people.get(person_id, f"person {person_id}")

    def value(self, value_id: int | None) -> str | None:
        """A label."""
        return None if value_id is None else self._values.get(value_id, f"label {value_id}")

    def item(self, item_id: int) -> str:
        """An item's id as the file had it; what is not there any more by its number."""
        return self._items.get(item_id, f"(item {item_id}, taken out again)")

    def spelled(self, document: Mapping[str, Any] | None) -> dict[str, Any]:
        """A document of the history, with names in the place of ids."""
        return dict(self._pair(name, value) for name, value in (document or {}).items())

    def _pair(self, name: str, value: Any) -> tuple[str, Any]:
        pair: tuple[str, Any]
        match name, value:
            case "value_id", _:
                pair = "value", self.value(value)
            case "person_id", _:
                pair = "person", self.person(value)
            case "items", list():
                pair = name, [self.item(one) for one in value if isinstance(one, int)]
            case "places", list():
                pair = name, [{"item": self.item(one[0]), "person": self.person(one[1])} for one in value]
            case "finals", dict():
                pair = name, {self.item(int(one)): self.value(value_id) for one, value_id in value.items()}
            case "overlap", dict():
                pair = name, {self.item(int(one)): overlap for one, overlap in value.items()}
            case (("by_item" | "near_of" | "duplicate_of"), int()):
                pair = name, self.item(value)
            case _:
                pair = name, value
        return pair


def items_in(*documents: Mapping[str, Any] | None) -> Iterator[int]:
    """The items that documents of the history speak of."""
    for document in documents:
        for name, value in (document or {}).items():
            if name == "items" and isinstance(value, list):
                yield from (one for one in value if isinstance(one, int))
            elif name == "places" and isinstance(value, list):
                yield from (one[0] for one in value)
            elif name in ("overlap", "finals") and isinstance(value, dict):
                yield from map(int, value)
            elif name in _ITEM_REFERENCES and isinstance(value, int):
                yield value


def people_in(*documents: Mapping[str, Any] | None) -> Iterator[int]:
    """The people that documents of the history speak of."""
    for document in documents:
        for name, value in (document or {}).items():
            if name == "person_id" and isinstance(value, int):
                yield value
            elif name == "places" and isinstance(value, list):
                yield from (one[1] for one in value)


def load(session: Session, names: Names, page: Sequence[tuple[datetime, Source, int]]) -> list[Event]:
    """The events that stand at these places, in the same order."""
    ids = {source: [row_id for _, kind, row_id in page if kind is source] for source in Source}
    labels = _rows(session, Label, ids[Source.LABEL])
    flags = _rows(session, Flag, ids[Source.FLAG])
    notes = _rows(session, History, ids[Source.HISTORY])
    cases = _cases(session, [row.subject_id for row in notes if row.subject == CASE])
    about = {row.id: _items_of(row, cases) for row in notes}
    names.look_up([*(row.item_id for row in (*labels, *flags)), *(one for some in about.values() for one in some)])
    said = _rationales(session, [row for row in notes if row.action in RULED])
    lots = _lots(session, [row.subject_id for row in notes if row.subject == "lot"])
    made: dict[tuple[Source, int], Event] = {}
    made |= {(Source.LABEL, row.id): _label(names, row) for row in labels}
    made |= {(Source.FLAG, row.id): _flag(names, row) for row in flags}
    called = _Called(names, lots, cases)
    made |= {(Source.HISTORY, row.id): _noted(called, row, about[row.id], said) for row in notes}
    return [made[source, row_id] for _, source, row_id in page if (source, row_id) in made]


def imported(session: Session, item_id: int) -> Event:
    """How an item came into the project."""
    row = session.execute(
        select(col(Item.key), col(Lot.id), col(Lot.file_name), col(Lot.started_at), col(Lot.by_id), col(Person.name))
        .join(Lot, col(Lot.id) == col(Item.lot_id))
        .outerjoin(Person, col(Person.id) == col(Lot.by_id))
        .where(col(Item.id) == item_id)
    ).one()
    people = frozenset([row.by_id] if row.by_id is not None else [])
    after = {"file": row.file_name, "lot": row[1]}
    return Event(row.started_at, "item.imported", row.name or NOBODY, row.key, {}, after, frozenset([item_id]), people)


def _rows(session: Session, table: type[Any], ids: Sequence[int]) -> list[Any]:
    columns = table.__table__.c
    return list(session.execute(select(*columns).where(columns.id.in_(ids)))) if ids else []


def _items_of(row: Any, cases: Mapping[int, int]) -> frozenset[int]:
    mine = [row.subject_id] if row.subject == "item" else []
    if row.subject == CASE and row.subject_id in cases:
        mine = [cases[row.subject_id]]
    return frozenset([*mine, *items_in(row.before, row.after)])


def _people_of(row: Any) -> frozenset[int]:
    mine = [row.subject_id] if row.subject == "person" else []
    by = [row.actor_id] if row.actor_id is not None else []
    return frozenset([*mine, *by, *people_in(row.before, row.after)])


def _label(names: Names, row: Any) -> Event:
    changed = row.previous_value_id is not None
    before = {"value": names.value(row.previous_value_id)} if changed else {}
    after: dict[str, Any] = {"value": names.value(row.value_id)}
    if row.item_to is not row.item_from:
        before["state"], after["state"] = row.item_from.value, row.item_to.value
    if row.after_ruling:
        after["after_ruling"] = True
    return _of_item(names, row, "label.changed" if changed else "label.given", before, after)


def _flag(names: Names, row: Any) -> Event:
    note = {"note": row.note} if row.note else {}
    return _of_item(names, row, "item.flagged", {}, {"reason": row.reason, **note})


def _of_item(names: Names, row: Any, action: str, before: dict[str, Any], after: dict[str, Any]) -> Event:
    items, people = frozenset([row.item_id]), frozenset([row.person_id])
    return Event(row.at, action, names.person(row.person_id), names.item(row.item_id), before, after, items, people)


@dataclass(frozen=True)
class _Called:
    """What the things that a page is about are called: lots by their files, cases by their items."""

    names: Names
    lots: Mapping[int, str]
    cases: Mapping[int, int]

    def what(self, row: Any) -> str:
        if row.subject == "item":
            return self.names.item(row.subject_id)
        if row.subject == "person":
            return self.names.person(row.subject_id) if row.subject_id else "somebody"
        if row.subject == "lot":
            return self.lots.get(row.subject_id, f"lot {row.subject_id}")
        if row.subject == CASE and row.subject_id in self.cases:
            return self.names.item(self.cases[row.subject_id])
        return "the project" if row.subject == "project" else f"{row.subject.replace('_', ' ')} {row.subject_id}"


def _noted(called: _Called, row: Any, items: frozenset[int], said: Mapping[tuple[int, datetime], str]) -> Event:
    names = called.names
    after = names.spelled(row.after)
    if row.action in RULED and (row.subject_id, row.at) in said:
        after["rationale"] = said[row.subject_id, row.at]
    who, before = names.person(row.actor_id), names.spelled(row.before)
    return Event(row.at, row.action, who, called.what(row), before, after, items, _people_of(row))


def _lots(session: Session, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(col(Lot.id), col(Lot.file_name)).where(col(Lot.id).in_(ids)))
    return {row.id: f"{row.file_name} (lot {row.id})" for row in rows}


def _cases(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """Of cases, which item each is about."""
    rows = session.execute(select(col(Escalation.id), col(Escalation.item_id)).where(col(Escalation.id).in_(ids)))
    return {row.id: row.item_id for row in rows}


def _rationales(session: Session, notes: Sequence[Any]) -> dict[tuple[int, datetime], str]:
    """What was written to rulings, by item and moment: a ruling and its row in the history are of one transaction."""
    rows = session.execute(
        select(col(Ruling.item_id), col(Ruling.at), col(Ruling.rationale)).where(
            col(Ruling.item_id).in_({row.subject_id for row in notes})
        )
    )
    return {(row.item_id, row.at): row.rationale for row in rows}
