"""Deciding about a proposal: approved, sent back for changes, rejected, taken back. State decides, not the click."""

from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlmodel import Session, col

from storage.tables import Decision, Member, Person, Proposal, ProposalState, Role, Verdict
from workflow import outbox, people
from workflow.cases.decision import is_blank
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines import moving
from workflow.guidelines.decisions import deciders
from workflow.guidelines.states import MOVES
from workflow.guidelines.text import fitting

SAID = {
    Verdict.APPROVED: "approved this",
    Verdict.CHANGES_REQUESTED: "asked for changes",
    Verdict.REJECTED: "rejected this",
    Verdict.WITHDRAWN: "took this back",
}


def approve(session: Session, proposal_id: int, revision: int, slack_id: str, now: datetime) -> str | None:
    """A manager approves it: with the last approval that it needs it is approved, or scheduled for its time.

    What to tell them, where nothing came of it or it does not fit the version in force.
    """
    held = moving.hold(session, proposal_id)
    by = people.require(session, held.project_id, slack_id, Role.MANAGER, Role.LEAD)
    if _is_late(held, revision):
        return _instead(session, held, revision, by, Verdict.APPROVED)
    needed = _require_decider(session, held, by)
    is_new = _decide(session, held, by, Verdict.APPROVED, "", now)
    # A click that comes twice counts where the project needs fewer approvals than it did at the first one.
    if approvals(session, held) >= needed:
        return _approved(session, held, by, now)
    if not is_new:
        return None
    moving.write(session, proposal_id, now)
    moving.note(session, held, now, by, "proposal.approval", after={"summary": held.summary})
    return None


def request_changes(
    session: Session, proposal_id: int, revision: int, slack_id: str, comment: str, now: datetime
) -> str | None:
    """A manager gives it back with a comment. What to tell them, where nothing came of it."""
    return _against(session, proposal_id, revision, slack_id, Verdict.CHANGES_REQUESTED, comment, now)


def reject(session: Session, proposal_id: int, revision: int, slack_id: str, comment: str, now: datetime) -> str | None:
    """A manager rejects it, with the reason. What to tell them, where nothing came of it."""
    return _against(session, proposal_id, revision, slack_id, Verdict.REJECTED, comment, now)


def withdraw(session: Session, proposal_id: int, slack_id: str, now: datetime) -> str | None:
    """Whoever proposed it takes it back; one that is scheduled, or whose proposer left, managers and leads as well.

    What to tell them, where nothing came of it.
    """
    held = moving.hold(session, proposal_id)
    by = people.require(session, held.project_id, slack_id, *Role)
    if by != held.by_id:
        _require_heir(session, held, slack_id)
    if (held.state, ProposalState.WITHDRAWN) not in MOVES:
        return _instead(session, held, held.revision, by, Verdict.WITHDRAWN)
    _decide(session, held, by, Verdict.WITHDRAWN, "", now)
    moving.move(session, held, ProposalState.WITHDRAWN, now, by, "proposal.withdrawn", settled_at=now)
    if by != held.by_id:
        moving.tell_proposer(session, held, now, f"{held.revision}:withdrawn")
    return None


def approvals(session: Session, held: Proposal) -> int:
    """How many people approved what is proposed now."""
    count = select(func.count(distinct(col(Decision.person_id)))).where(
        col(Decision.proposal_id) == held.id,
        col(Decision.revision) == held.revision,
        col(Decision.verdict) == Verdict.APPROVED,
    )
    if held.by_id is not None:
        # Two rows of people may turn out to be one: then they approved their own.
        count = count.where(col(Decision.person_id) != held.by_id)
    return int(session.execute(count).scalar_one())


def may_decide(session: Session, proposal_id: int, revision: int, slack_id: str) -> str | None:
    """Before a form opens: what to tell somebody who cannot decide any more. Raises RefusedError for who may not."""
    held = moving.hold(session, proposal_id)
    by = people.require(session, held.project_id, slack_id, Role.MANAGER, Role.LEAD)
    if _is_late(held, revision):
        return standing(session, held, revision)
    _require_decider(session, held, by)
    return None


def may_change(session: Session, proposal_id: int, slack_id: str) -> str | None:
    """Before the form opens in which it is changed: what to tell somebody where it cannot be. Raises RefusedError."""
    held = moving.hold(session, proposal_id)
    require_changer(session, held, slack_id)
    return None if held.state is ProposalState.CHANGES_REQUESTED else standing(session, held, held.revision)


def require_changer(session: Session, held: Proposal, slack_id: str) -> int:
    """The person behind a Slack id, who may change and propose it again: its proposer, or who steps in for them."""
    by = people.require(session, held.project_id, slack_id, *Role)
    if by != held.by_id:
        _require_heir(session, held, slack_id)
    return by


def standing(session: Session, held: Proposal, revision: int) -> str:
    """How far a proposal has come, for somebody who pressed what is not there any more."""
    if held.revision != revision:
        return "It was changed and proposed again meanwhile. Look at the card as it is now, and decide once more."
    if held.state is ProposalState.CHANGES_REQUESTED:
        said = _last_said(session, held) or "It does not fit the version in force, and was given back"
        return f"{said}: whoever proposed it can change it and propose it again."
    return {
        ProposalState.DRAFT: "This is a draft still: say first what it changes, and why.",
        ProposalState.PROPOSED: "This waits for a decision.",
        ProposalState.EFFECTIVE: "This has come into effect already.",
        ProposalState.SUPERSEDED: "This came into effect, and a later version has taken its place.",
    }.get(held.state) or f"{_last_said(session, held) or 'This was decided'} already."


def _approved(session: Session, held: Proposal, by: int, now: datetime) -> str | None:
    """As many approved it as the project wants."""
    if problem := fitting.fit(session, held, now):
        return f"It was given back to whoever proposed it. {problem}"
    later = held.wanted_at is not None and held.wanted_at > now
    state = ProposalState.SCHEDULED if later else ProposalState.APPROVED
    moving.move(session, held, state, now, by, "proposal.approved", comment=None)
    if later:
        moving.tell_proposer(session, held, now, f"{held.revision}:scheduled")
    return None


def _against(
    session: Session, proposal_id: int, revision: int, slack_id: str, verdict: Verdict, comment: str, now: datetime
) -> str | None:
    held = moving.hold(session, proposal_id)
    by = people.require(session, held.project_id, slack_id, Role.MANAGER, Role.LEAD)
    if _is_late(held, revision):
        return _instead(session, held, revision, by, verdict)
    _require_decider(session, held, by)
    if is_blank(comment):
        raise RefusedError("Say why: whoever proposed it will read it.")
    _decide(session, held, by, verdict, comment, now)
    state = ProposalState(verdict.value)
    settled = now if state is ProposalState.REJECTED else None
    moving.move(session, held, state, now, by, f"proposal.{state.value}", comment=comment, settled_at=settled)
    moving.tell_proposer(session, held, now, f"{held.revision}:{state.value}")
    return None


def _is_late(held: Proposal, revision: int) -> bool:
    return held.state is not ProposalState.PROPOSED or held.revision != revision


def _instead(session: Session, held: Proposal, revision: int, by: int, verdict: Verdict) -> str | None:
    """What to tell somebody who came too late; nothing where their own click comes twice."""
    mine = select(col(Decision.id)).where(
        col(Decision.proposal_id) == held.id,
        col(Decision.revision) == revision,
        col(Decision.person_id) == by,
        col(Decision.verdict) == verdict,
    )
    return None if session.execute(mine).first() else standing(session, held, revision)


def _require_decider(session: Session, held: Proposal, by: int) -> int:
    """How many approvals it needs. Raises NotAllowedError where the person may not decide."""
    if by == held.by_id:
        raise NotAllowedError("You proposed this: somebody else decides about it.")
    found = deciders.of(session, held.project_id, held.by_id)
    if by not in found.person_ids:
        raise NotAllowedError(f"You cannot decide about this. {found.words}")
    return found.needed


def _require_heir(session: Session, held: Proposal, slack_id: str) -> None:
    """Refuse somebody else's proposal, except to a manager or lead: where it is scheduled, or its proposer left."""
    proposer = (
        select(col(Person.name))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Person.id) == held.by_id, col(Person.active), col(Member.project_id) == held.project_id)
    )
    name = session.execute(proposer).scalars().first() if held.by_id is not None else None
    if name is not None and held.state is not ProposalState.SCHEDULED:
        raise NotAllowedError(f"Only {name}, who proposed this, can change it or take it back.")
    people.require(session, held.project_id, slack_id, Role.MANAGER, Role.LEAD)


def _decide(session: Session, held: Proposal, by: int, verdict: Verdict, comment: str, now: datetime) -> bool:
    """Write down what somebody decided; whether it was not there already."""
    unique = ["proposal_id", "revision", "person_id", "verdict"]
    row = {
        "proposal_id": held.id,
        "revision": held.revision,
        "person_id": by,
        "verdict": verdict,
        "comment": comment,
        "at": now,
    }
    added = outbox.insert_or_skip(session, Decision, unique).values(**row).returning(col(Decision.id))
    return session.execute(added).first() is not None


def _last_said(session: Session, held: Proposal) -> str | None:
    """Who decided what about the text that is proposed now, last of all."""
    row = session.execute(
        select(col(Person.name), col(Decision.verdict))
        .join(Person, col(Person.id) == col(Decision.person_id))
        .where(col(Decision.proposal_id) == held.id, col(Decision.revision) == held.revision)
        .order_by(col(Decision.id).desc())
        .limit(1)
    ).first()
    return f"{row.name} {SAID[row.verdict]}" if row else None
