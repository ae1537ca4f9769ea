"""Where something begins to hold, among whole numbers too many to try."""

from bisect import bisect_left
from collections.abc import Callable


def first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first of ``low`` .. ``high`` at which ``holds``, as it then does for good; ``high`` where none before it does.

    Steps that double come first: what is tried far beyond the answer would be slow where samples are large.
    """
    step = 1
    while low + step < high and not holds(low + step - 1):
        low, step = low + step, 2 * step
    return low + bisect_left(range(low, min(low + step, high)), True, key=holds)
