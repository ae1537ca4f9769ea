"""Cleaning, measuring, cutting and splitting, held to what a person sees."""

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from templates.foreign import escaped_length, share
from templates.text import ELLIPSIS, clean, graphemes, shorten, split, units, width
from tests.templates.harness import FAMILY

texts = st.text(st.characters() | st.sampled_from("\x00\x85\u2028\ud800\u200d\u0301\ufe0f\U0001f1e9\U0001f469\r\n ."))
well_formed = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u200d\u0301\U0001f1e9\U0001f469\n .")
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("a\x00b\x07\x1b[31m\x7f", "ab[31m"),
        ("a\r\nb\rc\x85d\u2028e\u2029f\x0bg\x0ch", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("\ttab\nline", "\ttab\nline"),
        ("\x80\x9b31m", "31m"),
        ("\ud83d\ude00 \ud800", "\ufffd\ufffd \ufffd"),
        ("\ufffe\uffff\ue000", "\ufffd\ufffd\ue000"),
        (FAMILY, FAMILY),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(texts)
def test_cleaned_text_can_be_stored_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]", cleaned)
    assert clean(cleaned) == cleaned


@given(well_formed)
def test_units_are_those_of_utf_16(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le")) // 2 >= len(text)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        (FAMILY, 2),
        ("\U0001f1e9\U0001f1ea", 2),
        ("ｱ", 1),
        ("❤\ufe0f", 2),
        ("", 0),
    ],
)
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@given(well_formed, st.integers(1, 40), st.sampled_from([units, escaped_length]))
@example("\r\n\r\n\r\n", 3, units)
@example(FAMILY * 3, 12, units)
def test_shortened_text_fits_and_ends_between_characters(text: str, limit: int, measure: Callable[[str], int]) -> None:
    short = shorten(text, limit, measure)
    assert measure(short) <= limit
    if measure(text) <= limit:
        assert short == text
        return
    kept = short.removesuffix(ELLIPSIS)
    assert short.endswith(ELLIPSIS)
    ends = {0}
    for character in graphemes(text):
        ends.add(max(ends) + len(character))
    assert any(text[:end].rstrip() == kept for end in ends)
    longer = [end for end in ends if end > len(kept) and measure(text[:end].rstrip() + ELLIPSIS) <= limit]
    assert all(text[:end].rstrip() == kept for end in longer), "more would have fitted"


def test_shorten_never_cuts_to_nothing() -> None:
    assert shorten("Z" + "\u0301" * 100, 5) == ELLIPSIS
    with pytest.raises(ValueError, match="0 characters"):
        shorten("abc", 0)


@given(well_formed | st.text("&< a\u0301"), st.integers(6, 30), st.sampled_from([units, escaped_length]))
@example("&" * 50, 7, escaped_length)
@example("a" + "\u0301" * 50, 7, units)
def test_split_loses_nothing(text: str, limit: int, measure: Callable[[str], int]) -> None:
    pieces = split(text, limit, measure)
    assert "".join(pieces) == text
    assert all(1 <= measure(piece) <= limit for piece in pieces) or pieces == [""]


@given(st.text(st.sampled_from("a \n." + "日\u0301"), min_size=1), st.integers(8, 30))
@example("aaaaaaaa \u0301a", 10)
def test_split_keeps_characters_whole(text: str, limit: int) -> None:
    whole = graphemes(text)
    if all(units(character) <= limit for character in whole):
        assert [character for piece in split(text, limit) for character in graphemes(piece)] == whole


def test_split_prefers_paragraphs_lines_sentences_words() -> None:
    assert split("one two\n\nthree four", 14) == ["one two\n\n", "three four"]
    assert split("one two. three four", 14) == ["one two. ", "three four"]
    assert split("onetwo three four", 14) == ["onetwo three ", "four"]


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(0, 400))
def test_share_is_the_largest_cap_that_fits(lengths: list[int], room: int) -> None:
    cap = share(lengths, room)
    assert sum(min(length, cap) for length in lengths) <= room or cap == 0
    if cap < max(lengths):
        assert sum(min(length, cap + 1) for length in lengths) > room
