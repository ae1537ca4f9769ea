"""Places on items: locking them, giving them back, and knowing whether anybody is left to take one.

Locks are taken in one order everywhere, queues before items before assignments, so that nobody waits in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, func, literal_column, select, true, update
from sqlmodel import Session, col

from storage.tables import Assignment, Item, ItemState, Member, Person, Place, Queue, Role, plain

HOLDING = (Place.PLANNED, Place.OPEN)
# To be added to any condition on these states. It is written out and not bound, since SQLite uses the small index of
# places in hand only where it can read so; without it, asking reads all that a person ever did.
HELD = col(Assignment.state).in_([literal_column("'planned'"), literal_column("'open'")])
TAKEN = (Place.PLANNED, Place.OPEN, Place.LABELLED, Place.FLAGGED)


@dataclass(frozen=True)
class Locked:
    """An item under lock."""

    id: int
    project_id: int
    queue_id: int
    state: ItemState
    open_places: int
    overlap: int


def in_order() -> tuple[Any, Any]:
    """SQL: the order in which queues are locked, which is the one in which they are emptied."""
    return col(Queue.priority).desc(), col(Queue.id)


def lock_items(session: Session, item_ids: Iterable[int]) -> list[Locked]:
    """Lock items, and the queues that they wait in, until the transaction ends; what is not there is left out.

    Rows elsewhere may be written meanwhile that refer to the locked ones, here and everywhere: a lock against that as
    well would close circles, since every label, place and message refers to a project, an item and a person.
    """
    wanted = sorted(set(item_ids))
    queue_ids = select(col(Item.queue_id)).where(col(Item.id).in_(wanted))
    session.execute(
        select(col(Queue.id)).where(col(Queue.id).in_(queue_ids)).order_by(*in_order()).with_for_update(key_share=True)
    )
    rows = session.execute(
        select(
            col(Item.id),
            col(Item.project_id),
            col(Item.queue_id),
            col(Item.state),
            col(Item.open_places),
            col(Item.overlap),
        )
        .where(col(Item.id).in_(wanted), col(Item.queue_id).is_not(None))
        .order_by(col(Item.id))
        .with_for_update(key_share=True)
    )
    return [Locked(*row) for row in rows]


def give_back(session: Session, items: Sequence[Locked]) -> set[int]:
    """Open every place that locked items lack, under fresh numbers, so that nobody's cursor has passed them.

    The ids of the items that have an open place now. One whose overlap was lowered may lack none.
    """
    lacking = _lacking(session, [item.id for item in items])
    by_queue: defaultdict[int, set[int]] = defaultdict(set)
    for item in items:
        if lacking[item.id] > 0:
            by_queue[item.queue_id].add(item.id)
    changes: list[dict[str, Any]] = []
    for queue_id, ids in sorted(by_queue.items()):
        first = advance(session, queue_id, len(ids))
        changes += [
            {"item": item_id, "number": first + n, "lacking": lacking[item_id]} for n, item_id in enumerate(sorted(ids))
        ]
    if changes:
        # Through the connection: the Session would take a list of rows for a bulk update of entities.
        session.connection().execute(
            update(Item)
            .where(col(Item.id) == bindparam("item"))
            .values(open_places=bindparam("lacking"), seq=bindparam("number")),
            changes,
        )
    return {change["item"] for change in changes}


def _lacking(session: Session, item_ids: list[int]) -> dict[int, int]:
    """How many places each item needs besides those that are taken; less than none where its overlap was lowered."""
    taken = (
        select(func.count())
        .where(col(Assignment.item_id) == col(Item.id), col(Assignment.state).in_(TAKEN))
        .scalar_subquery()
    )
    rows = session.execute(select(col(Item.id), col(Item.overlap) - taken).where(col(Item.id).in_(item_ids)))
    return {row[0]: row[1] for row in rows}


def advance(session: Session, queue_id: int, count: int) -> int:
    """Take ``count`` numbers of a queue; the first of them."""
    after: int = session.execute(
        update(Queue)
        .where(col(Queue.id) == queue_id)
        .values(next_seq=col(Queue.next_seq) + count)
        .returning(col(Queue.next_seq))
    ).scalar_one()
    return after - count


def somebody_may_take(item_id: Any, project_id: Any, *, but: Any = None) -> ColumnElement[bool]:
    """SQL: whether an active annotator of the project, other than ``but``, may still take a place on the item."""
    taken, member, person = (
        plain(Assignment).alias("taken"),
        plain(Member).alias("annotator"),
        plain(Person).alias("candidate"),
    )
    has_place = (
        select(taken.c.id)
        .where(taken.c.person_id == person.c.id, taken.c.item_id == item_id, taken.c.state != Place.RETURNED)
        .correlate_except(taken)
        .exists()
    )
    return (
        select(person.c.id)
        .where(
            member.c.project_id == project_id,
            member.c.role == Role.ANNOTATOR,
            person.c.id == member.c.person_id,
            person.c.active,
            person.c.id != but if but is not None else true(),
            ~has_place,
        )
        .correlate_except(person, member)
        .exists()
    )


def has_role(project_id: Any, person_id: Any, role: Role) -> ColumnElement[bool]:
    """SQL: whether a person has a role in a project."""
    member = plain(Member).c
    return exists().where(member.project_id == project_id, member.person_id == person_id, member.role == role)


def lock_item_of(session: Session, assignment_id: int) -> list[Locked]:
    """Lock the item of a place, its queue first."""
    item_id = session.execute(select(col(Assignment.item_id)).where(col(Assignment.id) == assignment_id)).scalar()
    return lock_items(session, [item_id] if item_id is not None else [])
