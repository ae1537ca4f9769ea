"""What happens to reviews without a reviewer's click: claims end, items leave review, a project has nothing reviewed."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, Project, Review, ReviewState
from workflow import history, people, places
from workflow.cases import judging
from workflow.cases.judging import Layer
from workflow.quality_rules import QualityRules
from workflow.states import check_move

CHUNK = 500
OPEN = (ReviewState.WAITING, ReviewState.CLAIMED)


def give_back_claims(store: Store, now: datetime) -> int:
    """Let go of what reviewers claimed and did not finish in time, or who review no more; how many. The clock's step."""
    over = (
        col(Review.project_id).in_(select(col(Project.id))),
        col(Review.state) == ReviewState.CLAIMED,
        or_(
            col(Review.lease_until) < now,
            ~people.serves(col(Review.project_id), col(Review.claimed_by_id), judging.ROLES[Layer.REVIEW]),
        ),
    )
    with store.read() as session:
        ids = list(session.execute(select(col(Review.id)).where(*over).limit(CHUNK)).scalars())
    if not ids:
        return 0
    freed = (
        update(Review)
        .where(col(Review.id).in_(ids), *over)
        .values(state=ReviewState.WAITING, claimed_by_id=None, lease_until=None)
        .returning(col(Review.id))
        .execution_options(synchronize_session=False)
    )
    return store.transact(lambda session: len(session.execute(freed).all()))


def withdraw_gone(store: Store, now: datetime) -> int:
    """Close reviews whose items are not in review any more, since a label changed or they were given out again; how many.

    The clock's step.
    """
    gone = (
        select(col(Review.item_id))
        .join(Item, col(Item.id) == col(Review.item_id))
        .where(
            col(Review.project_id).in_(select(col(Project.id))),
            col(Review.state).in_(OPEN),
            col(Item.state) != ItemState.IN_REVIEW,
        )
        .order_by(col(Review.item_id))
        .limit(CHUNK)
    )
    with store.read() as session:
        ids = list(session.execute(gone).scalars())
    return store.transact(partial(_withdraw_gone, item_ids=ids, now=now)) if ids else 0


def _withdraw_gone(session: Session, item_ids: Sequence[int], now: datetime) -> int:
    """Asked again under lock: the clock of another process may have picked one of them anew meanwhile."""
    left = [item.id for item in places.lock_items(session, item_ids) if item.state is not ItemState.IN_REVIEW]
    return withdraw_of(session, left, now)


def withdraw_of(session: Session, item_ids: Sequence[int], now: datetime) -> int:
    """Close the open reviews of locked items; how many there were."""
    closed = session.execute(
        update(Review)
        .where(col(Review.item_id).in_(item_ids), col(Review.state).in_(OPEN))
        .values(
            state=ReviewState.WITHDRAWN,
            claimed_by_id=None,
            lease_until=None,
            settled_at=now,
            version=col(Review.version) + 1,
        )
        .returning(col(Review.id))
        .execution_options(synchronize_session=False)
    )
    return len(closed.all())


def let_go(store: Store, now: datetime) -> int:
    """Accept what waits for review in projects that have nothing reviewed any more; how many. The clock's step."""
    done = 0
    with store.read() as session:
        projects = _without_reviews(session)
    for project_id in projects:
        while some := store.transact(partial(_let_go, project_id=project_id, now=now)):
            done += some
    return done


def _without_reviews(session: Session) -> list[int]:
    with_open = select(col(Review.project_id)).where(
        col(Review.project_id) == col(Project.id), col(Review.state).in_(OPEN)
    )
    rows = session.execute(select(col(Project.id), col(Project.quality)).where(with_open.exists()))
    return [row.id for row in rows if not QualityRules.model_validate(row.quality).review.picks_any]


def _let_go(session: Session, project_id: int, now: datetime) -> int:
    waiting = (
        select(col(Review.item_id))
        .where(col(Review.project_id) == project_id, col(Review.state) == ReviewState.WAITING)
        .order_by(col(Review.item_id))
        .limit(CHUNK)
    )
    locked = places.lock_items(session, session.execute(waiting).scalars())
    items = [item.id for item in locked if item.state is ItemState.IN_REVIEW]
    check_move(ItemState.IN_REVIEW, ItemState.ACCEPTED)
    session.execute(update(Item).where(col(Item.id).in_(items)).values(state=ItemState.ACCEPTED))
    if items:
        history.note(
            session, now, "items.unpicked", "project", project_id, project_id=project_id,
            before={"state": ItemState.IN_REVIEW},
            after={"state": ItemState.ACCEPTED, "items": items},
        )  # fmt: skip
    return withdraw_of(session, [item.id for item in locked], now)
