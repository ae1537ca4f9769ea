"""Comparing two versions: against published figures, against the same thing written out, and where others go wrong."""

import random
from collections import Counter
from math import atanh, sqrt, tanh

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.agreement import alpha, interval, value_agreement
from workflow.guidelines.comparison.comparing import Twice, Verdict, difference, mover, others, rates, same
from workflow.intervals import NoInterval, t_quantile
from workflow.patterns import Pattern

YES, NO, MAYBE = 1, 2, 3
VALUES = (YES, NO, MAYBE)
BOTH, NEITHER, SPLIT = ((YES, 2),), ((NO, 2),), ((YES, 1), (NO, 1))

part = st.tuples(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1)).map(lambda p: (p[0], p[0] - p[1], p[0] + p[2]))


def test_shares_as_newcombe_printed_them() -> None:
    """Newcombe (1998), table II, method 10: 56/70 - 48/80 and, from their Wilson intervals, 9/10 - 3/10."""
    found = rates([((48, 80), (56, 70))])
    assert (found.change, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert difference((0.9, 0.5958, 0.9821), (0.3, 0.1078, 0.6032)) == pytest.approx((0.6, 0.1705, 0.8090), abs=1e-4)


@given(part, part)
def test_a_difference_is_a_sum_with_a_negative_weight(
    first: tuple[float, float, float], second: tuple[float, float, float]
) -> None:
    assert difference(first, second) == pytest.approx(mover([(1, first), (-1, second)]))


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(-1, 1))
def test_of_symmetric_intervals_it_is_the_textbook_difference(a: float, b: float, s: float, t: float, r: float) -> None:
    """The variance of a difference is s² + t² - 2rst."""
    reach = sqrt(max(0.0, s * s + t * t - 2 * r * s * t))
    found = difference((a, a - s, a + s), (b, b - t, b + t), r)
    assert found == pytest.approx((a - b, a - b - reach, a - b + reach), abs=1e-7)


def people(chance: random.Random, truth: int, right: float, labels: int = 3) -> Pattern:
    """Labels of people who are right so often, and guess otherwise."""
    given = Counter(truth if chance.random() < right else chance.choice(VALUES) for _ in range(labels))
    return tuple(sorted(given.items()))


def pairs(seed: int, items: int, before: float, after: float) -> list[tuple[Pattern, Pattern]]:
    chance = random.Random(seed)
    truths = [chance.choices(VALUES, (5, 3, 2))[0] for _ in range(items)]
    return [(people(chance, truth, before), people(chance, truth, after)) for truth in truths]


def grouped(items: list[tuple[Pattern, Pattern]]) -> Counter[tuple[tuple[Pattern, Pattern], ...]]:
    return Counter((item,) for item in items)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
@pytest.mark.parametrize("bundle", [1, 2])
def test_the_paired_interval_is_the_jackknife_written_out(level: str, bundle: int) -> None:
    """Leaving out item after item, or pair after pair of near duplicates, and counting both alphas anew."""
    items = pairs(7, 240, 0.5, 0.8)
    bundles = [tuple(sorted(items[at : at + bundle])) for at in range(0, len(items), bundle)]
    whole: list[list[float]] = []
    without: list[list[float]] = []
    for left_out in [None, *range(len(bundles))]:
        rest = [item for at, some in enumerate(bundles) if at != left_out for item in some]
        alphas = [alpha(Counter(item[side] for item in rest), level, VALUES).value or 0.0 for side in (0, 1)]
        (whole if left_out is None else without).append(alphas)
    n = len(bundles)
    moves = [[one[side] - sum(every[side] for every in without) / n for one in without] for side in (0, 1)]
    errors = [sqrt((n - 1) / n * sum(move**2 for move in moves[side])) for side in (0, 1)]
    together = (n - 1) / n * sum(a * b for a, b in zip(*moves, strict=True)) / (errors[0] * errors[1])
    parts = []
    for value, error in zip(whole[0], errors, strict=True):
        reach = t_quantile(0.975, n - 1) * error / (1 - value**2)
        parts.append((value, tanh(atanh(value) - reach), tanh(atanh(value) + reach)))
    found = same(Counter(bundles), level, VALUES)
    assert (found.before.value, found.before.low, found.before.high) == pytest.approx(parts[0], abs=1e-9)
    assert (found.change, found.low, found.high) == pytest.approx(difference(parts[1], parts[0], together), abs=1e-9)
    assert found.before.items == 240
    assert found.verdict is Verdict.ROSE


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_each_side_alone_is_the_interval_of_every_other_figure(seed: int, level: str) -> None:
    items = pairs(seed, 120, 0.5, 0.6)
    numbers = {value: float(value) for value in VALUES}
    found = same(grouped(items), level, VALUES, numbers)
    for side, figure in enumerate((found.before, found.after)):
        known = interval(Counter(item[side] for item in items), level, VALUES, numbers)
        assert (figure.low, figure.high) == pytest.approx((known.low, known.high))


def test_one_label_against_the_rest() -> None:
    items = pairs(3, 200, 0.5, 0.8)
    found = same(grouped(items), "nominal", VALUES, value=MAYBE)
    known = value_agreement(Counter(item[0] for item in items), VALUES)[VALUES.index(MAYBE)]
    assert (found.before.value, found.before.low) == pytest.approx((known.alpha.value, known.interval.low))


def test_near_duplicates_are_no_evidence_of_their_own() -> None:
    items = pairs(11, 150, 0.5, 0.6)
    alone = same(grouped(items), "nominal", VALUES).half_width
    twice = same(Counter((item, item) for item in items), "nominal", VALUES).half_width
    as_if = same(grouped(items * 2), "nominal", VALUES).half_width
    assert alone is not None
    assert twice == pytest.approx(alone, rel=0.01)
    assert as_if == pytest.approx(alone / sqrt(2), rel=0.02)
    few = same({tuple(items[at : at + 5]): 1 for at in range(0, 150, 5)}, "nominal", VALUES)
    assert (few.verdict, few.after.seen, few.after.needed) == (Verdict.TOO_FEW, 30, 50)


def kind(both: int, split: int) -> Counter[tuple[Pattern, ...]]:
    return Counter({(BOTH,): both, (NEITHER,): both, (SPLIT,): split})


def test_another_mix_is_no_change() -> None:
    """.9 on easy and .4 on hard items is .80 at four to one and .65 half and half, and nobody agrees any worse."""
    easy, hard = (kind(190, 20), kind(95, 10)), (kind(35, 30), kind(70, 60))
    pooled = [
        alpha(Counter({g[0]: n for g, n in (easy[at] + hard[at]).items()}), "nominal", (YES, NO)).value for at in (0, 1)
    ]
    assert pooled == pytest.approx([0.80, 0.65], abs=0.01)
    found = others([easy, hard], "nominal", (YES, NO))
    assert found.change == pytest.approx(0, abs=0.01)
    assert found.verdict is Verdict.NO_CHANGE
    assert found.before.value == pytest.approx(600 / 900 * 0.9 + 300 / 900 * 0.4, abs=0.01)


def test_a_kind_that_is_too_small_on_one_side_is_left_out_and_counted() -> None:
    found = others([(kind(95, 10), kind(95, 10)), (kind(95, 10), kind(10, 5))], "nominal", (YES, NO))
    assert (found.kinds, found.all_kinds) == (1, 2)
    assert (found.before.items, found.after.items) == (200, 200)


def test_too_few_is_said_with_how_many_there_are() -> None:
    found = same(grouped(pairs(1, 49, 0.5, 0.8)), "nominal", VALUES)
    assert found.verdict is Verdict.TOO_FEW
    assert (found.after.absent, found.after.seen, found.after.needed) == (NoInterval.FEW_ITEMS, 49, 50)
    assert others([], "nominal", VALUES).verdict is Verdict.TOO_FEW
    assert same({}, "nominal", VALUES, chosen=[YES]).verdict is Verdict.TOO_FEW
    assert rates([((1, 29), (2, 29))]).verdict is Verdict.TOO_FEW


def test_nobody_ever_disagrees() -> None:
    found = same({((BOTH, BOTH),): 60, ((NEITHER, NEITHER),): 60}, "nominal", (YES, NO))
    assert found.verdict is Verdict.NO_CHANGE
    assert (found.before.high, found.after.high) == (1, 1)


def test_items_chosen_for_a_label_do_not_get_better_by_themselves() -> None:
    """Nothing changed; the items are those to which somebody had given a rare label, some of them by a slip."""
    as_they_are, aside = [], []
    for seed in range(12):
        chosen = [item for item in pairs(seed, 900, 0.7, 0.7) if dict(item[0]).get(MAYBE)]
        as_they_are.append(same(grouped(chosen), "nominal", VALUES, value=MAYBE))
        aside.append(same(grouped(chosen), "nominal", VALUES, value=MAYBE, chosen=[MAYBE]))
    assert all(found.verdict is Verdict.ROSE for found in as_they_are)
    assert abs(sum(found.change or 9 for found in aside)) / 12 < 0.05
    assert sum(found.verdict is Verdict.NO_CHANGE for found in aside) >= 10


def test_setting_aside_leaves_each_other_label_of_the_item() -> None:
    """Y Y N chosen for Y: twice Y N, and with N against the rest nothing else; items with two labels say nothing."""
    before, after = ((YES, 2), (NO, 1)), ((YES, 3),)
    more: dict[Twice, int] = {((((YES, 3),), ((NO, 3),)),): 40, ((((YES, 1), (NO, 2)), ((YES, 1), (NO, 2))),): 30}
    found = same({((before, after),): 30, ((BOTH, BOTH),): 9, **more}, "nominal", (YES, NO), chosen=[YES])
    left = Counter({SPLIT: 30 * 2, BOTH: 40 * 3, NEITHER: 30})
    assert found.before.value == pytest.approx(alpha(left, "nominal", (YES, NO)).value)
    became = Counter({((YES, 3),): 60, ((NO, 3),): 120, ((YES, 1), (NO, 2)): 30})
    assert found.after.value == pytest.approx(alpha(became, "nominal", (YES, NO)).value)
    assert found.before.items == 100


def test_a_pattern_with_one_label_is_refused() -> None:
    with pytest.raises(ValueError, match="one label"):
        same({((((YES, 1),), BOTH),): 60}, "nominal", (YES, NO))
