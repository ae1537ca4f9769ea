"""How often the interval of alpha holds the true one, and what patterns save.

    python -m benchmarks.agreement [--draws 400] [--units 200000] [--seed 1]

Coverage: people answer independently given the item's true value; alpha of endless items like these is known exactly,
and counted is how often the interval holds it among the draws that show an interval. Saving: the same alpha by
patterns and by the package `krippendorff` on one row per item.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from time import perf_counter

import krippendorff
import numpy as np
from numpy.typing import NDArray

from workflow.agreement import alpha, interval
from workflow.agreement_check import Level
from workflow.coincidences import distances
from workflow.patterns import Pattern

Array = NDArray[np.float64]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
SHARES = {
    "2 even": [0.5, 0.5],
    "2, rare .1": [0.9, 0.1],
    "3 even": [1 / 3] * 3,
    "5 skewed": [0.5, 0.25, 0.15, 0.07, 0.03],
}


@dataclass(frozen=True)
class Case:
    level: str
    shares: str
    right: float
    people: int
    units: int

    @property
    def answers(self) -> Array:
        """V x V: chance of each answer given the true value; on a scale, neighbours are likelier mistakes."""
        v = len(SHARES[self.shares])
        apart = np.abs(np.subtract.outer(np.arange(v), np.arange(v))).astype(float)
        wrong = np.where(apart > 0, 1.0 if self.level == "nominal" else 0.5**apart, 0.0)
        answers: Array = np.eye(v) * self.right + (1 - self.right) * wrong / wrong.sum(axis=1, keepdims=True)
        return answers

    @property
    def true_alpha(self) -> float:
        truth, answers = np.array(SHARES[self.shares]), self.answers
        given = truth @ answers
        apart = distances(self.level, given, np.arange(1.0, len(given) + 1))
        observed = sum(share * row @ apart @ row for share, row in zip(truth, answers, strict=True))
        return float(1 - observed / (given @ apart @ given))

    def draw(self, chance: np.random.Generator) -> Counter[Pattern]:
        truths = chance.multinomial(self.units, SHARES[self.shares])
        rows = np.vstack(
            [chance.multinomial(self.people, row, size=n) for row, n in zip(self.answers, truths, strict=True)]
        )
        return patterns_of(rows)


def patterns_of(rows: NDArray[np.int64]) -> Counter[Pattern]:
    different, times = np.unique(rows, axis=0, return_counts=True)
    patterns: Counter[Pattern] = Counter()
    for row, items in zip(different.tolist(), times.tolist(), strict=True):
        patterns[tuple((value, count) for value, count in enumerate(row, 1) if count)] = items
    return patterns


def coverage(case: Case, draws: int, chance: np.random.Generator) -> tuple[float, float, float, float]:
    """Shares of shown intervals that hold the true alpha, and that lie above it; share of draws shown; mean width."""
    values = list(range(1, len(SHARES[case.shares]) + 1))
    numbers = {value: float(value) for value in values}
    held, above, widths = 0, 0, []
    for _ in range(draws):
        found = interval(case.draw(chance), case.level, values, numbers)
        if found.low is not None and found.high is not None:
            held += found.low <= case.true_alpha <= found.high
            above += found.low > case.true_alpha
            widths.append(found.high - found.low)
    shown = len(widths)
    if not shown:
        return float("nan"), float("nan"), 0.0, float("nan")
    return held / shown, above / shown, shown / draws, float(np.mean(widths))


def print_coverage(draws: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    print(f"coverage of the 95 % interval, {draws} draws a case, seed {seed}")
    print(
        f"{'level':9}{'values':11}{'right':>6}{'people':>7}{'units':>6}{'alpha':>7}{'covers':>8}{'above':>7}{'shown':>7}{'width':>7}"
    )
    seen = []
    grid = product(LEVELS, SHARES, (0.75, 0.9, 0.98), (2, 3, 5), (50, 100, 400))
    for case in (Case(*one) for one in grid):
        if case.level != "nominal" and case.shares.startswith("2"):
            continue  # two values are the same at every level
        covers, above, shown, width = coverage(case, draws, chance)
        if shown >= 0.5:
            seen.append(covers)
        print(
            f"{case.level:9}{case.shares:11}{case.right:6.2f}{case.people:7}{case.units:6}{case.true_alpha:7.3f}"
            f"{covers:8.1%}{above:7.1%}{shown:7.0%}{width:7.3f}",
            flush=True,
        )
    good = sum(0.93 <= one <= 0.995 for one in seen)
    print(f"\n{len(seen)} cases that show an interval in half the draws or more: 93-99.5 % in {good},")
    print(f"mean {np.mean(seen):.1%}, worst {min(seen):.1%}, best {max(seen):.1%}")


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def print_saving(units: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    print(f"\nalpha of {units:,} items with 3 labels of 5 values, seconds")
    rows = np.vstack(
        [chance.multinomial(3, row, size=units // 5) for row in Case("nominal", "5 skewed", 0.8, 3, 0).answers]
    )
    patterns, values = patterns_of(rows), [1, 2, 3, 4, 5]
    numbers = {value: float(value) for value in values}
    for level in LEVELS:
        shape = (patterns, level, values, numbers)
        ours = min(seconds(partial(alpha, *shape)) for _ in range(5))
        sure = min(seconds(partial(interval, *shape)) for _ in range(5))
        theirs = seconds(
            partial(krippendorff.alpha, value_counts=rows, value_domain=values, level_of_measurement=level)
        )
        print(
            f"{level:9} {len(patterns)} patterns {ours:.5f}, with interval {sure:.5f}; package {theirs:.3f}:"
            f" {theirs / ours:,.0f} times"
        )
    wide = many_patterns(random.Random(seed), 30_000, 20)
    for level in ("nominal", "ordinal"):
        taken = seconds(partial(interval, wide, level, range(1, 21)))
        print(f"{level:9} {len(wide):,} different patterns of 20 values, with interval {taken:.3f}")


def many_patterns(chance: random.Random, rows: int, values: int) -> Counter[Pattern]:
    """The worst case for patterns: nearly every item has one of its own."""
    picks = (Counter(chance.choices(range(1, values + 1), k=6)) for _ in range(rows))
    return Counter(tuple(sorted(pick.items())) for pick in picks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--units", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print_saving(asked.units, asked.seed)
    print_coverage(asked.draws, asked.seed)


if __name__ == "__main__":
    main()
