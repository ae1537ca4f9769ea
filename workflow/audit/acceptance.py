"""Whether a lot passes: how many items an audit looks at, and how many of them may be wrong.

A single-sampling plan by two points, as Guenther (1969), "Use of the binomial, hypergeometric and Poisson tables to obtain
sampling plans", Journal of Quality Technology 1, finds it: a lot no worse than the AQL passes at least 95 times in 100, one
as bad as the LTPD at most 10 times in 100. Not ISO 2859-1 or ANSI Z1.4: those fix neither risk.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil, floor

from workflow.audit import hypergeometric
from workflow.audit.searching import first

PRODUCER = 0.05
CONSUMER = 0.10


@dataclass(frozen=True)
class Plan:
    """Look at ``size`` items; the lot passes when ``accept`` of them or fewer are wrong."""

    size: int
    accept: int


@lru_cache(maxsize=256)
def plan(population: int, aql: float, ltpd: float, producer: float = PRODUCER, consumer: float = CONSUMER) -> Plan:
    """The smallest sample, with the smallest accept number, that holds both risks in a lot of ``population`` items.

    ``aql`` and ``ltpd`` are shares of wrong items, ``producer`` and ``consumer`` the risks. A lot has whole items: the first
    risk is held for the worst lot that is no worse than ``aql``, the second for the best that is no better than ``ltpd``. A
    larger sample with the same accept number may break the first. Raises ValueError where the figures make no plan.
    """
    _check(population, aql, ltpd, producer, consumer)
    good, bad = floor(_items(population, aql)), ceil(_items(population, ltpd))
    size = 1
    for accept in range(good + 1):
        size = first(partial(_shows, population, bad, accept, consumer), size, population)
        if hypergeometric.at_most(population, good, size, accept) >= 1 - producer - hypergeometric.CLOSE:
            return Plan(size, accept)
    raise AssertionError("looking at all items holds both risks")


def within(population: int, aql: float, ltpd: float, most: int) -> bool:
    """Whether a sample of ``most`` items holds both risks of ``plan``, with any accept number; found at once.

    Where the two rates are close in a large lot, finding the plan itself takes minutes. Raises ValueError as ``plan`` does.
    """
    _check(population, aql, ltpd, PRODUCER, CONSUMER)
    good, bad = floor(_items(population, aql)), ceil(_items(population, ltpd))
    size = min(most, population)
    fewest, chances = hypergeometric.probabilities(population, good, size)
    accept = fewest + int((chances.cumsum() < 1 - PRODUCER - hypergeometric.CLOSE).sum())
    return hypergeometric.at_most(population, bad, size, accept) <= CONSUMER + hypergeometric.CLOSE


def accepts(population: int, size: int, accept: int, rate: float) -> float:
    """The chance that a lot with the share ``rate`` of wrong items, to the nearest whole item, passes.

    Raises ValueError where a lot or a sample is impossible.
    """
    return hypergeometric.at_most(population, round(_items(population, rate)), size, accept)


def in_words(
    found: Plan, population: int, aql: float, ltpd: float, producer: float = PRODUCER, consumer: float = CONSUMER
) -> str:
    """What a plan means, for who starts the audit."""
    allowed = f"up to {found.accept:,}" if found.accept else "none"
    return (
        f"{found.size:,} of {population:,} items, accept with {allowed} wrong: passes a lot with {percent(aql)} errors "
        f"{times(1 - producer)} times in 100, and one with {percent(ltpd)} at most {times(consumer)} times in 100"
    )


def percent(share: float) -> str:
    """A share as people write it: ``2 %``, ``0.65 %``."""
    return f"{100 * share:.4g} %"


def times(share: float) -> str:
    """A chance as times in 100."""
    return f"{100 * share:.4g}"


def _shows(population: int, bad: int, accept: int, consumer: float, size: int) -> bool:
    """Whether a bad lot passes seldom enough with a sample of ``size``."""
    return hypergeometric.at_most(population, bad, size, accept) <= consumer + hypergeometric.CLOSE


def _items(population: int, rate: float) -> float:
    return round(population * rate, 6)  # .07 of 100 items is 7, where the product of floats is a little more


def _check(population: int, aql: float, ltpd: float, producer: float, consumer: float) -> None:
    if population < 1:
        raise ValueError("a lot has at least one item")
    if not 0 < aql < ltpd < 1:
        raise ValueError(f"the AQL must be smaller than the LTPD, both between 0 and 1: {aql}, {ltpd}")
    if not (0 < producer < 1 and 0 < consumer < 1 - producer):
        raise ValueError(f"the risks must be above 0 and together below 1: {producer}, {consumer}")
