"""A plan: somebody has decided who gets which item. Rows that break a rule are refused, line by line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Item, ItemState, Member, Person, Place, Role
from workflow import assignment, history, places
from workflow.guidelines.acknowledgement import acknowledging

UNREAD = "{} has not read the new guideline yet, and gets nothing new before"


@dataclass(frozen=True)
class Planned:
    """One row of a plan: its physical line, the item's id, the person as ``@name``, e-mail or Slack id."""

    line: int
    item: str
    person: str


@dataclass(frozen=True)
class RefusedPlan:
    """A row that was not taken, and why."""

    line: int
    reason: str


def plan(
    session: Session, project_id: int, rows: Sequence[Planned], now: datetime, *, by: int | None = None
) -> list[RefusedPlan]:
    """Take the places that the rows name, without a lease until their card is shown; the rows that were refused.

    A row is refused where the item or the person is not known, the person does not annotate here, has to read a guideline
    first or has had the item, or the item has no place left. At most 1,000 rows a call keep clicks quick.
    """
    items = _items(session, project_id, rows)
    annotators = _annotators(session, project_id)
    held = acknowledging.held_people(session, project_id, now)
    taken = _taken(session, [item.id for item in items.values()])
    left = {item.id: item.open_places for item in items.values()}
    refused: list[RefusedPlan] = []
    seats: list[dict[str, Any]] = []
    for row in rows:
        item, person_id = items.get(row.item), annotators.get(row.person.casefold())
        reason = UNREAD.format(row.person) if person_id in held else _reason(row, item, person_id, taken, left)
        if reason is not None or item is None or person_id is None:
            refused.append(RefusedPlan(row.line, reason or "unknown"))
            continue
        left[item.id] -= 1
        taken.add((item.id, person_id))
        seats.append(
            {
                "project_id": project_id,
                "item_id": item.id,
                "person_id": person_id,
                "batch_id": None,
                "position": row.line,
                "state": Place.PLANNED,
                "given_at": now,
                "lease_until": None,
            }
        )
    _write(session, seats, now)
    if seats:
        history.note(
            session,
            now,
            "items.planned",
            "project",
            project_id,
            project_id=project_id,
            actor_id=by,
            after={"places": [[seat["item_id"], seat["person_id"]] for seat in seats]},
        )
    return refused


@dataclass(frozen=True)
class _Target:
    id: int
    state: ItemState
    open_places: int


def _items(session: Session, project_id: int, rows: Sequence[Planned]) -> dict[str, _Target]:
    keys = sorted({row.item for row in rows})
    found = session.execute(
        select(col(Item.id), col(Item.key)).where(col(Item.project_id) == project_id, col(Item.key).in_(keys))
    ).all()
    key_of = {row.id: row.key for row in found}
    return {
        key_of[item.id]: _Target(item.id, item.state, item.open_places)
        for item in places.lock_items(session, list(key_of))
    }


def _annotators(session: Session, project_id: int) -> dict[str, int]:
    """Every name by which an annotator can be called, in lower case."""
    rows = session.execute(
        select(col(Person.id), col(Person.handle), col(Person.slack_id), col(Person.name))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Member.project_id) == project_id, col(Member.role) == Role.ANNOTATOR, col(Person.active))
    ).all()
    names: dict[str, int] = {}
    for row in rows:
        for name in (row.name, f"@{row.name}", row.handle, (row.handle or "").removeprefix("@"), row.slack_id):
            if name:
                names[name.casefold()] = row.id
    return names


def _taken(session: Session, item_ids: list[int]) -> set[tuple[int, int]]:
    rows = session.execute(
        select(col(Assignment.item_id), col(Assignment.person_id)).where(
            col(Assignment.item_id).in_(item_ids), col(Assignment.state) != Place.RETURNED
        )
    )
    return {(row.item_id, row.person_id) for row in rows}


def _reason(
    row: Planned, item: _Target | None, person_id: int | None, taken: set[tuple[int, int]], left: dict[int, int]
) -> str | None:
    if item is None:
        return f"there is no item {row.item!r} in this project, or it is a duplicate of another"
    if person_id is None:
        return f"{row.person!r} is not an active annotator of this project"
    if item.state is not ItemState.OPEN:
        return f"item {row.item!r} is {item.state.value}, not open"
    if (item.id, person_id) in taken:
        return f"{row.person} has had item {row.item!r} already"
    if left[item.id] <= 0:
        return f"item {row.item!r} has no place left"
    return None


def _write(session: Session, seats: list[dict[str, Any]], now: datetime) -> None:
    counts = Counter(seat["item_id"] for seat in seats)
    by_count: dict[int, list[int]] = {}
    for item_id, count in counts.items():
        by_count.setdefault(count, []).append(item_id)
    for count, ids in by_count.items():
        session.execute(update(Item).where(col(Item.id).in_(ids)).values(open_places=col(Item.open_places) - count))
    if seats:
        assignment.seat(session, seats, now)
