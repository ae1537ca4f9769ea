"""Data that several agreement tests share."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import krippendorff
import numpy as np
from hypothesis import strategies as st

from workflow.patterns import Pattern, count_patterns

ROOT = Path(__file__).parents[2]
LEVELS = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_2011() -> Counter[Pattern]:
    """Data C of Krippendorff 2011: four observers, twelve units, values 1 to 5 as ids."""
    with (ROOT / "tests/data/krippendorff-2011-c.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    units = [unit for unit in rows[0] if unit != "observer"]
    return count_patterns((unit, int(row[unit])) for row in rows for unit in units if row[unit])


def demo_labels() -> list[tuple[str, str, int]]:
    """Item, person and value id (yes 1, no 2) of the demo's recorded labels."""
    ids = {"yes": 1, "no": 2}
    with (ROOT / "demo/data/labels.csv").open(encoding="utf-8", newline="") as file:
        return [(row["item_id"], row["annotator"], ids[row["label"]]) for row in csv.DictReader(file)]


def table(patterns: Mapping[Pattern, int], values: Sequence[int]) -> np.ndarray:
    """One row per item, as the package wants them."""
    rows = [
        [dict(pattern).get(value, 0) for value in values] for pattern, items in patterns.items() for _ in range(items)
    ]
    return np.array(rows, dtype=int).reshape(-1, len(values))


def by_the_package(counts: np.ndarray, level: str, numbers: Sequence[float]) -> float | None:
    """The package's alpha, None where it raises or has no number; ordinal and nominal go by position."""
    domain = np.array(numbers) if level in ("interval", "ratio") else np.arange(len(numbers))
    try:
        with np.errstate(all="ignore"):
            value = krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level)  # type: ignore[arg-type]
    except ValueError:
        return None
    return None if np.isnan(value) else float(value)


@st.composite
def agreement_cases(draw: st.DrawFn, max_items: int = 4) -> tuple[Counter[Pattern], list[int], list[float]]:
    """Patterns with multiplicities, value ids in an order of their own, and a number of at least zero for each."""
    values = draw(st.lists(st.integers(1, 99), min_size=2, max_size=6, unique=True))
    numbers = draw(
        st.lists(
            st.one_of(st.integers(0, 20).map(float), st.floats(0.125, 1000, width=16)),
            min_size=len(values),
            max_size=len(values),
            unique=True,
        )
    )
    counts = st.dictionaries(st.sampled_from(values), st.integers(1, 4), max_size=4)
    patterns = draw(
        st.dictionaries(counts.map(lambda c: tuple(sorted(c.items()))), st.integers(1, max_items), max_size=12)
    )
    return Counter(patterns), values, numbers
