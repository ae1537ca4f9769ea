import random
from collections import Counter
from math import atanh, sqrt, tanh

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflow.agreement_cases import LEVELS, agreement_cases, by_the_package, demo_labels, table
from workflow.agreement import alpha, count_patterns, interval
from workflow.coincidences import left_out, units_of
from workflow.intervals import NoInterval, t_quantile
from workflow.patterns import Pattern

YES, NO = 1, 2

# Student's t as printed in statistical tables, e.g. NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
PUBLISHED_T = {
    (0.90, 1): 3.078,
    (0.95, 1): 6.314,
    (0.975, 1): 12.706,
    (0.995, 1): 63.657,
    (0.975, 2): 4.303,
    (0.975, 5): 2.571,
    (0.99, 7): 2.998,
    (0.975, 10): 2.228,
    (0.995, 10): 3.169,
    (0.95, 20): 1.725,
    (0.975, 30): 2.042,
    (0.975, 60): 2.000,
    (0.975, 100): 1.984,
}


@pytest.mark.parametrize(("at", "printed"), PUBLISHED_T.items())
def test_t_is_what_the_tables_print(at: tuple[float, int], printed: float) -> None:
    assert round(t_quantile(*at), 3) == pytest.approx(printed, abs=1e-9)
    p, df = at
    assert t_quantile(1 - p, df) == pytest.approx(-t_quantile(p, df), rel=1e-9)


def test_t_of_a_great_many_is_the_normal() -> None:
    assert t_quantile(0.975, 3_300_000) == pytest.approx(1.959964, abs=2e-6)
    assert t_quantile(0.5, 9) == 0


@pytest.mark.parametrize(("p", "df"), [(0.0, 5), (1.0, 5), (0.9, 0)])
def test_t_has_a_domain(p: float, df: int) -> None:
    with pytest.raises(ValueError, match="no t quantile"):
        t_quantile(p, df)


@settings(deadline=None)
@given(agreement_cases(), st.sampled_from(LEVELS))
def test_leaving_an_item_out_is_what_the_package_says_without_it(
    case: tuple[Counter[Pattern], list[int], list[float]], level: str
) -> None:
    patterns, values, numbers = case
    order = (
        sorted(range(len(values)), key=lambda at: numbers[at]) if level in ("interval", "ratio") else range(len(values))
    )
    values, numbers = [values[at] for at in order], [numbers[at] for at in order]
    paired = [pattern for pattern in patterns if sum(count for _, count in pattern) > 1]
    found = left_out(units_of(patterns, level, values, dict(zip(values, numbers, strict=True))))
    assert len(found) == len(paired)
    for pattern, without in zip(paired, found, strict=True):
        rest = +(patterns - Counter({pattern: 1}))
        theirs = by_the_package(table(rest, values), level, numbers)
        assert without == pytest.approx(float("nan") if theirs is None else theirs, abs=1e-9, nan_ok=True)


def test_the_interval_is_the_jackknife_written_out_item_by_item() -> None:
    chance = random.Random(5)
    patterns = count_patterns(
        (item, chance.choice([1, 1, 2, 3 if item % 4 else 1])) for item in range(120) for _ in range(3)
    )
    whole = alpha(patterns, "ordinal", [1, 2, 3]).value
    without: list[float] = []
    for pattern, items in patterns.items():
        rest = +(patterns - Counter({pattern: 1}))
        left = alpha(rest, "ordinal", [1, 2, 3]).value
        assert left is not None
        without += [left] * items
    assert whole is not None
    mean = sum(without) / 120
    error = sqrt(119 / 120 * sum((one - mean) ** 2 for one in without))
    reach = 1.980100 * error / (1 - whole**2)  # t of 119 degrees of freedom, from the tables
    found = interval(patterns, "ordinal", [1, 2, 3])
    assert found.low == pytest.approx(tanh(atanh(whole) - reach), abs=1e-6)
    assert found.high == pytest.approx(tanh(atanh(whole) + reach), abs=1e-6)


def test_many_rows_are_taken_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = count_patterns((item, 1 + (item * (person + 3)) % 7) for item in range(200) for person in range(4))
    for level in ("nominal", "ordinal"):
        units = units_of(patterns, level, range(1, 8), None)
        at_once = left_out(units)
        monkeypatch.setattr("workflow.coincidences.ROWS_AT_ONCE", 3)
        assert left_out(units).tolist() == pytest.approx(at_once.tolist(), abs=1e-12)
        monkeypatch.undo()


def test_nobody_disagrees() -> None:
    found = interval({((YES, 2),): 60, ((NO, 2),): 40}, "nominal", [YES, NO])
    # 0 of 100 items disputed: at most 1 - .025^(1/100) = .036217 may be; .48 would be by chance.
    assert found.low == pytest.approx(1 - 0.036217 / 0.48, abs=1e-5)
    assert found.high == 1


def test_nobody_disagrees_with_three_people_where_chance_differs_more_often() -> None:
    found = interval({((YES, 3),): 60, ((NO, 3),): 40}, "nominal", [YES, NO])
    assert found.low == pytest.approx(1 - 0.036217 / (1 - 0.6**3 - 0.4**3), abs=1e-5)


@pytest.mark.parametrize(
    ("level", "patterns", "absent", "seen", "needed"),
    [
        ("nominal", {((YES, 2),): 4, ((YES, 1), (NO, 1)): 3}, NoInterval.FEW_ITEMS, 7, 50),
        ("ordinal", {((YES, 2),): 40, ((NO, 2),): 59}, NoInterval.FEW_ITEMS, 99, 100),
        ("nominal", {((YES, 2),): 90, ((NO, 2),): 4, ((YES, 1), (NO, 1)): 9}, NoInterval.FEW_RARE, 4, 5),
        ("ordinal", {((YES, 2),): 9, ((NO, 2),): 99, ((YES, 1),): 8}, None, None, None),
        ("ordinal", {((YES, 2),): 1, ((NO, 2),): 99, ((YES, 1), (NO, 1)): 5}, NoInterval.FEW_RARE, 1, 5),
        ("nominal", {((YES, 2),): 45, ((NO, 2),): 5}, None, None, None),
        ("interval", {((YES, 2),): 44, ((NO, 2),): 1, ((YES, 1), (NO, 1)): 5}, None, None, None),
        ("interval", {((YES, 2),): 44, ((NO, 2),): 1, ((YES, 1), (NO, 1)): 4}, NoInterval.FEW_ITEMS, 49, 50),
        ("interval", {((YES, 2),): 80, ((YES, 1), (NO, 1)): 1}, NoInterval.ONE_ITEM, None, None),
        ("nominal", {((YES, 2), (NO, 2)): 80}, NoInterval.ALIKE, None, None),
        ("nominal", {((YES, 2),): 80}, NoInterval.UNDEFINED, None, None),
        ("nominal", {((YES, 1),): 80}, NoInterval.UNDEFINED, None, None),
    ],
)
def test_an_interval_is_shown_only_where_it_can_be_trusted(
    level: str, patterns: dict[Pattern, int], absent: NoInterval | None, seen: int | None, needed: int | None
) -> None:
    found = interval(patterns, level, [YES, NO], {YES: 1, NO: 2})
    assert (found.absent, found.seen, found.needed) == (absent, seen, needed)
    assert (found.low is None, found.high is None) == (absent is not None, absent is not None)


@settings(deadline=None)
@given(agreement_cases(max_items=60), st.sampled_from(LEVELS))
def test_an_interval_holds_its_alpha_and_stays_in_bounds(
    case: tuple[Counter[Pattern], list[int], list[float]], level: str
) -> None:
    patterns, values, numbers = case
    scale = dict(zip(values, numbers, strict=True))
    found, figure = interval(patterns, level, values, scale), alpha(patterns, level, values, scale)
    if found.low is None or found.high is None:
        assert found.absent is not None
        return
    assert figure.value is not None
    assert -1 <= found.low <= figure.value <= found.high <= 1
    assert found.low < found.high


def test_the_demo_has_an_interval_around_its_figure() -> None:
    patterns = count_patterns((item, value) for item, _, value in demo_labels())
    found = interval(patterns, "nominal", [YES, NO])
    assert found.low is not None
    assert found.high is not None
    assert 0.2 < found.low < 0.24147876613881025 < found.high < 0.28


@pytest.mark.parametrize(("right", "yes"), [(0.9, 0.5), (0.8, 0.3)])
def test_most_intervals_hold_the_true_alpha(right: float, yes: float) -> None:
    """People are right independently; 200 draws of 100 items by three people, one seed."""
    chance = random.Random(20221)
    wrong = 1 - right
    share = yes * right + (1 - yes) * wrong
    true = 1 - 2 * right * wrong / (2 * share * (1 - share))
    held = 0
    for _ in range(200):
        truth = [chance.random() < yes for _ in range(100)]
        labels = ((item, 1 + (it ^ (chance.random() < wrong))) for item, it in enumerate(truth) for _ in range(3))
        found = interval(count_patterns(labels), "nominal", [1, 2])
        held += found.low is not None and found.high is not None and found.low <= true <= found.high
    assert 180 <= held < 200
