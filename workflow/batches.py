"""Batches: the card's version, and rewriting it where something other than a click of its owner changed it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Batch, Lane, Outbox, OutboxKind, Person, Place, plain
from workflow import outbox
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.acknowledgement import required

# Positions are small integers; PostgreSQL would not even compare one with anything larger.
LAST_POSITION = 2**31 - 1
# A second press within this time is impatience: nobody loses a card so soon.
DOUBLE_CLICK = timedelta(seconds=10)


def version_of(batch_id: Any) -> Any:
    """SQL: the version of a batch's card, which grows with every change of the batch and of its places."""
    place, batch = plain(Assignment).c, plain(Batch).c
    places = select(func.coalesce(func.sum(place.version), 0)).where(place.batch_id == batch_id)
    return select(batch.version).where(batch.id == batch_id).scalar_subquery() + places.scalar_subquery()


def rewrite_batch(session: Session, batch_id: int, now: datetime) -> None:
    """Rewrite every copy of a batch's card."""
    version = session.execute(select(version_of(batch_id))).scalar_one()
    outbox.rewrite(session, now, "batch", batch_id, int(version), "batch")


def rewrite_batches(session: Session, batch_ids: Collection[int], now: datetime) -> None:
    """Rewrite the cards of many batches, after everything that somebody waits for."""
    batch = plain(Batch).alias("rewritten").c
    rows = session.execute(select(batch.id, version_of(batch.id).label("card")).where(batch.id.in_(batch_ids)))
    outbox.rewrite_all(session, now, "batch", {row.id: int(row.card) for row in rows}, "batch", lane=Lane.BULK)


def going_on(session: Session, batch_ids: Collection[int]) -> set[int]:
    """Those of some batches that somebody still works in."""
    place = col(Assignment.batch_id)
    found = select(place).where(place.in_(batch_ids), col(Assignment.state) == Place.OPEN).distinct()
    return set(session.execute(found).scalars())


def close_places(session: Session, item_id: int, now: datetime) -> None:
    """End every place on an item that has no answer, and show that on the cards it stands on."""
    open_places = (Place.PLANNED, Place.OPEN, Place.FLAGGED)
    rows = session.execute(
        update(Assignment)
        .where(col(Assignment.item_id) == item_id, col(Assignment.state).in_(open_places))
        .values(state=Place.CLOSED, version=col(Assignment.version) + 1, lease_until=None)
        .returning(col(Assignment.batch_id))
    ).scalars()
    for batch_id in sorted({batch_id for batch_id in rows if batch_id is not None}):
        rewrite_batch(session, batch_id, now)


def show_again(
    session: Session, batch_id: int, project_id: int, person_id: int, now: datetime, key: str | None
) -> None:
    """Put up the card of an open batch once more, at the end of the conversation; not for the second of two fast presses."""
    if _just_shown(session, batch_id, now):
        return
    version = session.execute(select(version_of(batch_id))).scalar_one()
    outbox.put(
        session,
        now,
        key or f"batch:{batch_id}:again:{version}",
        "batch",
        outbox.To(project_id=project_id, person_id=person_id),
        {"id": batch_id},
        card=("batch", batch_id),
    )


def is_paused(session: Session, batch_id: int) -> bool:
    """Whether nothing is taken in a batch until its owner has read a version of the guideline."""
    read = func.coalesce(required.last_read(col(Batch.project_id), col(Batch.person_id)), 0)
    paused = select(col(Batch.id)).where(col(Batch.id) == batch_id, col(Batch.paused_for) > read)
    return session.execute(paused).first() is not None


def _just_shown(session: Session, batch_id: int, now: datetime) -> bool:
    """Whether the card was put up a moment ago and nothing was answered since."""
    posted: datetime | None = session.execute(
        select(func.max(col(Outbox.created_at))).where(
            col(Outbox.subject) == f"batch:{batch_id}",
            col(Outbox.kind) == OutboxKind.POST,
            col(Outbox.created_at) > now - DOUBLE_CLICK,
        )
    ).scalar()
    if posted is None:
        return False
    acted = select(func.max(col(Assignment.acted_us))).where(col(Assignment.batch_id) == batch_id)
    return (session.execute(acted).scalar() or 0) < posted.timestamp() * 1_000_000


def leave(session: Session, assignment_ids: list[int]) -> list[int]:
    """Let a batch's version grow although these places are about to move to another batch, taking theirs along.

    The batches that are left; their cards are to be rewritten once the places have moved.
    """
    rows = session.execute(
        select(col(Assignment.batch_id), func.sum(col(Assignment.version) + 1))
        .where(col(Assignment.id).in_(assignment_ids), col(Assignment.batch_id).is_not(None))
        .group_by(col(Assignment.batch_id))
    ).all()
    for batch_id, lost in rows:
        session.execute(update(Batch).where(col(Batch.id) == batch_id).values(version=col(Batch.version) + lost))
    return sorted(row.batch_id for row in rows)


def go_to(session: Session, slack_id: str, batch_id: int, position: int, us: int) -> None:
    """Show another position of one's own batch, until the next answer; a late or doubled click changes nothing."""
    if position > LAST_POSITION:
        raise RefusedError("There is no such item in this batch. Nothing was changed.")
    there = exists().where(col(Assignment.batch_id) == batch_id, col(Assignment.position) == position)
    row = session.execute(
        select(col(Batch.focus_us), there.label("there"))
        .join(Person, col(Person.id) == col(Batch.person_id))
        .where(col(Batch.id) == batch_id, col(Person.slack_id) == slack_id)
        .with_for_update(of=Batch, key_share=True)
    ).first()
    if row is None:
        raise NotAllowedError("This batch is not yours. Nothing was changed.")
    if row.there and us > row.focus_us:
        session.execute(
            update(Batch)
            .where(col(Batch.id) == batch_id)
            .values(focus=position, focus_us=us, version=col(Batch.version) + 1)
        )
