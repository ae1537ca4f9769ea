"""A proposal that was written against one version, brought over to another that came into force meanwhile.

Where that cannot be done it is given back to who proposed it, based on the version in force: with their own words where
both changed the same section, and with the other version's everywhere else. So the same conflict does not come again.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session, col

from storage.tables import Example, Guideline, LabelValue, Proposal, ProposalState
from workflow.guidelines import moving, versions
from workflow.guidelines.labels import applying, label_changes
from workflow.guidelines.text import rebasing
from workflow.guidelines.text.rebasing import Conflict

# Its proposer reads this, and so does the manager whose approval came too late.
KEPT = (
    "The text stands on version {} now, with the words that were proposed in the places below: it is to be changed, and "
    "proposed again."
)
APART = (
    "The text stands as it was proposed: what version {} changed elsewhere is not in it yet. It is to be brought over, and "
    "proposed again."
)


def fit(session: Session, held: Proposal, now: datetime) -> str | None:
    """Base a proposal that is under lock on the version in force, or give it back: what is in the way then."""
    current = versions.current(session, held.project_id)
    try:
        labels = applying.check(session, held.project_id, label_changes.parse(held.label_changes))
    except label_changes.LabelChangeError as error:
        why = f"The labels have changed meanwhile, and what it does to them does not fit any more. {error}"
        return _give_back(session, held, why, now)
    if stale := _example_without_label(session, held, [label.was for label in labels if label.was is not None]):
        return _give_back(session, held, stale, now)
    return None if current.id == held.base_id else _bring_over(session, held, current, now)


def _example_without_label(session: Session, held: Proposal, stay: Sequence[str]) -> str | None:
    """What to say of a worked example that would teach, and ask for, a label that nobody can choose any more."""
    row = session.execute(
        select(col(Example.position), col(LabelValue.title))
        .join(LabelValue, col(LabelValue.id) == col(Example.value_id))
        .where(col(Example.proposal_id) == held.id)
        .where(or_(col(LabelValue.retired_at).is_not(None), col(LabelValue.value).not_in(stay)))
        .order_by(col(Example.position))
        .limit(1)
    ).first()
    if row is None:
        return None
    return (
        f"The labels have changed meanwhile: “{row.title}”, which worked example {row.position} gives as right, is no label "
        "any more. Give it another one, or leave it out."
    )


def _bring_over(session: Session, held: Proposal, current: Guideline, now: datetime) -> str | None:
    base = session.execute(select(Guideline).where(col(Guideline.id) == held.base_id)).scalar_one()
    made = rebasing.rebase(base.markdown, current.markdown, held.markdown)
    if made.markdown is None:
        merged = _favouring(base.markdown, current.markdown, held.markdown, made.conflicts)
        advice = (APART if merged is None else KEPT).format(_number(current))
        # What to do comes first: a card has room for the beginning alone.
        why = f"{advice}\n\n{rebasing.in_words(made.conflicts)}"
        return _give_back(session, held, why, now, markdown=merged or held.markdown, base_id=current.id)
    if made.markdown == current.markdown and not held.label_changes:
        why = f"Version {_number(current)} came into force meanwhile, and says all of this already."
        return _give_back(session, held, why, now, markdown=made.markdown, base_id=current.id)
    moving.write(session, held.id or 0, now, markdown=made.markdown, base_id=current.id)
    moving.note(
        session, held, now, None, "proposal.rebased",
        before={"base": _number(base)}, after={"base": _number(current), "summary": held.summary},
    )  # fmt: skip
    return None


def _favouring(base: str, current: str, proposed: str, conflicts: Sequence[Conflict]) -> str | None:
    """The changes of both, and what is proposed where they are in conflict; None where a section is not found again."""
    for conflict in conflicts:
        if not conflict.current or not conflict.proposed or current.count(conflict.current) != 1:
            return None
        current = current.replace(conflict.current, conflict.proposed)
    return rebasing.rebase(base, current, proposed).markdown


def _give_back(session: Session, held: Proposal, why: str, now: datetime, **values: object) -> str:
    state = ProposalState.CHANGES_REQUESTED
    moving.move(session, held, state, now, None, "proposal.sent_back", noted={"comment": why}, comment=why, **values)
    moving.tell_proposer(session, held, now, f"{held.revision}:sent_back")
    return why


def _number(guideline: Guideline) -> str:
    return f"{guideline.major}.{guideline.minor}"
