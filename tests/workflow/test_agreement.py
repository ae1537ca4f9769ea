import re
from collections import Counter

import pytest
from hypothesis import given, settings

from tests.workflow.agreement_cases import agreement_cases, demo_labels, krippendorff_2011
from workflow.agreement import (
    REST,
    Alpha,
    ConfusedPair,
    Interval,
    Reading,
    Undefined,
    alpha,
    count_patterns,
    in_words,
    interval,
    label_shares,
    measure,
    most_confused_pair,
    raw_agreement,
    reading,
    value_agreement,
)
from workflow.agreement_words import figure
from workflow.patterns import Pattern

YES, NO, UNSURE = 1, 2, 3
NAMES = {YES: "yes", NO: "no", UNSURE: "unsure"}


def an_alpha(value: float | None) -> Alpha:
    return Alpha(value, None if value is not None else Undefined.NO_LABELS, None, 80, 0, 160, 0.1, 0.5)


def test_raw_agreement_is_the_mean_over_items_of_agreeing_pairs() -> None:
    patterns: dict[Pattern, int] = {((YES, 3),): 2, ((YES, 2), (NO, 1)): 1, ((YES, 1), (NO, 1)): 1, ((NO, 1),): 7}
    assert raw_agreement(patterns) == pytest.approx((1 + 1 + 1 / 3 + 0) / 4)
    assert raw_agreement({((NO, 1),): 7}) is None


def test_shares_count_every_label() -> None:
    patterns: dict[Pattern, int] = {((YES, 3),): 2, ((YES, 1), (NO, 1)): 3, ((NO, 1),): 1}
    shares = label_shares(patterns, [UNSURE, YES, NO])
    assert list(shares.items()) == [(UNSURE, 0), (YES, pytest.approx(9 / 13)), (NO, pytest.approx(4 / 13))]
    assert label_shares({(): 3}, [YES, NO]) == {}


def test_the_pair_that_makes_most_disagreement_is_named() -> None:
    patterns: dict[Pattern, int] = {
        ((YES, 2),): 9,
        ((YES, 1), (NO, 1)): 2,
        ((NO, 1), (UNSURE, 1)): 3,
        ((YES, 1), (UNSURE, 1)): 1,
    }
    assert most_confused_pair(patterns, "nominal", [YES, NO, UNSURE]) == ConfusedPair(NO, UNSURE, 3 / 6, 3)
    # On a scale the far pair weighs 4 times as much as a step: 2 x 1, 3 x 1, 1 x 4.
    pair = most_confused_pair(patterns, "interval", [YES, NO, UNSURE], {1: 1, 2: 2, 3: 3})
    assert pair is not None
    assert (pair.first, pair.second, pair.items) == (YES, UNSURE, 1)
    assert pair.share == pytest.approx(4 / 9)
    assert most_confused_pair({((YES, 2),): 9, ((NO, 2),): 9}, "nominal", [YES, NO]) is None


def test_items_of_the_pair_are_items_and_not_pairs_of_labels() -> None:
    pair = most_confused_pair({((YES, 5), (NO, 5)): 4, ((NO, 2),): 1}, "nominal", [YES, NO])
    assert pair == ConfusedPair(YES, NO, 1.0, 4)


def test_a_value_against_the_rest_is_alpha_of_two_values() -> None:
    patterns = krippendorff_2011()
    by_value = value_agreement(patterns, [1, 2, 3, 4, 5])
    for one in by_value:
        folded: Counter[Pattern] = Counter()
        for pattern, items in patterns.items():
            sides = Counter({1 if value == one.value else 2: 0 for value, _ in pattern})
            for value, people in pattern:
                sides[1 if value == one.value else 2] += people
            folded[tuple(sorted(sides.items()))] += items
        assert one.alpha.value == pytest.approx(alpha(folded, "nominal", [1, 2]).value, abs=1e-12)
        assert one.interval == interval(folded, "nominal", [1, 2])


def test_a_value_that_nobody_gave_has_no_figure() -> None:
    never = value_agreement({((YES, 1), (NO, 1)): 80, ((NO, 2),): 5}, [YES, NO, UNSURE])[2]
    assert (never.value, never.alpha.undefined, never.alpha.only_value) == (UNSURE, Undefined.ONE_VALUE, REST)


@settings(deadline=None)
@given(agreement_cases(max_items=40))
def test_everything_at_once_is_everything_one_by_one(case: tuple[Counter[Pattern], list[int], list[float]]) -> None:
    patterns, values, numbers = case
    scale = dict(zip(values, numbers, strict=True))
    for level in ("nominal", "ordinal", "interval"):
        found = measure(patterns, level, values, scale)
        assert found.alpha == alpha(patterns, level, values, scale)
        assert found.interval == interval(patterns, level, values, scale)
        assert found.reading == reading(found.alpha, found.interval)
        assert found.raw == pytest.approx(raw_agreement(patterns), abs=1e-12)
        assert found.shares == label_shares(patterns, values)
        assert found.confused == most_confused_pair(patterns, level, values, scale)
        assert found.by_value == value_agreement(patterns, values)


@pytest.mark.parametrize(
    ("value", "low", "expected"),
    [
        (0.85, 0.8, Reading.RELIABLE),
        (0.85, 0.79, Reading.TENTATIVE),
        (0.667, 0.5, Reading.TENTATIVE),
        (0.666, 0.5, Reading.NOT_TO_BUILD_ON),
        (-0.1, -0.3, Reading.NOT_TO_BUILD_ON),
        (0.95, None, Reading.TOO_EARLY),
        (None, None, Reading.NO_FIGURE),
    ],
)
def test_it_is_reliable_only_if_the_lower_bound_is(value: float | None, low: float | None, expected: Reading) -> None:
    assert reading(an_alpha(value), Interval(low, None if low is None else 0.99)) is expected


@pytest.mark.parametrize(
    ("patterns", "people", "words"),
    [
        ({((YES, 2),): 120}, 2, "all 120 items: yes, so there is nothing to agree about: no figure"),
        (
            {((YES, 2),): 100, ((YES, 3),): 20, ((NO, 1),): 4},
            3,
            "all 120 items with two labels or more: yes, so there is nothing to agree about: no figure",
        ),
        ({((NO, 2),): 1}, 2, "the only item: no, so there is nothing to agree about: no figure"),
        ({}, 0, "no labels yet: no figure"),
        ({((YES, 1),): 9}, 1, "one person labels so far (9 items have one label): no figure"),
        ({((YES, 1),): 1}, 2, "no item has two labels yet (1 item has one label): no figure"),
        ({((YES, 2),): 4, ((NO, 2),): 3}, 2, "alpha 1.000 (too few: 7 of 50 items): too early to say"),
        (
            {((YES, 2),): 70, ((NO, 2),): 3, ((YES, 1), (NO, 1)): 7},
            2,
            # 14 of 160 paired labels differ, 2 x 147 x 13 of 160 x 159 would by chance
            "alpha .418 (too few: 3 of 5 items with two people agreeing on a rarer value): too early to say",
        ),
    ],
)
def test_what_people_read(patterns: dict[Pattern, int], people: int, words: str) -> None:
    found = measure(patterns, "nominal", [YES, NO], people=people)
    assert in_words(found.alpha, found.interval, NAMES) == words


def test_a_figure_is_read_with_its_interval() -> None:
    patterns = count_patterns((item, value) for item, _, value in demo_labels())
    found = measure(patterns, "nominal", [YES, NO])
    said = in_words(found.alpha, found.interval, NAMES)
    assert re.fullmatch(r"alpha \.241 \(95 % interval \.2\d\d to \.2\d\d\): do not build on it", said)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7434, ".743"), (1.0, "1.000"), (-0.25, "-.250"), (-0.0001, ".000"), (-1.0, "-1.000"), (None, "–")],
)
def test_figures_are_written_in_the_way_of_the_field(value: float | None, text: str) -> None:
    assert figure(value) == text
