"""Why there is nothing to give to somebody, in a form that a card can say."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import Session, col

from storage.tables import Assignment, Item, ItemState, Place
from workflow import places


class Why(StrEnum):
    """The reasons, the one that helps most first."""

    GUIDELINE = "guideline"
    NO_ITEMS = "no_items"
    LOADING = "loading"
    HELD = "held"
    PLANNED = "planned"
    YOURS_DONE = "yours_done"
    ESCALATED = "escalated"
    ALL_DONE = "all_done"


@dataclass(frozen=True)
class Nothing:
    """Nothing to give; ``until`` is when the first held place comes back, at the latest (UTC).

    ``guideline_id`` is the version that the person has to read before they get anything.
    """

    why: Why
    until: datetime | None = None
    guideline_id: int | None = None


def why_nothing(session: Session, project_id: int, person_id: int, now: datetime) -> Nothing:
    """Look for the reason. Every look stops at the first row that it finds."""

    def any_item(*states: ItemState) -> bool:
        wanted = select(col(Item.id)).where(col(Item.project_id) == project_id, col(Item.state).in_(states)).limit(1)
        return session.execute(wanted).first() is not None

    if any_item(ItemState.LOADING):
        return Nothing(Why.LOADING)
    if not any_item(ItemState.OPEN):
        if any_item(ItemState.ESCALATED, ItemState.IN_REVIEW):
            return Nothing(Why.ESCALATED)
        return Nothing(Why.ALL_DONE if any_item(ItemState.ACCEPTED, ItemState.RULED) else Why.NO_ITEMS)
    if (until := _first_lease(session, project_id, person_id)) is not None:
        return Nothing(Why.HELD, until=max(until, now))
    if _planned_for_others(session, project_id, person_id):
        return Nothing(Why.PLANNED)
    return Nothing(Why.YOURS_DONE)


def _first_lease(session: Session, project_id: int, person_id: int) -> datetime | None:
    """When the first place that somebody else holds, and this person could take, comes back at the latest."""
    return session.execute(
        select(func.min(col(Assignment.lease_until)))
        .join(Item, col(Item.id) == col(Assignment.item_id))
        .where(
            col(Item.state) == ItemState.OPEN,
            col(Assignment.project_id) == project_id,
            places.HELD,
            col(Assignment.state) == Place.OPEN,
            col(Assignment.person_id) != person_id,
            ~_already_mine(person_id),
        )
    ).scalar()


def _planned_for_others(session: Session, project_id: int, person_id: int) -> bool:
    planned = (
        select(col(Assignment.id))
        .join(Item, col(Item.id) == col(Assignment.item_id))
        .where(
            col(Item.state) == ItemState.OPEN,
            col(Assignment.project_id) == project_id,
            places.HELD,
            col(Assignment.state) == Place.PLANNED,
            col(Assignment.person_id) != person_id,
            ~_already_mine(person_id),
        )
        .limit(1)
    )
    return session.execute(planned).first() is not None


def _already_mine(person_id: int) -> ColumnElement[bool]:
    mine = Assignment.__table__.alias("mine")  # type: ignore[attr-defined]
    return exists().where(
        mine.c.item_id == col(Assignment.item_id), mine.c.person_id == person_id, mine.c.state != Place.RETURNED
    )
