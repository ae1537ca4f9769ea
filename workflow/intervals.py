"""How sure an alpha is: a 95 % interval over items, or the reason why there is none yet.

Source: Hughes, "Toward improved inference for Krippendorff's Alpha agreement coefficient" (2022), arXiv 2210.13265:
a jackknife over units, here on Fisher's z so that no end leaves [-1, 1]. It draws nothing, so it needs no seed.

It speaks of these people on items like these; not of other people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import atanh, exp, isnan, lgamma, log, log1p, pi, sqrt, tanh
from statistics import NormalDist
from typing import TYPE_CHECKING

from workflow.alpha import Alpha, alpha_of
from workflow.patterns import Patterns

if TYPE_CHECKING:
    from workflow.coincidences import Units

TAIL = 0.025
UNITS_NEEDED = 50
ORDINAL_UNITS_NEEDED = 100
RARE_PAIRS_NEEDED = 5


class NoInterval(StrEnum):
    """Why an alpha stands without an interval."""

    UNDEFINED = "undefined"  # there is no alpha either
    FEW_ITEMS = "few items"
    FEW_RARE = "few items agreed on a rarer value"
    ONE_ITEM = "rests on one item"  # without it only one value is left
    ALIKE = "every item is labelled alike"  # nothing varies, so nothing can be estimated


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, or `absent` with how much was `seen` of what is `needed` (figures of the two FEW reasons)."""

    low: float | None
    high: float | None
    absent: NoInterval | None = None
    seen: int | None = None
    needed: int | None = None


def interval(
    patterns: Patterns, level: str, values: Sequence[int], numbers: Mapping[int, float] | None = None
) -> Interval:
    """The 95 % interval of `alpha` with the same arguments; the same errors."""
    from workflow.coincidences import units_of

    units = units_of(patterns, level, values, numbers)
    return interval_of(units, alpha_of(units, values))


def interval_of(units: Units, figure: Alpha) -> Interval:
    """The same for items already laid out as rows, and their alpha."""
    if figure.value is None:
        return Interval(None, None, NoInterval.UNDEFINED)
    few = too_few(units)
    if few:
        return few
    if figure.observed == 0:
        return Interval(low_when_unanimous(units), 1.0)
    return _jackknife(units, figure.value)


def too_few(units: Units) -> Interval | None:
    """Why items are too few for an interval; None where they are enough."""
    needed = units_needed(units.level)
    if units.size < needed:
        return Interval(None, None, NoInterval.FEW_ITEMS, units.size, needed)
    if units.level in ("nominal", "ordinal"):
        agreed = units.counts >= 2
        agreed[:, units.totals.argmax()] = False
        rare = int(units.times[agreed.any(axis=1)].sum())
        if rare < RARE_PAIRS_NEEDED:
            return Interval(None, None, NoInterval.FEW_RARE, rare, RARE_PAIRS_NEEDED)
    return None


def units_needed(level: str) -> int:
    """The smallest sample of a level of measurement."""
    return ORDINAL_UNITS_NEEDED if level == "ordinal" else UNITS_NEEDED


def low_when_unanimous(units: Units) -> float:
    """Nobody disagrees: how many items may still be disagreed about, over how many would be by chance."""
    disputed = 1 - TAIL ** (1 / units.size)
    shares = units.totals / units.totals.sum()
    alike = (shares[None, :] ** units.people[:, None]).sum(axis=1)
    by_chance = float(units.times @ (1 - alike)) / units.size
    return float(max(-1.0, 1 - disputed / by_chance))


def _jackknife(units: Units, value: float) -> Interval:
    from workflow.coincidences import left_out

    without = left_out(units)
    n = units.size
    mean = float(units.times @ without) / n
    if isnan(mean):
        return Interval(None, None, NoInterval.ONE_ITEM)
    return on_z(value, sqrt((n - 1) / n * float(units.times @ (without - mean) ** 2)), n)


def on_z(value: float, error: float, n: int) -> Interval:
    """The interval of an alpha whose standard error was jackknifed over ``n`` units, on Fisher's z."""
    if error < 1e-12:
        return Interval(None, None, NoInterval.ALIKE)
    reach = t_quantile(1 - TAIL, n - 1) * error / (1 - value**2)
    return Interval(tanh(atanh(value) - reach), tanh(atanh(value) + reach))


@cache
def t_quantile(p: float, df: int) -> float:
    """The value below which a t variable with `df` degrees of freedom falls with probability `p`.

    Raises ValueError unless 0 < p < 1 and df >= 1.
    """
    from mpmath import betainc

    if not 0 < p < 1 or df < 1:
        raise ValueError(f"no t quantile at p = {p}, df = {df}")
    tail = min(p, 1 - p)
    at = NormalDist().inv_cdf(1 - tail)
    # The tail of t is convex and the normal quantile lies left of the answer: Newton climbs to it without overshooting.
    while True:
        beyond = float(betainc(df / 2, 0.5, 0, df / (df + at * at), regularized=True)) / 2
        step = (beyond - tail) / _t_density(at, df)
        at += step
        if step <= 1e-9 * at:  # the next step would be its square
            return at if p >= 0.5 else -at


def _t_density(at: float, df: int) -> float:
    log_scale = lgamma((df + 1) / 2) - lgamma(df / 2) - log(df * pi) / 2
    return exp(log_scale - (df + 1) / 2 * log1p(at * at / df))
