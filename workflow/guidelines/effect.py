"""An approved proposal comes into effect: a new version, what it does to the labels, and the word about it, all at once."""

from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import ChangeKind, Guideline, Proposal, ProposalState
from workflow.guidelines import in_force, moving, rules, versions
from workflow.guidelines.acknowledgement import announcing
from workflow.guidelines.labels import applying, label_changes
from workflow.guidelines.requeue import requeueing
from workflow.guidelines.text import fitting

log = structlog.get_logger()

READY = (ProposalState.APPROVED, ProposalState.SCHEDULED)


def take_due(store: Store, now: datetime) -> int:
    """Bring into effect what is approved and whose time has come; how many proposals were looked at. The clock's step."""
    with store.read() as session:
        scheduled = and_(col(Proposal.state) == ProposalState.SCHEDULED, col(Proposal.wanted_at) <= now)
        due = session.execute(
            select(col(Proposal.id))
            .where(or_(col(Proposal.state) == ProposalState.APPROVED, scheduled))
            .order_by(col(Proposal.wanted_at), col(Proposal.id))
        )
        ids = list(due.scalars())
    for proposal_id in ids:
        try:
            store.transact(partial(take, proposal_id=proposal_id, now=now))
        except Exception:
            # One that cannot come into effect does not hold up those of other projects.
            log.exception("proposal did not come into effect", proposal=proposal_id)
    return len(ids)


def take(session: Session, proposal_id: int, now: datetime) -> int | None:
    """Bring a proposal into effect that is approved and whose time has come; the new version's id.

    None where there is nothing to do (any more), or where it does not fit the version in force and was given back.
    """
    held = moving.hold(session, proposal_id)
    if held.state not in READY or (held.wanted_at is not None and held.wanted_at > now):
        return None
    if fitting.fit(session, held, now):
        return None
    # As it is now: it may have been brought over to a version that came meanwhile.
    held = moving.hold(session, proposal_id)
    before = versions.current(session, held.project_id)
    made = _put_in_force(session, held, before, now)
    moving.move(
        session, held, ProposalState.EFFECTIVE, now, None, "proposal.effective", guideline_id=made, settled_at=now
    )
    applying.apply(session, held.project_id, label_changes.parse(held.label_changes), made, now)
    announcing.announce(session, made, now)
    if held.kind is not ChangeKind.CLARIFICATION:
        requeueing.offer(session, made, now)
    return made


def _put_in_force(session: Session, held: Proposal, before: Guideline, now: datetime) -> int:
    held_from = now + rules.of_project(session, held.project_id).hold_after(held.kind)
    return in_force.put(
        session, before, held.kind, held.markdown, held.by_id, now,
        held_from=held_from, actor=None, noted={"summary": held.summary},
    )  # fmt: skip
