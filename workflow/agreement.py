"""How far people agree, and where it breaks: every figure of agreement from the patterns of items.

`measure` gives all of them at once. A pattern is how many people gave an item each value (`workflow.patterns`).
Functions take the patterns with their multiplicities, the level of measurement, the value ids in the order of the label
schema, and the numbers these stand for at the levels interval and ratio. NumPy is imported when a figure is asked for.

Sources: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); Hughes (2022), arXiv 2210.13265.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow.agreement_words import Reading, in_words, reading
from workflow.alpha import Alpha, Undefined, alpha, alpha_of
from workflow.intervals import Interval, NoInterval, interval, interval_of
from workflow.patterns import Pattern, Patterns, count_patterns, format_pattern, parse_pattern

if TYPE_CHECKING:
    from workflow.coincidences import Units

__all__ = [
    "REST",
    "Agreement",
    "Alpha",
    "ConfusedPair",
    "Interval",
    "NoInterval",
    "Pattern",
    "Patterns",
    "Reading",
    "Undefined",
    "ValueAgreement",
    "alpha",
    "count_patterns",
    "format_pattern",
    "in_words",
    "interval",
    "label_shares",
    "measure",
    "most_confused_pair",
    "parse_pattern",
    "raw_agreement",
    "reading",
    "value_agreement",
]


REST = -1
"""Stands for "any other value" where one value is measured against the rest."""


@dataclass(frozen=True)
class ConfusedPair:
    """Two values (in the order of the label schema) that people mix up."""

    first: int
    second: int
    share: float  # of the observed disagreement, above 0 to 1
    items: int  # that have labels of both


@dataclass(frozen=True)
class ValueAgreement:
    """Agreement on one value: this one or any other? `alpha.only_value` is REST where nobody gave it."""

    value: int
    alpha: Alpha
    interval: Interval


@dataclass(frozen=True)
class Agreement:
    """All figures of one set of items."""

    alpha: Alpha
    interval: Interval
    reading: Reading
    raw: float | None
    shares: dict[int, float]
    confused: ConfusedPair | None
    by_value: tuple[ValueAgreement, ...]


def measure(
    patterns: Patterns,
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
    people: int | None = None,
) -> Agreement:
    """Every figure at once; arguments and errors are those of `alpha`."""
    from workflow.coincidences import units_of

    units = units_of(patterns, level, values, numbers)
    figure = alpha_of(units, values, people)
    sure = interval_of(units, figure)
    return Agreement(
        alpha=figure,
        interval=sure,
        reading=reading(figure, sure),
        raw=_raw_agreement(units),
        shares=label_shares(patterns, values),
        confused=_most_confused_pair(units, values),
        by_value=_value_agreement(units, values),
    )


def raw_agreement(patterns: Patterns) -> float | None:
    """Share of the pairs of labels of an item that agree, averaged over items with two labels or more; chance is in it.

    None where there is no such item.
    """
    from workflow.coincidences import units_of

    values = sorted({value for pattern in patterns for value, _ in pattern})
    return _raw_agreement(units_of(patterns, "nominal", values, None))


def _raw_agreement(units: Units) -> float | None:
    if not units.size:
        return None
    pairs = units.people * (units.people - 1)
    agreeing = (units.counts * (units.counts - 1)).sum(axis=1)
    return float(units.times @ (agreeing / pairs)) / units.size


def label_shares(patterns: Patterns, values: Sequence[int]) -> dict[int, float]:
    """Share of each value among all labels, those of items labelled once included; empty where there are no labels.

    In the order of `values`, with the values that nobody gave.
    """
    counts = dict.fromkeys(values, 0)
    for pattern, items in patterns.items():
        for value, people in pattern:
            counts[value] += people * items
    labels = sum(counts.values())
    return {value: count / labels for value, count in counts.items()} if labels else {}


def most_confused_pair(
    patterns: Patterns, level: str, values: Sequence[int], numbers: Mapping[int, float] | None = None
) -> ConfusedPair | None:
    """The two values with the greatest share of the observed disagreement; None where nobody disagrees.

    Of equal pairs the first in the order of the label schema.
    """
    from workflow.coincidences import units_of

    return _most_confused_pair(units_of(patterns, level, values, numbers), values)


def _most_confused_pair(units: Units, values: Sequence[int]) -> ConfusedPair | None:
    parts = units.coincidences * units.distances
    whole = float(parts.sum())
    if not whole:
        return None
    first, second = sorted(divmod(int(parts.argmax()), len(values)))
    both = (units.counts[:, first] > 0) & (units.counts[:, second] > 0)
    share = 2 * float(parts[first, second]) / whole
    return ConfusedPair(values[first], values[second], share, int(units.times[both].sum()))


def value_agreement(patterns: Patterns, values: Sequence[int]) -> tuple[ValueAgreement, ...]:
    """Alpha and interval of each value against the rest, in the order of `values`."""
    from workflow.coincidences import units_of

    return _value_agreement(units_of(patterns, "nominal", values, None), values)


def _value_agreement(units: Units, values: Sequence[int]) -> tuple[ValueAgreement, ...]:
    return tuple(_one_value(units.against_rest(column), value) for column, value in enumerate(values))


def _one_value(units: Units, value: int) -> ValueAgreement:
    figure = alpha_of(units, (value, REST))
    return ValueAgreement(value, figure, interval_of(units, figure))
