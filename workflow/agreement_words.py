"""Agreement in words: how to take a figure, and what to say where there is none.

Source of the two bars: Krippendorff, "Content Analysis" (2004), p. 241; a custom of the field, not a law.
"""

from collections.abc import Mapping
from enum import StrEnum

from workflow.alpha import Alpha, Undefined
from workflow.intervals import Interval, NoInterval

RELIABLE = 0.8
TENTATIVE = 0.667


class Reading(StrEnum):
    """What an alpha allows."""

    RELIABLE = "reliable"
    TENTATIVE = "tentative"
    NOT_TO_BUILD_ON = "do not build on it"
    TOO_EARLY = "too early to say"
    NO_FIGURE = "no figure"


def reading(alpha: Alpha, interval: Interval) -> Reading:
    """How to take the figure: reliable only if even the lower bound is; without an interval it is too early to say."""
    if alpha.value is None:
        return Reading.NO_FIGURE
    if interval.low is None:
        return Reading.TOO_EARLY
    if interval.low >= RELIABLE:
        return Reading.RELIABLE
    return Reading.TENTATIVE if alpha.value >= TENTATIVE else Reading.NOT_TO_BUILD_ON


def in_words(alpha: Alpha, interval: Interval, names: Mapping[int, str]) -> str:
    """One line for people: the figure, its interval or why it has none, and its reading; or why there is no figure.

    `names` gives the value ids their text as typed, unescaped.
    """
    if alpha.undefined:
        return f"{_why_undefined(alpha, names)}: no figure"
    return f"alpha {figure(alpha.value)} ({_interval_in_words(interval)}): {reading(alpha, interval)}"


def figure(value: float | None) -> str:
    """Three decimals in the way of the field, ``.743``; a dash for None."""
    if value is None:
        return "–"
    text = f"{abs(value):.3f}"
    return ("-" if value < 0 and float(text) else "") + (text[1:] if text[0] == "0" else text)


def _interval_in_words(interval: Interval) -> str:
    if interval.low is not None:
        return f"95 % interval {figure(interval.low)} to {figure(interval.high)}"
    reasons = {
        NoInterval.UNDEFINED: "no interval",
        NoInterval.FEW_ITEMS: f"too few: {interval.seen} of {interval.needed} items",
        NoInterval.FEW_RARE: (
            f"too few: {interval.seen} of {interval.needed} items with two people agreeing on a rarer value"
        ),
        NoInterval.ONE_ITEM: "no interval: the figure rests on one item",
        NoInterval.ALIKE: "no interval: every item adds the same, so nothing shows how far chance goes",
    }
    return reasons[interval.absent or NoInterval.UNDEFINED]


def _why_undefined(alpha: Alpha, names: Mapping[int, str]) -> str:
    if alpha.undefined is Undefined.ONE_VALUE and alpha.only_value is not None:
        return f"{_all_items(alpha)}: {names[alpha.only_value]}, so there is nothing to agree about"
    if alpha.undefined is Undefined.NO_LABELS:
        return "no labels yet"
    labelled = "1 item has" if alpha.single == 1 else f"{alpha.single} items have"
    who = "one person labels so far" if alpha.undefined is Undefined.ONE_PERSON else "no item has two labels yet"
    return f"{who} ({labelled} one label)"


def _all_items(alpha: Alpha) -> str:
    several = " with two labels or more" if alpha.single else ""
    return f"the only item{several}" if alpha.units == 1 else f"all {alpha.units} items{several}"
