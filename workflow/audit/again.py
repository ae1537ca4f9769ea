"""A lot that was labelled again is audited again, once all of it is decided: the same population, another sample."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Item, ItemState
from workflow import history
from workflow.audit import plan, reopening, starting, telling
from workflow.audit.scope import Scope
from workflow.audit.starting import Wanted
from workflow.audit.states import check_move

CHUNK = 1000
UNDECIDED = (ItemState.LOADING, ItemState.OPEN, ItemState.IN_REVIEW, ItemState.ESCALATED)


def start_due(store: Store, now: datetime) -> int:
    """The clock's step: audit again what is decided again; how many audits were started."""
    with store.read() as session:
        waiting = select(col(Audit.id)).where(col(Audit.state) == AuditState.REOPENED).order_by(col(Audit.id))
        due = list(session.execute(waiting).scalars())
    return sum(_start(store, audit_id, now) for audit_id in due if _is_decided(store, audit_id))


def _is_decided(store: Store, audit_id: int) -> bool:
    """Whether everything that was given out is decided. How far it has looked is kept: it waits at the first that is not."""
    with store.read() as session:
        ids = reopening.to_reopen(session, audit_id)
        after = session.execute(select(col(Audit.after)).where(col(Audit.id) == audit_id)).scalar_one()
        begun = after
        left = ids[ids > after]
        undecided = None
        for start in range(0, len(left), CHUNK):
            some = left[start : start + CHUNK].tolist()
            undecided = _first_undecided(session, some)
            if undecided is not None:
                after = max(undecided - 1, after)
                break
            after = some[-1]
    if after != begun:
        store.transact(lambda session: _keep(session, audit_id, after))
    return undecided is None


def _first_undecided(session: Session, item_ids: list[int]) -> int | None:
    found = select(col(Item.id)).where(col(Item.id).in_(item_ids), col(Item.state).in_(UNDECIDED))
    first: int | None = session.execute(found.order_by(col(Item.id)).limit(1)).scalar()
    return first


def _keep(session: Session, audit_id: int, after: int) -> None:
    session.execute(
        update(Audit).where(col(Audit.id) == audit_id, col(Audit.state) == AuditState.REOPENED).values(after=after)
    )


def _start(store: Store, audit_id: int, now: datetime) -> bool:
    return store.transact(lambda session: _start_one(session, audit_id, now))


def _start_one(session: Session, audit_id: int, now: datetime) -> bool:
    audit = session.execute(
        select(col(Audit.project_id), col(Audit.state), col(Audit.design), col(Audit.plan))
        .where(col(Audit.id) == audit_id)
        .with_for_update(key_share=True)
    ).one()
    if audit.state is not AuditState.REOPENED:
        return False
    check_move(audit.state, AuditState.REPAIRED)
    wanted = Wanted(
        design=audit.design,
        scope=Scope(audit_id=audit_id),
        plan=plan.read(audit.plan),
        why=f"Again, after its lot failed audit {audit_id} and was labelled again",
        again_of_id=audit_id,
    )
    made = starting.start(session, audit.project_id, None, wanted, now, asked=f"again {audit_id}")
    session.execute(update(Audit).where(col(Audit.id) == audit_id).values(state=AuditState.REPAIRED))
    history.note(
        session,
        now,
        "audit.repaired",
        "audit",
        audit_id,
        project_id=audit.project_id,
        before={"state": audit.state},
        after={"state": AuditState.REPAIRED, "again": made},
    )
    telling.changed(session, audit_id, now)
    return True
