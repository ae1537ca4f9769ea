"""Rows go into the store, a chunk in a transaction. They wait there until all of their lot is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from storage.tables import Item, ItemState, PriorLabel, Queue, RefusedRow
from workflow import normalise
from workflow.intake import lots, sorting
from workflow.intake.changes import OnChange
from workflow.intake.lots import Tally
from workflow.intake.screening import Candidate
from workflow.intake.seen import Seen
from workflow.outbox import insert_or_skip
from workflow.reading.rows import Refused

QueueName = tuple[int, str, str]


@dataclass(frozen=True)
class Loaded:
    """What became of a chunk: its figures, and the text fields of the items that are new, by their ids."""

    tally: Tally
    fresh: Mapping[int, Mapping[str, str]]


def load(
    session: Session,
    project_id: int,
    lot_id: int,
    rows: Sequence[Candidate | Refused],
    now: datetime,
    on_change: OnChange,
    seen: Seen,
) -> Loaded:
    """Take a chunk of rows in. Items wait in state ``loading`` until the whole lot is there.

    A row whose id and text are already there is a duplicate of itself, and nothing is stored but labels that it brings. A
    row whose text is there under another id is stored, linked to the first. ``on_change`` decides on a known id with
    another text.
    """
    candidates = [row for row in rows if isinstance(row, Candidate)]
    found, first = sorting.sort(session, project_id, lot_id, candidates, on_change, seen)
    fresh = _insert_items(session, project_id, lot_id, found.fresh)
    first |= {row.digest: fresh[row.key] for row in found.fresh}
    ids = found.ids | fresh | _insert_doubles(session, project_id, lot_id, found.doubles, first)
    stored = zip(candidates, found.keys, strict=True)
    _insert_labels(session, project_id, lot_id, [(ids[key], row.labels) for row, key in stored if key is not None])
    refused = [row for row in rows if isinstance(row, Refused)] + found.refused
    _insert_refused(session, lot_id, sorted(refused, key=lambda row: row.line))
    duplicates = len(found.doubles) + len(found.there)
    tally = Tally(len(found.fresh), duplicates, len(refused), changed=found.changed)
    lots.count(session, lot_id, tally, now)
    return Loaded(tally, {fresh[row.key]: row.fields for row in found.fresh})


def _insert_items(session: Session, project_id: int, lot_id: int, rows: list[Candidate]) -> dict[str, int]:
    if not rows:
        return {}
    queues = _queues(session, project_id, {_queue(row) for row in rows})
    values = [_item(project_id, lot_id, row) | {"queue_id": queues[_queue(row)]} for row in rows]
    made = session.execute(insert(Item).returning(col(Item.key), col(Item.id)), values)
    return dict(made.all())


def _insert_doubles(
    session: Session, project_id: int, lot_id: int, rows: list[Candidate], first: Mapping[str, int]
) -> dict[str, int]:
    if not rows:
        return {}
    values = [_item(project_id, lot_id, row) | {"duplicate_of": first[row.digest]} for row in rows]
    return dict(session.execute(insert(Item).returning(col(Item.key), col(Item.id)), values).all())


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
        "flagged_by": list(row.flagged) or None,
        "state": ItemState.LOADING,
        "open_places": 0,
        "overlap": 0,
    }


def _insert_labels(
    session: Session, project_id: int, lot_id: int, rows: Sequence[tuple[int, Sequence[tuple[str, int]]]]
) -> None:
    values = [
        {
            "project_id": project_id,
            "lot_id": lot_id,
            "item_id": item_id,
            "annotator": annotator,
            "value_id": value_id,
        }
        for item_id, labels in rows
        for annotator, value_id in labels
    ]
    for start in range(0, len(values), lots.CHUNK):
        some = values[start : start + lots.CHUNK]
        session.execute(insert_or_skip(session, PriorLabel, ["item_id", "annotator", "value_id"]).values(some))


def _insert_refused(session: Session, lot_id: int, rows: list[Refused]) -> None:
    values = [
        {
            "lot_id": lot_id,
            "line": row.line,
            "field": normalise.storable(row.field),
            "reason": normalise.storable(row.reason),
            "row": normalise.storable(row.raw),
        }
        for row in rows
    ]
    if values:
        session.execute(insert(RefusedRow), values)


def _queue(row: Candidate) -> QueueName:
    return row.priority, row.skill, row.difficulty


def _queues(session: Session, project_id: int, wanted: set[QueueName]) -> dict[QueueName, int]:
    unique = ["project_id", "priority", "skill", "difficulty"]
    for priority, skill, difficulty in sorted(wanted):
        name = {"project_id": project_id, "priority": priority, "skill": skill, "difficulty": difficulty}
        session.execute(insert_or_skip(session, Queue, unique).values(**name, next_seq=1, low=1))
    found = session.execute(
        select(col(Queue.priority), col(Queue.skill), col(Queue.difficulty), col(Queue.id)).where(
            col(Queue.project_id) == project_id
        )
    )
    return {(row.priority, row.skill, row.difficulty): row.id for row in found}
