from fractions import Fraction
from math import ceil, comb, floor, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.audit import hypergeometric
from workflow.audit.acceptance import Plan, accepts, in_words, plan
from workflow.audit.searching import first

LARGE = 10_000_000
"""So many items that drawing without replacement is the binomial to more digits than the figures have."""


def exactly_at_most(population: int, wrong: int, size: int, most: int) -> Fraction:
    held = sum(comb(wrong, at) * comb(population - wrong, size - at) for at in range(min(most, size) + 1))
    return Fraction(held, comb(population, size))


@st.composite
def samples(draw: st.DrawFn, most: int = 400) -> tuple[int, int, int]:
    population = draw(st.integers(1, most))
    return population, draw(st.integers(0, population)), draw(st.integers(0, population))


@given(samples(), st.integers(0, 400))
def test_a_tail_is_the_one_of_whole_numbers(sample: tuple[int, int, int], most: int) -> None:
    exact = float(exactly_at_most(*sample, most))
    assert hypergeometric.at_most(*sample, most) == pytest.approx(exact, rel=1e-10, abs=1e-13)
    before = float(exactly_at_most(*sample, most - 1)) if most else 0.0
    assert hypergeometric.half_way(*sample, most) == pytest.approx((exact + before) / 2, rel=1e-10, abs=1e-13)


def test_a_tail_of_a_lot_of_millions_loses_nothing() -> None:
    exact = float(exactly_at_most(3_000_000, 60_000, 900, 12))
    assert hypergeometric.at_most(3_000_000, 60_000, 900, 12) == pytest.approx(exact, rel=1e-10)
    normal = NormalDist(80_000, sqrt(4_000_000 * 0.02 * 0.98 * 0.6))
    assert hypergeometric.at_most(LARGE, 200_000, 4_000_000, 79_900) == pytest.approx(normal.cdf(79_900.5), abs=1e-4)


@pytest.mark.parametrize("sample", [(10, 11, 5), (10, -1, 5), (10, 5, 11), (10, 5, -1)])
def test_an_impossible_sample_has_no_chances(sample: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no sample of"):
        hypergeometric.at_most(*sample, 1)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
def test_the_first_is_found_without_trying_all(low: int, more: int, begins: int) -> None:
    assert first(lambda at: at >= begins, low, low + more) == min(max(begins, low), low + more)


@pytest.mark.parametrize(
    ("population", "expected"),
    [(200, Plan(73, 3)), (500, Plan(94, 4)), (1_000, Plan(96, 4)), (10_000, Plan(98, 4))],
)
def test_lots_that_should_pass_at_two_and_fail_at_eight_percent(population: int, expected: Plan) -> None:
    assert plan(population, 0.02, 0.08) == expected


@pytest.mark.parametrize(
    ("population", "aql", "ltpd", "producer", "consumer", "expected"),
    [
        (1_000, 0.05, 0.10, 0.15, 0.075, Plan(154, 10)),
        (500, 0.08, 0.10, 0.05, 0.10, Plan(391, 35)),
        (6_000, 0.0065, 0.02, 0.02, 0.10, Plan(634, 8)),
    ],
)
def test_plans_of_finite_lots_are_those_of_the_r_package(
    population: int, aql: float, ltpd: float, producer: float, consumer: float, expected: Plan
) -> None:
    """Hypergeometric plans of the R package AcceptanceSampling (Kiermeier, Journal of Statistical Software 26(6), 2008).

    As quoted in the tests of `sampleplan` (github.com/apple/ml-sampleplan, test_single_sampling), the package of Klie,
    Haladjian, Kirchner and Nair, "On Efficient and Statistical Quality Estimation for Data Annotation", ACL 2024.
    """
    assert plan(population, aql, ltpd, producer, consumer) == expected


@pytest.mark.parametrize(
    ("population", "good", "bad", "size"), [(30, 10, 20, 13), (50, 2, 12, 19), (50, 20, 30, 28), (100, 5, 20, 29)]
)
def test_sample_sizes_are_those_of_meeker(population: int, good: int, bad: int, size: int) -> None:
    """Meeker, "Sequential Tests of the Hypergeometric Distribution" (1975), section 4: the tests of a fixed size.

    Risks 5 and 10 %; as quoted in the tests of `sampleplan` (github.com/apple/ml-sampleplan).
    """
    assert plan(population, good / population, bad / population).size == size


@pytest.mark.parametrize(
    ("population", "aql", "ltpd", "expected", "pass_good", "pass_bad"),
    [(5_000, 0.015, 0.10, Plan(52, 2), 0.957, 0.097), (LARGE, 0.01, 0.05, Plan(132, 3), 0.9557, 0.0992)],
)
def test_plans_of_large_lots_are_those_of_minitab_and_of_the_r_journal(
    population: int, aql: float, ltpd: float, expected: Plan, pass_good: float, pass_bad: float
) -> None:
    """Binomial plans, risks 5 and 10 %, with the chances to pass that are printed beside them.

    52, 2: Minitab's "Example of creating an attributes acceptance sampling plan", 5,000 pens (support.minitab.com); Minitab
    takes the lot for endless, hence the tolerance of the chances. 132, 3: vignette of the R package AccSamplingDesign
    (Truong, Miranda and Kissling, The R Journal, 2026): producer's risk .04425251, consumer's .0992283.
    """
    found = plan(population, aql, ltpd)
    assert found == expected
    assert accepts(population, found.size, found.accept, aql) == pytest.approx(pass_good, abs=0.0016)
    assert accepts(population, found.size, found.accept, ltpd) == pytest.approx(pass_bad, abs=0.0016)


@pytest.mark.parametrize(
    ("aql", "ltpd", "consumer", "expected"),
    [
        (0.01, 0.08, 0.10, Plan(65, 2)),
        (0.0065, 0.02, 0.10, Plan(587, 7)),
        (0.05, 0.15, 0.075, Plan(80, 7)),
    ],
)
def test_plans_of_endless_lots_are_those_of_the_calculator(
    aql: float, ltpd: float, consumer: float, expected: Plan
) -> None:
    """The calculator at acceptancesampling.com, producer's risk 5 %, as quoted in the tests of `sampleplan`."""
    assert plan(LARGE, aql, ltpd, 0.05, consumer) == expected


rates = st.integers(1, 60)
risks = st.sampled_from([0.01, 0.05, 0.1, 0.2])


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 50), rates, rates, risks, risks)
def test_no_smaller_sample_holds_both_risks(
    population: int, one: int, other: int, producer: float, consumer: float
) -> None:
    aql, ltpd = min(one, other) / 100, (max(one, other) + (one == other)) / 100
    good = floor(population * Fraction(min(one, other), 100))
    bad = ceil(population * Fraction(max(one, other) + (one == other), 100))

    def holds(size: int, accept: int) -> bool:
        passes = exactly_at_most(population, good, size, accept) >= 1 - Fraction(str(producer))
        return passes and exactly_at_most(population, bad, size, accept) <= Fraction(str(consumer))

    sizes = range(1, population + 1)
    expected = next((size, accept) for size in sizes for accept in range(size + 1) if holds(size, accept))
    assert plan(population, aql, ltpd, producer, consumer) == Plan(*expected)


def test_a_larger_sample_with_the_same_number_may_fail_a_good_lot() -> None:
    assert accepts(1_000, 96, 4, 0.02) >= 0.95
    assert accepts(1_000, 110, 4, 0.02) < 0.95


@pytest.mark.parametrize(
    "asked", [(0, 0.02, 0.08), (9, 0.08, 0.02), (9, 0.02, 0.02), (9, 0.0, 0.1), (9, 0.1, 1.0), (9, 0.1, 0.2, 0.6, 0.4)]
)
def test_figures_that_make_no_plan_are_refused(asked: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match=r"lot|AQL|risks"):
        plan(*asked)


def test_a_plan_says_what_it_means() -> None:
    assert in_words(plan(1_000, 0.02, 0.08), 1_000, 0.02, 0.08) == (
        "96 of 1,000 items, accept with up to 4 wrong: passes a lot with 2 % errors 95 times in 100, "
        "and one with 8 % at most 10 times in 100"
    )
    assert in_words(Plan(9, 0), 10, 0.0065, 0.1, 0.001, 0.025) == (
        "9 of 10 items, accept with none wrong: passes a lot with 0.65 % errors 99.9 times in 100, "
        "and one with 10 % at most 2.5 times in 100"
    )
