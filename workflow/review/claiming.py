"""A reviewer takes the next item, for a while; no two ever look at one at the same time."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlmodel import Session, col

from storage.tables import Item, ItemState, Review, ReviewState
from workflow import people, places, quality_rules
from workflow.cases import judging
from workflow.cases.judging import Layer
from workflow.errors import RefusedError
from workflow.review import barring
from workflow.review.held import (
    GONE,
    IN_YOUR_BATCH,
    OPEN,
    REVIEWERS,
    Held,
    happened,
    hold,
    is_over,
    reviewer,
    with_another,
)
from workflow.review.states import check_move

LOOKED = 50
"""So many reviews are looked at at once for one that the reviewer may do: as a rule the first is."""


def next_review(
    session: Session, slack_id: str, project_id: int, now: datetime, *, about_id: int | None = None
) -> int | None:
    """Claim the next item to review; the review's id, or None where nothing is left that this reviewer may look at.

    What they have claimed already comes first. Then what is overdue; then the work of ``about_id``, where one person's
    work is wanted in a row; then by due time, disagreement and weight. The reviewer is never given the item to label.
    """
    person_id = people.require(session, project_id, slack_id, *REVIEWERS)
    lease = now + timedelta(seconds=quality_rules.of_project(session, project_id).review.lease)
    mine = _own(session, project_id, person_id, lease)
    if mine is not None:
        return mine
    for row in _waiting(session, project_id, person_id, about_id, now):
        if _claim(session, project_id, row, person_id, lease, now):
            return int(row.id)
    return None


def hold_on(session: Session, slack_id: str, review_id: int, now: datetime) -> None:
    """Go on with a claimed review, its time begun anew; one whose time was over is claimed again while nobody else has.

    Raises RefusedError, with what happened, where the item is not this reviewer's to look at any more.
    """
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    mine = held.claimed_by_id == person_id
    if held.state not in OPEN:
        raise RefusedError(happened(session, held))
    if held.state is ReviewState.CLAIMED and not mine and not is_over(held, now):
        raise RefusedError(with_another(session, held))
    if held.item.state is not ItemState.IN_REVIEW:
        raise RefusedError(GONE)
    if not mine:
        judging.check(session, held.item_id, person_id, Layer.REVIEW)
        if barring.bar(session, held.project_id, [held.item_id], person_id, now):
            raise RefusedError(IN_YOUR_BATCH)
    lease = now + timedelta(seconds=quality_rules.of_project(session, held.project_id).review.lease)
    session.execute(
        update(Review)
        .where(col(Review.id) == held.id)
        .values(state=ReviewState.CLAIMED, claimed_by_id=person_id, lease_until=lease)
    )


def release(session: Session, slack_id: str, review_id: int, now: datetime) -> bool:
    """Give a claimed review back; whether it was the reviewer's to give. What they saw stays barred from them."""
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    if held.state is not ReviewState.CLAIMED or held.claimed_by_id != person_id:
        return False
    check_move(held.state, ReviewState.WAITING)
    session.execute(
        update(Review)
        .where(col(Review.id) == held.id)
        .values(state=ReviewState.WAITING, claimed_by_id=None, lease_until=None)
    )
    return True


def take_back(session: Session, held: Held, person_id: int, now: datetime) -> None:
    """Claim again what somebody had accepted; the caller holds it under lock and has asked whether that may be."""
    check_move(held.state, ReviewState.WAITING)
    check_move(ReviewState.WAITING, ReviewState.CLAIMED)
    lease = timedelta(seconds=quality_rules.of_project(session, held.project_id).review.lease)
    session.execute(
        update(Review)
        .where(col(Review.id) == held.id)
        .values(
            state=ReviewState.CLAIMED,
            claimed_by_id=person_id,
            lease_until=now + lease,
            by_id=None,
            settled_at=None,
            version=col(Review.version) + 1,
        )
    )


def give_back_all(session: Session, reviews: Collection[Held]) -> None:
    """Have what somebody had accepted wait for a reviewer again; the caller holds all of it under lock."""
    for held in reviews:
        check_move(held.state, ReviewState.WAITING)
    session.execute(
        update(Review)
        .where(col(Review.id).in_([held.id for held in reviews]))
        .values(state=ReviewState.WAITING, by_id=None, settled_at=None, version=col(Review.version) + 1)
        .execution_options(synchronize_session=False)
    )


def _own(session: Session, project_id: int, person_id: int, lease: datetime) -> int | None:
    """The item that the reviewer has claimed and not finished, with its time begun anew."""
    in_review = select(col(Item.id)).where(col(Item.id) == col(Review.item_id), col(Item.state) == ItemState.IN_REVIEW)
    mine = (
        select(col(Review.id))
        .where(
            col(Review.project_id) == project_id,
            col(Review.state) == ReviewState.CLAIMED,
            col(Review.claimed_by_id) == person_id,
            in_review.exists(),
        )
        .order_by(col(Review.id))
        .limit(1)
        .scalar_subquery()
    )
    renewed = (
        update(Review)
        .where(col(Review.id) == mine, col(Review.state) == ReviewState.CLAIMED, col(Review.claimed_by_id) == person_id)
        .values(lease_until=lease)
        .returning(col(Review.id))
        .execution_options(synchronize_session=False)
    )
    found: int | None = session.execute(renewed).scalar()
    return found


def _is_free(now: datetime) -> ColumnElement[bool]:
    """SQL: whether a review can be claimed: it waits, or its claim is over."""
    over = and_(col(Review.state) == ReviewState.CLAIMED, col(Review.lease_until) < now)
    return or_(col(Review.state) == ReviewState.WAITING, over)


def _waiting(session: Session, project_id: int, person_id: int, about_id: int | None, now: datetime) -> Iterator[Any]:
    """The reviews that somebody may do, in their order. Who may is asked of a few at a time, not of ten thousand."""
    order: list[Any] = [case((col(Review.due_at) < now, 0), else_=1)]
    if about_id is not None:
        order.append(case((col(Review.about_id) == about_id, 0), else_=1))
    order += [col(Review.due_at), col(Review.disagreement).desc(), col(Review.weight).desc(), col(Review.id)]
    ordered = (
        select(col(Review.id), col(Review.item_id))
        .where(col(Review.project_id) == project_id, _is_free(now))
        .order_by(*order)
    )
    for first in count(0, LOOKED):
        some = session.execute(ordered.offset(first).limit(LOOKED)).all()
        able = session.execute(
            select(col(Item.id)).where(
                col(Item.id).in_([row.item_id for row in some]),
                col(Item.state) == ItemState.IN_REVIEW,
                judging.may(col(Item.id), person_id, Layer.REVIEW),
            )
        )
        may = set(able.scalars())
        yield from (row for row in some if row.item_id in may)
        if len(some) < LOOKED:
            return


def _claim(session: Session, project_id: int, row: Any, person_id: int, lease: datetime, now: datetime) -> bool:
    """Take a review, unless somebody was faster, or the reviewer has the item in hand to label it."""
    locked = places.lock_items(session, [row.item_id])
    if not locked or locked[0].state is not ItemState.IN_REVIEW:
        return False
    if not session.execute(
        select(col(Review.id)).where(col(Review.id) == row.id, _is_free(now)).with_for_update(key_share=True)
    ).first():
        return False
    if barring.bar(session, project_id, [row.item_id], person_id, now):
        return False
    session.execute(
        update(Review)
        .where(col(Review.id) == row.id)
        .values(state=ReviewState.CLAIMED, claimed_by_id=person_id, lease_until=lease)
    )
    return True
