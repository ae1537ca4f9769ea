"""Which labels a requeue takes back, said a second time in plain Python: the life test holds the store to it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Batch, ItemState, LabelValue, Place, Proposal, Requeue, RequeueState, Ruling
from tests.builders import World
from tests.workflow.life import WORKING, Snapshot


def due(world: World) -> list[Any]:
    """The project's requeues that are not settled, oldest first."""
    columns = Requeue.__table__.c  # type: ignore[attr-defined]
    mine = (columns.project_id == world.project_id, columns.settled_at.is_(None))
    return world.rows(select(*columns).where(*mine).order_by(columns.id))


def expected(world: World, seen: Snapshot, requeue: Any) -> set[tuple[int, int]]:
    """(person, item) of every label that the clock takes back next."""
    if requeue.state not in (RequeueState.RUNNING, RequeueState.SAMPLING):
        return set()
    if (
        requeue.state is RequeueState.RUNNING
        and requeue.after == 0
        and _somebody_goes_on(world, seen, requeue.guideline_id)
    ):
        return set()
    proposal = world.one(
        select(col(Proposal.labels_touched), col(Proposal.impact)).where(
            col(Proposal.guideline_id) == requeue.guideline_id
        )
    )
    schema = world.rows(select(col(LabelValue.id)).where(col(LabelValue.project_id) == world.project_id))
    # Later versions may call them otherwise: those that were meant were noted when they were counted.
    values = {row.id for row in schema if not proposal.labels_touched or row.id in proposal.impact["value_ids"]}
    return {
        (place.person_id, item_id)
        for item_id, item in seen.items.items()
        for place in _taken_back(world, item, seen.places[item_id], requeue.guideline_id, values)
    }


def _somebody_goes_on(world: World, seen: Snapshot, guideline_id: int) -> bool:
    rows = world.rows(select(col(Batch.id)).where(col(Batch.guideline_id) < guideline_id))
    outdated = {row.id for row in rows}
    return any(p.state in WORKING and p.batch_id in outdated for here in seen.places.values() for p in here)


def _taken_back(world: World, item: Any, places: list[Any], guideline_id: int, values: set[int]) -> list[Any]:
    if item.state is ItemState.ESCALATED or not touches(world, item, places, guideline_id, values):
        return []
    labelled = [place for place in places if place.state is Place.LABELLED]
    return [place for place in labelled if item.state is ItemState.RULED or place.guideline_id < guideline_id]


def touches(world: World, item: Any, places: list[Any], guideline_id: int, values: Collection[int]) -> bool:
    """Whether a version touches an item by one of the values."""
    labelled = [place for place in places if place.state is Place.LABELLED]
    if item.state is ItemState.RULED:
        rulings = world.rows(
            select(col(Ruling.value_id), col(Ruling.guideline_id)).where(col(Ruling.item_id) == item.id)
        )
        said = {row.value_id for row in rulings} | {
            one for place in labelled for one in (place.value_id, place.counted_id)
        }
        return bool(said & set(values)) and not any(row.guideline_id >= guideline_id for row in rulings)
    old = [place for place in labelled if place.guideline_id < guideline_id]
    going_on = item.state in (ItemState.OPEN, ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.ESCALATED)
    return going_on and any({place.value_id, place.counted_id} & set(values) for place in old)
