"""The life of an item, as one table. Every move names what causes it; the row in the history names who and when."""

from storage.tables import ItemState

LOADING, OPEN, ACCEPTED, IN_REVIEW, ESCALATED, RULED, DUPLICATE, REPLACED = (
    ItemState.LOADING,
    ItemState.OPEN,
    ItemState.ACCEPTED,
    ItemState.IN_REVIEW,
    ItemState.ESCALATED,
    ItemState.RULED,
    ItemState.DUPLICATE,
    ItemState.REPLACED,
)

MOVES: dict[tuple[ItemState, ItemState], str] = {
    (LOADING, OPEN): "the last row of its lot is in",
    (LOADING, DUPLICATE): "its text is already there, or nearly the same",
    (DUPLICATE, OPEN): "a lead restored it, or the item that stood for its text is gone",
    (OPEN, ACCEPTED): "its places are filled and the labels satisfy the project's rule",
    (
        OPEN,
        ESCALATED,
    ): "somebody flagged it, the labels do not satisfy the rule, three people skipped it, or nobody is left",
    (ACCEPTED, ACCEPTED): "a label was changed and the rule decides anew",
    (ACCEPTED, ESCALATED): "a label was changed and the rule is no longer satisfied, or somebody flagged it",
    (ACCEPTED, OPEN): "the overlap was raised, a rule changed, or its lot failed an audit: it is given out again",
    (
        ACCEPTED,
        IN_REVIEW,
    ): "the project's policy wants a reviewer to look at it, or a reviewer took back that it is right",
    (ACCEPTED, RULED): "an auditor found another value right",
    (
        IN_REVIEW,
        ACCEPTED,
    ): "a reviewer accepted it, a label was changed and the rule decides anew, or nothing is reviewed any more",
    (IN_REVIEW, RULED): "a reviewer corrected it",
    (IN_REVIEW, OPEN): "a reviewer sent it back, the overlap was raised, or a rule changed and it is given out again",
    (IN_REVIEW, ESCALATED): "a reviewer passed it up, a label was changed, or somebody flagged it",
    (ESCALATED, ACCEPTED): "people changed labels that disagreed, and the rule is satisfied",
    (ESCALATED, OPEN): "a reviewer sent it back to who flagged it",
    (ESCALATED, RULED): "a reviewer ruled",
    (RULED, RULED): "a reviewer changed the ruling, or an auditor found another value right",
    (RULED, ESCALATED): "somebody who labelled it contests the ruling",
    (RULED, OPEN): "a rule changed, or its lot failed an audit: it is given out again",
    (OPEN, LOADING): "its lot is being undone",
    (OPEN, REPLACED): "an import brought another text for its id",
    (ACCEPTED, REPLACED): "an import brought another text for its id",
    (IN_REVIEW, REPLACED): "an import brought another text for its id",
    (ESCALATED, REPLACED): "an import brought another text for its id",
    (RULED, REPLACED): "an import brought another text for its id",
    (DUPLICATE, REPLACED): "an import brought another text for its id",
}


def check_move(before: ItemState, after: ItemState) -> None:
    """Raise ValueError where the table has no such move; staying is always allowed."""
    if before != after and (before, after) not in MOVES:
        raise ValueError(f"an item cannot go from {before.value} to {after.value}")
