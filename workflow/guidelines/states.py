"""The life of a proposal, as one table. Every move names what causes it; the row in the history names who and when."""

from storage.tables import ProposalState

DRAFT, PROPOSED, CHANGES_REQUESTED, APPROVED, SCHEDULED, EFFECTIVE, SUPERSEDED, REJECTED, WITHDRAWN = (
    ProposalState.DRAFT,
    ProposalState.PROPOSED,
    ProposalState.CHANGES_REQUESTED,
    ProposalState.APPROVED,
    ProposalState.SCHEDULED,
    ProposalState.EFFECTIVE,
    ProposalState.SUPERSEDED,
    ProposalState.REJECTED,
    ProposalState.WITHDRAWN,
)

MOVES: dict[tuple[ProposalState, ProposalState], str] = {
    (DRAFT, PROPOSED): "whoever brought it says what it changes and why",
    (DRAFT, WITHDRAWN): "whoever brought it does not want it",
    (PROPOSED, CHANGES_REQUESTED): "a manager asks for changes, or another version has changed the same rules",
    (PROPOSED, APPROVED): "as many managers as the project wants approved it",
    (PROPOSED, SCHEDULED): "the same, for a later time",
    (PROPOSED, REJECTED): "a manager rejects it, with the reason",
    (PROPOSED, WITHDRAWN): "whoever proposed it takes it back",
    (CHANGES_REQUESTED, PROPOSED): "it was changed and is proposed again",
    (CHANGES_REQUESTED, WITHDRAWN): "whoever proposed it takes it back",
    (APPROVED, EFFECTIVE): "the clock brings it into effect",
    (APPROVED, CHANGES_REQUESTED): "another version has changed the same rules meanwhile",
    (SCHEDULED, EFFECTIVE): "its time has come",
    (SCHEDULED, CHANGES_REQUESTED): "another version has changed the same rules meanwhile",
    (SCHEDULED, WITHDRAWN): "it is taken back before its time",
    (EFFECTIVE, SUPERSEDED): "a later version came into effect",
}

WAITING = (PROPOSED,)
"""Somebody has to decide."""

ENDED = (SUPERSEDED, REJECTED, WITHDRAWN)


def check_move(before: ProposalState, after: ProposalState) -> None:
    """Raise ValueError where the table has no such move."""
    if (before, after) not in MOVES:
        raise ValueError(f"a proposal cannot go from {before.value} to {after.value}")
