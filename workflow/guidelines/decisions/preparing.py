"""Before anybody decides about a proposal: what it would touch is counted, and everybody who may decide gets its card."""

from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Lane, Outbox, OutboxKind, Proposal, ProposalState
from workflow import outbox
from workflow.guidelines import moving
from workflow.guidelines.decisions import deciders, impact

log = structlog.get_logger()


def count_impacts(store: Store, now: datetime) -> int:
    """Count what proposals would touch, of which that is not known; how many were. The clock's step.

    Nothing is kept waiting meanwhile: it is counted in a snapshot, and kept where the text is the same still.
    """
    counted = 0
    for proposal_id, revision in _uncounted(store):
        found = _impact(store, proposal_id, now)
        if found is None:
            continue
        keep = partial(_keep, proposal_id=proposal_id, revision=revision, found=found, now=now)
        counted += store.transact(keep)
    return counted


def give_cards(store: Store, now: datetime) -> int:
    """Give the cards of proposals that wait to everybody who may decide and has none of this revision; how many."""
    given = 0
    with store.read() as session:
        ids = list(session.execute(_waiting()).scalars())
        lacking = [proposal_id for proposal_id in ids if _lacking(session, proposal_id)]
    for proposal_id in lacking:
        given += store.transact(partial(_give, proposal_id=proposal_id, now=now))
    return given


def _waiting() -> Any:
    return select(col(Proposal.id)).where(col(Proposal.state) == ProposalState.PROPOSED).order_by(col(Proposal.id))


def _uncounted(store: Store) -> list[tuple[int, int]]:
    with store.read() as session:
        rows = session.execute(_waiting().add_columns(col(Proposal.revision)).where(col(Proposal.impact).is_(None)))
        return [(row.id, row.revision) for row in rows]


def _impact(store: Store, proposal_id: int, now: datetime) -> dict[str, Any] | None:
    """What it would touch; None where that cannot be counted: people get the card all the same."""
    try:
        with store.read() as session:
            return impact.count(session, proposal_id, now)
    except Exception:
        log.exception("impact not counted", proposal=proposal_id)
        return None


def _keep(session: Session, proposal_id: int, revision: int, found: dict[str, Any], now: datetime) -> int:
    held = moving.hold(session, proposal_id)
    if held.state is not ProposalState.PROPOSED or held.revision != revision or held.impact is not None:
        return 0
    moving.write(session, proposal_id, now, impact=found)
    return 1


def _give(session: Session, proposal_id: int, now: datetime) -> int:
    held = moving.hold(session, proposal_id)
    if held.state is not ProposalState.PROPOSED:
        return 0
    people = _lacking(session, proposal_id)
    for person_id in people:
        outbox.put(
            session, now, _key(proposal_id, held.revision, person_id), moving.CARD,
            outbox.To(person_id=person_id), {"id": proposal_id}, lane=Lane.URGENT, card=(moving.CARD, proposal_id),
        )  # fmt: skip
        _attach(session, proposal_id, held.revision, person_id, now)
    return len(people)


def _attach(session: Session, proposal_id: int, revision: int, person_id: int, now: datetime) -> None:
    """The whole difference as a file, in the thread of the card."""
    key = _key(proposal_id, revision, person_id)
    outbox.put(
        session, now, f"{key}:diff", "proposal_diff", outbox.To(person_id=person_id), {"id": proposal_id},
        lane=Lane.URGENT, kind=OutboxKind.FILE, thread_key=key,
    )  # fmt: skip


def _lacking(session: Session, proposal_id: int) -> list[int]:
    """Who may decide and has not been given the card of what is proposed now."""
    revision: int = session.execute(select(col(Proposal.revision)).where(col(Proposal.id) == proposal_id)).scalar_one()
    wanted = {_key(proposal_id, revision, one): one for one in deciders.who(session, proposal_id).person_ids}
    there = set(session.execute(select(col(Outbox.key)).where(col(Outbox.key).in_(list(wanted)))).scalars())
    return [person_id for key, person_id in wanted.items() if key not in there]


def _key(proposal_id: int, revision: int, person_id: int) -> str:
    return f"{moving.CARD}:{proposal_id}:{revision}:to:{person_id}"
