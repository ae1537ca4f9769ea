"""How often the 95 % interval of an audit holds the true error rate, and how far its estimate is off on average.

    python -m benchmarks.audit_estimates [--draws 4000] [--seed 1] [--all]

Populations of known error rates, drawn from as audits draw. Random samples need no drawing: every number of wrong items
that a sample may hold is gone through with its chance. In tiers, suspicion tells (suspects are wrong four times as often),
says nothing, or misleads (the unsuspected are wrong twice as often). Beside it what audits do not do: all findings taken as
one sample (naive), and Wald's interval. ``--all`` prints every case.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from workflow.audit import sizes
from workflow.audit.estimates import Estimate, Judged, Tier, by_group, random_sample, stratified
from workflow.audit.hypergeometric import probabilities

LOTS = (200, 1_000, 10_000)
SAMPLES = (30, 60, 100, 200, 300)
RATES = (0.01, 0.02, 0.03, 0.05, 0.08, 0.10, 0.15)
WEIGHTS = {"tells": 4.0, "says nothing": 1.0, "misleads": 0.5}
TARGETED = ((0.1, 0.9), (0.05, 0.15, 0.8), (0.02, 0.08, 0.2, 0.7))
STRATIFIED = ((0.5, 0.5), (0.1, 0.3, 0.6), (0.05, 0.1, 0.15, 0.2, 0.2, 0.3))
GROUPS = (0.1, 0.3)
GROUP_RATES = (0.02, 0.05, 0.15)

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A lot in tiers, the share of it in each, and how many of each are wrong and drawn."""

    design: str
    suspicion: str
    populations: tuple[int, ...]
    wrong: tuple[int, ...]
    drawn: tuple[int, ...]

    @property
    def rate(self) -> float:
        return sum(self.wrong) / sum(self.populations)

    def __str__(self) -> str:
        return (
            f"{self.design:11} {self.suspicion:13}{sum(self.populations):7,}{len(self.populations):3} tiers"
            f"{sum(self.drawn):5} drawn{self.rate:7.1%} wrong"
        )


@dataclass(frozen=True)
class Seen:
    """Of one case: how often the interval holds the rate; the mean estimate's distance from it, and its standard error."""

    case: Case
    covers: float
    off: float = 0.0
    error: float = 0.0
    naive_off: float = 0.0
    naive_covers: float = 0.0
    wald_covers: float = 0.0

    @property
    def z(self) -> float:
        return self.off / self.error if self.error else 0.0


def cases_in_tiers(design: str, splits: Sequence[Sequence[float]], share: Callable[..., list[int]]) -> Iterator[Case]:
    for lot, size, rate, split, (suspicion, weight) in product(LOTS, SAMPLES, RATES, splits, WEIGHTS.items()):
        populations = tuple(_whole(lot, split))
        if size >= lot:
            continue
        suspects = len(populations) - 1
        weights = [weight] * suspects + [1.0]
        if design == "stratified":  # the strata differ in steps, the last the same as before
            weights = [weight ** (1 - at / suspects) for at in range(suspects + 1)]
        wrong = _wrong(populations, weights, round(rate * lot))
        yield Case(design, suspicion, populations, wrong, tuple(share(populations, size)))


def _whole(lot: int, split: Sequence[float]) -> list[int]:
    parts = [round(lot * share) for share in split[:-1]]
    return [*parts, lot - sum(parts)]


def _wrong(populations: Sequence[int], weights: Sequence[float], wrong: int) -> tuple[int, ...]:
    """Wrong items over tiers, as near to the weights as whole items can be, and no more than a tier has."""
    found = [0] * len(populations)
    for _ in range(wrong):
        room = [at for at, one in enumerate(populations) if found[at] < one]
        found[min(room, key=lambda at: (found[at] + 0.5) / (populations[at] * weights[at]))] += 1
    return tuple(found)


def random_cases() -> Iterator[Case]:
    for lot, size, rate in product(LOTS, SAMPLES, RATES):
        if size < lot:
            yield Case("random", "-", (lot,), (round(rate * lot),), (size,))


def exactly(case: Case) -> Seen:
    """A random sample's coverage, without chance."""
    (population,), (wrong,), (size,) = case.populations, case.wrong, case.drawn
    first, shares = probabilities(population, wrong, size)
    held = [_holds(random_sample(first + at, size, population), case.rate) for at in range(len(shares))]
    return Seen(case, float(shares @ np.array(held)))


def by_drawing(case: Case, draws: int, chance: np.random.Generator) -> Seen:
    columns = [_hypergeometric(chance, *tier, draws) for tier in _each(case)]
    found, times = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    rows = [_of_draw(case, row) for row in found.tolist()]
    shares = times / draws
    rates = np.array([row[0].rate for row in rows])
    naive = np.array([row[1].rate for row in rows])
    mean = float(shares @ rates)
    spread = sqrt(float(shares @ (rates - mean) ** 2))
    held = [float(shares @ np.array([_holds(row[at], case.rate) for row in rows])) for at in range(3)]
    return Seen(
        case, held[0], mean - case.rate, spread / sqrt(draws), float(shares @ naive) - case.rate, held[1], held[2]
    )


def _each(case: Case) -> Iterator[tuple[int, int, int]]:
    return zip(case.populations, case.wrong, case.drawn, strict=True)


def _hypergeometric(chance: np.random.Generator, population: int, wrong: int, size: int, draws: int) -> Counts:
    return chance.hypergeometric(wrong, population - wrong, size, draws)


def _of_draw(case: Case, found: Sequence[int]) -> tuple[Estimate, Estimate, Estimate]:
    tiers = [Tier(n, size, bad) for n, size, bad in zip(case.populations, case.drawn, found, strict=True)]
    return stratified(tiers), naive(sum(found), sum(case.drawn), sum(case.populations)), _wald(tiers)


@cache
def naive(wrong: int, size: int, population: int) -> Estimate:
    """All findings taken as one random sample."""
    return random_sample(wrong, size, population)


def _wald(tiers: Sequence[Tier]) -> Estimate:
    whole = sum(tier.population for tier in tiers)
    rate = sum(tier.population * tier.wrong / tier.size for tier in tiers) / whole
    variance = 0.0
    for tier in tiers:
        share = tier.wrong / tier.size
        rest = 1 - tier.size / tier.population
        variance += (tier.population / whole) ** 2 * rest * share * (1 - share) / max(1, tier.size - 1)
    reach = 1.96 * sqrt(variance)
    return Estimate(rate, rate - reach, rate + reach)


def _holds(found: Estimate, rate: float) -> bool:
    return found.low - 1e-12 <= rate <= found.high + 1e-12


def group_coverage(case: Case, share: float, draws: int, chance: np.random.Generator) -> tuple[float, float, float]:
    """Of a group with a share of every tier, wrong as often as the rest: coverage where it is shown, and how often it is."""
    shown = held = 0
    off = 0.0
    tiers = [Tier(n, size, 0) for n, size in zip(case.populations, case.drawn, strict=True)]
    kinds = [_kinds(n, wrong, share) for n, wrong in zip(case.populations, case.wrong, strict=True)]
    rate = sum(kind[0] for kind in kinds) / sum(kind[0] + kind[1] for kind in kinds)
    columns = [
        chance.multivariate_hypergeometric(kind, size, draws) for kind, size in zip(kinds, case.drawn, strict=True)
    ]
    for draw in range(draws):
        judged = [
            Judged("group", at, wrong)
            for at, column in enumerate(columns)
            for wrong, count in zip((True, False), column[draw, :2].tolist(), strict=True)
            for _ in range(count)
        ]
        found = by_group(tiers, judged)
        if judged and (estimate := found["group"].estimate):
            shown += 1
            held += _holds(estimate, rate)
            off += estimate.rate - rate
    return (held / shown, off / shown, shown / draws) if shown else (float("nan"), float("nan"), 0.0)


def _kinds(population: int, wrong: int, share: float) -> list[int]:
    """Wrong and right items of the group, and the others."""
    bad, good = round(share * wrong), round(share * (population - wrong))
    return [bad, good, population - bad - good]


def print_design(name: str, seen: Sequence[Seen], draws: int) -> None:
    covers = [one.covers for one in seen]
    worst = min(seen, key=lambda one: one.covers)
    print(f"{name}: {len(seen)} cases, covers {np.mean(covers):.1%} on average, {min(covers):.1%} to {max(covers):.1%}")
    print(f"    worst: {worst.case}")
    for lot in LOTS:
        of_lot = [one.covers for one in seen if sum(one.case.populations) == lot]
        print(f"    lots of {lot:6,}: {np.mean(of_lot):.1%} on average, {min(of_lot):.1%} at worst")
    if draws:
        z = [one.z for one in seen]
        print(
            f"    estimate off by {np.mean([one.off for one in seen]) * 100:+.3f} points on average, in its standard errors:"
        )
        print(f"    root mean square {np.sqrt(np.mean(np.square(z))):.2f}, largest {max(np.abs(z)):.1f}")


def print_beside(seen: Sequence[Seen]) -> None:
    print("\nnot done, on the targeted samples:")
    for suspicion in WEIGHTS:
        of = [one for one in seen if one.case.suspicion == suspicion]
        off = [one.naive_off * 100 for one in of]
        covers = [one.naive_covers for one in of]
        print(f"    suspicion {suspicion}: the naive estimate is off by {np.mean(off):+.2f} points on average,")
        print(f"        {min(off):+.1f} to {max(off):+.1f}; its interval covers {np.mean(covers):.0%},", end=" ")
        print(f"{min(covers):.0%} at worst")
    wald = [one.wald_covers for one in seen]
    print(f"    Wald's interval covers {np.mean(wald):.0%} on average, {min(wald):.0%} at worst")


def print_groups(draws: int, chance: np.random.Generator) -> None:
    print(
        f"\none group of a targeted sample of 100 or more, {draws:,} draws a case, where half of them show an estimate:"
    )
    for share in GROUPS:
        seen = [
            group_coverage(case, share, draws, chance)
            for case in cases_in_tiers("targeted", TARGETED, sizes.half_unsuspected)
            if case.suspicion == "tells" and sum(case.drawn) >= 100 and case.rate in GROUP_RATES
        ]
        covers, offs = zip(*[(held, off) for held, off, shown in seen if shown >= 0.5], strict=True)
        print(f"    {share:.0%} of the items: {len(covers)} cases, covers {np.mean(covers):.1%} on average,", end=" ")
        print(f"{min(covers):.1%} at worst; off by {np.mean(offs) * 100:+.2f} points")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--draws", type=int, default=4000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--all", action="store_true", help="print every case")
    asked = options.parse_args()
    chance = np.random.default_rng(asked.seed)
    print(f"the 95 % interval of error rates of 1 to 15 %; in tiers {asked.draws:,} draws a case, seed {asked.seed}\n")
    everything = []
    for name, cases in CASES.items():
        seen = [exactly(case) if name == "random" else by_drawing(case, asked.draws, chance) for case in cases()]
        print_design(name, seen, 0 if name == "random" else asked.draws)
        everything += seen
    print_beside([one for one in everything if one.case.design == "targeted"])
    print_groups(max(100, asked.draws // 10), chance)
    for one in everything if asked.all else []:
        print(f"{one.case}: covers {one.covers:.1%}, off {one.off * 100:+.3f}, naive {one.naive_off * 100:+.2f}")


CASES: dict[str, Callable[[], Iterator[Case]]] = {
    "random": random_cases,
    "stratified": lambda: cases_in_tiers("stratified", STRATIFIED, sizes.in_proportion),
    "targeted": lambda: cases_in_tiers("targeted", TARGETED, sizes.half_unsuspected),
}


if __name__ == "__main__":
    main()
