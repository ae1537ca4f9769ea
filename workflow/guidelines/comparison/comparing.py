"""Did agreement change between two guideline versions? Differences with their 95 % intervals; nothing here asks the store.

`same` compares items that were labelled under both versions, in pairs; `others` compares different items, kind by kind,
weighted to one mix and never pooled: .9 on easy and .4 on hard items is .65 half and half and .8 at four to one, though
nobody agrees any better.

Sources: Zou and Donner, "Construction of confidence limits about effect measures" (2008), for intervals of sums and
differences from those of their parts (MOVER); Zou (2007) with correlation; Wilson (1927) and Newcombe (1998), method 10, for
shares. Alpha and its jackknife: `workflow.intervals`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from workflow.intervals import TAIL, UNITS_NEEDED, NoInterval
from workflow.patterns import Pattern

if TYPE_CHECKING:
    from workflow.guidelines.comparison.clusters import Estimate, Row

REST = -1
"""Stands for "any other value", as in `workflow.agreement`."""

ENDED_NEEDED = 30
"""Items that must have ended on both sides of a rate, in each kind of items."""

Group = tuple[Pattern, ...]
"""Items that say nearly the same, by their patterns; one that stands alone is a group of one."""

Twice = tuple[tuple[Pattern, Pattern], ...]
"""A group of items labelled under both versions: for each its pattern before, and after."""


class Verdict(StrEnum):
    """What an interval of a difference allows to say."""

    ROSE = "rose"
    FELL = "fell"
    NO_CHANGE = "no detectable change"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Figure:
    """A figure of one version with its 95 % interval, over so many items; or why it has none (as `Interval`)."""

    value: float | None
    low: float | None
    high: float | None
    items: int
    absent: NoInterval | None = None
    seen: int | None = None
    needed: int | None = None


@dataclass(frozen=True)
class Compared:
    """Before, after, and what changed (after less before) with its 95 % interval; None where either side has none.

    ``kinds`` of items hold up the comparison, of ``all_kinds`` that there are.
    """

    before: Figure
    after: Figure
    change: float | None = None
    low: float | None = None
    high: float | None = None
    kinds: int = 1
    all_kinds: int = 1

    @property
    def half_width(self) -> float | None:
        """Half of the interval's width."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def verdict(self) -> Verdict:
        """Only what lies wholly on one side of zero is a change."""
        if self.low is None or self.high is None:
            return Verdict.TOO_FEW
        if self.low > 0:
            return Verdict.ROSE
        return Verdict.FELL if self.high < 0 else Verdict.NO_CHANGE


Part = tuple[float, float, float]
"""An estimate and the two ends of its interval."""


def mover(parts: Iterable[tuple[float, Part]]) -> Part:
    """A weighted sum of independent estimates: (weight, part) each; weights may be negative."""
    total = down = up = 0.0
    for weight, (value, low, high) in parts:
        total += weight * value
        least, most = sorted((weight * low, weight * high))
        down += (weight * value - least) ** 2
        up += (most - weight * value) ** 2
    return total, total - sqrt(down), total + sqrt(up)


def difference(first: Part, second: Part, correlation: float = 0.0) -> Part:
    """The first less the second, which may be correlated (-1 to 1)."""
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    down = (a - a_low) ** 2 + (b_high - b) ** 2 - 2 * correlation * (a - a_low) * (b_high - b)
    up = (a_high - a) ** 2 + (b - b_low) ** 2 - 2 * correlation * (a_high - a) * (b - b_low)
    return a - b, a - b - sqrt(max(0.0, down)), a - b + sqrt(max(0.0, up))


def same(
    groups: Mapping[Twice, int],
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
    *,
    value: int | None = None,
    chosen: Collection[int] = (),
) -> Compared:
    """The same items under both versions; ``value`` alone against the rest, where it is given.

    ``chosen``: items were given out again because somebody had given them one of these values. Taken as they are, such
    items would seem to get better by themselves: a slip of one person is why some of them were chosen, and it does not
    happen twice. So each is looked at once for each such label, with that label set aside: what is left of it was not
    chosen for what it says. Items with fewer than three labels before drop out then.
    """
    from workflow.guidelines.comparison.clusters import bundles_of, correlation, estimate

    kept = _kept(groups, chosen)
    times = [count for _, count in kept]
    if value is not None:
        level, values, numbers = "nominal", (value, REST), None
    sides = []
    for side in (0, 1):
        plain = [(at, item[side], 1.0) for at, (group, _) in enumerate(kept) for item in group]
        items = bundles_of(_asked(plain, value), times, level, values, numbers)
        rows = bundles_of(_asked(_set_aside(kept, chosen, side), value), times, level, values, numbers)
        sides.append((estimate(rows if chosen else items, items.items), items.items.size))
    (was, size), (became, _) = sides
    return _compared(_figure(was, size), _figure(became, size), correlation(was, became, items.times))


def others(
    kinds: Sequence[tuple[Mapping[Group, int], Mapping[Group, int]]],
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
    *,
    value: int | None = None,
) -> Compared:
    """Different items under each version: (before, after) for each kind of items, compared kind by kind.

    Both sides are weighted to one mix of kinds: that of all their items together. A kind counts where both its sides have an
    interval. Near duplicates across the two sides would tie them together and make the difference surer than it is said
    to be; they are left alone.
    """
    if value is not None:
        level, values, numbers = "nominal", (value, REST), None
    figures = [
        (_alone(before, level, values, numbers, value), _alone(after, level, values, numbers, value))
        for before, after in kinds
    ]
    return _to_one_mix(figures)


def rates(kinds: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> Compared:
    """Shares before and after, kind by kind, weighted to one mix: (hits, items) on each side."""
    return _to_one_mix([(_share(*before), _share(*after)) for before, after in kinds])


def _kept(groups: Mapping[Twice, int], chosen: Collection[int]) -> list[tuple[Twice, int]]:
    """The groups without the items that cannot be used: those with nothing to set aside, or too little left of it."""
    kept = []
    for group, count in groups.items():
        usable = tuple(item for item in group if not chosen or _may_be_set_aside(item[0], chosen))
        if usable:
            kept.append((usable, count))
    return kept


def _may_be_set_aside(before: Pattern, chosen: Collection[int]) -> bool:
    return sum(people for _, people in before) > 2 and any(value in chosen for value, _ in before)


def _set_aside(kept: Sequence[tuple[Twice, int]], chosen: Collection[int], side: int) -> "list[Row]":
    """Every item once for each label that it may have been chosen for; before, without that label."""
    rows: list[Row] = []
    for at, (group, _) in enumerate(kept):
        for before, after in group:
            for value, people in before:
                if value in chosen:
                    rows.append((at, after if side else _less_one(before, value), float(people)))
    return rows


def _less_one(pattern: Pattern, value: int) -> Pattern:
    return tuple((own, people - (own == value)) for own, people in pattern if people > (own == value))


def _asked(rows: "Iterable[Row]", value: int | None) -> "list[Row]":
    """The rows, asked one thing only: this value or another?"""
    if value is None:
        return list(rows)
    return [(at, _against_rest(pattern, value), weight) for at, pattern, weight in rows]


def _against_rest(pattern: Pattern, value: int) -> Pattern:
    own = sum(people for other, people in pattern if other == value)
    rest = sum(people for _, people in pattern) - own
    return tuple((name, people) for name, people in ((REST, rest), (value, own)) if people)


def _alone(
    groups: Mapping[Group, int],
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None,
    value: int | None,
) -> Figure:
    from workflow.guidelines.comparison.clusters import bundles_of, estimate

    items = sum(len(group) * count for group, count in groups.items())
    if items < UNITS_NEEDED:
        # There may be thousands of small kinds, and none of them has a say.
        return Figure(None, None, None, items, NoInterval.FEW_ITEMS, items, UNITS_NEEDED)
    rows = [(at, pattern, 1.0) for at, group in enumerate(groups) for pattern in group]
    found = bundles_of(_asked(rows, value), list(groups.values()), level, values, numbers)
    return _figure(estimate(found), found.items.size)


def _figure(found: "Estimate", items: int) -> Figure:
    sure = found.interval
    return Figure(found.value, sure.low, sure.high, items, sure.absent, sure.seen, sure.needed)


def _share(hits: int, items: int) -> Figure:
    """A share with Wilson's interval."""
    if items < ENDED_NEEDED:
        value = hits / items if items else None
        return Figure(value, None, None, items, NoInterval.FEW_ITEMS, items, ENDED_NEEDED)
    z, share = NormalDist().inv_cdf(1 - TAIL), hits / items
    middle = (share + z * z / (2 * items)) / (1 + z * z / items)
    reach = z / (1 + z * z / items) * sqrt(share * (1 - share) / items + (z / (2 * items)) ** 2)
    return Figure(share, max(0.0, middle - reach), min(1.0, middle + reach), items)


def _compared(before: Figure, after: Figure, correlation: float = 0.0) -> Compared:
    first, second = _part(after), _part(before)
    if first is None or second is None:
        return Compared(before, after)
    return Compared(before, after, *difference(first, second, correlation))


def _part(figure: Figure) -> Part | None:
    if figure.value is None or figure.low is None or figure.high is None:
        return None
    return figure.value, figure.low, figure.high


def _to_one_mix(figures: Sequence[tuple[Figure, Figure]]) -> Compared:
    used = [(before, after) for before, after in figures if _part(before) and _part(after)]
    if not used:
        before, after = max(figures, key=lambda kind: min(kind[0].items, kind[1].items), default=(NOTHING, NOTHING))
        return Compared(before, after, kinds=0, all_kinds=len(figures))
    items = sum(before.items + after.items for before, after in used)
    mix = [(before.items + after.items) / items for before, after in used]
    was = _mixed(mix, [before for before, _ in used])
    became = _mixed(mix, [after for _, after in used])
    less = [-weight for weight in mix]
    change = mover(_weighed(mix, [after for _, after in used]) + _weighed(less, [before for before, _ in used]))
    return Compared(was, became, *change, kinds=len(used), all_kinds=len(figures))


def _mixed(mix: Sequence[float], figures: Sequence[Figure]) -> Figure:
    return Figure(*mover(_weighed(mix, figures)), items=sum(one.items for one in figures))


def _weighed(mix: Sequence[float], figures: Sequence[Figure]) -> list[tuple[float, Part]]:
    return [(weight, part) for weight, one in zip(mix, figures, strict=True) if (part := _part(one))]


NOTHING = Figure(None, None, None, 0, NoInterval.UNDEFINED)
