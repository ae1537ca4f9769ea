"""Who may decide about a proposal: managers, and leads where there are too few of them; never who proposed it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Proposal, Role
from workflow import people
from workflow.errors import RefusedError
from workflow.guidelines import rules
from workflow.guidelines.moving import GONE


@dataclass(frozen=True)
class Deciders:
    """``needed`` approvals by these people, by name; ``words`` says so, and what is in the way where they are too few."""

    person_ids: tuple[int, ...]
    needed: int
    words: str

    @property
    def are_enough(self) -> bool:
        """Whether it can be approved at all."""
        return len(self.person_ids) >= self.needed


def who(session: Session, proposal_id: int) -> Deciders:
    """Who may decide about a proposal now."""
    row = session.execute(
        select(col(Proposal.project_id), col(Proposal.by_id)).where(col(Proposal.id) == proposal_id)
    ).first()
    if row is None:
        raise RefusedError(GONE)
    return of(session, row.project_id, row.by_id)


def of(session: Session, project_id: int, proposer_id: int | None) -> Deciders:
    """Who may decide about what somebody proposes."""
    needed = rules.of_project(session, project_id).approvals
    others = [
        one
        for one in people.members(session, project_id)
        if one.active and one.slack_id and one.person_id != proposer_id
    ]
    found = [one for one in others if Role.MANAGER in one.roles]
    if len(found) < needed:
        found = [one for one in others if {Role.MANAGER, Role.LEAD} & set(one.roles)]
    names = [one.called for one in found]
    return Deciders(tuple(one.person_id for one in found), needed, _words(names, needed))


def _words(names: list[str], needed: int) -> str:
    if not names:
        return (
            "Nobody can decide about it: it needs a manager or a lead who did not propose it. "
            "A lead can make somebody one with “/concord people”."
        )
    if len(names) < needed:
        return (
            f"It needs {needed} approvals, and only {_listed(names, 'and')} can give one. "
            "A lead can make somebody a manager with “/concord people”."
        )
    if needed > 1:
        return f"It needs {needed} approvals, by {_listed(names, 'or')}."
    return f"{_listed(names, 'or')} decides about it."


def _listed(names: list[str], last: str) -> str:
    shown = names if len(names) <= 5 else [*names[:5], "others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"
