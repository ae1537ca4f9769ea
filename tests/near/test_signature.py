"""Signatures: the same everywhere, independent of what stands beside them, and as good as the theory says."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.near.world import reworded, sentence
from workflow.near.signature import ALSO_SHORT, HASHES, LOWEST_BAND, SCHEME, alike_bits, signatures
from workflow.near.similarity import SHORT, Shingled, similarity

ITEMS = st.lists(st.lists(st.text(max_size=30), min_size=1, max_size=3), max_size=6)


def counted(words: int) -> str:
    return " ".join(f"word{number * number}" for number in range(words))


def test_the_scheme_is_what_it_was() -> None:
    """Bands are kept in stores: whoever changes them raises SCHEME, and then this."""
    items = [["Crème brûlée 😀", "x"], ["", "مرحبا بالعالم"], [counted(110)], [counted(150), "two words"]]
    told = hashlib.sha256(signatures(items).bands.astype("<i8").tobytes()).hexdigest()
    assert (SCHEME, told[:16]) == (1, "ee86a7b451fa5bfc")


@given(ITEMS)
def test_an_item_has_the_same_signature_alone_and_among_others(items: list[list[str]]) -> None:
    together = signatures(items)
    alone = [signatures([texts]) for texts in items]
    assert np.array_equal(together.bands, np.concatenate([one.bands for one in alone] or [together.bands]))
    assert np.array_equal(together.sketch, np.concatenate([one.sketch for one in alone] or [together.sketch]))
    assert together.of.tolist() == [number for number, one in enumerate(alone) for _ in one.of]


@given(ITEMS)
def test_only_what_has_no_text_at_all_has_no_signature(items: list[list[str]]) -> None:
    expected = [number for number, texts in enumerate(items) if any(texts)]
    assert signatures(items).of.tolist() == expected


@given(st.lists(st.text(max_size=3), min_size=2, max_size=2), st.lists(st.text(max_size=3), min_size=2, max_size=2))
def test_short_texts_have_a_band_in_common_where_a_field_is_equal_and_else_none(
    one: list[str], other: list[str]
) -> None:
    both = signatures([one, other])
    if len(both.of) < 2 or one == other:
        return
    if similarity(Shingled(one), Shingled(other))[0] == 0:
        assert not (both.bands[0] == both.bands[1]).any()


@pytest.mark.parametrize(("words", "signed"), [(SHORT - 1, 1), (SHORT, 2), (ALSO_SHORT - 1, 2), (ALSO_SHORT, 1)])
def test_texts_near_the_border_are_signed_both_ways(words: int, signed: int) -> None:
    assert signatures([["one more", sentence(words - 2, 3)]]).of.tolist() == [0] * signed


def test_both_sides_of_the_border_have_bands_in_common() -> None:
    text = sentence(SHORT + 1, 4)
    shorter, longer = signatures([[" ".join(text.split()[:-2])]]), signatures([[text]])
    assert set(shorter.bands.ravel()) & set(longer.bands.ravel())


def test_white_space_between_words_means_nothing_to_long_texts() -> None:
    text = sentence(200, 5)
    assert np.array_equal(signatures([[text]]).bands, signatures([[text.replace(" ", " \n\t")]]).bands)


def test_bands_of_all_kinds_are_different_numbers_above_the_lowest() -> None:
    bands = signatures([[sentence(110, 6)], [sentence(30, 7)], [sentence(300, 8)]]).bands
    assert len(np.unique(bands)) == bands.size
    assert bands.min() >= LOWEST_BAND


@pytest.mark.parametrize("words", [60, 200])
def test_as_many_bits_are_equal_as_the_similarity_says(words: int) -> None:
    """Mean over 500 pairs: its deviation is under .4 bits, so that 2 is never passed by chance."""
    ones = [[sentence(words, seed)] for seed in range(500)]
    others = [[reworded(one[0], *range(0, 9 if words == 60 else 3, 3))] for one in ones]
    equal = HASHES - np.bitwise_count(signatures(ones).sketch ^ signatures(others).sketch).astype(int)
    alike = np.mean([similarity(Shingled(a), Shingled(b))[0] for a, b in zip(ones, others, strict=True)])
    assert abs(equal.mean() - HASHES * (1 + alike) / 2) < 2
    assert (equal >= alike_bits(float(alike) - 0.1)).mean() > 0.99


def test_what_has_nothing_in_common_shares_half_the_bits_and_no_band() -> None:
    ones, others = ([[sentence(60, seed)] for seed in range(start, start + 500)] for start in (0, 1000))
    mine, theirs = signatures(ones), signatures(others)
    equal = HASHES - np.bitwise_count(mine.sketch ^ theirs.sketch).astype(int)
    assert abs(equal.mean() - HASHES / 2) < 2
    assert not np.intersect1d(mine.bands, theirs.bands).size
