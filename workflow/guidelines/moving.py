"""A proposal under lock, and what every change of one needs: the table of moves, the history, its cards drawn anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Member, Person, Project, Proposal, ProposalState, Purpose
from workflow import history, outbox, waiting
from workflow.errors import RefusedError
from workflow.guidelines import states

CARD = "proposal"
OWN_CARD = "own_proposal"
GONE = "This proposal does not exist (any more)."


def hold_project(session: Session, project_id: int) -> None:
    """Let nobody else change the project or its guideline until the session ends."""
    session.execute(select(col(Project.id)).where(col(Project.id) == project_id).with_for_update(key_share=True))


def hold(session: Session, proposal_id: int) -> Proposal:
    """A proposal, which nobody else changes until the session ends, nor its project. Raises RefusedError for none."""
    project_id = session.execute(select(col(Proposal.project_id)).where(col(Proposal.id) == proposal_id)).scalar()
    if project_id is None:
        raise RefusedError(GONE)
    hold_project(session, project_id)
    found: Proposal = session.execute(
        select(Proposal)
        .where(col(Proposal.id) == proposal_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    return found


def move(
    session: Session,
    held: Proposal,
    state: ProposalState,
    now: datetime,
    by: int | None,
    action: str,
    *,
    noted: Mapping[str, Any] | None = None,
    **values: Any,
) -> None:
    """Bring a proposal that is under lock into another state. ``noted`` stands in the history beside the summary.

    Raises ValueError where the table has no such move.
    """
    states.check_move(held.state, state)
    before = {"state": held.state.value}
    after = {"state": state.value, "summary": values.get("summary", held.summary), **(noted or {})}
    write(session, held.id or 0, now, state=state, **values)
    note(session, held, now, by, action, before=before, after=after)


def note(
    session: Session,
    held: Proposal,
    now: datetime,
    by: int | None,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """A row in the history of a proposal."""
    history.note(
        session, now, action, "proposal", held.id or 0,
        project_id=held.project_id, actor_id=by, before=before, after=after,
    )  # fmt: skip


def write(session: Session, proposal_id: int, now: datetime, **values: Any) -> None:
    """Write values of a proposal that is under lock, and have every copy of its cards drawn anew."""
    version = session.execute(
        update(Proposal)
        .where(col(Proposal.id) == proposal_id)
        .values(version=col(Proposal.version) + 1, **values)
        .returning(col(Proposal.version))
        .execution_options(synchronize_session=False)
    ).scalar_one()
    for kind in (CARD, OWN_CARD):
        outbox.rewrite(session, now, kind, proposal_id, version, kind)
    waiting.wake(session)


def tell_proposer(session: Session, held: Proposal, now: datetime, why: str) -> None:
    """A new card for who proposed it: a message that is only drawn anew alarms nobody. ``why`` tells it from others.

    Where they left, or it came from the command line, leads get it, who may change it or take it back in their stead.
    """
    proposer = (
        select(col(Person.id))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Person.id) == held.by_id, col(Person.active), col(Member.project_id) == held.project_id)
    )
    leads = outbox.To(project_id=held.project_id, purpose=Purpose.LEADS)
    is_there = session.execute(proposer.limit(1)).first() is not None
    outbox.put(
        session, now, f"{OWN_CARD}:{held.id}:{why}", OWN_CARD,
        outbox.To(person_id=held.by_id) if is_there else leads, {"id": held.id}, card=(OWN_CARD, held.id or 0),
    )  # fmt: skip
