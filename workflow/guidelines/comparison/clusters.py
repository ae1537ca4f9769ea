"""Alpha of items that hang together, and alpha without each bundle of them: the arithmetic under `comparing`, as arrays.

A bundle is what the jackknife leaves out at a time: an item, or all items of one group of near duplicates. Import it
where it is used: it needs NumPy.

Shapes: M rows, U bundles that differ, V values in the order of the label schema.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); the jackknife as in Hughes (2022), arXiv
2210.13265, with bundles for units.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from workflow.coincidences import Array, Units, distances, midranks, numbers_of
from workflow.intervals import Interval, NoInterval, low_when_unanimous, on_z, too_few, units_needed
from workflow.patterns import Pattern

CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Bundles:
    """Rows of labels, each of two labels or more, in bundles of which some occur several times.

    A row may weigh more than one; the weight is that of its labels and of its pairs alike.
    """

    counts: Array  # M x V: people who gave the value
    bundle: NDArray[np.int64]  # M: the bundle of the row, ascending
    weights: Array  # M
    times: Array  # U: how often a bundle like this occurs
    level: str
    numbers: Array  # V

    @property
    def size(self) -> int:
        """How many bundles."""
        return int(self.times.sum())

    @property
    def items(self) -> Units:
        """The rows as items of their own, whatever they weigh."""
        return Units(self.counts, self.times[self.bundle], self.level, self.numbers)

    def whole(self) -> tuple[Array, Array]:
        """Coincidences (V x V) and totals (V) of everything."""
        pairs = np.zeros((self.counts.shape[1],) * 2)
        totals = np.zeros(self.counts.shape[1])
        for start, own, given in self._each():
            times = self.times[start : start + len(own)]
            pairs += np.tensordot(times, own, axes=1)
            totals += times @ given
        return pairs, totals

    def without(self) -> Array:
        """U: alpha without one bundle of each sort; nan where nothing is left to disagree about."""
        pairs, totals = self.whole()
        parts = [self.alphas(pairs - own, totals - given) for _, own, given in self._each()]
        return np.concatenate(parts) if parts else np.zeros(0)

    def alphas(self, pairs: Array, totals: Array) -> Array:
        """Alpha of coincidences (... x V x V) and totals (... x V)."""
        apart = self._distances(totals)
        observed = (pairs * apart).sum(axis=(-2, -1))
        expected = np.einsum("...i,...ij,...j->...", totals, apart, totals, optimize=True)
        several = (totals > 1e-9).sum(axis=-1) > 1
        ratio = np.divide(observed, expected, out=np.full(np.shape(observed), np.nan), where=several)
        found: Array = 1 - (totals.sum(axis=-1) - 1) * ratio
        return found

    def _distances(self, totals: Array) -> Array:
        if self.level != "ordinal":
            return distances(self.level, self.numbers, self.numbers)  # as many as there are values: no more is asked
        ranks = midranks(totals)
        apart: Array = (ranks[..., :, None] - ranks[..., None, :]) ** 2
        return apart

    def _each(self) -> Iterator[tuple[int, Array, Array]]:
        """Some bundles at a time: the first one's number, their coincidences and their totals."""
        v = self.counts.shape[1]
        step = max(1, CELLS_AT_ONCE // (v * v))
        for start in range(0, len(self.times), step):
            stop = min(start + step, len(self.times))
            low, high = np.searchsorted(self.bundle, [start, stop])
            rows, at = self.counts[low:high], self.bundle[low:high] - start
            weights = self.weights[low:high]
            pairs = rows[:, :, None] * rows[:, None, :] - rows[:, :, None] * np.eye(v)
            pairs *= (weights / (rows.sum(axis=1) - 1))[:, None, None]
            own, given = np.zeros((stop - start, v, v)), np.zeros((stop - start, v))
            np.add.at(own, at, pairs)
            np.add.at(given, at, rows * weights[:, None])
            yield start, own, given


Row = tuple[int, Pattern, float]
"""The bundle that a row of labels belongs to, its pattern, and what it weighs."""


def bundles_of(
    rows: Sequence[Row],
    times: Sequence[int],
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
) -> Bundles:
    """Lay rows out as arrays; ``times`` says how often each bundle occurs.

    Raises ValueError for a row with fewer than two labels, and what ``coincidences.units_of`` raises.
    """
    column = {value: at for at, value in enumerate(values)}
    ordered = sorted(rows, key=lambda row: row[0])
    counts = np.zeros((len(ordered), len(values)))
    for at, (_, pattern, _) in enumerate(ordered):
        for value, people in pattern:
            if value not in column:
                raise ValueError(f"value id {value} is not in the label schema")
            counts[at, column[value]] = people
    if ordered and counts.sum(axis=1).min() < 2:
        raise ValueError("an item with one label says nothing of agreement")
    return Bundles(
        counts,
        np.array([bundle for bundle, _, _ in ordered], dtype=np.int64),
        np.array([weight for _, _, weight in ordered], dtype=np.float64),
        np.array(times, dtype=np.float64),
        level,
        numbers_of(level, values, numbers),
    )


@dataclass(frozen=True)
class Estimate:
    """Alpha and its interval; how far each bundle moves it, which is what two estimates may share."""

    value: float | None
    interval: Interval
    moves: Array  # U: alpha without the bundle, less the mean of these; zero where there is no interval from them


def estimate(found: Bundles, items: Units | None = None) -> Estimate:
    """Alpha with its 95 % interval, by leaving out bundle after bundle.

    ``items`` are those that have to be enough, where the rows are not the items themselves.
    """
    items = found.items if items is None else items
    still = np.zeros(len(found.times))
    pairs, totals = found.whole()
    value = float(found.alphas(pairs, totals)) if len(found.counts) else float("nan")
    if np.isnan(value):
        return Estimate(None, Interval(None, None, NoInterval.UNDEFINED), still)
    few = too_few(items) or _too_few_bundles(found)
    if few:
        return Estimate(value, few, still)
    if value == 1:
        return Estimate(value, Interval(low_when_unanimous(items), 1.0), still)
    without, n = found.without(), found.size
    moves = without - float(found.times @ without) / n
    if np.isnan(moves).any():
        return Estimate(value, Interval(None, None, NoInterval.ONE_ITEM), still)
    error = sqrt((n - 1) / n * float(found.times @ moves**2))
    return Estimate(value, on_z(value, error, n), moves)


def _too_few_bundles(found: Bundles) -> Interval | None:
    """A thousand items that all say nearly the same are one observation."""
    needed = units_needed(found.level)
    return Interval(None, None, NoInterval.FEW_ITEMS, found.size, needed) if found.size < needed else None


def correlation(first: Estimate, second: Estimate, times: Array) -> float:
    """How far two estimates from the same bundles move together, -1 to 1: the jackknife's covariance over both errors."""
    both = float(times @ first.moves**2) * float(times @ second.moves**2)
    return float(times @ (first.moves * second.moves)) / sqrt(both) if both > 1e-24 else 0.0
