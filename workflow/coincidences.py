"""The arithmetic under agreement: coincidences, distances and jackknife, as arrays.

The one module of agreement that needs NumPy. Import it where it is used, so that starting Concord stays quick.

Shapes: P distinct patterns, V values in the order of the label schema.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from workflow.patterns import Pattern, Patterns

Array = NDArray[np.float64]
LEVELS = ("nominal", "ordinal", "interval", "ratio")
ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Units:
    """Items with two labels or more: P rows that differ, and how often each occurs.

    `single` and `empty` count the items left out, because one person or nobody labelled them.
    """

    counts: Array  # P x V: people who gave the value
    times: Array  # P: items with this row
    level: str
    numbers: Array  # V: the values as numbers; their order where the level has none
    single: int = 0
    empty: int = 0

    @property
    def size(self) -> int:
        """How many items."""
        return int(self.times.sum())

    @cached_property
    def people(self) -> Array:
        """P: labels of an item."""
        people: Array = self.counts.sum(axis=1)
        return people

    @cached_property
    def totals(self) -> Array:
        """V: labels with each value."""
        totals: Array = self.times @ self.counts
        return totals

    @cached_property
    def coincidences(self) -> Array:
        """V x V: pairs of labels within items, each item weighing as many as it has labels."""
        weights = self.times / (self.people - 1)
        pairs: Array = (self.counts * weights[:, None]).T @ self.counts
        return pairs - np.diag(weights @ self.counts)

    @cached_property
    def distances(self) -> Array:
        """V x V: how far apart two values are at this level of measurement."""
        return distances(self.level, self.totals, self.numbers)

    def against_rest(self, column: int) -> "Units":
        """The same items, asked one thing only: this value or another?"""
        one = self.counts[:, column]
        counts = np.column_stack((one, self.people - one))
        return Units(counts, self.times, "nominal", np.arange(2.0), self.single, self.empty)


def units_of(patterns: Patterns, level: str, values: Sequence[int], numbers: Mapping[int, float] | None) -> Units:
    """Lay patterns out as rows.

    Raises ValueError for a level, value ids or numbers that do not fit together, and for a pattern of no items.
    """
    column = {value: at for at, value in enumerate(values)}
    if len(column) != len(values):
        raise ValueError("a value id occurs twice")
    rows: list[Pattern] = []
    times: list[int] = []
    single = empty = 0
    for pattern, items in patterns.items():
        if items <= 0:
            raise ValueError(f"{items} items cannot have a pattern")
        labels = sum(count for _, count in pattern)
        if labels >= 2:
            rows.append(pattern)
            times.append(items)
        elif labels == 1:
            single += items
        else:
            empty += items
    counts = np.zeros((len(rows), len(values)))
    for row, pattern in enumerate(rows):
        for value, count in pattern:
            if value not in column:
                raise ValueError(f"value id {value} is not in the label schema")
            counts[row, column[value]] = count
    scale = numbers_of(level, values, numbers)
    return Units(counts, np.asarray(times, dtype=np.float64), level, scale, single, empty)


def numbers_of(level: str, values: Sequence[int], numbers: Mapping[int, float] | None) -> Array:
    """The values as numbers, checked against the level of measurement.

    Raises ValueError: an unknown level; at interval and ratio a value without a finite number, two values with one
    number (they would disagree without any distance); at ratio a number below zero (it has no true zero then).
    """
    if level not in LEVELS:
        raise ValueError(f"level is one of {', '.join(LEVELS)}, not {level!r}")
    if level in ("nominal", "ordinal"):
        return np.arange(float(len(values)))
    if numbers is None or not all(value in numbers and isfinite(numbers[value]) for value in values):
        raise ValueError(f"at level {level} every value needs a finite number")
    scale = np.array([float(numbers[value]) for value in values])
    if len(set(scale.tolist())) != len(scale):
        raise ValueError(f"at level {level} no two values may have the same number")
    if level == "ratio" and (scale < 0).any():
        raise ValueError("at level ratio no number may be below zero")
    return scale


def distances(level: str, totals: Array, numbers: Array) -> Array:
    """Krippendorff's squared difference functions, V x V."""
    if level == "nominal":
        return 1.0 - np.eye(len(totals))
    scale = midranks(totals) if level == "ordinal" else numbers
    apart = scale[:, None] - scale[None, :]
    if level == "ratio":
        both = scale[:, None] + scale[None, :]
        # Zero against zero is no distance; zero against anything else is the greatest there is.
        apart = np.divide(apart, both, out=np.zeros_like(apart), where=both != 0)
    squared: Array = apart**2
    return squared


def midranks(totals: Array) -> Array:
    """Labels up to the middle of each value: the ordinal distance is the squared difference of these.

    Works along the last axis, so that every row of a table gets its own ranks.
    """
    ranks: Array = np.cumsum(totals, axis=-1) - totals / 2
    return ranks


def disagreement(units: Units) -> tuple[float, float]:
    """Observed and expected disagreement; their ratio is what alpha takes from one."""
    n = units.totals.sum()
    observed = (units.coincidences * units.distances).sum() / n
    expected = units.totals @ units.distances @ units.totals / (n * (n - 1))
    return float(observed), float(expected)


def left_out(units: Units) -> Array:
    """P: alpha without one item of each row; nan where nothing is left to disagree about."""
    if not len(units.times):
        return np.zeros(0)
    one_row = _left_out_ordinal if units.level == "ordinal" else _left_out
    parts = [one_row(units, units.counts[rows], units.people[rows]) for rows in _slices(len(units.times))]
    return np.concatenate(parts)


def _slices(rows: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, rows, ROWS_AT_ONCE))


def _left_out(units: Units, counts: Array, people: Array) -> Array:
    """The distances stay as they are, so that each item is taken out of two sums."""
    totals, apart = units.totals, units.distances
    own = ((counts @ apart) * counts).sum(axis=1)
    observed = (units.coincidences * apart).sum() - own / (people - 1)
    expected = totals @ apart @ totals - 2 * (counts @ (apart @ totals)) + own
    return _alphas(totals - counts, observed, expected)


def _left_out_ordinal(units: Units, counts: Array, people: Array) -> Array:
    """Without the item the ranks of all others move: the sums are made anew from each row's own ranks."""
    left = units.totals - counts
    n = left.sum(axis=1)
    # The mean midrank is n / 2; measured from there the squares stay small and nothing cancels.
    ranks = midranks(left) - n[:, None] / 2
    pairs = ((ranks @ units.coincidences) * ranks).sum(axis=1)
    own_pairs = ((counts * ranks).sum(axis=1) ** 2 - (counts * ranks**2).sum(axis=1)) / (people - 1)
    spread = (left * ranks**2).sum(axis=1)
    return _alphas(left, 2 * (spread - pairs + own_pairs), 2 * n * spread)


def _alphas(left: Array, observed: Array, expected: Array) -> Array:
    several = (left > 0).sum(axis=1) > 1
    ratio = np.divide(observed, expected, out=np.full(len(left), np.nan), where=several)
    alphas: Array = 1 - (left.sum(axis=1) - 1) * ratio
    return alphas
