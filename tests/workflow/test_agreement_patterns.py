import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow.patterns import count_patterns, format_pattern, parse_pattern


def test_counts_are_written_by_value_id_and_read_back() -> None:
    assert format_pattern({7: 1, 3: 2, 10: 0}) == "3:2,7:1"
    assert parse_pattern("3:2,7:1") == ((3, 2), (7, 1))
    assert format_pattern({}) == ""
    assert parse_pattern("") == ()


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 2**40), st.integers(0, 10_000)))
def test_reading_gives_what_was_written(counts: dict[int, int]) -> None:
    assert dict(parse_pattern(format_pattern(counts))) == {value: count for value, count in counts.items() if count}


@settings(deadline=None)
@given(st.text(alphabet="0123:, -٣", max_size=12))
def test_whatever_is_read_is_written_the_same_way(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except ValueError:
        return
    assert format_pattern(dict(pattern)) == text


@pytest.mark.parametrize(
    "text", ["3", "3:", ":2", "3:0", "7:1,3:2", "3:1,3:1", "03:1", "3:2,", " 3:2", "-3:2", "3:٢", "3:²"]
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        parse_pattern(text)


@pytest.mark.parametrize("counts", [{-1: 2}, {1: -2}])
def test_negative_numbers_are_refused(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        format_pattern(counts)


def test_labels_become_patterns() -> None:
    labels = [("a", 1), ("b", 2), ("a", 1), ("b", 1), ("c", 1), ("d", 2), ("d", 1)]
    assert count_patterns(labels) == {((1, 2),): 1, ((1, 1), (2, 1)): 2, ((1, 1),): 1}
