"""How often the difference in alpha between two guideline versions is told rightly.

    python -m benchmarks.guideline_effect [--runs 1000] [--seed 1]

Labels are simulated: an item has a true value, people give it with some probability and guess otherwise. For each design
that Concord compares by (the same items again; again, chosen for a label; other items within their kinds) two worlds: one
in which the true alpha rises from .4 to .7, and one in which nothing changes. Counted are the intervals that exclude zero,
and those that hold the true difference. Beside them stand two ways not to go: items chosen for a label taken as they are,
and kinds of items pooled. The last block looks after every twenty items and tells as soon as the interval is as narrow as
wanted, as the clock does.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workflow.guidelines.comparison.comparing import Compared, Group, Twice, others, same
from workflow.patterns import Pattern

OVERLAP = 3
ITEMS = 300
WANTED = 0.15
SHARES = (0.5, 0.3, 0.2)
VALUES = (1, 2, 3)
RARE = 3
LOW, HIGH = 0.4, 0.7

Ints = NDArray[np.int64]


def right(alpha: float) -> float:
    """How often people know the value, for alpha: two who guess by the shares agree beyond chance as often as both know."""
    return float(np.sqrt(alpha))


def truths(chance: np.random.Generator, items: int) -> Ints:
    return chance.choice(VALUES, size=items, p=SHARES)


def labels(chance: np.random.Generator, true: Ints, alpha: float) -> list[Pattern]:
    """The pattern of each item: who does not know guesses by the shares of the values."""
    shape = (len(true), OVERLAP)
    knows = chance.random(shape) < right(alpha)
    given = np.where(knows, true[:, None], chance.choice(VALUES, size=shape, p=SHARES))
    return [tuple(sorted(Counter(row).items())) for row in given.tolist()]


def paired(before: list[Pattern], after: list[Pattern]) -> Counter[Twice]:
    return Counter((item,) for item in zip(before, after, strict=True))


def alone(patterns: list[Pattern]) -> Counter[Group]:
    return Counter((pattern,) for pattern in patterns)


def same_items(chance: np.random.Generator, before: float, after: float) -> Compared:
    true = truths(chance, ITEMS)
    return same(paired(labels(chance, true, before), labels(chance, true, after)), "nominal", VALUES)


def chosen_items(chance: np.random.Generator, before: float, after: float, *, naive: bool = False) -> Compared:
    """Of 900 items those that somebody had given the rare value: a third of them or so."""
    true = truths(chance, 3 * ITEMS)
    both = zip(labels(chance, true, before), labels(chance, true, after), strict=True)
    given: Counter[Twice] = Counter((item,) for item in both if dict(item[0]).get(RARE))
    return same(given, "nominal", VALUES, value=RARE, chosen=() if naive else (RARE,))


def chosen_naively(chance: np.random.Generator, before: float, after: float) -> Compared:
    return chosen_items(chance, before, after, naive=True)


def drawn_kinds(
    chance: np.random.Generator, before: float, after: float
) -> list[tuple[Counter[Group], Counter[Group]]]:
    """Two kinds, easier and harder by .2 than the average; three easy items to one before, one to three after."""
    kinds = []
    for shift, was, became in ((0.2, 450, 150), (-0.2, 150, 450)):
        sides = ((was, before), (became, after))
        first, second = (alone(labels(chance, truths(chance, n), alpha + shift)) for n, alpha in sides)
        kinds.append((first, second))
    return kinds


def other_items(chance: np.random.Generator, before: float, after: float) -> Compared:
    return others(drawn_kinds(chance, before, after), "nominal", VALUES)


def pooled(chance: np.random.Generator, before: float, after: float) -> Compared:
    kinds = drawn_kinds(chance, before, after)
    whole = (kinds[0][0] + kinds[1][0], kinds[0][1] + kinds[1][1])
    return others([whole], "nominal", VALUES)


def as_it_comes(chance: np.random.Generator, before: float, after: float) -> Compared:
    """The same items again, told at the first look at which the interval is narrow enough; else at the last."""
    true = truths(chance, ITEMS)
    was, became = labels(chance, true, before), labels(chance, true, after)
    for done in range(60, ITEMS + 1, 20):
        found = same(paired(was[:done], became[:done]), "nominal", VALUES)
        if found.half_width is not None and found.half_width <= WANTED:
            return found
    return found


Design = Callable[[np.random.Generator, float, float], Compared]


@dataclass(frozen=True)
class Told:
    """Shares of the runs; width is the mean half width, items the mean of those compared after."""

    shown: float
    excludes_zero: float
    holds_truth: float
    width: float
    items: float


def told(design: Design, before: float, after: float, truth: float, runs: int, seed: int) -> Told:
    chance = np.random.default_rng(seed)
    found = [design(chance, before, after) for _ in range(runs)]
    shown = [(one.low, one.high) for one in found if one.low is not None and one.high is not None]
    ends = np.array(shown).reshape(-1, 2)
    return Told(
        len(shown) / runs,
        float(((ends[:, 0] > 0) | (ends[:, 1] < 0)).sum()) / runs,
        float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()),
        float((ends[:, 1] - ends[:, 0]).mean()) / 2,
        float(np.mean([one.after.items for one in found])),
    )


def of_chosen(chosen_under: float, labelled_under: float) -> float:
    """Alpha of the rare value against the rest among endless items, each weighing how likely it was to be given it."""
    was, now = (
        np.array([right(alpha) * (value == RARE) + (1 - right(alpha)) * SHARES[RARE - 1] for value in VALUES])
        for alpha in (chosen_under, labelled_under)
    )
    weights = np.array(SHARES) * was / (np.array(SHARES) @ was)
    mean = float(weights @ now)
    return 1 - float(weights @ (now * (1 - now))) / (mean * (1 - mean))


DESIGNS: tuple[tuple[str, Design], ...] = (
    ("the same 300 items", same_items),
    ("the same items, chosen for a rare label, one set aside", chosen_items),
    ("  (naive: as they are)", chosen_naively),
    ("600 other items of two kinds, one mix", other_items),
    ("  (naive: pooled)", pooled),
    ("the same items, told once it is within .15", as_it_comes),
)


def true_change(design: Design, before: float, after: float) -> float:
    """What an endless number of items would show. Chosen by labels of the earlier version, items weigh by these."""
    if design not in (chosen_items, chosen_naively):
        return after - before
    return of_chosen(before, after) - of_chosen(before, before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"overlap {OVERLAP}, {asked.runs} runs each, seed {asked.seed}\n")
    for title, before, after in (
        ("alpha rises from .4 to .7", LOW, HIGH),
        ("nothing changes: .4", LOW, LOW),
        ("nothing changes: .7", HIGH, HIGH),
    ):
        print(f"{title:58}{'shown':>7}{'excludes 0':>12}{'holds truth':>13}{'half width':>12}{'items':>7}")
        for name, design in DESIGNS:
            found = told(design, before, after, true_change(design, before, after), asked.runs, asked.seed)
            print(
                f"{name:58}{found.shown:7.1%}{found.excludes_zero:12.1%}{found.holds_truth:13.1%}"
                f"{found.width:12.3f}{found.items:7.0f}",
                flush=True,
            )
        print()


if __name__ == "__main__":
    main()
