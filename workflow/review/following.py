"""What was sent back is followed until it is decided again."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, func, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Assignment, BackTo, Item, ItemState, Person, Project, Review, ReviewState
from workflow import places

CHUNK = 500
AGAIN = (ItemState.OPEN, ItemState.ESCALATED)
"""What was sent back and is not done yet: it is labelled, or what came of that waits for a ruling."""


@dataclass(frozen=True)
class OpenBack:
    """An item that was sent back and is not decided yet: with whom (nobody's name: with whoever takes it), since when.

    ``people`` are those who have it in hand now, which may be others than it was sent to; ``escalated`` where it became a
    case, and waits for a ruling.
    """

    review_id: int
    item_id: int
    key: str
    mode: BackTo
    people: tuple[str, ...]
    escalated: bool
    since: datetime
    by: str
    reason_code: str


def open_back(session: Session, project_id: int, most: int = 100) -> list[OpenBack]:
    """What was sent back and is open, the oldest first, at most ``most``."""
    rows = session.execute(
        select(
            col(Review.id),
            col(Review.item_id),
            col(Item.key),
            col(Item.state),
            col(Review.back_mode),
            col(Review.settled_at),
            col(Review.reason_code),
            col(Person.name),
        )
        .join(Item, col(Item.id) == col(Review.item_id))
        .join(Person, col(Person.id) == col(Review.by_id))
        .where(*_is_open(), col(Review.project_id) == project_id, col(Item.state).in_(AGAIN))
        .order_by(col(Review.settled_at), col(Review.id))
        .limit(most)
    ).all()
    hands = _in_hand(session, [row.item_id for row in rows])
    return [
        OpenBack(
            row.id,
            row.item_id,
            row.key,
            BackTo(row.back_mode),
            tuple(hands.get(row.item_id, ())),
            row.state is ItemState.ESCALATED,
            row.settled_at,
            row.name,
            row.reason_code,
        )
        for row in rows
    ]


def count_back(session: Session, project_id: int) -> int:
    """How many items were sent back and are not decided yet."""
    open_ones = (
        select(func.count())
        .select_from(Review)
        .join(Item, col(Item.id) == col(Review.item_id))
        .where(*_is_open(), col(Review.project_id) == project_id, col(Item.state).in_(AGAIN))
    )
    return int(session.execute(open_ones).scalar_one())


def notice_done(store: Store, now: datetime) -> int:
    """Notice what was sent back and is decided again; how many. The clock's step."""
    done = (
        select(col(Review.id))
        .join(Item, col(Item.id) == col(Review.item_id))
        .where(col(Review.project_id).in_(select(col(Project.id))), *_is_open(), col(Item.state).not_in(AGAIN))
        .limit(CHUNK)
    )
    with store.read() as session:
        ids = list(session.execute(done).scalars())
    return store.transact(partial(_close, ids=ids, now=now)) if ids else 0


def _close(session: Session, ids: list[int], now: datetime) -> int:
    closed = (
        update(Review)
        .where(col(Review.id).in_(ids), col(Review.back_done_at).is_(None))
        .values(back_done_at=now)
        .returning(col(Review.id))
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(closed).all())


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return col(Review.state) == ReviewState.SENT_BACK, col(Review.back_done_at).is_(None)


def _in_hand(session: Session, item_ids: list[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(col(Assignment.item_id), col(Person.name))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(col(Assignment.item_id).in_(item_ids), col(Assignment.state).in_(places.HOLDING))
        .order_by(col(Person.name), col(Person.id))
    )
    found: dict[int, list[str]] = {}
    for item_id, name in rows:
        found.setdefault(item_id, []).append(name)
    return found
