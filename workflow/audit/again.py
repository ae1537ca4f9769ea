"""A lot that was labelled again is audited again, once all of it is decided: the same population, another sample."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Item, ItemState
from workflow import history, quality_rules
from workflow.audit import plan, reopening, starting, telling
from workflow.audit.scope import Scope
from workflow.audit.starting import Wanted
from workflow.audit.states import check_move

if TYPE_CHECKING:
    from workflow.audit.members import Ids

CHUNK = 1000
PICKED_WITHIN = timedelta(minutes=1)
"""The clock looks several times in this for what is to be reviewed."""
UNDECIDED = (ItemState.LOADING, ItemState.OPEN, ItemState.IN_REVIEW, ItemState.ESCALATED)


def start_due(store: Store, now: datetime) -> int:
    """The clock's step: audit again what is decided again; how many audits were started."""
    with store.read() as session:
        waiting = select(col(Audit.id)).where(col(Audit.state) == AuditState.REOPENED).order_by(col(Audit.id))
        due = list(session.execute(waiting).scalars())
    return sum(_start(store, audit_id, now) for audit_id in due if _is_decided(store, audit_id, now))


def _is_decided(store: Store, audit_id: int, now: datetime) -> bool:
    """Whether everything that was given out is decided. How far it has looked is kept: it waits at the first that is not."""
    with store.read() as session:
        audit = session.execute(select(col(Audit.project_id), col(Audit.after)).where(col(Audit.id) == audit_id)).one()
        ids, ripe = reopening.to_reopen(session, audit_id), _ripe(session, audit.project_id, now)
        undecided = _first_undecided(session, ids[ids > audit.after], ripe)
        if undecided is None and audit.after:
            # What was decided when it was passed may be in review or contested by now.
            undecided = _first_undecided(session, ids, ripe)
        after = undecided - 1 if undecided is not None else int(ids[-1]) if len(ids) else 0
    if after != audit.after:
        store.transact(lambda session: _keep(session, audit_id, after))
    return undecided is None


def _ripe(session: Session, project_id: int, now: datetime) -> datetime | None:
    """What was accepted later may yet be taken into review; None where nothing is reviewed."""
    return now - PICKED_WITHIN if quality_rules.of_project(session, project_id).review.picks_any else None


def _first_undecided(session: Session, item_ids: "Ids", ripe: datetime | None) -> int | None:
    open_yet: ColumnElement[bool] = col(Item.state).in_(UNDECIDED)
    if ripe is not None:
        open_yet = or_(open_yet, and_(col(Item.state) == ItemState.ACCEPTED, col(Item.decided_at) > ripe))
    for start in range(0, len(item_ids), CHUNK):
        some = col(Item.id).in_(item_ids[start : start + CHUNK].tolist())
        found: int | None = session.execute(
            select(col(Item.id)).where(some, open_yet).order_by(col(Item.id)).limit(1)
        ).scalar()
        if found is not None:
            return found
    return None


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
