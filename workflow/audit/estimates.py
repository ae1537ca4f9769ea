"""How many items are wrong, from a sample of them: the rate and its 95 % interval.

Sources: random samples by inversion of the hypergeometric distribution, mid-P (Lancaster 1961; Brown, Cai and DasGupta,
Statistical Science 16, 2001); samples in tiers by Wilson's interval at the effective sample size (Kott and Carr, "Developing
an Estimation Strategy for a Pesticide Data Program", Journal of Official Statistics 13, 1997). ``benchmarks/
audit_estimates.py`` measures how often each holds the true rate.

What is counted is any yes or no: an item is wrong, or its guideline is unclear.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Generic, TypeVar

from workflow.audit import hypergeometric
from workflow.audit.searching import first
from workflow.intervals import t_quantile

TAIL = 0.025
NORMAL = 1.96
GROUP_NEEDED = 10

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Estimate:
    """A share of wrong items, 0 to 1, and the ends of its 95 % interval."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Tier:
    """``size`` items drawn at random from a tier of ``population``, ``wrong`` of them wrong."""

    population: int
    size: int
    wrong: int


@dataclass(frozen=True)
class Judged(Generic[Key]):
    """An item of a sample: the ``group`` it is counted in, the ``tier`` (its index) it was drawn from, what was found.

    An item of several groups (two people labelled it) is given once for each.
    """

    group: Key
    tier: int
    wrong: bool


@dataclass(frozen=True)
class GroupEstimate:
    """What the sample says of one group; ``estimate`` is None under `GROUP_NEEDED` items: too few to say."""

    size: int
    wrong: int
    estimate: Estimate | None


def random_sample(wrong: int, size: int, population: int) -> Estimate:
    """The error rate of ``population`` items, of which ``size`` were drawn at random and ``wrong`` found wrong.

    The interval holds every number of wrong items that is not at odds with the sample at 2.5 % on either side, mid-P.
    Raises ValueError for an empty or impossible sample.
    """
    _check(wrong, size, population)
    fewest, most = wrong, population - (size - wrong)

    def too_few(lot: int) -> bool:
        return 1 - hypergeometric.half_way(population, lot, size, wrong) <= TAIL + hypergeometric.CLOSE

    def too_many(lot: int) -> bool:
        return hypergeometric.half_way(population, lot, size, wrong) <= TAIL + hypergeometric.CLOSE

    low = first(lambda lot: not too_few(lot), fewest, most)
    high = first(too_many, fewest, most + 1) - 1
    return Estimate(wrong / size, low / population, high / population)


def upper_bound(wrong: int, size: int, population: int, risk: float = 0.05) -> float:
    """The rate that is exceeded with at most ``risk``, whatever the true one is: the exact one-sided bound, for gates.

    Raises ValueError for an empty or impossible sample.
    """
    _check(wrong, size, population)
    most = population - (size - wrong)

    def too_many(lot: int) -> bool:
        return hypergeometric.at_most(population, lot, size, wrong) <= risk + hypergeometric.CLOSE

    return (first(too_many, wrong, most + 1) - 1) / population


def stratified(tiers: Sequence[Tier]) -> Estimate:
    """The error rate of all tiers together, each weighted by how many items it has, not by how many were drawn.

    A tier of which all items were drawn is known, so the interval is that of the rest: of one tier as of a random sample, of
    several by Wilson, its ends at whole items. Raises ValueError where there are no items, and for a tier of which nothing
    was drawn: its items had no chance, so nothing is known of them.
    """
    tiers = [tier for tier in tiers if tier.population]
    if not tiers:
        raise ValueError("a sample of nothing")
    for tier in tiers:
        _check(tier.wrong, tier.size, tier.population)
    return _of_parts([_Part(tier.population, tier.size, tier.size, tier.wrong) for tier in tiers])


def by_group(tiers: Sequence[Tier], judged: Iterable[Judged[Key]]) -> dict[Key, GroupEstimate]:
    """The error rate in each group of items: a label, a person, a guideline version.

    Every finding counts for as many items as its tier has for each one drawn, so that a targeted sample does not distort.
    How many items of the population a group has is not known but estimated, and the interval allows for it. Groups that
    share items (people) are not independent of each other. Raises ValueError for a tier that is not there or not drawn.
    """
    counts: dict[Key, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for one in judged:
        seen = counts[one.group][one.tier]
        seen[0] += 1
        seen[1] += one.wrong
    return {group: _of_group(tiers, by_tier) for group, by_tier in counts.items()}


def _of_group(tiers: Sequence[Tier], by_tier: dict[int, list[int]]) -> GroupEstimate:
    size, wrong = (sum(column) for column in zip(*by_tier.values(), strict=True))
    parts = [_Part(tiers[at].population, tiers[at].size, *found) for at, found in sorted(by_tier.items())]
    for part in parts:
        _check(part.seen, part.drawn, part.population)
    return GroupEstimate(size, wrong, _of_parts(parts) if size >= GROUP_NEEDED else None)


@dataclass(frozen=True)
class _Part:
    """What of a group (or of everything) lies in one tier: of ``drawn`` items ``seen`` are the group's."""

    population: int
    drawn: int
    seen: int
    wrong: int

    @property
    def items(self) -> float:
        """How many items of the tier are the group's, as far as the sample tells."""
        return self.population * self.seen / self.drawn

    @property
    def smoothed(self) -> float:
        """A rate that is never 0 or 1: where nothing wrong was found, something may still vary."""
        return (self.wrong + 1) / (self.seen + 2)

    @property
    def spread_of_items(self) -> float:
        """The variance of ``items``: none where all that was drawn is the group's."""
        share = self.seen / self.drawn
        return self.population**2 * (1 - self.drawn / self.population) * share * (1 - share) / self.drawn

    def variance(self, rate: float) -> float:
        """Of the number of wrong items: what varies among the items, and how many there are (Hajek's ratio)."""
        share, q = self.seen / self.drawn, self.smoothed
        among = self.population**2 * (1 - self.drawn / self.population) * share * q * (1 - q) / self.drawn
        return among + self.spread_of_items * (q - rate) ** 2


def _of_parts(parts: Sequence[_Part]) -> Estimate:
    known = [part for part in parts if part.drawn == part.population]
    rest = [part for part in parts if part.drawn < part.population]
    if not known:
        return _of_rest(rest)
    sure, wrong = sum(part.seen for part in known), sum(part.wrong for part in known)
    if not rest:
        return Estimate(*[wrong / sure] * 3)
    found, items = _of_rest(rest), sum(part.items for part in rest)
    rate, low, high = ((wrong + items * one) / (sure + items) for one in (found.rate, found.low, found.high))
    # How many items the rest has is estimated too, where it is a group; it matters as far as the two rates differ.
    apart = (wrong - sure * found.rate) / (sure + items) ** 2
    reach = NORMAL * abs(apart) * sqrt(sum(part.spread_of_items for part in rest))
    return Estimate(rate, max(0.0, rate - hypot(rate - low, reach)), min(1.0, rate + hypot(high - rate, reach)))


def _of_rest(parts: Sequence[_Part]) -> Estimate:
    """Of tiers that were not drawn whole. Of a group, whose size is estimated: the outer ends of all sizes it may have."""
    seen, items = sum(part.seen for part in parts), sum(part.items for part in parts)
    reach = NORMAL * sqrt(sum(part.spread_of_items for part in parts))
    most = sum(part.population for part in parts)
    found = [_of_size(parts, min(most, max(seen, round(items + off)))) for off in sorted({-reach, reach})]
    return Estimate(found[0].rate, min(one.low for one in found), max(one.high for one in found))


def _of_size(parts: Sequence[_Part], whole: int) -> Estimate:
    """The same for a size that is known; the ends are whole items, for that is what a lot has."""
    wrong, seen = sum(part.wrong for part in parts), sum(part.seen for part in parts)
    if len(parts) == 1:
        return random_sample(wrong, seen, whole)
    items = sum(part.items for part in parts)
    rate = sum(part.items * part.wrong / part.seen for part in parts) / items
    smoothed = sum(part.items * part.smoothed for part in parts) / items
    variance = sum(part.variance(smoothed) for part in parts) / items**2
    t = t_quantile(1 - TAIL, max(1, seen - len(parts)))
    low, high = wilson(rate, smoothed * (1 - smoothed) / variance, t)
    # As many as were found wrong are wrong, and as many as were found right are right.
    return Estimate(
        rate, max(round(low * whole), wrong) / whole, min(round(high * whole), whole - seen + wrong) / whole
    )


def wilson(rate: float, size: float, z: float) -> tuple[float, float]:
    """Wilson's interval of a rate seen in ``size`` items, which need not be whole; ``z`` is the normal or t quantile."""
    scale = 1 + z * z / size
    centre = (rate + z * z / (2 * size)) / scale
    reach = z * sqrt(rate * (1 - rate) / size + z * z / (4 * size * size)) / scale
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _check(wrong: int, size: int, population: int) -> None:
    if not 0 <= wrong <= size <= population or size == 0:
        raise ValueError(f"no sample of {size} from {population} items, {wrong} of them found wrong")
