"""How many items to look at: for a wanted half-width, and how they are shared out over tiers."""

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil

from workflow.audit.acceptance import percent
from workflow.audit.estimates import random_sample
from workflow.audit.searching import first

TIER_LEAST = 30
EXPECTED = 0.05


def for_half_width(population: int, half_width: float, expected: float = EXPECTED) -> int:
    """How many items a random sample needs for a 95 % interval within ± ``half_width``; with one item fewer it is wider.

    ``expected`` is the share of items thought to be wrong. The whole population where nothing less does. Raises ValueError
    where there are no items or a share is not between 0 and 1.
    """
    if population < 1 or not 0 < half_width < 1 or not 0 <= expected <= 1:
        raise ValueError(f"no sample size for {population} items, half-width {half_width}, {expected} wrong")
    return first(lambda size: half_width_of(population, size, expected) <= half_width, 1, population)


def half_width_of(population: int, size: int, expected: float = EXPECTED) -> float:
    """Half the width of the 95 % interval of a random sample in which the share ``expected``, rounded up, is wrong."""
    found = random_sample(min(size, ceil(round(size * expected, 9))), size, population)
    return (found.high - found.low) / 2


def in_words(population: int, size: int, expected: float = EXPECTED) -> str:
    """What a random sample of a size tells, for who starts the audit."""
    reach = half_width_of(population, size, expected)
    return (
        f"{size:,} of {population:,} items: if {percent(expected)} are wrong, the error rate is known "
        f"to within {100 * reach:.1f} points, 95 times in 100"
    )


def in_proportion(populations: Sequence[int], size: int, least: int = TIER_LEAST) -> list[int]:
    """A stratified sample: from each tier by how many items it has, yet ``least`` or all of every one.

    The sizes add up to more than ``size`` where the least of each do.
    """
    return _shared(populations, populations, size, least)


def half_unsuspected(populations: Sequence[int], size: int, least: int = TIER_LEAST) -> list[int]:
    """A targeted sample: half from the last tier (the unsuspected), half from the others alike; ``least`` or all of each.

    What one half has too few items for goes to the other. The sizes add up to more than ``size`` where the least do.
    """
    *suspected, rest = populations
    half = min(max(size // 2, size - rest), sum(suspected))
    sizes = _shared(suspected, [1] * len(suspected), half, least)
    return sizes + _shared([rest], [1], size - sum(sizes), least)


def _shared(populations: Sequence[int], shares: Sequence[int], size: int, least: int) -> list[int]:
    """``size`` items over tiers by ``shares``, none under ``least`` and none above what there is."""
    whole = sum(shares) or 1

    def at(level: int) -> list[int]:
        asked = [level * share // whole for share in shares]
        return [min(one, max(least, wanted)) for one, wanted in zip(populations, asked, strict=True)]

    wanted = min(size, sum(populations))
    highest = max(populations, default=0) * whole
    level = bisect_right(range(highest + 1), wanted, key=lambda level: sum(at(level))) - 1
    sizes = at(max(level, 0))
    for _ in range(wanted - sum(sizes)):
        behind = (tier for tier, one in enumerate(populations) if sizes[tier] < one)
        sizes[min(behind, key=lambda tier: (sizes[tier] + 1) / shares[tier])] += 1
    return sizes
