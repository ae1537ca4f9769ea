"""The life of a review, as one table."""

from storage.tables import ReviewState

WAITING, CLAIMED, ACCEPTED, CORRECTED, SENT_BACK, PASSED_UP, WITHDRAWN = (
    ReviewState.WAITING,
    ReviewState.CLAIMED,
    ReviewState.ACCEPTED,
    ReviewState.CORRECTED,
    ReviewState.SENT_BACK,
    ReviewState.PASSED_UP,
    ReviewState.WITHDRAWN,
)

MOVES: dict[tuple[ReviewState, ReviewState], str] = {
    (WAITING, CLAIMED): "a reviewer took it",
    (CLAIMED, WAITING): "the reviewer gave it back, or their lease is over",
    (CLAIMED, ACCEPTED): "the reviewer finds the value right",
    (CLAIMED, CORRECTED): "the reviewer gave another value",
    (CLAIMED, SENT_BACK): "the reviewer sent it back, or noted a fault",
    (CLAIMED, PASSED_UP): "the reviewer leaves it to somebody else",
    (WAITING, ACCEPTED): "a reviewer accepted a run of the same kind",
    (WAITING, SENT_BACK): "a reviewer sent back a run of the same fault",
    (WAITING, WITHDRAWN): "its item is not in review any more",
    (CLAIMED, WITHDRAWN): "its item is not in review any more",
    (ACCEPTED, WAITING): "the reviewer took it back, while nothing else had happened to the item",
}


def check_move(before: ReviewState, after: ReviewState) -> None:
    """Raise ValueError where the table has no such move."""
    if (before, after) not in MOVES:
        raise ValueError(f"a review cannot go from {before.value} to {after.value}")
