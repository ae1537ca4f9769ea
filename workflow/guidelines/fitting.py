"""A proposal that was written against one version, brought over to another that came into force meanwhile."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Guideline, Proposal, ProposalState
from workflow.guidelines import applying, label_changes, moving, versions


def fit(session: Session, held: Proposal, now: datetime) -> str | None:
    """Base a proposal that is under lock on the version in force; what is in the way, where it does not fit it."""
    try:
        applying.check(session, held.project_id, label_changes.parse(held.label_changes))
    except label_changes.LabelChangeError as error:
        return f"The labels have changed meanwhile, and what it does to them does not fit any more. {error}"
    current = versions.current(session, held.project_id)
    if current.id == held.base_id:
        return None
    base = session.execute(select(Guideline).where(col(Guideline.id) == held.base_id)).scalar_one()
    if base.markdown not in (held.markdown, current.markdown):
        return (
            f"Version {_number(current)} came into force meanwhile. Bring your text over to it, and propose it again."
        )
    markdown = held.markdown if held.markdown != base.markdown else current.markdown
    moving.write(session, held.id or 0, now, markdown=markdown, base_id=current.id)
    moving.note(
        session, held, now, None, "proposal.rebased",
        before={"base": _number(base)}, after={"base": _number(current), "summary": held.summary},
    )  # fmt: skip
    return None


def send_back(session: Session, held: Proposal, why: str, now: datetime) -> None:
    """Give a proposal that does not fit back to who proposed it, and say why."""
    state = ProposalState.CHANGES_REQUESTED
    moving.move(session, held, state, now, None, "proposal.sent_back", noted={"comment": why}, comment=why)
    moving.tell_proposer(session, held, now, f"{held.revision}:sent_back")


def _number(guideline: Guideline) -> str:
    return f"{guideline.major}.{guideline.minor}"
