"""How many wrong ones a sample without replacement holds: the probabilities, and how they fall.

Sums of the ratios of neighbouring terms (Johnson, Kemp and Kotz, Univariate Discrete Distributions, 2005, 6.2), brought to
one in the end: no gamma function, so that nothing is lost to cancelling in lots of millions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSE = 1e-12
"""Chances that are no further apart are the same: one of exactly .05 is not to fail a limit of .05 by a rounding."""


def at_most(population: int, wrong: int, size: int, most: int) -> float:
    """The chance that of ``size`` items drawn from ``population``, ``wrong`` of them wrong, ``most`` or fewer are wrong.

    Raises ValueError where a lot or a sample is impossible.
    """
    first, shares = probabilities(population, wrong, size)
    if most < first:
        return 0.0
    return min(1.0, float(shares[: most - first + 1].sum()))


def half_way(population: int, wrong: int, size: int, found: int) -> float:
    """The chance of fewer than ``found`` wrong ones and half that of ``found``: the mid-P tail. The same errors."""
    first, shares = probabilities(population, wrong, size)
    if found < first:
        return 0.0
    at = found - first
    here = float(shares[at]) if at < len(shares) else 0.0
    return min(1.0, float(shares[:at].sum()) + here / 2)


def probabilities(population: int, wrong: int, size: int) -> tuple[int, NDArray[np.float64]]:
    """The fewest wrong ones a sample can hold, and the chances of that many, one more, and so on to the most it can hold.

    Raises ValueError where a lot or a sample is impossible.
    """
    import numpy as np

    if not (0 <= wrong <= population and 0 <= size <= population):
        raise ValueError(f"no sample of {size} from {population} items, {wrong} of them wrong")
    first, last = max(0, size - (population - wrong)), min(size, wrong)
    at = np.arange(first, last, dtype=np.float64)
    ratios = (wrong - at) * (size - at) / ((at + 1) * (population - wrong - size + at + 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    shares = np.exp(logs - logs.max())
    return first, shares / shares.sum()
