"""Krippendorff's alpha from patterns, and why there is none.

Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); "Content Analysis" (2004), chapter 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from workflow.patterns import Patterns

if TYPE_CHECKING:
    from workflow.coincidences import Units


class Undefined(StrEnum):
    """Why agreement has no figure."""

    NO_LABELS = "no labels"
    ONE_PERSON = "one person"
    NO_OVERLAP = "no overlap"
    ONE_VALUE = "one value"


@dataclass(frozen=True)
class Alpha:
    """Agreement beyond chance: 1 is perfect, 0 is chance, below 0 is systematic disagreement.

    `value` is None exactly when `undefined` says why. `observed` and `expected` are mean squared distances between
    two labels, of one item and of any two items; both None where nothing can be paired.
    """

    value: float | None
    undefined: Undefined | None
    only_value: int | None  # the value id that all labels have, where undefined is ONE_VALUE
    units: int  # items with two labels or more: these count
    single: int  # items left out because they have one label
    labels: int  # labels of the units
    observed: float | None
    expected: float | None


def alpha(
    patterns: Patterns,
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
    people: int | None = None,
) -> Alpha:
    """Krippendorff's alpha over all items.

    `values` are the value ids in the order of the label schema (the order is the ordinal scale), `numbers` what they
    stand for at the levels interval and ratio. `people`, if known, tells "one person" from "no overlap".

    Raises ValueError where level, values and numbers do not fit together or a pattern has an unknown value.
    """
    from workflow.coincidences import units_of

    return alpha_of(units_of(patterns, level, values, numbers), values, people)


def alpha_of(units: Units, values: Sequence[int], people: int | None = None) -> Alpha:
    """The same for items already laid out as rows."""
    from workflow.coincidences import disagreement

    if not units.size:
        return Alpha(None, _why_no_units(units, people), None, 0, units.single, 0, None, None)
    labels = int(units.totals.sum())
    given = units.totals.nonzero()[0]
    if len(given) == 1:
        only = values[int(given[0])]
        return Alpha(None, Undefined.ONE_VALUE, only, units.size, units.single, labels, 0.0, 0.0)
    observed, expected = disagreement(units)
    return Alpha(1 - observed / expected, None, None, units.size, units.single, labels, observed, expected)


def _why_no_units(units: Units, people: int | None) -> Undefined:
    if not units.single:
        return Undefined.NO_LABELS
    return Undefined.ONE_PERSON if people == 1 else Undefined.NO_OVERLAP
