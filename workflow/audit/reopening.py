"""A lot that failed its audit is labelled again: a lead says so with one click, the clock gives its items out bit by bit.

What the audit itself settled stays as it is: items whose label it found right, and those that it corrected. Everything else
of its population goes back to people; the old labels stay in the history and out of agreement. People are told why.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Audit,
    AuditState,
    AuditVerdict,
    Finding,
    Item,
    ItemState,
    Lane,
    Pattern,
    Person,
    Place,
    Project,
    Role,
)
from workflow import history, outbox, people, relabelling, waiting
from workflow.audit import telling
from workflow.audit.states import check_move
from workflow.errors import RefusedError
from workflow.places import Locked

if TYPE_CHECKING:
    from workflow.audit.members import Ids

CHUNK = 250
"""Items a transaction: with their places about a thousand rows, so that a click never waits for long."""
CHUNKS_A_TICK = 40
AGAIN = (ItemState.ACCEPTED, ItemState.IN_REVIEW, ItemState.RULED)


def reopen(session: Session, slack_id: str, audit_id: int, now: datetime) -> str | None:
    """A lead has the lot of a failed audit labelled again; None, or words where there is nothing to do.

    Raises NotAllowedError for who may not, RefusedError where there is no such audit.
    """
    audit = _lock(session, audit_id)
    if audit is None:
        raise RefusedError(f"There is no audit {audit_id} (any more). Nothing was changed.")
    by_id = people.require(session, audit.project_id, slack_id, Role.LEAD)
    if audit.state in (AuditState.REOPENING, AuditState.REOPENED, AuditState.REPAIRED):
        who = session.execute(select(col(Person.name)).where(col(Person.id) == audit.reopened_by_id)).scalar()
        who = "You" if audit.reopened_by_id == by_id else who
        return f"{who} already had this lot labelled again. Nothing was changed."
    if audit.state is not AuditState.FAILED:
        return "Only the lot of an audit that failed is labelled again. Nothing was changed."
    _move(session, audit, AuditState.REOPENING, by_id, now, reopened_by_id=by_id, after=0)
    waiting.wake(session)
    return None


def work(store: Store, now: datetime) -> int:
    """The clock's step: give items of reopened lots out, as many as a tick allows; how many."""
    with store.read() as session:
        due = session.execute(
            select(col(Audit.id)).where(col(Audit.state) == AuditState.REOPENING).order_by(col(Audit.id))
        )
        audit_ids = list(due.scalars())
    return sum(_work(store, audit_id, now) for audit_id in audit_ids)


def to_reopen(session: Session, audit_id: int) -> "Ids":
    """The ids of a population without what its audit settled, ascending; empty where nothing is left of it."""
    import numpy as np

    from workflow.audit import members

    packed = session.execute(select(col(Audit.members)).where(col(Audit.id) == audit_id)).scalar()
    if packed is None:
        return np.zeros(0, dtype=np.int64)
    found = select(col(Finding.item_id)).where(
        col(Finding.audit_id) == audit_id,
        or_(col(Finding.verdict) == AuditVerdict.RIGHT, col(Finding.ruling_id).is_not(None)),
    )
    settled = np.array(list(session.execute(found).scalars()), dtype=np.int64)
    whole = np.sort(np.concatenate(members.unpack(packed)))
    # numpy's own difference of sets takes seconds for a million ids, and a card asks for it.
    return whole[~np.isin(whole, settled)]


def _work(store: Store, audit_id: int, now: datetime) -> int:
    with store.read() as session:
        ids = to_reopen(session, audit_id)
    given = 0
    for _ in range(CHUNKS_A_TICK):
        more = _chunk(store, audit_id, ids, now)
        if more is None:
            break
        given += more
    if given:
        store.transact(lambda session: telling.changed(session, audit_id, now))
    return given


def _chunk(store: Store, audit_id: int, ids: "Ids", now: datetime) -> int | None:
    """Give out the next items; how many, None when nothing is left or another clock is at it."""

    def give_out(session: Session) -> int | None:
        audit = _lock(session, audit_id)
        if audit is None or audit.state is not AuditState.REOPENING:
            return None
        some: list[int] = ids[ids > audit.after][:CHUNK].tolist()
        if not some:
            _move(session, audit, AuditState.REOPENED, None, now, after=0)
            return None
        given = _give_out(session, audit, some, now)
        values = {"after": some[-1], "reopened": audit.reopened + given}
        session.execute(update(Audit).where(col(Audit.id) == audit_id).values(**values))
        return given

    return store.transact(give_out)


def _give_out(session: Session, audit: Any, item_ids: Sequence[int], now: datetime) -> int:
    locked = relabelling.lock_items(session, item_ids)
    # Read under the lock: a click may have been faster.
    finals = dict(
        session.execute(
            select(col(Item.id), col(Item.final_value_id)).where(col(Item.id).in_(locked), col(Item.state).in_(AGAIN))
        ).all()
    )
    items = [locked[item_id] for item_id in sorted(finals)]
    if not items:
        return 0
    lost = relabelling.return_places(session, _answered(items))
    session.execute(delete(Pattern).where(col(Pattern.item_id).in_(finals)))
    history.note(
        session,
        now,
        "items.reopened_by_audit",
        "audit",
        audit.id,
        project_id=audit.project_id,
        actor_id=audit.reopened_by_id,
        before={"finals": {str(item_id): value for item_id, value in finals.items()}},
        after={"items": [item.id for item in items]},
    )
    relabelling.reopen(session, audit.project_id, items, lost, now)
    _tell(session, audit, {row.person_id for row in lost if row.state is Place.LABELLED}, now)
    return len(items)


def _answered(items: Sequence[Locked]) -> Any:
    """SQL: the places whose answer goes: labels, and on ruled items what the ruling closed."""
    ruled = [item.id for item in items if item.state is ItemState.RULED]
    everywhere = and_(col(Assignment.item_id).in_([item.id for item in items]), col(Assignment.state) == Place.LABELLED)
    return or_(everywhere, and_(col(Assignment.item_id).in_(ruled), col(Assignment.state) == Place.CLOSED))


def _tell(session: Session, audit: Any, person_ids: set[int], now: datetime) -> None:
    """Tell people once an audit why work of theirs comes again."""
    words = (audit.result or {}).get("words", "")
    message = (
        f"A sample of finished items of {audit.project} was checked, and too many were wrong. {words} So the items that the "
        "sample stands for are labelled again, some of yours among them, whoever was right or wrong on each. Your earlier "
        "labels stay in the history; what was corrected came to you item by item."
    )
    messages = [
        outbox.Message(
            f"audit:{audit.id}:reopened:{person_id}",
            outbox.To(project_id=audit.project_id, person_id=person_id),
            {"message": message},
        )
        for person_id in sorted(person_ids)
    ]
    outbox.put_all(session, now, "said", messages, lane=Lane.BULK)


def _lock(session: Session, audit_id: int) -> Any:
    """The audit under lock, its project first: an overlap that changes meanwhile finds the items afterwards."""
    mine = select(col(Audit.project_id)).where(col(Audit.id) == audit_id).scalar_subquery()
    session.execute(select(col(Project.id)).where(col(Project.id) == mine).with_for_update(read=True))
    names = ("id", "project_id", "state", "result", "reopened", "reopened_by_id", "after")
    return session.execute(
        select(*(col(getattr(Audit, name)) for name in names), col(Project.name).label("project"))
        .join(Project, col(Project.id) == col(Audit.project_id))
        .where(col(Audit.id) == audit_id)
        .with_for_update(of=Audit, key_share=True)
    ).first()


def _move(session: Session, audit: Any, state: AuditState, by_id: int | None, now: datetime, **values: Any) -> None:
    check_move(audit.state, state)
    session.execute(update(Audit).where(col(Audit.id) == audit.id).values(state=state, **values))
    history.note(
        session,
        now,
        "audit.reopening" if state is AuditState.REOPENING else "audit.reopened",
        "audit",
        audit.id,
        project_id=audit.project_id,
        actor_id=by_id,
        before={"state": audit.state},
        after={"state": state, "reopened": audit.reopened},
    )
    telling.changed(session, audit.id, now)
