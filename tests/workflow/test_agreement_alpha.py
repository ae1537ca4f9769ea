import subprocess
import sys
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflow.agreement_cases import (
    LEVELS,
    agreement_cases,
    by_the_package,
    demo_labels,
    krippendorff_2011,
    table,
)
from workflow.agreement import Undefined, alpha, count_patterns
from workflow.agreement_check import cross_check
from workflow.patterns import Pattern

YES, NO = 1, 2


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_the_published_values_come_out(level: str, published: float) -> None:
    found = alpha(krippendorff_2011(), level, [1, 2, 3, 4, 5], {value: value for value in range(1, 6)})
    assert found.value is not None
    assert round(found.value, 3) == published
    assert (found.units, found.single, found.labels) == (11, 1, 40)


@settings(deadline=None)
@given(agreement_cases(), st.sampled_from(LEVELS))
def test_patterns_give_what_the_package_gives(
    case: tuple[Counter[Pattern], list[int], list[float]], level: str
) -> None:
    patterns, values, numbers = case
    order = (
        sorted(range(len(values)), key=lambda at: numbers[at]) if level in ("interval", "ratio") else range(len(values))
    )
    values, numbers = [values[at] for at in order], [numbers[at] for at in order]
    found = alpha(patterns, level, values, dict(zip(values, numbers, strict=True)))
    counts = table(patterns, values)
    assert found.value == (
        None if (theirs := by_the_package(counts, level, numbers)) is None else pytest.approx(theirs, abs=1e-12)
    )
    assert (found.value is None) == (found.undefined is not None)
    assert found.units == (counts.sum(axis=1) > 1).sum()
    assert found.single == (counts.sum(axis=1) == 1).sum()


@settings(deadline=None)
@given(agreement_cases(), st.sampled_from(["interval", "ratio"]), st.randoms())
def test_the_order_of_values_matters_to_ordinal_only(
    case: tuple[Counter[Pattern], list[int], list[float]], level: str, chance: object
) -> None:
    patterns, values, numbers = case
    scale = dict(zip(values, numbers, strict=True))
    turned = list(reversed(values))
    assert alpha(patterns, level, values, scale).value == pytest.approx(
        alpha(patterns, level, turned, scale).value, abs=1e-12
    )


def test_the_demo_labels_give_the_known_figure() -> None:
    labels = demo_labels()
    patterns = count_patterns((item, value) for item, _, value in labels)
    found = alpha(patterns, "nominal", [YES, NO])
    assert len(labels) == 8000
    assert found.value == pytest.approx(0.24147876613881025, abs=1e-9)
    assert (found.units, found.labels) == (800, 8000)


def test_zero_on_a_ratio_scale_is_as_far_as_can_be_from_everything_else() -> None:
    zero_or_one = Counter({((1, 1), (2, 1)): 1, ((1, 2),): 1})
    near = alpha(zero_or_one, "ratio", [1, 2], {1: 0, 2: 0.001})
    far = alpha(zero_or_one, "ratio", [1, 2], {1: 0, 2: 1000})
    assert near.observed == far.observed == 0.5


@pytest.mark.parametrize(
    ("patterns", "people", "reason"),
    [
        ({}, None, Undefined.NO_LABELS),
        ({(): 5}, 3, Undefined.NO_LABELS),
        ({((YES, 1),): 5, ((NO, 1),): 2}, 3, Undefined.NO_OVERLAP),
        ({((YES, 1),): 5, ((NO, 1),): 2}, None, Undefined.NO_OVERLAP),
        ({((YES, 1),): 5, ((NO, 1),): 2}, 1, Undefined.ONE_PERSON),
        ({((YES, 3),): 100, ((YES, 2),): 20, ((NO, 1),): 4}, 3, Undefined.ONE_VALUE),
    ],
)
def test_without_a_figure_it_says_why(patterns: dict[Pattern, int], people: int | None, reason: Undefined) -> None:
    found = alpha(patterns, "nominal", [YES, NO], people=people)
    assert found.value is None
    assert found.undefined is reason
    assert found.only_value == (YES if reason is Undefined.ONE_VALUE else None)
    assert found.units == (120 if reason is Undefined.ONE_VALUE else 0)


@pytest.mark.parametrize(
    ("level", "values", "numbers", "fault"),
    [
        ("cardinal", [1, 2], None, "level is one of"),
        ("nominal", [1, 1], None, "twice"),
        ("nominal", [1, 3], None, "value id 2 is not"),
        ("interval", [1, 2], None, "needs a finite number"),
        ("interval", [1, 2], {1: 0.0}, "needs a finite number"),
        ("interval", [1, 2], {1: 0.0, 2: float("nan")}, "needs a finite number"),
        ("interval", [1, 2], {1: 4.0, 2: 4.0}, "same number"),
        ("ratio", [1, 2], {1: -1.0, 2: 1.0}, "below zero"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    level: str, values: list[int], numbers: dict[int, float] | None, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        alpha({((1, 1), (2, 1)): 3}, level, values, numbers)


def test_a_pattern_of_no_items_is_refused() -> None:
    with pytest.raises(ValueError, match="0 items"):
        alpha({((1, 2),): 0}, "nominal", [1, 2])


def test_the_check_finds_the_same_figure_and_notices_another() -> None:
    frame = pd.DataFrame(demo_labels()[:600], columns=["item_id", "person", "value"])
    same = cross_check(frame, "nominal", [YES, NO])
    assert same.difference == pytest.approx(0, abs=1e-12)
    assert same.agrees
    kept = count_patterns(zip(frame["item_id"][1:], frame["value"][1:], strict=True))
    other = cross_check(frame, "nominal", [YES, NO], kept=kept)
    assert other.package == same.package
    assert not other.agrees


@settings(deadline=None)
@given(agreement_cases(), st.sampled_from(LEVELS))
def test_the_check_agrees_at_every_level(case: tuple[Counter[Pattern], list[int], list[float]], level: str) -> None:
    patterns, values, numbers = case
    rows = []
    for item, pattern in enumerate(patterns.elements()):
        given_labels = [value for value, people in pattern for _ in range(people)]
        rows += [(item, person, value) for person, value in enumerate(given_labels)]
    frame = pd.DataFrame(rows, columns=["item_id", "person", "value"])
    assert cross_check(frame, level, values, dict(zip(values, numbers, strict=True))).agrees


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("a", "ana", 1), ("a", "ana", 2)], "ana has two labels on item a"),
        ([("a", "ana", 3)], "value id 3"),
    ],
)
def test_the_check_refuses_labels_that_cannot_be(rows: list[tuple[str, str, int]], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        cross_check(pd.DataFrame(rows, columns=["item_id", "person", "value"]), "nominal", [1, 2])
    with pytest.raises(ValueError, match="person"):
        cross_check(pd.DataFrame({"item_id": [], "value": []}), "nominal", [1, 2])


def test_importing_agreement_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'krippendorff', 'mpmath', 'matplotlib'}"
    program = f"import sys, workflow.agreement, workflow.agreement_check; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
