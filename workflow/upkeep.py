"""What happens to places without anybody's click: leases end, people leave, the overlap changes.

Each function does at most ``limit`` items in its transaction, so that a click never waits for long, and is called again
until it says that nothing is left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Item, ItemState, Member, Person, Place, Project, Role
from workflow import history, places, settling
from workflow.batches import rewrite_batch

CHUNK = 1000


def expire(session: Session, now: datetime, limit: int = CHUNK) -> int:
    """Give back places whose lease is over; how many there were."""
    over = (col(Assignment.state) == Place.OPEN, col(Assignment.lease_until) < now)
    found = session.execute(select(col(Assignment.id)).where(*over).order_by(col(Assignment.lease_until)).limit(limit))
    return _return_places(session, list(found.scalars()), now, "lease.over", None, only=over)


def release_person(
    session: Session, project_id: int, person_id: int, now: datetime, *, actor: int | None = None
) -> int:
    """Give back everything that a person holds in a project; how many places. Their card closes.

    Items that nobody may take any more are looked for afterwards, by ``escalate_stranded``.
    """
    # Written first: the project is locked before queues and items, as where an overlap changes.
    session.execute(update(Project).where(col(Project.id) == project_id).values(stranded_after=0))
    held = (
        col(Assignment.person_id) == person_id,
        col(Assignment.project_id) == project_id,
        places.HELD,
    )
    found = session.execute(select(col(Assignment.id)).where(*held))
    return _return_places(session, list(found.scalars()), now, "person.released", actor, only=held, stranded=False)


def person_joined(session: Session, project_id: int) -> None:
    """Somebody annotates (again): with as many people as the overlap, what even so nobody may take is looked for."""
    enough = select(col(Project.overlap)).where(col(Project.id) == project_id)
    if annotators(session, project_id) >= session.execute(enough).scalar_one():
        session.execute(update(Project).where(col(Project.id) == project_id).values(stranded_after=0))


def _return_places(
    session: Session,
    assignment_ids: list[int],
    now: datetime,
    action: str,
    actor: int | None,
    *,
    only: Iterable[ColumnElement[bool]],
    stranded: bool = True,
) -> int:
    if not assignment_ids:
        return 0
    item_ids = select(col(Assignment.item_id)).where(col(Assignment.id).in_(assignment_ids))
    locked = {item.id: item for item in places.lock_items(session, session.execute(item_ids).scalars())}
    rows = session.execute(
        update(Assignment)
        .where(col(Assignment.id).in_(assignment_ids), *only)
        .values(state=Place.RETURNED, lease_until=None, version=col(Assignment.version) + 1)
        .returning(col(Assignment.item_id), col(Assignment.batch_id), col(Assignment.project_id))
    ).all()
    settling.settle(session, [locked[row.item_id] for row in rows], now, actor, stranded=stranded)
    for batch_id in sorted({row.batch_id for row in rows if row.batch_id is not None}):
        rewrite_batch(session, batch_id, now)
    for project_id in sorted({row.project_id for row in rows}):
        items = [row.item_id for row in rows if row.project_id == project_id]
        history.note(
            session, now, action, "project", project_id, project_id=project_id, actor_id=actor, after={"items": items}
        )
    return len(rows)


def change_overlap(session: Session, project_id: int, now: datetime, limit: int = CHUNK) -> int:
    """Bring the next items to the project's overlap; how many were looked at, 0 when all are done.

    Raised: more places open under fresh numbers, and accepted items that lack labels open again. Lowered: places that
    nobody has taken go, and items that then have enough labels are decided. Escalated items will need the new overlap
    where they are sent back, ruled ones keep what they have. Where it has come to is kept with the project, so that a
    restart goes on.
    """
    row = session.execute(
        select(col(Project.overlap_after), col(Project.overlap))
        .where(col(Project.id) == project_id)
        .with_for_update(key_share=True)
    ).first()
    if row is None or row.overlap_after is None:
        return 0
    new = row.overlap
    ids = list(
        session.execute(
            select(col(Item.id))
            .where(col(Item.project_id) == project_id, col(Item.id) > row.overlap_after)
            .order_by(col(Item.id))
            .limit(limit)
        ).scalars()
    )
    session.execute(update(Project).where(col(Project.id) == project_id).values(overlap_after=ids[-1] if ids else None))
    states = (ItemState.OPEN, ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.ESCALATED)
    items = [item for item in places.lock_items(session, ids) if item.state in states and item.overlap != new]
    if not items:
        return len(ids)
    history.note(
        session,
        now,
        "items.overlap_changed",
        "project",
        project_id,
        project_id=project_id,
        before={"overlap": {str(item.id): item.overlap for item in items}},
        after={"overlap": new},
    )
    session.execute(update(Item).where(col(Item.id).in_([item.id for item in items])).values(overlap=new))
    going = [item for item in items if item.state is not ItemState.ESCALATED]
    _raise(session, project_id, [item for item in going if item.overlap < new], new, now)
    lowered = [item for item in going if item.overlap > new]
    for item in lowered:
        _lower(session, item, new, now)
    if lowered and annotators(session, project_id) >= new:
        # They waited for more people than there were: from now on nobody comes.
        settling.escalate_stranded(session, [item for item in lowered if item.state is ItemState.OPEN], now, None)
    return len(ids)


def _raise(session: Session, project_id: int, items: Sequence[places.Locked], new: int, now: datetime) -> None:
    """Open what the items lack now. With fewer people than the overlap they wait for more to join, as the lead is told."""
    opened = places.give_back(session, items)
    again = [item.id for item in items if item.id in opened and item.state is not ItemState.OPEN]
    if again:
        session.execute(
            update(Item)
            .where(col(Item.id).in_(again))
            .values(state=ItemState.OPEN, final_value_id=None, decided_by=None, decided_at=None)
        )
        history.note(
            session, now, "items.reopened", "project", project_id, project_id=project_id, after={"items": again}
        )
    if annotators(session, project_id) >= new:
        reopened = [replace(item, state=ItemState.OPEN) for item in items if item.id in opened]
        settling.escalate_stranded(session, reopened, now, None)


def _lower(session: Session, item: places.Locked, new: int, now: datetime) -> None:
    left = max(0, item.open_places - (item.overlap - new))
    session.execute(update(Item).where(col(Item.id) == item.id).values(open_places=left))
    if item.state is ItemState.OPEN and left == 0:
        settling.decide_if_complete(session, item, now)


def escalate_stranded(session: Session, project_id: int, now: datetime, limit: int = CHUNK) -> int:
    """After people left: escalate items begun by somebody that nobody may finish; how many were looked at, 0 at the end.

    Items that nobody has begun stay open for whoever joins next. Where there is no annotator at all, all of them wait.
    """
    after = session.execute(
        select(col(Project.stranded_after)).where(col(Project.id) == project_id).with_for_update(key_share=True)
    ).scalar()
    if after is None:
        return 0
    begun = exists().where(col(Assignment.item_id) == col(Item.id))
    ids = list(
        session.execute(
            select(col(Item.id))
            .where(
                col(Item.project_id) == project_id,
                col(Item.id) > after,
                col(Item.state) == ItemState.OPEN,
                col(Item.open_places) > 0,
                begun,
            )
            .order_by(col(Item.id))
            .limit(limit)
        ).scalars()
    )
    session.execute(
        update(Project).where(col(Project.id) == project_id).values(stranded_after=ids[-1] if ids else None)
    )
    if ids and annotators(session, project_id):
        waiting = [item for item in places.lock_items(session, ids) if item.state is ItemState.OPEN]
        settling.escalate_stranded(session, waiting, now, None)
    return len(ids)


def annotators(session: Session, project_id: int) -> int:
    """How many people can be given items of a project."""
    found: int = session.execute(
        select(func.count())
        .select_from(Member)
        .join(Person, col(Person.id) == col(Member.person_id))
        .where(col(Member.project_id) == project_id, col(Member.role) == Role.ANNOTATOR, col(Person.active))
    ).scalar_one()
    return found
