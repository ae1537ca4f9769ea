import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.audit.sizes import for_half_width, half_unsuspected, half_width_of, in_proportion, in_words

populations = st.lists(st.integers(0, 5_000), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5_000), st.sampled_from([0.01, 0.02, 0.03, 0.05, 0.1]), st.sampled_from([0.0, 0.02, 0.05, 0.2]))
def test_a_sample_is_as_large_as_the_half_width_asks_for(population: int, half_width: float, expected: float) -> None:
    size = for_half_width(population, half_width, expected)
    assert half_width_of(population, size, expected) <= half_width
    assert size == 1 or half_width_of(population, size - 1, expected) > half_width


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3_000))
def test_more_is_known_of_more(population: int) -> None:
    asked = [for_half_width(population, half_width) for half_width in (0.1, 0.05, 0.03, 0.01, 1e-9)]
    assert asked == sorted(asked)
    assert asked[-1] == population


@pytest.mark.parametrize("asked", [(0, 0.03, 0.05), (9, 0.0, 0.05), (9, 1.0, 0.05), (9, 0.03, -0.1), (9, 0.03, 1.1)])
def test_a_size_for_nothing_is_refused(asked: tuple[int, float, float]) -> None:
    with pytest.raises(ValueError, match="no sample size"):
        for_half_width(*asked)


def test_a_size_says_what_it_tells() -> None:
    size = for_half_width(1_000, 0.03)
    assert in_words(1_000, size) == (
        f"{size} of 1,000 items: if 5 % are wrong, the error rate is known to within 3.0 points, 95 times in 100"
    )


@given(populations, st.integers(1, 20_000), st.integers(0, 40))
def test_a_stratified_sample_is_in_proportion(sizes: list[int], size: int, least: int) -> None:
    drawn = in_proportion(sizes, size, least)
    fewest = [min(least, one) for one in sizes]
    assert sum(drawn) == max(sum(fewest), min(size, sum(sizes)))
    assert all(low <= got <= one for low, got, one in zip(fewest, drawn, sizes, strict=True))
    open_ = [(got, one) for low, got, one in zip(fewest, drawn, sizes, strict=True) if low < got < one]
    for got, one in open_:
        for other, whole in open_:
            assert got / one - other / whole <= 1 / one + 1 / whole


@given(populations, st.integers(1, 20_000), st.integers(0, 40))
def test_half_of_a_targeted_sample_is_from_the_unsuspected(sizes: list[int], size: int, least: int) -> None:
    drawn = half_unsuspected(sizes, size, least)
    *suspected, rest = sizes
    fewest = [min(least, one) for one in sizes]
    assert all(low <= got <= one for low, got, one in zip(fewest, drawn, sizes, strict=True))
    assert sum(drawn) >= min(size, sum(sizes))
    assert sum(drawn) <= max(size, sum(fewest))
    if drawn[-1] < rest:
        assert 2 * drawn[-1] >= size or sum(drawn[:-1]) >= min(sum(suspected), sum(fewest[:-1]))


def test_tiers_are_shared_out_as_expected() -> None:
    assert half_unsuspected([20, 100, 5_000], 200) == [20, 80, 100]
    assert half_unsuspected([500, 500, 50], 200) == [75, 75, 50]
    assert half_unsuspected([500, 500, 500], 50) == [30, 30, 30]
    assert half_unsuspected([5], 50) == [5]
    assert in_proportion([20, 100, 5_000], 200) == [20, 30, 150]
    assert in_proportion([1_000_000, 5_000_000, 3], 4_000_000) == [666_666, 3_333_331, 3]
