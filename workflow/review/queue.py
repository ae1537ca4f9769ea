"""How many reviews wait, for the card in the review channel and for App Home."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import Session, col

from storage.tables import Item, ItemState, Review, ReviewState
from workflow.review import following


@dataclass(frozen=True)
class Counts:
    """What waits in a project: for anybody, overdue, with a reviewer just now, with this person, and sent back and open.

    ``overdue`` are among ``waiting`` and ``claimed``; ``mine`` among ``claimed``. ``oldest_due`` is the earliest due time.
    """

    waiting: int
    overdue: int
    claimed: int
    mine: int
    back: int
    oldest_due: datetime | None

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to look at and nothing to follow."""
        return not (self.waiting or self.claimed or self.back)


def counts(session: Session, project_id: int, person_id: int | None, now: datetime) -> Counts:
    """The counts of a project; ``person_id`` None where nobody in particular asks. A claim that is over waits again."""
    held = and_(col(Review.state) == ReviewState.CLAIMED, col(Review.lease_until) >= now)

    def many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row = session.execute(
        select(
            func.count(),
            many(col(Review.due_at) < now),
            many(held),
            many(and_(held, col(Review.claimed_by_id) == person_id)),
            func.min(col(Review.due_at)),
        )
        .select_from(Review)
        .join(Item, col(Item.id) == col(Review.item_id))
        .where(
            col(Review.project_id) == project_id,
            col(Review.state).in_((ReviewState.WAITING, ReviewState.CLAIMED)),
            col(Item.state) == ItemState.IN_REVIEW,
        )
    ).one()
    return Counts(row[0] - row[2], row[1], row[2], row[3], following.count_back(session, project_id), row[4])
