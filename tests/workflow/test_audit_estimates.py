from fractions import Fraction
from itertools import product
from math import sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.workflow.test_audit_acceptance import exactly_at_most
from workflow.audit.acceptance import plan
from workflow.audit.estimates import (
    GROUP_NEEDED,
    Estimate,
    GroupEstimate,
    Judged,
    Tier,
    by_group,
    random_sample,
    stratified,
    upper_bound,
)
from workflow.audit.hypergeometric import probabilities


@st.composite
def found(draw: st.DrawFn, most: int = 60) -> Tier:
    population = draw(st.integers(1, most))
    size = draw(st.integers(1, population))
    return Tier(population, size, draw(st.integers(0, size)))


several = st.lists(found(), min_size=1, max_size=4)


def mid_p(tier: Tier, lot: int) -> Fraction:
    fewer = exactly_at_most(tier.population, lot, tier.size, tier.wrong - 1) if tier.wrong else Fraction(0)
    return (fewer + exactly_at_most(tier.population, lot, tier.size, tier.wrong)) / 2


@settings(deadline=None)
@given(found())
def test_the_interval_of_a_random_sample_holds_every_lot_that_is_not_at_odds_with_it(tier: Tier) -> None:
    possible = range(tier.wrong, tier.population - tier.size + tier.wrong + 1)
    inside = [lot for lot in possible if Fraction(1, 40) < mid_p(tier, lot) < Fraction(39, 40)]
    estimate = random_sample(tier.wrong, tier.size, tier.population)
    assert estimate.rate == tier.wrong / tier.size
    assert (estimate.low, estimate.high) == (inside[0] / tier.population, inside[-1] / tier.population)


@settings(deadline=None)
@given(found(), st.sampled_from([Fraction(1, 20), Fraction(1, 10)]))
def test_the_bound_for_gates_is_passed_with_no_more_than_its_risk(tier: Tier, risk: Fraction) -> None:
    bound = upper_bound(tier.wrong, tier.size, tier.population, float(risk))
    lots = range(tier.wrong, tier.population - tier.size + tier.wrong + 1)
    believed = [lot for lot in lots if exactly_at_most(tier.population, lot, tier.size, tier.wrong) > risk]
    assert bound == believed[-1] / tier.population


def test_a_lot_passes_where_the_bound_is_under_the_ltpd() -> None:
    sample = plan(1_000, 0.02, 0.08)
    assert upper_bound(sample.accept, sample.size, 1_000, 0.10) < 0.08
    assert upper_bound(sample.accept + 1, sample.size, 1_000, 0.10) >= 0.08


@pytest.mark.parametrize("sample", [(0, 0, 10), (3, 2, 10), (1, 11, 10), (-1, 2, 10)])
def test_an_impossible_sample_has_no_estimate(sample: tuple[int, int, int]) -> None:
    wrong, size, population = sample
    for estimate in (random_sample, upper_bound):
        with pytest.raises(ValueError, match="no sample of"):
            estimate(wrong, size, population)
    with pytest.raises(ValueError, match="no sample of"):
        stratified([Tier(5, 5, 0), Tier(population, size, wrong)])


def test_nothing_has_no_estimate() -> None:
    with pytest.raises(ValueError, match="nothing"):
        stratified([Tier(0, 0, 0)])


def test_tiers_are_weighted_and_their_interval_is_wilsons_at_the_effective_size() -> None:
    tiers = [Tier(1_000, 50, 10), Tier(9_000, 50, 1)]
    shares, smoothed = (0.1, 0.9), (11 / 52, 2 / 52)
    q = shares[0] * smoothed[0] + shares[1] * smoothed[1]
    rest = (1 - 50 / 1_000, 1 - 50 / 9_000)
    variance = sum(w * w * f * p * (1 - p) / 50 for w, f, p in zip(shares, rest, smoothed, strict=True))
    size, rate, t = q * (1 - q) / variance, 0.1 * 0.2 + 0.9 * 0.02, 1.984467
    centre = (rate + t * t / (2 * size)) / (1 + t * t / size)
    reach = t / (1 + t * t / size) * sqrt(rate * (1 - rate) / size + t * t / (4 * size * size))
    estimate = stratified(tiers)
    assert estimate.rate == pytest.approx(rate)
    assert estimate.low == pytest.approx(round((centre - reach) * 10_000) / 10_000)
    assert estimate.high == pytest.approx(round((centre + reach) * 10_000) / 10_000)


@settings(deadline=None)
@given(several)
def test_an_interval_holds_its_rate_and_only_what_can_be(tiers: list[Tier]) -> None:
    estimate = stratified(tiers)
    population = sum(tier.population for tier in tiers)
    wrong, right = sum(tier.wrong for tier in tiers), sum(tier.size - tier.wrong for tier in tiers)
    slack = 1 / population
    assert estimate.low - slack <= estimate.rate <= estimate.high + slack
    assert wrong / population - 1e-9 <= estimate.low <= estimate.high <= 1 - right / population + 1e-9


@settings(deadline=None)
@given(several)
def test_right_and_wrong_are_two_sides_of_one_thing(tiers: list[Tier]) -> None:
    one = stratified(tiers)
    other = stratified([Tier(tier.population, tier.size, tier.size - tier.wrong) for tier in tiers])
    slack = 1 / sum(tier.population for tier in tiers) + 1e-9  # half a wrong item is rounded to the even number
    assert other.rate == pytest.approx(1 - one.rate)
    assert other.low == pytest.approx(1 - one.high, abs=slack)
    assert other.high == pytest.approx(1 - one.low, abs=slack)


@settings(deadline=None)
@given(found(), st.integers(1, 40), st.data())
def test_what_was_seen_whole_is_known(tier: Tier, seen: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, seen))
    alone = random_sample(tier.wrong, tier.size, tier.population)
    both = stratified([Tier(seen, seen, wrong), tier, Tier(0, 0, 0)])
    for mine, known in zip((both.rate, both.low, both.high), (alone.rate, alone.low, alone.high), strict=True):
        assert mine == pytest.approx((wrong + tier.population * known) / (seen + tier.population))
    assert stratified([Tier(seen, seen, wrong)]) == Estimate(*[wrong / seen] * 3)
    assert stratified([tier]) == alone


SUSPECTED, REST = (100, 30), (900, 30)
"""Items of a tier, and how many of them are drawn."""


def every_draw(wrong: tuple[int, int]) -> list[tuple[float, list[Tier]]]:
    (first_a, shares_a), (first_b, shares_b) = (
        probabilities(population, lot, size) for (population, size), lot in zip((SUSPECTED, REST), wrong, strict=True)
    )
    return [
        (float(shares_a[a] * shares_b[b]), [Tier(*SUSPECTED, first_a + a), Tier(*REST, first_b + b)])
        for a, b in product(range(len(shares_a)), range(len(shares_b)))
    ]


@pytest.mark.parametrize("wrong", [(8, 2), (20, 30), (50, 50), (0, 40)])
def test_a_targeted_estimate_is_right_on_average_and_the_naive_one_is_not(wrong: tuple[int, int]) -> None:
    """Over all samples there are, each with its chance; so is how often the interval holds the true rate."""
    rate, draws = sum(wrong) / 1_000, every_draw(wrong)
    estimates = [(chance, stratified(tiers)) for chance, tiers in draws]
    assert sum(chance * one.rate for chance, one in estimates) == pytest.approx(rate, rel=1e-9)
    naive = sum(chance * sum(tier.wrong for tier in tiers) / 60 for chance, tiers in draws)
    assert abs(naive - rate) > 0.014
    assert sum(chance for chance, one in estimates if one.low <= rate <= one.high) >= 0.92


def judged(group: str, tier: int, seen: int, wrong: int) -> list[Judged[str]]:
    return [Judged(group, tier, at < wrong) for at in range(seen)]


def test_a_finding_counts_for_as_many_items_as_it_stands_for() -> None:
    tiers = [Tier(100, 50, 9), Tier(900, 50, 2)]
    groups = by_group(tiers, judged("a", 0, 10, 5) + judged("a", 1, 10, 1) + judged("b", 1, 9, 0))
    assert groups["b"] == GroupEstimate(9, 0, None)
    assert (groups["a"].size, groups["a"].wrong) == (20, 6)
    assert groups["a"].estimate
    assert groups["a"].estimate.rate == pytest.approx((20 * 0.5 + 180 * 0.1) / 200)


@settings(deadline=None)
@given(several)
def test_a_group_of_all_items_is_the_whole_sample(tiers: list[Tier]) -> None:
    assume(sum(tier.size for tier in tiers) >= GROUP_NEEDED)
    everything = [one for at, tier in enumerate(tiers) for one in judged("all", at, tier.size, tier.wrong)]
    assert by_group(tiers, everything)["all"].estimate == stratified(tiers)


@settings(deadline=None)
@given(st.integers(10, 60), st.integers(0, 60), st.integers(60, 300))
def test_of_a_group_less_is_known_than_if_its_size_were(seen: int, wrong: int, population: int) -> None:
    assume(wrong <= seen)
    group = by_group([Tier(4 * population, 4 * seen, 0)], judged("a", 0, seen, wrong))["a"].estimate
    assert group
    alone = random_sample(wrong, seen, population)
    assert group.rate == alone.rate
    assert group.high - group.low >= alone.high - alone.low - 2 / population


def test_groups_may_share_items() -> None:
    tiers = [Tier(500, 40, 4)]
    both = judged("ada", 0, 30, 3) + judged("bo", 0, 30, 1)
    groups = by_group(tiers, both)
    assert [(groups[name].size, groups[name].wrong) for name in ("ada", "bo")] == [(30, 3), (30, 1)]
    with pytest.raises(ValueError, match="no sample of"):
        by_group(tiers, judged("ada", 0, 41, 3))
