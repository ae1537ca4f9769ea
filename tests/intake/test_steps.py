"""The standardising steps: what each one changes, that its name is told, and that a text changes only once."""

import html
import unicodedata
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Item, Project
from tests import builders
from workflow import normalise
from workflow.intake.steps import STEPS, standardise

ENTITIES, LINES, CONTROL, INVISIBLE, NFC, SPACE = STEPS
ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=60)
# What the steps look at, close together: joiners, marks of direction, letters that need them, and white space.
AWKWARD = st.text(
    st.sampled_from(
        "\u200b\u200c\u200d\u00ad\u2060\ufeff\u206a\u180e\u200e\u200f\u061c\u202a\u202c\u202e\u2066\u2069"
        "a\u00e9\u05d0\u0627\u0645\u06cc\u0915\u094d\u0937\u0e44\u1780\u1820\u0301\u064b\u0951\u0958\u212b\ufb1d"
        "\U0001f469\u2764\ufe0f\U0001f3fb\U0001f525\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f"
        " \t\u00a0\u3000\v\f\n\r\x85\u2028\x00\x1f\x9f&;#x1\ud83d\ude00"
    ),
    max_size=14,
)
TEXTS = st.one_of(ANY, AWKWARD)


@pytest.mark.parametrize(
    ("raw", "clean", "steps"),
    [
        ("plain text, as most of it is", "plain text, as most of it is", ()),
        ("", "", ()),
        ("it&apos;s &quot;fine&quot;", 'it\'s "fine"', (ENTITIES,)),
        ("&amp;lt;", "&lt;", (ENTITIES,)),
        ("&#233;&#xE9;&eacute;", "\u00e9\u00e9\u00e9", (ENTITIES,)),
        ("AT&T &unknown; &copy=2 &notit; &#12345678;", "AT&T &unknown; &copy=2 &notit; &#12345678;", ()),
        ("&#0;&#xD800;", "\ufffd\ufffd", (ENTITIES,)),
        ("a&nbsp;&nbsp;b&#13;&#10;c", "a b\nc", (ENTITIES, LINES, SPACE)),
        ("a\r\nb\rc", "a\nb\nc", (LINES,)),
        ("a\u2028b\u0085c\u2029d", "a\nb\nc\nd", (LINES,)),
        ("a\x00b\x07c\x9fd\x1fe\x7f", "abcde", (CONTROL,)),
        ("a\x0cb\x0bc", "a b c", (SPACE,)),
        ("\ufeffa\u200bb\u00adc\u2060d\u206ae", "abcde", (INVISIBLE,)),
        ("e\u0301", "\u00e9", (NFC,)),
        ("e\u200b\u0301", "\u00e9", (INVISIBLE, NFC)),
        ("a \t\u00a0\u3000 b", "a b", (SPACE,)),
        ("a\tb", "a b", (SPACE,)),
        ("  a \r\n b\rc\n\n\n\n d \n", "a\nb\nc\n\nd", (LINES, SPACE)),
        ("\u200b \n\ufeff", "", (INVISIBLE, SPACE)),
        ("\ud83d\ude00 \ud83d", "\U0001f600 \ufffd", ()),
        ("Case AND words Stay", "Case AND words Stay", ()),
    ],
)
def test_a_text_is_put_right_and_the_steps_that_did_it_are_named(raw: str, clean: str, steps: tuple[str, ...]) -> None:
    assert standardise(raw) == (clean, steps)


@pytest.mark.parametrize(
    "needed",
    [
        pytest.param("\u0645\u06cc\u200c\u0631\u0648\u0645", id="Persian, joined and yet apart"),
        pytest.param("\u0647\u200d.", id="Arabic, the form inside a word at its end"),
        pytest.param("\u0915\u094d\u200d\u0937", id="Devanagari, half a letter"),
        pytest.param("\u0d28\u0d4d\u200d", id="Malayalam, a chillu as it was written"),
        pytest.param("\u0dc1\u0dca\u200d\u0dbb\u0dd3", id="Sinhala, a conjunct"),
        pytest.param("\u0628\u0651\u200c\u0627", id="Arabic, after a vowel sign"),
        pytest.param("\u0e20\u0e32\u0e29\u0e32\u200b\u0e44\u0e17\u0e22", id="Thai, where a word ends"),
        pytest.param("\u1781\u17d2\u1798\u17c2\u179a\u200b\u179a", id="Khmer, where a word ends"),
        pytest.param("\u1820\u180e\u1820", id="Mongolian, a vowel apart"),
        pytest.param("\U0001f469\u200d\U0001f469\u200d\U0001f467", id="a family"),
        pytest.param("\u2764\ufe0f\u200d\U0001f525", id="a heart on fire"),
        pytest.param("\U0001f468\U0001f3fb\u200d\U0001f4bb", id="somebody with a skin tone at work"),
        pytest.param(
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", id="the flag of England"
        ),
        pytest.param("\u05e9\u05dc\u05d5\u05dd \u200eabc\u200f!", id="Hebrew with marks of direction"),
        pytest.param("\u2067\u0645\u0631\u062d\u0628\u0627\u2069 and more", id="Arabic, isolated"),
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(needed: str) -> None:
    assert standardise(needed) == (needed, ())


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Auf\u200clage, a\u200db", "Auflage, ab"),
        ("\u200cabc\u200d", "abc"),
        ("\u0645\u06cc\u200c \u200c\u0631", "\u0645\u06cc \u0631"),
        ("\u0645\u06cc\u200b\u0631", "\u0645\u06cc\u0631"),
        ("\u0e44\u200b a\u200b\u0e44", "\u0e44 a\u0e44"),
        ("\u200eabc \u202ecba\u202c \u2066x\u2069", "abc cba x"),
        ("\U0001f469\u200d \u200d\U0001f469", "\U0001f469 \U0001f469"),
        ("hi\U000e0068\U000e0069\U000e007f", "hi"),
        ("\U0001f3f4\U000e0067 x", "\U0001f3f4 x"),
        ("a\u180eb", "ab"),
    ],
)
def test_where_nothing_needs_them_they_go(raw: str, clean: str) -> None:
    assert standardise(raw) == (clean, (INVISIBLE,))


@given(TEXTS)
def test_a_text_that_is_right_stays_as_it_is(raw: str) -> None:
    clean, _ = standardise(raw, {ENTITIES})
    assert standardise(clean, {ENTITIES}) == (clean, ())


@given(TEXTS)
def test_a_right_text_is_right(raw: str) -> None:
    clean, _ = standardise(raw)
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.strip()
    assert "  " not in clean
    assert "\n\n\n" not in clean
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in clean.replace("\n", ""))


@given(TEXTS, st.sets(st.sampled_from(list(STEPS))))
def test_a_step_is_named_when_it_changed_something_and_never_when_it_is_off(raw: str, off: set[str]) -> None:
    clean, steps = standardise(raw, off)
    assert not set(steps) & off
    assert list(steps) == [name for name in STEPS if name in steps]
    begun = normalise.whole(raw)
    if not steps:
        assert clean == normalise.storable(raw)
    if len(steps) == 1:
        assert clean.replace("\ufffd", "\x00") != begun.replace("\ufffd", "\x00")
    assert normalise.storable(clean) == clean


@given(TEXTS, st.sets(st.sampled_from(list(STEPS))))
def test_the_steps_are_taken_in_their_order(raw: str, off: set[str]) -> None:
    text = normalise.whole(raw)
    for name, step in STEPS.items():
        if name not in off:
            text = step(text)
    assert standardise(raw, off)[0] == normalise.storable(text)


@given(TEXTS)
def test_with_all_steps_off_a_text_is_as_it_came(raw: str) -> None:
    assert standardise(raw, STEPS) == (normalise.storable(raw), ())


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs", "Cf"]), max_size=40))
def test_escaped_text_comes_back(raw: str) -> None:
    assert standardise(html.escape(raw), {INVISIBLE})[0] == unicodedata.normalize("NFC", raw)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXTS, min_size=1, max_size=20), off=st.sets(st.sampled_from(list(STEPS))))
def test_both_databases_keep_every_text_to_the_code_point(store: Store, texts: list[str], off: set[str]) -> None:
    put = [standardise(raw, off)[0] for raw in texts]
    assert _kept(store, put) == (put, put)


def _put_question(session: Session, text: str) -> None:
    session.execute(update(Project).values(question=text))


def _kept(store: Store, texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The texts as a document brings them back, and as plain columns do."""
    with store.read() as session:
        item_id = session.execute(select(col(Item.id))).scalar()
    if item_id is None:
        item_id = builders.build(store, items=1).items[0]
    fields = {str(at): text for at, text in enumerate(texts)}
    store.transact(lambda session: session.execute(update(Item).values(fields=fields)))
    plain = []
    for text in texts:
        store.transact(partial(_put_question, text=text))
        with store.read() as session:
            plain.append(session.execute(select(col(Project.question))).scalar_one())
    with store.read() as session:
        document = session.execute(select(col(Item.fields))).scalar_one()
    return [document[str(at)] for at in range(len(texts))], plain
