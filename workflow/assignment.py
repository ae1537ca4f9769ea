"""Who gets which item next.

Giving does not get slower with the number of items, nor with how many of them a person has already done: in a queue every
item has a number, every person a cursor, and ``low`` stands at the first number that is still open to anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Batch,
    Item,
    Lane,
    Origin,
    Outbox,
    Person,
    Place,
    Project,
    Queue,
    QueueCursor,
    Role,
)
from workflow import batches, history, outbox, places
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.acknowledgement import required
from workflow.nothing import Nothing, Why, why_nothing


@dataclass(frozen=True)
class Given:
    """A batch for a person: new, or the one they still have open."""

    batch_id: int
    size: int
    resumed: bool = False


@dataclass(frozen=True)
class Terms:
    """On which terms somebody gets a batch: items in one, seconds that it is theirs, the version in force.

    ``to_read`` is the version that they have to read before they get any.
    """

    size: int
    hold: int
    guideline_id: int
    to_read: int | None


def next_batch(
    session: Session,
    project_id: int,
    person_id: int,
    now: datetime,
    *,
    size: int | None = None,
    origin: Origin = Origin.ASKED,
    by: int | None = None,
    resume: bool = True,
    lane: Lane = Lane.WAITED_FOR,
    asked: str = "",
) -> Given | Nothing:
    """Give a person their next batch and put its card into the outbox; or say why there is nothing.

    Who has to read the guideline first gets nothing new; what they have in hand goes on unless it is paused.
    Places planned for the person go first, then the queues in the order of their priority. With ``resume`` a batch that
    is still open is shown again instead. ``by`` is the lead who pushed it. ``asked`` tells the asking click from all
    others: where it comes a second time, what it gave the first time is all there is.
    """
    _lock_person(session, project_id, person_id)
    key = f"batch:asked:{project_id}:{person_id}:{asked[:100]}" if asked else None
    if key is not None and (before := _given_before(session, key)):
        return before
    terms = _terms(session, project_id, person_id, now)
    opened = _open_batch(session, project_id, person_id) if resume else None
    if opened and (terms.to_read is None or not batches.is_paused(session, opened.batch_id)):
        batches.show_again(session, opened.batch_id, project_id, person_id, now, key)
        return opened
    if terms.to_read is not None:
        return Nothing(Why.GUIDELINE, guideline_id=terms.to_read)
    wanted = size or terms.size
    planned = _planned(session, project_id, person_id, wanted)
    item_ids = planned or _take(session, project_id, person_id, wanted)
    if not item_ids:
        return why_nothing(session, project_id, person_id, now)
    batch_id = _make_batch(
        session,
        project_id,
        person_id,
        item_ids,
        now,
        terms=terms,
        origin=Origin.PLANNED if planned else origin,
        lane=lane,
        key=key,
    )
    history.note(
        session,
        now,
        "batch.given",
        "batch",
        batch_id,
        project_id=project_id,
        actor_id=by or person_id,
        after={"person_id": person_id, "items": item_ids, "origin": Origin.PLANNED if planned else origin},
    )
    return Given(batch_id, len(item_ids))


def free_people(session: Session, project_id: int) -> list[int]:
    """Active annotators of a project who have nothing open in it."""
    busy = exists().where(
        col(Assignment.person_id) == col(Person.id),
        col(Assignment.project_id) == project_id,
        places.HELD,
        col(Assignment.state) == Place.OPEN,
    )
    found = session.execute(
        select(col(Person.id))
        .where(col(Person.active), places.has_role(project_id, col(Person.id), Role.ANNOTATOR), ~busy)
        .order_by(col(Person.id))
    )
    return list(found.scalars())


def holds_places(session: Session, project_id: int, slack_id: str) -> bool:
    """Whether somebody has items of a project in hand that they have not answered."""
    held = (
        select(col(Assignment.id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(col(Person.slack_id) == slack_id, col(Assignment.project_id) == project_id, places.HELD)
    )
    return session.execute(held.limit(1)).first() is not None


def _lock_person(session: Session, project_id: int, person_id: int) -> None:
    """One giving at a time for one person; refused to who is not an active annotator."""
    allowed = session.execute(
        select(col(Person.active), places.has_role(project_id, col(Person.id), Role.ANNOTATOR).label("annotates"))
        .where(col(Person.id) == person_id)
        .with_for_update(of=Person, key_share=True)
    ).first()
    if allowed is None or not allowed.annotates:
        raise NotAllowedError(
            "Only annotators of this project get batches. A lead can make somebody one with “/concord people”."
        )
    if not allowed.active:
        raise RefusedError("This person's Slack account is deactivated.")


def _terms(session: Session, project_id: int, person_id: int, now: datetime) -> Terms:
    """In one statement, so that what is read and what is in force are of one moment."""
    is_held = required.held_since(project_id, person_id) <= now
    row = session.execute(
        select(
            col(Project.batch_size),
            col(Project.hold_seconds),
            col(Project.guideline_id),
            case((is_held, required.to_read(project_id))),
        ).where(col(Project.id) == project_id)
    ).one()
    return Terms(*row)


def _given_before(session: Session, key: str) -> Given | None:
    row = session.execute(
        select(col(Batch.id), col(Batch.size))
        .join(Outbox, col(Outbox.subject_id) == col(Batch.id))
        .where(col(Outbox.key) == key)
    ).first()
    return Given(row.id, row.size, resumed=True) if row else None


def _open_batch(session: Session, project_id: int, person_id: int) -> Given | None:
    row = session.execute(
        select(col(Assignment.batch_id), func.count())
        .where(
            col(Assignment.person_id) == person_id,
            col(Assignment.project_id) == project_id,
            places.HELD,
            col(Assignment.state) == Place.OPEN,
        )
        .group_by(col(Assignment.batch_id))
        .order_by(col(Assignment.batch_id).desc())
        .limit(1)
    ).first()
    return Given(row[0], row[1], resumed=True) if row else None


def _planned(session: Session, project_id: int, person_id: int, wanted: int) -> list[int]:
    mine = (
        select(col(Assignment.item_id))
        .where(
            col(Assignment.person_id) == person_id,
            col(Assignment.project_id) == project_id,
            places.HELD,
            col(Assignment.state) == Place.PLANNED,
        )
        .order_by(col(Assignment.position), col(Assignment.id))
        .limit(wanted)
    )
    ids = set(session.execute(mine).scalars())
    if not ids:
        return []
    places.lock_items(session, ids)
    # Read again under the lock: a ruling may have closed some of them meanwhile.
    return [item_id for item_id in session.execute(mine).scalars() if item_id in ids]


def _take(session: Session, project_id: int, person_id: int, wanted: int) -> list[int]:
    queues = session.execute(
        select(col(Queue.id))
        .where(col(Queue.project_id) == project_id, col(Queue.low) < col(Queue.next_seq))
        .order_by(*places.in_order())
    ).scalars()
    taken: list[int] = []
    for queue_id in list(queues):
        taken += _take_from(session, queue_id, person_id, wanted - len(taken))
        if len(taken) == wanted:
            break
    return taken


def _take_from(session: Session, queue_id: int, person_id: int, wanted: int) -> list[int]:
    queue = session.execute(
        select(col(Queue.low), col(Queue.next_seq)).where(col(Queue.id) == queue_id).with_for_update(key_share=True)
    ).one()
    cursor = session.execute(
        select(col(QueueCursor.seq)).where(
            col(QueueCursor.queue_id) == queue_id, col(QueueCursor.person_id) == person_id
        )
    ).scalar()
    rows = session.execute(_open_items(queue_id, person_id, max(cursor or 0, queue.low - 1), wanted)).all()
    ids = _without_place(session, person_id, [row.id for row in rows])
    if ids:
        session.execute(update(Item).where(col(Item.id).in_(ids)).values(open_places=col(Item.open_places) - 1))
    _move_cursor(session, queue_id, person_id, rows[-1].seq if len(rows) == wanted else queue.next_seq - 1)
    _raise_low(session, queue_id, queue.low, queue.next_seq)
    return ids


def _open_items(queue_id: int, person_id: int, after: int, wanted: int) -> Any:
    """Items of a queue past ``after`` with an open place that the person may take, first numbers first."""
    mine = exists().where(
        col(Assignment.person_id) == person_id,
        col(Assignment.item_id) == col(Item.id),
        col(Assignment.state) != Place.RETURNED,
    )
    return (
        select(col(Item.id), col(Item.seq))
        .where(col(Item.queue_id) == queue_id, col(Item.open_places) > 0, col(Item.seq) > after, ~mine)
        .order_by(col(Item.seq))
        .limit(wanted)
        .with_for_update(of=Item, key_share=True)
    )


def _without_place(session: Session, person_id: int, item_ids: list[int]) -> list[int]:
    """The locked items on which the person still has no place: a late click may have taken one back before the lock."""
    mine = session.execute(
        select(col(Assignment.item_id)).where(
            col(Assignment.person_id) == person_id,
            col(Assignment.item_id).in_(item_ids),
            col(Assignment.state) != Place.RETURNED,
        )
    )
    taken = set(mine.scalars())
    return [item_id for item_id in item_ids if item_id not in taken]


def _move_cursor(session: Session, queue_id: int, person_id: int, seq: int) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(QueueCursor).values(queue_id=queue_id, person_id=person_id, seq=seq)
    session.execute(
        statement.on_conflict_do_update(index_elements=["queue_id", "person_id"], set_={"seq": statement.excluded.seq})
    )


def _raise_low(session: Session, queue_id: int, low: int, next_seq: int) -> None:
    first = session.execute(
        select(col(Item.seq))
        .where(col(Item.queue_id) == queue_id, col(Item.open_places) > 0, col(Item.seq) >= low)
        .order_by(col(Item.seq))
        .limit(1)
    ).scalar()
    reached = first if first is not None else next_seq
    if reached != low:
        session.execute(update(Queue).where(col(Queue.id) == queue_id).values(low=reached))


def _make_batch(
    session: Session,
    project_id: int,
    person_id: int,
    item_ids: list[int],
    now: datetime,
    *,
    terms: Terms,
    origin: Origin,
    lane: Lane,
    key: str | None,
) -> int:
    batch_id: int = session.execute(
        insert(Batch)
        .values(project_id=project_id, person_id=person_id, origin=origin, size=len(item_ids), created_at=now)
        .values(guideline_id=terms.guideline_id)
        .returning(col(Batch.id))
    ).scalar_one()
    seat(
        session,
        [
            {
                "project_id": project_id,
                "item_id": item_id,
                "person_id": person_id,
                "batch_id": batch_id,
                "position": position,
                "state": Place.OPEN,
                "given_at": now,
                "lease_until": now + timedelta(seconds=terms.hold),
            }
            for position, item_id in enumerate(item_ids, start=1)
        ],
        now,
    )
    outbox.put(
        session,
        now,
        key or f"batch:{batch_id}",
        "batch",
        outbox.To(project_id=project_id, person_id=person_id),
        {"id": batch_id},
        lane=lane,
        card=("batch", batch_id),
    )
    return batch_id


def seat(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:
    """Write places, or revive those that the same people gave back: nobody has two places on an item."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    left = _leave_former_batches(session, rows)
    statement = dialect.insert(Assignment)
    revived = {name: statement.excluded[name] for name in ("batch_id", "position", "state", "given_at", "lease_until")}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "item_id"],
            set_={**revived, "version": col(Assignment.version) + 1},
            where=or_(col(Assignment.state) == Place.RETURNED, col(Assignment.state) == Place.PLANNED),
        ),
        rows,
    )
    for batch_id in left:
        batches.rewrite_batch(session, batch_id, now)


def _leave_former_batches(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    former = session.execute(
        select(
            col(Assignment.id),
            col(Assignment.person_id),
            col(Assignment.item_id),
            col(Assignment.batch_id),
            col(Assignment.labelled_at),
        ).where(
            col(Assignment.person_id).in_({row["person_id"] for row in rows}),
            col(Assignment.item_id).in_([row["item_id"] for row in rows]),
            col(Assignment.state) == Place.RETURNED,
            col(Assignment.batch_id).is_not(None),
        )
    ).all()
    moving = {(row["person_id"], row["item_id"]) for row in rows}
    mine = [row for row in former if (row.person_id, row.item_id) in moving]
    left = batches.leave(session, [row.id for row in mine]) if mine else []
    # What was labelled and is given out again after a rule change comes from finished batches, each item from another:
    # their cards would be rewritten one by one. Clicked, they show the truth.
    finished = {row.batch_id for row in mine if row.labelled_at} - {row.batch_id for row in mine if not row.labelled_at}
    quiet = finished - batches.going_on(session, finished) if finished else set()
    return [batch_id for batch_id in left if batch_id not in quiet]
