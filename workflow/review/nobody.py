"""Where nobody is left who may review an item, the leads hear of it once."""

from datetime import datetime
from functools import partial

from sqlalchemy import exists, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, ItemState, Lane, Outbox, Project, Purpose, Review, ReviewState
from workflow import outbox
from workflow.cases import judging
from workflow.cases.judging import Layer

LOOKED = 500


def tell(store: Store, now: datetime) -> int:
    """Tell the leads of items that nobody may review; how many posts. The clock's step.

    Of what waits longest so many are looked at; the first that nobody may do names the message, so that it is said once
    for as long as that one waits.
    """
    told = 0
    with store.read() as session:
        found = [(project_id, ids) for project_id in _projects(session) if (ids := stuck(session, project_id))]
        unsaid = [(project_id, ids) for project_id, ids in found if not _is_said(session, ids[0])]
    for project_id, ids in unsaid:
        store.transact(partial(_put, project_id=project_id, ids=ids, now=now))
        told += 1
    return told


def stuck(session: Session, project_id: int) -> list[int]:
    """The waiting reviews of a project that nobody may do, among the first 500, the oldest first."""
    waiting = (
        select(col(Review.id), col(Review.item_id))
        .where(col(Review.project_id) == project_id, col(Review.state) == ReviewState.WAITING)
        .order_by(col(Review.id))
        .limit(LOOKED)
        .subquery()
    )
    found = session.execute(
        select(waiting.c.id)
        .join(Item, col(Item.id) == waiting.c.item_id)
        .where(col(Item.state) == ItemState.IN_REVIEW, ~judging.somebody_may(col(Item.id), project_id, Layer.REVIEW))
        .order_by(waiting.c.id)
    )
    return list(found.scalars())


def _projects(session: Session) -> list[int]:
    waits = exists().where(col(Review.project_id) == col(Project.id), col(Review.state) == ReviewState.WAITING)
    return list(session.execute(select(col(Project.id)).where(waits).order_by(col(Project.id))).scalars())


def _is_said(session: Session, review_id: int) -> bool:
    return bool(session.execute(select(exists().where(col(Outbox.key) == _key(review_id)))).scalar())


def _put(session: Session, project_id: int, ids: list[int], now: datetime) -> None:
    name = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar_one()
    many = "1 item waits" if len(ids) == 1 else f"{len(ids)} items wait"
    message = (
        f"{name}: {many} for a review that nobody may do. Nobody reviews their own work, nor what they have ruled on, and "
        "there is no reviewer or lead left who has done neither. Add a reviewer with “/concord people”."
    )
    outbox.put(
        session,
        now,
        _key(ids[0]),
        "said",
        outbox.To(project_id=project_id, purpose=Purpose.LEADS),
        {"message": message},
        lane=Lane.URGENT,
    )


def _key(review_id: int) -> str:
    return f"review-nobody:{review_id}"
