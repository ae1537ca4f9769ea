"""What becomes of an open item without a label: a place on it ended unanswered, or its overlap changed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Escalation, EscalationReason, EscalationState, Item, ItemState, Place, Project
from workflow import consensus, escalation, history, places
from workflow.places import Locked
from workflow.states import check_move


def settle(
    session: Session, items: Sequence[Locked], now: datetime, actor: int | None, *, stranded: bool = True
) -> None:
    """Bring locked items that are open to where their places and labels put them.

    Places that an item lacks are opened again. Where it lacks none, and nobody works on it, it is decided. Where nobody
    may take what is open, it is escalated; ``stranded`` False leaves that for later.
    """
    still_open = {item.id: item for item in items if item.state is ItemState.OPEN}
    waiting = places.give_back(session, list(still_open.values()))
    for item_id in still_open.keys() - waiting:
        decide_if_complete(session, still_open[item_id], now)
    if stranded:
        escalate_stranded(session, [still_open[item_id] for item_id in sorted(waiting)], now, actor)


def escalate_stranded(session: Session, items: Collection[Locked], now: datetime, actor: int | None) -> None:
    """Escalate those of locked open items that have an open place which nobody may take."""
    if not items:
        return
    without = session.execute(
        select(col(Item.id)).where(
            col(Item.id).in_([item.id for item in items]),
            col(Item.open_places) > 0,
            ~places.somebody_may_take(col(Item.id), col(Item.project_id)),
        )
    )
    found = set(without.scalars())
    for item in items:
        if item.id in found:
            escalation.escalate(session, item, EscalationReason.NOBODY_LEFT, now, actor)


def decide_if_complete(session: Session, item: Locked, now: datetime) -> None:
    """Accept or escalate a locked open item whose places are all gone, and on which nobody is still working."""
    values = _complete(session, item)
    if not values:
        return
    rule = _rule(session, item)
    agreed = consensus.decide(values, rule)
    if agreed is None:
        escalation.escalate(session, item, EscalationReason.DISAGREEMENT, now, None)
    else:
        _accept(session, item, agreed, rule, now)


def accept_agreeing(session: Session, items: Sequence[Locked], now: datetime) -> None:
    """Accept those of locked items whose labels disagreed and do not any more, since two labels became one."""
    disputed = {item.id: item for item in items if item.state is ItemState.ESCALATED}
    cases = session.execute(
        select(col(Escalation.id), col(Escalation.item_id), col(Escalation.version))
        .where(
            col(Escalation.item_id).in_(disputed),
            col(Escalation.state) == EscalationState.OPEN,
            col(Escalation.reason) == EscalationReason.DISAGREEMENT,
        )
        .order_by(col(Escalation.id))
        .with_for_update(key_share=True)
    ).all()
    for found in cases:
        item = disputed[found.item_id]
        rule = _rule(session, item)
        agreed = consensus.decide(_complete(session, item), rule)
        if agreed is not None:
            _accept(session, item, agreed, rule, now)
            escalation.withdraw(session, found.id, found.version, now)


def _complete(session: Session, item: Locked) -> list[int]:
    """The values in force on an item; none while somebody still works on it."""
    rows = session.execute(
        select(col(Assignment.state), col(Assignment.value_id)).where(col(Assignment.item_id) == item.id)
    ).all()
    if any(row.state in places.HOLDING for row in rows):
        return []
    return [row.value_id for row in rows if row.state is Place.LABELLED]


def _rule(session: Session, item: Locked) -> str:
    rule: str = session.execute(select(col(Project.accept)).where(col(Project.id) == item.project_id)).scalar_one()
    return rule


def _accept(session: Session, item: Locked, value_id: int, rule: str, now: datetime) -> None:
    check_move(item.state, ItemState.ACCEPTED)
    session.execute(
        update(Item)
        .where(col(Item.id) == item.id)
        .values(state=ItemState.ACCEPTED, final_value_id=value_id, decided_by=consensus.name(rule), decided_at=now)
    )
    history.note(
        session,
        now,
        "item.accepted",
        "item",
        item.id,
        project_id=item.project_id,
        before={"state": item.state},
        after={"state": ItemState.ACCEPTED, "value_id": value_id},
    )
