"""Putting text right: what changes, what stays, and that it changes once."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow import normalise

ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("&amp;lt;", "&amp;lt;"),
        ("e\u0301", "\u00e9"),
        ("a \t\u00a0\u3000 b", "a b"),
        ("  a \r\n b\rc\n\n\n\n d \n", "a\nb\nc\n\nd"),
        ("a\u2028b\u0085c", "a\nb\nc"),
        ("a\x00b\x07c\x9fd\ufeff", "abcd"),
        ("\ud83d\ude00 \ud83d", "\U0001f600 \ufffd"),
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u200c\u0631\u0648\u0645"),
        ("\u200b \n\ufeff", ""),
    ],
)
def test_text_is_put_right(raw: str, clean: str) -> None:
    assert normalise.spaced(raw) == clean


@given(ANY)
def test_put_right_text_is_right(raw: str) -> None:
    clean = normalise.spaced(raw)
    assert normalise.spaced(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert "  " not in clean
    assert "\n\n\n" not in clean
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in clean.replace("\n", ""))
    clean.encode()


@given(ANY)
def test_what_is_storable_changes_only_what_is_not(raw: str) -> None:
    kept = normalise.storable(raw)
    kept.encode()
    assert "\x00" not in kept
    if "\x00" not in raw and not any(unicodedata.category(c) == "Cs" for c in raw):
        assert kept == raw


@given(st.lists(ANY.map(normalise.spaced), max_size=4), st.lists(ANY.map(normalise.spaced), max_size=4))
def test_only_the_same_fields_have_the_same_digest(one: list[str], other: list[str]) -> None:
    assert (normalise.digest(one) == normalise.digest(other)) == (one == other)


def test_fields_are_never_glued() -> None:
    assert normalise.digest(["ab", "c"]) != normalise.digest(["a", "bc"])
    assert normalise.digest(['a","b']) != normalise.digest(["a", "b"])
