"""Runs of the same kind: what one person labelled alike can be accepted, or sent back, together.

A run goes with a review that was just decided: the same person gave the same label, and the final value is the same.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Assignment, BackTo, Item, ItemState, Label, Place, Review, ReviewState
from workflow import history, people
from workflow.cases import judging
from workflow.cases.decision import Details
from workflow.cases.judging import Layer
from workflow.errors import RefusedError
from workflow.review import barring
from workflow.review.claiming import give_back_all
from workflow.review.gone_on import went_on
from workflow.review.held import REVIEWERS, Held, hold, hold_all, reviewer, settle_all
from workflow.review.sending_back import back, sent
from workflow.states import check_move

MOST = 100


def of(session: Session, review_id: int, *, person_id: int | None = None) -> list[int]:
    """The waiting reviews that are of one kind with a review, at most 100; with ``person_id`` those which they may do."""
    model = session.execute(
        select(
            col(Review.project_id),
            col(Review.item_id),
            col(Review.about_id),
            col(Review.value_id),
        ).where(col(Review.id) == review_id)
    ).first()
    said = _said(session, model.item_id, model.about_id) if model and model.about_id else None
    if model is None or said is None:
        return []
    found = (
        select(col(Review.id))
        .join(Item, col(Item.id) == col(Review.item_id))
        .join(Assignment, col(Assignment.item_id) == col(Review.item_id))
        .where(
            col(Review.project_id) == model.project_id,
            col(Review.state) == ReviewState.WAITING,
            col(Review.id) != review_id,
            col(Review.about_id) == model.about_id,
            col(Review.value_id) == model.value_id,
            col(Item.state) == ItemState.IN_REVIEW,
            col(Assignment.person_id) == model.about_id,
            col(Assignment.state) == Place.LABELLED,
            col(Assignment.value_id) == said,
        )
        .order_by(col(Review.due_at), col(Review.id))
        .limit(MOST)
    )
    if person_id is not None:
        found = found.where(judging.may(col(Review.item_id), person_id, Layer.REVIEW))
    return list(session.execute(found).scalars())


def accept(session: Session, slack_id: str, review_id: int, ids: Collection[int], now: datetime) -> str | None:
    """Accept those of a run that still wait, after its first was accepted; what to tell, or None where none was left."""
    model, person_id = _model(session, slack_id, review_id, ReviewState.ACCEPTED)
    some = _still_waiting(session, model, ids, person_id, now)
    if not some:
        return None
    for held in some:
        check_move(held.item.state, ItemState.ACCEPTED)
    settle_all(session, some, ReviewState.ACCEPTED, person_id, now)
    items = [held.item_id for held in some]
    session.execute(update(Item).where(col(Item.id).in_(items)).values(state=ItemState.ACCEPTED))
    history.note(
        session, now, "reviews.accepted", "project", model.project_id, project_id=model.project_id, actor_id=person_id,
        before={"state": ItemState.IN_REVIEW},
        after={"state": ItemState.ACCEPTED, "items": items},
    )  # fmt: skip
    return "1 more accepted." if len(some) == 1 else f"{len(some)} more accepted."


def taken(session: Session, ids: Collection[int], now: datetime) -> tuple[int, ...]:
    """Which of a run were accepted at this very moment."""
    mine = col(Review.id).in_(ids), col(Review.state) == ReviewState.ACCEPTED, col(Review.settled_at) == now
    return tuple(session.execute(select(col(Review.id)).where(*mine).order_by(col(Review.id))).scalars())


def undo(session: Session, slack_id: str, project_id: int, ids: Collection[int], now: datetime) -> str | None:
    """Take back that one accepted these, but for those to which something else has happened; what to tell, or None where
    they were taken back before.
    """
    person_id = people.require(session, project_id, slack_id, *REVIEWERS)
    mine = [
        held
        for held in hold_all(session, ids)
        if held.state is ReviewState.ACCEPTED and held.by_id == person_id and held.project_id == project_id
    ]
    if not mine:
        return None
    gone = went_on(session, [held.id for held in mine])
    some = [held for held in mine if held.id not in gone]
    give_back_all(session, some)
    for held in some:
        check_move(held.item.state, ItemState.IN_REVIEW)
        history.note(
            session, now, "review.undone", "item", held.item_id, project_id=project_id, actor_id=person_id,
            before={"state": held.item.state},
            after={"state": ItemState.IN_REVIEW},
        )  # fmt: skip
    items = [held.item_id for held in some]
    session.execute(update(Item).where(col(Item.id).in_(items)).values(state=ItemState.IN_REVIEW))
    return _taken_back(len(some), len(gone))


def _taken_back(some: int, gone: int) -> str:
    left = f"{gone} {'has' if gone == 1 else 'have'} gone on since: nothing was changed there."
    if not some:
        return left
    back = f"{some} taken back: {'it is' if some == 1 else 'they are'} in review again."
    return f"{back} {left}" if gone else back


def send_back(session: Session, slack_id: str, review_id: int, ids: Collection[int], now: datetime) -> str | None:
    """Send back those of a run that still wait, just as its first was sent back; what to tell, or None for none left."""
    model, person_id = _model(session, slack_id, review_id, ReviewState.SENT_BACK)
    some = _still_waiting(session, model, ids, person_id, now)
    if not some or model.about_id is None or model.back_mode is None:
        return None
    details = Details(reason_code=model.reason_code, section=model.section)
    back(session, some, model.about_id, model.back_mode, details, model.note, person_id, now)
    return sent(session, BackTo(model.back_mode), model.about_id, len(some))


def _model(session: Session, slack_id: str, review_id: int, state: ReviewState) -> tuple[Held, int]:
    """The review that a run goes with, decided by the clicker."""
    model = hold(session, review_id)
    person_id = reviewer(session, model, slack_id)
    if model.state is not state or model.by_id != person_id:
        raise RefusedError("The first of these was decided otherwise meanwhile. Nothing was changed.")
    return model, person_id


def _still_waiting(session: Session, model: Held, ids: Collection[int], person_id: int, now: datetime) -> list[Held]:
    """Of the reviews asked for, those that are in the run, under lock; the reviewer is kept from labelling their items."""
    wanted = sorted(set(ids) & set(of(session, model.id, person_id=person_id)))
    held = hold_all(session, wanted)
    # Asked again under lock: a label may have changed meanwhile, or another reviewer have begun.
    run = set(of(session, model.id, person_id=person_id))
    some = [one for one in held if one.id in run]
    in_hand = barring.bar(session, model.project_id, [one.item_id for one in some], person_id, now) if some else set()
    return [one for one in some if one.item_id not in in_hand]


def _said(session: Session, item_id: int, person_id: int) -> int | None:
    """The label that somebody gave an item, though it may have been taken off it since."""
    found: int | None = session.execute(
        select(col(Label.value_id))
        .where(col(Label.item_id) == item_id, col(Label.person_id) == person_id)
        .order_by(col(Label.id).desc())
        .limit(1)
    ).scalar()
    return found
