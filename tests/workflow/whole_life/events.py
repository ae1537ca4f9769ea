"""Every move of an item stands in the history, or with the label that made it: who, and why. Read in plain Python."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import AuditState, History, ItemState, Label
from tests.builders import World
from tests.workflow.life import Snapshot
from workflow.audit.states import MOVES as AUDIT_MOVES
from workflow.states import MOVES

BY_PEOPLE = (
    "item.ruled",
    "item.sent_back",
    "item.corrected",
    "item.audited",
    "item.skipped",
    "item.replaced",
    "lot.undone",
    "label.withdrawn",
    "labels.seen",
    "review.accepted",
    "reviews.accepted",
    "review.undone",
    "review.sent_back",
    "ruling.contested",
    "dispute.upheld",
    "dispute.granted",
    "audit.reopening",
    "items.reopened_by_audit",
)
BY_THE_CLOCK = ("items.picked", "items.unpicked", "lease.over", "audit.drawn", "audit.ended", "audit.repaired")
WHY = {"item.escalated": "reason", "items.picked": "reason", "item.corrected": "reason", "item.audited": "verdict"}
GIVEN_OUT = ("items.reopened", "items.requeued", "items.reopened_by_audit")
"""These name many items at once, and not the state of each before: it is read from what came before them."""

Move = tuple[ItemState | None, ItemState]


@dataclass
class Told:
    """How far the history and the labels were read, and the states that they tell of."""

    history_id: int = 0
    label_id: int = 0
    items: dict[int, ItemState] = field(default_factory=dict)
    audits: dict[int, AuditState] = field(default_factory=dict)


def check(world: World, seen: Snapshot, told: Told) -> None:
    """Assert that what is told of the items leads from where they were to where they are, along the table."""
    history = _new(world, History, told.history_id)
    labels = _new(world, Label, told.label_id)
    moves: defaultdict[int, list[Move]] = defaultdict(list)
    for row in history:
        told.history_id = row.id
        _check_who_and_why(row)
        for item_id, move in _moves(row):
            moves[item_id].append(move)
        if row.subject == "audit" and row.action != "items.reopened_by_audit":
            _check_audit(row, told)
    for row in labels:
        told.label_id = row.id
        assert row.person_id
        moves[row.item_id].append((row.item_from, row.item_to))
    for item_id, item in seen.items.items():
        came = ItemState.OPEN if item.duplicate_of is None else ItemState.DUPLICATE
        _check_moves(moves[item_id], told.items.get(item_id, came), item.state)
        told.items[item_id] = item.state


def _new(world: World, table: Any, after: int) -> list[Any]:
    columns = table.__table__.c
    mine = (columns.project_id == world.project_id, columns.id > after)
    return world.rows(select(*columns).where(*mine).order_by(columns.id))


def _check_who_and_why(row: Any) -> None:
    if row.action in BY_PEOPLE:
        assert row.actor_id is not None, f"{row.action} by nobody"
    if row.action in BY_THE_CLOCK:
        assert row.actor_id is None
    if row.action in WHY:
        assert row.after[WHY[row.action]]


def _moves(row: Any) -> list[tuple[int, Move]]:
    after = row.after or {}
    if row.action in GIVEN_OUT:
        return [(item_id, (None, ItemState.OPEN)) for item_id in after["items"]]
    if row.subject == "item" and "state" in after:
        return [(row.subject_id, (ItemState(row.before["state"]), ItemState(after["state"])))]
    if row.subject == "project" and "state" in after and "items" in after:
        move = (ItemState(row.before["state"]), ItemState(after["state"]))
        return [(item_id, move) for item_id in after["items"]]
    return []


def _check_moves(moves: list[Move], before: ItemState, after: ItemState) -> None:
    """In whatever order they came: all begin where another ended, and together they lead from the one to the other."""
    assert all(one is None or one is other or (one, other) in MOVES for one, other in moves)
    ends = Counter([before, *(other for _, other in moves)])
    begins = Counter([after, *(one for one, _ in moves if one is not None)])
    unnamed = sum(one is None for one, _ in moves)
    assert not begins - ends, f"from {before} to {after} by {moves}"
    assert (ends - begins).total() == unnamed


def _check_audit(row: Any, told: Told) -> None:
    if "state" not in (row.after or {}):
        return
    after = AuditState(row.after["state"])
    before = told.audits.get(row.subject_id)
    if before is None:
        assert after is AuditState.DRAWING
    else:
        assert AuditState(row.before["state"]) is before
        assert (before, after) in AUDIT_MOVES
    told.audits[row.subject_id] = after


def actions(world: World, *named: str) -> Counter[str]:
    """How often these stand in the project's history."""
    mine = (col(History.project_id) == world.project_id, col(History.action).in_(named))
    return Counter(row.action for row in world.rows(select(col(History.action)).where(*mine)))


def reopened(world: World) -> list[int]:
    """The items that failed audits gave out again, as the history tells them."""
    mine = (col(History.project_id) == world.project_id, col(History.action) == "items.reopened_by_audit")
    rows = world.rows(select(col(History.after)).where(*mine).order_by(col(History.id)))
    return [item_id for row in rows for item_id in row.after["items"]]
