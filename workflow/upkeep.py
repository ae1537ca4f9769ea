"""What happens to places without anybody's click: leases end, people leave, the overlap changes.

Each function does at most ``limit`` items in its transaction, so that a click never waits for long, and is called again
until it says that nothing is left.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlmodel import Session, col

from storage.tables import Assignment, EscalationReason, Item, ItemState, Member, Place, Project, Role
from workflow import consensus, escalation, history, places
from workflow.batches import rewrite_batch
from workflow.skips import escalate_if_stranded

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
    found = session.execute(
        select(col(Assignment.id)).where(
            col(Assignment.person_id) == person_id,
            col(Assignment.project_id) == project_id,
            col(Assignment.state).in_(places.HOLDING),
        )
    )
    held = (col(Assignment.state).in_(places.HOLDING),)
    returned = _return_places(session, list(found.scalars()), now, "person.released", actor, only=held)
    session.execute(update(Project).where(col(Project.id) == project_id).values(stranded_after=0))
    return returned


def _return_places(
    session: Session,
    assignment_ids: list[int],
    now: datetime,
    action: str,
    actor: int | None,
    *,
    only: Iterable[object],
) -> int:
    if not assignment_ids:
        return 0
    item_ids = select(col(Assignment.item_id)).where(col(Assignment.id).in_(assignment_ids))
    locked = {item.id: item for item in places.lock_items(session, session.execute(item_ids).scalars())}
    rows = session.execute(
        update(Assignment)
        .where(col(Assignment.id).in_(assignment_ids), *only)  # type: ignore[arg-type]
        .values(state=Place.RETURNED, lease_until=None, version=col(Assignment.version) + 1)
        .returning(col(Assignment.item_id), col(Assignment.batch_id), col(Assignment.project_id))
    ).all()
    reopened = [locked[row.item_id] for row in rows if locked[row.item_id].state is ItemState.OPEN]
    places.give_back(session, reopened)
    for item in reopened:
        escalate_if_stranded(session, item, now, actor)
    for batch_id in sorted({row.batch_id for row in rows if row.batch_id is not None}):
        rewrite_batch(session, batch_id, now)
    for project_id in sorted({row.project_id for row in rows}):
        items = [row.item_id for row in rows if row.project_id == project_id]
        history.note(
            session, now, action, "project", project_id, project_id=project_id, actor_id=actor, after={"items": items}
        )
    return len(rows)


def change_overlap(session: Session, project_id: int, old: int, new: int, now: datetime, limit: int = CHUNK) -> int:
    """Bring the next items to a project's new overlap; how many were looked at, 0 when all are done.

    Raised: more places open under fresh numbers, and accepted items open again. Lowered: places that nobody has taken go,
    and items that then have enough labels are decided. Escalated and ruled items keep what they have. Where it has come to
    is kept with the project, so that a restart goes on; ``old`` is for the history.
    """
    after = session.execute(
        select(col(Project.overlap_after)).where(col(Project.id) == project_id).with_for_update()
    ).scalar()
    if after is None:
        return 0
    ids = list(
        session.execute(
            select(col(Item.id))
            .where(col(Item.project_id) == project_id, col(Item.id) > after)
            .order_by(col(Item.id))
            .limit(limit)
        ).scalars()
    )
    session.execute(update(Project).where(col(Project.id) == project_id).values(overlap_after=ids[-1] if ids else None))
    states = (ItemState.OPEN, ItemState.ACCEPTED)
    items = [item for item in places.lock_items(session, ids) if item.state in states and item.overlap != new]
    _set_overlap(session, [item for item in items if item.overlap < new], new)
    for item in items:
        if item.overlap > new:
            _lower(session, item, new, now)
    if items:
        history.note(
            session,
            now,
            "items.overlap_changed",
            "project",
            project_id,
            project_id=project_id,
            before={"overlap": old},
            after={"overlap": new, "items": [item.id for item in items]},
        )
    return len(ids)


def _set_overlap(session: Session, items: list[places.Locked], new: int) -> None:
    by_old: dict[int, list[places.Locked]] = {}
    for item in items:
        by_old.setdefault(item.overlap, []).append(item)
    for old, group in sorted(by_old.items()):
        places.give_back(session, group, new - old)
    session.execute(
        update(Item)
        .where(col(Item.id).in_([item.id for item in items]))
        .values(overlap=new, state=ItemState.OPEN, final_value_id=None, decided_by=None, decided_at=None)
    )


def _lower(session: Session, item: places.Locked, new: int, now: datetime) -> None:
    left = max(0, item.open_places - (item.overlap - new))
    session.execute(update(Item).where(col(Item.id) == item.id).values(overlap=new, open_places=left))
    if item.state is ItemState.OPEN and left == 0:
        decide_if_complete(session, item, now)


def decide_if_complete(session: Session, item: places.Locked, now: datetime) -> None:
    """Accept or escalate a locked open item whose places are all gone, and on which nobody is still working."""
    rows = session.execute(
        select(col(Assignment.state), col(Assignment.value_id)).where(col(Assignment.item_id) == item.id)
    ).all()
    values = [row.value_id for row in rows if row.state is Place.LABELLED]
    if any(row.state in places.HOLDING for row in rows) or not values:
        return
    rule = session.execute(select(col(Project.accept)).where(col(Project.id) == item.project_id)).scalar_one()
    agreed = consensus.decide(values, rule)
    if agreed is None:
        escalation.escalate(session, item, EscalationReason.DISAGREEMENT, now, None)
        return
    session.execute(
        update(Item)
        .where(col(Item.id) == item.id)
        .values(state=ItemState.ACCEPTED, final_value_id=agreed, decided_by=consensus.name(rule), decided_at=now)
    )
    history.note(
        session,
        now,
        "item.accepted",
        "item",
        item.id,
        project_id=item.project_id,
        before={"state": ItemState.OPEN},
        after={"state": ItemState.ACCEPTED, "value_id": agreed},
    )


def escalate_stranded(session: Session, project_id: int, now: datetime, limit: int = CHUNK) -> int:
    """After people left: escalate items begun by somebody that nobody may finish; how many were looked at, 0 at the end.

    Items that nobody has begun stay open for whoever joins next. Where there is no annotator at all, all of them wait.
    """
    after = session.execute(
        select(col(Project.stranded_after)).where(col(Project.id) == project_id).with_for_update()
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
    if ids and _has_annotators(session, project_id):
        for item in places.lock_items(session, ids):
            if item.state is ItemState.OPEN and item.open_places > 0:
                escalate_if_stranded(session, item, now, None)
    return len(ids)


def _has_annotators(session: Session, project_id: int) -> bool:
    """Whether the project has an annotator at all."""
    found = session.execute(
        select(func.count()).where(col(Member.project_id) == project_id, col(Member.role) == Role.ANNOTATOR)
    )
    return bool(found.scalar_one())
