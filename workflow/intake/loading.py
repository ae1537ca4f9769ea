"""Rows go into the store, a chunk in a transaction, and then open to people in an order that was drawn."""

import random
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, Lot, Project, Queue, RefusedRow
from workflow import normalise, places
from workflow.intake import lots
from workflow.intake.lots import CHUNK, Tally
from workflow.intake.screening import Candidate
from workflow.outbox import insert_or_skip
from workflow.reading.rows import Refused

LONGEST_KEPT_ROW = 2000


def load(session: Session, project_id: int, lot_id: int, rows: Sequence[Candidate | Refused], now: datetime) -> Tally:
    """Take a chunk of rows in. Items wait in state ``loading`` until the whole lot is there.

    A row whose id and text are already there is a duplicate of itself, and nothing is stored. A row whose text is there
    under another id is stored, linked to the first. An id that another text has is refused.
    """
    candidates = [row for row in rows if isinstance(row, Candidate)]
    refused = [row for row in rows if isinstance(row, Refused)]
    known = _known_keys(session, project_id, candidates)
    first = _first_with(session, project_id, candidates)
    fresh: list[Candidate] = []
    doubles: list[Candidate] = []
    same = 0
    for row in candidates:
        if row.key in known:
            if known[row.key] == row.digest:
                same += 1
            else:
                refused.append(Refused(row.line, "id", f"{row.key!r} is the id of another text already", row.raw))
            continue
        known[row.key] = row.digest
        (doubles if row.digest in first else fresh).append(row)
        first.setdefault(row.digest, 0)
    first |= _insert_items(session, project_id, lot_id, fresh)
    _insert_doubles(session, project_id, lot_id, doubles, first)
    _insert_refused(session, lot_id, sorted(refused, key=lambda row: row.line))
    tally = Tally(len(fresh), len(doubles) + same, len(refused))
    lots.count(session, lot_id, tally, now)
    return tally


def open_lot(store: Store, lot_id: int, now: Callable[[], datetime]) -> None:
    """Open a lot's items to people: shuffled as a whole by its seed, 1,000 a transaction. Can be taken up again.

    Holds eight bytes for every item of the lot.
    """
    with store.read() as session:
        seed: int = session.execute(select(col(Lot.seed)).where(col(Lot.id) == lot_id)).scalar_one()
        ids = array("q", _item_ids(session, lot_id, doubles=False))
    random.Random(seed).shuffle(ids)  # noqa: S311 - an order that can be drawn again
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        store.transact(partial(_open, lot_id=lot_id, item_ids=chunk, now=now()))
    with store.read() as session:
        ids = array("q", _item_ids(session, lot_id, doubles=True))
    for start in range(0, len(ids), CHUNK):
        chunk = list(ids[start : start + CHUNK])
        store.transact(partial(_link, lot_id=lot_id, item_ids=chunk, now=now()))
    store.transact(partial(lots.complete, lot_id=lot_id, now=now()))


def _open(session: Session, lot_id: int, item_ids: list[int], now: datetime) -> None:
    lots.seen(session, lot_id, now)
    overlap = session.execute(
        select(col(Project.overlap))
        .join(Lot, col(Lot.project_id) == col(Project.id))
        .where(col(Lot.id) == lot_id)
        # Held until commit: an overlap that is changed meanwhile finds these items afterwards, and brings them along.
        .with_for_update(read=True, of=Project)
    ).scalar_one()
    waiting: dict[int, list[int]] = {}
    queue_of = dict(
        session.execute(
            select(col(Item.id), col(Item.queue_id)).where(
                col(Item.id).in_(item_ids), col(Item.state) == ItemState.LOADING
            )
        ).all()
    )
    for item_id in item_ids:
        if (queue_id := queue_of.get(item_id)) is not None:
            waiting.setdefault(queue_id, []).append(item_id)
    changes: list[dict[str, Any]] = []
    for queue_id, ids in sorted(waiting.items()):
        number = places.advance(session, queue_id, len(ids))
        changes += [{"item": item_id, "number": number + n} for n, item_id in enumerate(ids)]
    if changes:
        session.connection().execute(
            update(Item)
            .where(col(Item.id) == bindparam("item"))
            .values(seq=bindparam("number"), overlap=overlap, open_places=overlap, state=ItemState.OPEN),
            changes,
        )


def _link(session: Session, lot_id: int, item_ids: list[int], now: datetime) -> None:
    lots.seen(session, lot_id, now)
    session.execute(update(Item).where(col(Item.id).in_(item_ids)).values(state=ItemState.DUPLICATE))


def _item_ids(session: Session, lot_id: int, *, doubles: bool) -> Iterable[int]:
    link = col(Item.duplicate_of)
    ids = select(col(Item.id)).where(col(Item.lot_id) == lot_id, link.is_not(None) if doubles else link.is_(None))
    return session.execute(ids.order_by(col(Item.id)).execution_options(yield_per=10 * CHUNK)).scalars()


def _known_keys(session: Session, project_id: int, rows: list[Candidate]) -> dict[str, str]:
    found = session.execute(
        select(col(Item.key), col(Item.digest)).where(
            col(Item.project_id) == project_id, col(Item.key).in_({row.key for row in rows})
        )
    )
    return dict(found.all())


def _first_with(session: Session, project_id: int, rows: list[Candidate]) -> dict[str, int]:
    found = session.execute(
        select(col(Item.digest), col(Item.id)).where(
            col(Item.project_id) == project_id,
            col(Item.digest).in_({row.digest for row in rows}),
            col(Item.duplicate_of).is_(None),
        )
    )
    return dict(found.all())


def _insert_items(session: Session, project_id: int, lot_id: int, rows: list[Candidate]) -> dict[str, int]:
    if not rows:
        return {}
    queues = _queues(session, project_id, {row.priority for row in rows})
    values = [_item(project_id, lot_id, row) | {"queue_id": queues[row.priority]} for row in rows]
    made = session.execute(insert(Item).returning(col(Item.digest), col(Item.id)), values)
    return dict(made.all())


def _insert_doubles(
    session: Session, project_id: int, lot_id: int, rows: list[Candidate], first: dict[str, int]
) -> None:
    if rows:
        values = [_item(project_id, lot_id, row) | {"duplicate_of": first[row.digest]} for row in rows]
        session.execute(insert(Item), values)


def _item(project_id: int, lot_id: int, row: Candidate) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "lot_id": lot_id,
        "key": row.key,
        "fields": row.fields,
        "digest": row.digest,
        "segment": row.segment,
        "gold": row.gold,
        "extra": row.extra,
        "state": ItemState.LOADING,
        "open_places": 0,
        "overlap": 0,
    }


def _insert_refused(session: Session, lot_id: int, rows: list[Refused]) -> None:
    values = [
        {
            "lot_id": lot_id,
            "line": row.line,
            "field": normalise.storable(row.field),
            "reason": normalise.storable(row.reason),
            "row": normalise.storable(row.raw[:LONGEST_KEPT_ROW]),
        }
        for row in rows
    ]
    if values:
        session.execute(insert(RefusedRow), values)


def _queues(session: Session, project_id: int, priorities: set[int]) -> dict[int, int]:
    unique = ["project_id", "priority", "skill", "difficulty"]
    for priority in sorted(priorities):
        row = {"project_id": project_id, "priority": priority, "skill": "", "difficulty": "", "next_seq": 1, "low": 1}
        session.execute(insert_or_skip(session, Queue, unique).values(**row))
    found = session.execute(
        select(col(Queue.priority), col(Queue.id)).where(
            col(Queue.project_id) == project_id, col(Queue.skill) == "", col(Queue.difficulty) == ""
        )
    )
    return dict(found.all())
