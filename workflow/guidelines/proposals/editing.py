"""The form of a proposal is opened, by whom it may be, and sent: what is wrong in it is said at its fields."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Proposal, ProposalState, Role
from workflow import people
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines import moving, versions
from workflow.guidelines.decisions import deciding
from workflow.guidelines.proposals import case_example, finding_examples, proposal_form, proposing
from workflow.guidelines.proposals.proposal_form import Opened
from workflow.guidelines.proposals.proposing import Change, ProposalError
from workflow.project_form import FormError


def on_version(session: Session, project_id: int, escalation_id: int = 0) -> Opened:
    """A form against the version in force, perhaps with a ruled case as an example."""
    base = versions.current(session, project_id)
    return Opened(project_id, base.id or 0, escalation_id=escalation_id)


def on_findings(session: Session, finding_id: int, slack_id: str) -> Opened:
    """A form against the version in force, with the cases of findings that say the same. Raises RefusedError."""
    project_id = finding_examples.require(session, finding_id, slack_id)
    base = versions.current(session, project_id)
    case_id = finding_examples.first_case(session, finding_id)
    return Opened(project_id, base.id or 0, escalation_id=case_id, finding_id=finding_id)


def on_proposal(session: Session, proposal_id: int, slack_id: str) -> Opened | str:
    """A form with a draft (its revision is 0) or with what was given back; or what to tell where it cannot be changed.

    Raises NotAllowedError for who may not change it.
    """
    held = moving.hold(session, proposal_id)
    if held.state is ProposalState.DRAFT:
        by = people.require(session, held.project_id, slack_id, *Role)
        if by != held.by_id:
            raise NotAllowedError("Only who brought this draft can propose it, or discard it.")
        return Opened(held.project_id, held.base_id, proposal_id)
    told = deciding.may_change(session, proposal_id, slack_id)
    return told or Opened(held.project_id, held.base_id, proposal_id, held.revision)


def submit(
    session: Session, opened: Opened, by: int, slack_id: str, state: Mapping[str, Any], now: datetime, *, asked: str
) -> tuple[str, ...]:
    """Propose what a form says, once for each form (``asked``); warnings. Raises FormError with all faults, by block."""
    change = proposal_form.read(session, opened, state, now)
    try:
        return _proposed(session, opened, by, slack_id, change, now, asked)
    except ProposalError as error:
        raise FormError(_by_block(error, state)) from None


def project_of(session: Session, proposal_id: int) -> int:
    """The project of a proposal. Raises RefusedError where there is none."""
    found: int | None = session.execute(
        select(col(Proposal.project_id)).where(col(Proposal.id) == proposal_id)
    ).scalar()
    if found is None:
        raise RefusedError(moving.GONE)
    return found


def reader(session: Session, proposal_id: int, slack_id: str) -> dict[str, Any]:
    """What somebody reads of a proposal: its examples too, unless they may have such an item before them yet.

    Raises NotAllowedError for who is not in its project.
    """
    project_id = project_of(session, proposal_id)
    by = people.require(session, project_id, slack_id, *Role)
    own = select(col(Proposal.by_id)).where(col(Proposal.id) == proposal_id)
    sees = set(case_example.MAY_USE) & people.roles(session, project_id, slack_id)
    return {"id": proposal_id, "examples": bool(sees) or session.execute(own).scalar() == by}


def _proposed(
    session: Session, opened: Opened, by: int, slack_id: str, change: Change, now: datetime, asked: str
) -> tuple[str, ...]:
    if opened.revision:
        proposing.resubmit(session, opened.proposal_id, slack_id, opened.revision, change, now)
        return ()
    return proposing.propose(
        session,
        opened.project_id,
        by,
        change,
        now,
        draft_id=opened.proposal_id or None,
        base_id=opened.base_id,
        escalation_id=opened.escalation_id or None,
        asked=asked,
    ).warnings


def _by_block(error: ProposalError, state: Mapping[str, Any]) -> dict[str, str]:
    """The faults at blocks that the form has: Slack refuses any other."""
    told: dict[str, list[str]] = {}
    for field, words in error.by_field.items():
        others = {"at": "date", "markdown": proposal_form.part_of(state)[0] or "section"}
        block = others.get(field, field)
        told.setdefault(block if block in state else "summary", []).append(words)
    return {block: "\n".join(words) for block, words in told.items()}
