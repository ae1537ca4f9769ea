"""How alike two items are, against a count that is written down another way."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.near.world import reworded, sentence
from workflow.near.similarity import SHORT, Shingled, Thresholds, may_be_near, near, similarity

TEXTS = st.lists(st.text("ab \n😀", max_size=12), min_size=2, max_size=2)


def tagged(texts: list[str], *, of_words: bool) -> set[tuple[int, tuple[str, ...]]]:
    """Shingles as tuples of units, each with the number of its field."""
    found = set()
    for field, text in enumerate(texts):
        units = text.split() if of_words else list(text)
        for start in range(max(1, len(units) - 4)):
            if units:
                found.add((field, tuple(units[start : start + 5])))
    return found


@given(TEXTS, TEXTS)
def test_characters_are_compared_as_the_definition_says(one: list[str], other: list[str]) -> None:
    mine, theirs = tagged(one, of_words=False), tagged(other, of_words=False)
    expected = Fraction(len(mine & theirs), len(mine | theirs)) if mine | theirs else Fraction(0)
    assert similarity(Shingled(one), Shingled(other)) == (float(expected), False)


@given(st.lists(st.sampled_from("ab"), min_size=SHORT, max_size=130), st.integers(0, 99))
def test_words_are_compared_as_the_definition_says(words: list[str], changed: int) -> None:
    one = [" ".join(words)]
    other = [" ".join([*words[:changed], "c", *words[changed + 1 :]])]
    mine, theirs = tagged(one, of_words=True), tagged(other, of_words=True)
    expected = Fraction(len(mine & theirs), len(mine | theirs))
    assert similarity(Shingled(one), Shingled(other)) == (float(expected), True)


@given(TEXTS, TEXTS)
def test_the_order_of_the_two_does_not_matter(one: list[str], other: list[str]) -> None:
    assert similarity(Shingled(one), Shingled(other)) == similarity(Shingled(other), Shingled(one))


def test_the_same_words_in_another_field_are_something_else() -> None:
    one, other = ["Two films won.", "Oscars were given."], ["Oscars were given.", "Two films won."]
    assert similarity(Shingled(one), Shingled(other))[0] == 0
    assert similarity(Shingled(one), Shingled(one))[0] == 1


def test_fields_are_never_glued() -> None:
    assert similarity(Shingled(["abcde", "fghij"]), Shingled(["abcdefghij", ""]))[0] < 0.5


def test_what_has_no_text_is_like_nothing() -> None:
    assert similarity(Shingled(["", ""]), Shingled(["", ""]))[0] == 0


@pytest.mark.parametrize(("words", "of_words"), [(99, False), (100, True)])
def test_the_shorter_of_two_decides_how_they_are_compared(words: int, of_words: bool) -> None:
    short, long = sentence(words, 1), sentence(300, 1)
    assert similarity(Shingled([short]), Shingled([long]))[1] is of_words
    assert similarity(Shingled([long]), Shingled([short]))[1] is of_words


def test_the_threshold_that_holds_is_reached_by_what_equals_it() -> None:
    one, other = Shingled(["abcdefgh"]), Shingled(["abcdefgx"])
    assert similarity(one, other)[0] == 3 / 5
    assert near(one, other, Thresholds(short=3 / 5)) == 3 / 5
    assert near(one, other, Thresholds(short=0.61)) is None
    assert near(one, other, Thresholds(short=0.61, long=0.1)) is None


@given(TEXTS, TEXTS, st.sampled_from([0.5, 0.8, 1.0]))
def test_a_glance_rejects_no_near_text_that_is_so_short(one: list[str], other: list[str], short: float) -> None:
    """Their sample is most of what they are made of, so that chance has no part in it."""
    limits = Thresholds(short=short)
    if near(Shingled(one), Shingled(other), limits) is not None:
        assert may_be_near(Shingled(one), other, limits)


def test_a_glance_rejects_next_to_no_near_text_and_most_others() -> None:
    texts = [sentence(50, seed) for seed in range(400)]
    changed = [reworded(text, *range(seed % 10, 40, 14)) for seed, text in enumerate(texts)]
    pairs = [(Shingled([one]), [other]) for one, other in zip(texts, changed, strict=True)]
    close = [pair for pair in pairs if near(pair[0], Shingled(pair[1]), Thresholds()) is not None]
    assert len(close) > 100
    assert all(may_be_near(*pair, Thresholds()) for pair in close)
    far = [(Shingled([one]), [other]) for one, other in pairwise(texts)]
    assert not any(may_be_near(*pair, Thresholds()) for pair in far)


def test_a_glance_looks_into_the_same_field_only() -> None:
    one, other = sentence(30, 1), sentence(30, 2)
    assert not may_be_near(Shingled([one, other]), [other, one], Thresholds())
    assert not may_be_near(Shingled([one, other]), [one], Thresholds(short=0.9))
    assert may_be_near(Shingled([one, other]), [one, other], Thresholds(short=1))


def test_a_glance_does_not_judge_long_texts() -> None:
    assert may_be_near(Shingled([sentence(100, 1)]), [sentence(100, 2)], Thresholds())
