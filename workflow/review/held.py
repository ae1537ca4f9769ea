"""A review under lock with its item, and what a decision about it has to be asked before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import BackTo, ItemState, LabelValue, Person, Review, ReviewState, Role
from workflow import people, places
from workflow.cases import judging
from workflow.cases.judging import Layer
from workflow.errors import RefusedError
from workflow.review import barring
from workflow.review.states import check_move

REVIEWERS = (Role.REVIEWER, Role.LEAD)
OPEN = (ReviewState.WAITING, ReviewState.CLAIMED)
IN_YOUR_BATCH = "You have this item in your batch: somebody else has to review it. Nothing was changed."
GONE = "This item is not in review any more: a label was changed, or the item went elsewhere meanwhile. Nothing was changed."
WENT_ON = "This review went on meanwhile: open it again to see how it stands. Nothing was changed."


@dataclass(frozen=True)
class Held:
    """A review under lock, and its item under lock."""

    item: places.Locked
    id: int
    project_id: int
    item_id: int
    state: ReviewState
    version: int
    value_id: int
    about_id: int | None
    claimed_by_id: int | None
    lease_until: datetime | None
    by_id: int | None
    back_mode: BackTo | None
    back_to_id: int | None
    reason_code: str
    section: str
    note: str
    opened_at: datetime
    settled_at: datetime | None


COLUMNS = [col(getattr(Review, name)) for name in Held.__dataclass_fields__ if name != "item"]


def hold(session: Session, review_id: int) -> Held:
    """Lock a review and its item until the transaction ends. Raises RefusedError where there is none."""
    found = hold_all(session, [review_id])
    if not found:
        raise RefusedError("This review does not exist (any more).")
    return found[0]


def hold_all(session: Session, review_ids: Collection[int]) -> list[Held]:
    """The same for many, in the order of their items; what is not there is left out."""
    asked = col(Review.id).in_(review_ids)
    item_ids = session.execute(select(col(Review.item_id)).where(asked)).scalars()
    items = {item.id: item for item in places.lock_items(session, item_ids)}
    rows = session.execute(select(*COLUMNS).where(asked).order_by(col(Review.id)).with_for_update(key_share=True))
    found = [Held(items[row.item_id], *row) for row in rows if row.item_id in items]
    return sorted(found, key=lambda held: held.item_id)


def reviewer(session: Session, held: Held, slack_id: str) -> int:
    """The person behind a Slack id, who reviews in the project. Raises NotAllowedError for anybody else."""
    return people.require(session, held.project_id, slack_id, *REVIEWERS)


def check_may_decide(session: Session, held: Held, person_id: int, version: int, now: datetime) -> None:
    """Raise RefusedError, with what happened, where a reviewer may not decide a review as they saw it.

    Whoever has not claimed it is kept from labelling its item from now on, as a claim does.
    """
    if held.state not in OPEN:
        raise RefusedError(f"{happened(session, held)} Nothing was changed.")
    if held.item.state is not ItemState.IN_REVIEW:
        raise RefusedError(GONE)
    if held.version != version:
        raise RefusedError(WENT_ON)
    if held.state is ReviewState.CLAIMED and held.claimed_by_id != person_id and not is_over(held, now):
        raise RefusedError(f"{with_another(session, held)} Nothing was changed.")
    judging.check(session, held.item_id, person_id, Layer.REVIEW)
    not_claimed = held.claimed_by_id != person_id
    if not_claimed and barring.bar(session, held.project_id, [held.item_id], person_id, now):
        raise RefusedError(IN_YOUR_BATCH)


def is_over(held: Held, now: datetime) -> bool:
    """Whether the time of who claimed it has passed."""
    return held.lease_until is not None and held.lease_until < now


def with_another(session: Session, held: Held) -> str:
    """That somebody else has claimed a review meanwhile, as a sentence."""
    return f"Your time for this item was over, and {name(session, held.claimed_by_id)} looks at it now."


def happened(session: Session, held: Held) -> str:
    """What became of a review that is closed, as a sentence."""
    if held.state is ReviewState.WITHDRAWN:
        return "This item is not in review any more: a label was changed, or the item went elsewhere."
    did = {
        ReviewState.ACCEPTED: "accepted it",
        ReviewState.CORRECTED: "corrected it",
        ReviewState.SENT_BACK: "noted a fault" if held.back_mode is BackTo.NOTED else "sent it back",
        ReviewState.PASSED_UP: "passed it up",
    }
    return f"{name(session, held.by_id)} {did.get(held.state, 'looks at it')} meanwhile."


def settle(session: Session, held: Held, state: ReviewState, person_id: int, now: datetime, **values: Any) -> None:
    """Close a review. One whose claim had ended, while nobody else took it, is taken again in the same breath."""
    settle_all(session, [held], state, person_id, now, **values)


def settle_all(
    session: Session, reviews: Collection[Held], state: ReviewState, person_id: int, now: datetime, **values: Any
) -> None:
    """The same for many at once, all with the same ``values``."""
    for held in reviews:
        again = held.state is ReviewState.WAITING and state in (ReviewState.CORRECTED, ReviewState.PASSED_UP)
        if again:
            check_move(held.state, ReviewState.CLAIMED)
        check_move(ReviewState.CLAIMED if again else held.state, state)
    session.execute(
        update(Review)
        .where(col(Review.id).in_([held.id for held in reviews]))
        .values(
            state=state,
            by_id=person_id,
            claimed_by_id=None,
            lease_until=None,
            settled_at=now,
            version=col(Review.version) + 1,
            **values,
        )
        .execution_options(synchronize_session=False)
    )


def name(session: Session, person_id: int | None) -> str:
    """Somebody by name."""
    found: str | None = session.execute(select(col(Person.name)).where(col(Person.id) == person_id)).scalar()
    return found or "Somebody"


def title(session: Session, value_id: int | None) -> str:
    """A label as people see it."""
    found: str | None = session.execute(select(col(LabelValue.title)).where(col(LabelValue.id) == value_id)).scalar()
    return found or ""
