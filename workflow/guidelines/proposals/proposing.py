"""Proposing a change of the guideline: a draft, the proposal itself, and the same again after changes were asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from storage.tables import (
    Escalation,
    EscalationState,
    Example,
    Guideline,
    Item,
    Member,
    Outbox,
    Person,
    Project,
    Proposal,
    ProposalState,
)
from workflow import normalise, outbox, waiting
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines import moving
from workflow.guidelines.decisions import deciders, deciding
from workflow.guidelines.proposals.change import Change, NewExample, ProposalError, checked
from workflow.guidelines.text import reading_text

__all__ = ["Change", "NewExample", "ProposalError", "Proposed", "draft", "propose", "resubmit"]


@dataclass(frozen=True)
class Proposed:
    """A proposal that was made. ``warnings`` say what is in the way of it, such as that nobody can decide."""

    id: int
    warnings: tuple[str, ...]


def draft(
    session: Session,
    project_id: int,
    by: int | None,
    markdown: str,
    now: datetime,
    *,
    file_drop_id: int | None = None,
    base_id: int | None = None,
) -> int:
    """Keep a text of which nobody has said yet what it changes; the draft's id. ``base_id``: the version it changes.

    Raises RefusedError for who is not in the project, and for a text that cannot be a guideline.
    """
    base = _begin(session, project_id, by, base_id)
    made: int = session.execute(
        insert(Proposal)
        .values(project_id=project_id, state=ProposalState.DRAFT, by_id=by, base_id=base, created_at=now)
        .values(markdown=reading_text.check(markdown), file_drop_id=file_drop_id, label_changes=[])
        .values(labels_touched=[], segments_touched=[])
        .returning(col(Proposal.id))
    ).scalar_one()
    return made


def propose(
    session: Session,
    project_id: int,
    by: int | None,
    change: Change,
    now: datetime,
    *,
    draft_id: int | None = None,
    base_id: int | None = None,
    escalation_id: int | None = None,
    asked: str = "",
) -> Proposed:
    """Propose a change, for managers to decide; ``by`` None is the command line.

    ``draft_id`` is the draft that becomes it, ``base_id`` else the version that was changed (the one in force, if not
    given), ``escalation_id`` the ruled case that led to it. ``asked`` tells one form from another: what one has made is
    made once. Raises ProposalError with all faults by field, NotAllowedError for who is not in the project.
    """
    if asked and (made := _made(session, asked)) is not None:
        return Proposed(made, _warnings(session, project_id, by))
    base = _begin(session, project_id, by, base_id)
    if asked and (made := _made(session, asked)) is not None:
        # The same form, sent twice at once.
        return Proposed(made, _warnings(session, project_id, by))
    _check_case(session, project_id, escalation_id)
    if draft_id is None:
        clean = checked(session, project_id, base, change, now)
        draft_id = draft(session, project_id, by, clean.markdown, now, base_id=base)
        held = moving.hold(session, draft_id)
    else:
        held = moving.hold(session, draft_id)
        _check_draft(held, project_id, by)
        clean = checked(session, project_id, held.base_id, change, now)
    values = {**_columns(clean), "by_id": by, "escalation_id": escalation_id, "proposed_at": now}
    moving.move(session, held, ProposalState.PROPOSED, now, by, "proposal.proposed", **values)
    _put_examples(session, draft_id, clean)
    _tell(session, draft_id, by, now, asked)
    return Proposed(draft_id, _warnings(session, project_id, by))


def resubmit(session: Session, proposal_id: int, slack_id: str, revision: int, change: Change, now: datetime) -> None:
    """Propose it again, changed: what was decided of the earlier ``revision`` does not count any more.

    Whoever steps in for somebody who left becomes the proposer. Raises as ``propose``, and RefusedError where it is not
    given back for changes.
    """
    held = moving.hold(session, proposal_id)
    by = deciding.require_changer(session, held, slack_id)
    again = (held.state, held.revision, held.by_id) == (ProposalState.PROPOSED, revision + 1, by)
    if again and (held.summary, held.markdown) == (normalise.name(change.summary), normalise.markdown(change.markdown)):
        return
    if held.state is not ProposalState.CHANGES_REQUESTED or held.revision != revision:
        raise RefusedError(f"{deciding.standing(session, held, held.revision)} Nothing was changed.")
    clean = checked(session, held.project_id, held.base_id, change, now)
    anew = {"revision": revision + 1, "impact": None, "comment": None, "reminded_at": None}
    values = {**_columns(clean), **anew, "by_id": by, "proposed_at": now}
    moving.move(session, held, ProposalState.PROPOSED, now, by, "proposal.again", **values)
    _put_examples(session, proposal_id, clean)
    waiting.wake(session)


def _begin(session: Session, project_id: int, by: int | None, base_id: int | None) -> int:
    """Hold the project and check who it is; the version that is changed."""
    moving.hold_project(session, project_id)
    if by is not None:
        member = (
            select(col(Member.person_id))
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(col(Member.project_id) == project_id, col(Member.person_id) == by, col(Person.active))
        )
        if session.execute(member).first() is None:
            raise NotAllowedError("Only people of this project can propose changes of its guideline.")
    current = session.execute(select(col(Project.guideline_id)).where(col(Project.id) == project_id)).scalar()
    if current is None:
        raise RefusedError("This project does not exist (any more). Nothing was changed.")
    if base_id is None:
        return int(current)
    mine = select(col(Guideline.id)).where(col(Guideline.id) == base_id, col(Guideline.project_id) == project_id)
    if session.execute(mine).first() is None:
        raise RefusedError("The version that was to be changed is not one of this project's.")
    return base_id


def _check_case(session: Session, project_id: int, escalation_id: int | None) -> None:
    case = select(col(Escalation.id)).where(
        col(Escalation.id) == escalation_id,
        col(Escalation.project_id) == project_id,
        col(Escalation.state) == EscalationState.RULED,
    )
    if escalation_id is not None and session.execute(case).first() is None:
        raise RefusedError("This case is not ruled (any more): only a ruling can become part of the guideline.")


def _check_draft(held: Proposal, project_id: int, by: int | None) -> None:
    if held.project_id != project_id:
        raise RefusedError(moving.GONE)
    if held.state is not ProposalState.DRAFT:
        raise RefusedError("This draft was proposed or discarded already.")
    if held.by_id is not None and held.by_id != by:
        raise NotAllowedError("Only who brought this draft can propose it.")


def _columns(change: Change) -> dict[str, Any]:
    names = ("kind", "summary", "why", "markdown", "wanted_at")
    lists = ("label_changes", "labels_touched", "segments_touched")
    return {name: getattr(change, name) for name in names} | {name: list(getattr(change, name)) for name in lists}


def _put_examples(session: Session, proposal_id: int, change: Change) -> None:
    session.execute(delete(Example).where(col(Example.proposal_id) == proposal_id))
    for position, one in enumerate(change.examples, start=1):
        fields = session.execute(select(col(Item.fields)).where(col(Item.id) == one.item_id)).scalar_one()
        row = {"item_id": one.item_id, "value_id": one.value_id, "explanation": one.explanation, "fields": fields}
        session.execute(insert(Example).values(proposal_id=proposal_id, position=position, **row))


def _tell(session: Session, proposal_id: int, by: int | None, now: datetime, asked: str) -> None:
    """The proposer's card; its key tells that the form has made a proposal."""
    if by is not None:
        card = (moving.OWN_CARD, proposal_id)
        key = _key(asked) if asked else f"{moving.OWN_CARD}:{proposal_id}"
        outbox.put(session, now, key, moving.OWN_CARD, outbox.To(person_id=by), {"id": proposal_id}, card=card)
    waiting.wake(session)


def _key(asked: str) -> str:
    return f"{moving.OWN_CARD}:asked:{asked}"


def _made(session: Session, asked: str) -> int | None:
    """The proposal that a form has made already."""
    row = session.execute(select(col(Outbox.subject_id)).where(col(Outbox.key) == _key(asked))).first()
    return row.subject_id if row else None


def _warnings(session: Session, project_id: int, by: int | None) -> tuple[str, ...]:
    found = deciders.of(session, project_id, by)
    return () if found.are_enough else (found.words,)
