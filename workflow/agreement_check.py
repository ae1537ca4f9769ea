"""Alpha once more, from the labels themselves and by other people's code: `concord agreement PROJECT --check`.

pandas counts and the package `krippendorff` computes; nothing of Concord's own way is used. Slow and hungry on millions
of labels, which is why it is a check and not the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Literal, cast

from workflow.alpha import alpha
from workflow.patterns import Patterns, count_patterns

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["nominal", "ordinal", "interval", "ratio"]
COLUMNS = ["item_id", "person", "value"]


@dataclass(frozen=True)
class CrossCheck:
    """Two ways to one figure; None is "no figure", and `difference` is None unless both have one."""

    ours: float | None
    package: float | None
    difference: float | None

    @property
    def agrees(self) -> bool:
        """Both have no figure, or figures equal to rounding."""
        return self.ours == self.package or (self.difference is not None and self.difference < 1e-9)


def cross_check(
    frame: pd.DataFrame,
    level: str,
    values: Sequence[int],
    numbers: Mapping[int, float] | None = None,
    kept: Patterns | None = None,
) -> CrossCheck:
    """Alpha of `kept` patterns (those that the digest counts; default: made from the labels) beside the package's.

    `frame` has a row per label that counts for agreement: item_id, person, value (a value id).
    Raises ValueError for a missing column, a person with two labels on an item, or a value id that is not in `values`.
    """
    labels = _checked(frame, values)
    patterns = kept if kept is not None else count_patterns(zip(labels["item_id"], labels["value"], strict=True))
    ours = alpha(patterns, level, values, numbers).value
    theirs = _by_the_package(labels, level, values, numbers)
    difference = None if ours is None or theirs is None else abs(ours - theirs)
    return CrossCheck(ours, theirs, difference)


def _checked(frame: pd.DataFrame, values: Sequence[int]) -> pd.DataFrame:
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise ValueError(f"columns are missing: {', '.join(missing)}")
    twice = frame[frame.duplicated(["item_id", "person"])]
    if len(twice):
        first = twice.iloc[0]
        raise ValueError(f"{first['person']} has two labels on item {first['item_id']}")
    unknown = frame.loc[~frame["value"].isin(list(values)), "value"]
    if len(unknown):
        raise ValueError(f"value id {unknown.iloc[0]} is not in the label schema")
    return frame


def _by_the_package(
    labels: pd.DataFrame, level: str, values: Sequence[int], numbers: Mapping[int, float] | None
) -> float | None:
    import krippendorff
    import numpy as np
    import pandas as pd

    table = pd.crosstab(labels["item_id"], labels["value"]).reindex(columns=list(values), fill_value=0).to_numpy()
    if not (table.sum(axis=1) > 1).any():  # the package raises here
        return None
    domain = list(range(len(values))) if level in ("nominal", "ordinal") else [(numbers or {})[id_] for id_ in values]
    order = np.argsort(domain)
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = krippendorff.alpha(
            value_counts=table[:, order],
            value_domain=np.array(domain)[order],
            level_of_measurement=cast("Level", level),
        )
    return None if isnan(theirs) else float(theirs)
