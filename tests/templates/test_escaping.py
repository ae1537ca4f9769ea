"""Escaped text has no markup left for an independent reader, and says what it said."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from templates.escaping import escape_markdown_block, escape_mrkdwn
from templates.text import clean
from tests.templates.harness import HOSTILE
from tests.templates.mrkdwn import markup, unescaped

busy = st.text(st.sampled_from("*_~`<>&:@!|ab1 \n\t#-+.()[]{}\\=") | st.characters(exclude_categories=["Cs", "Cc"]))
LOOK_ALIKES = str.maketrans({"\u2217": "*", "\u02cd": "_", "\u223c": "~", "\u02cb": "`", "\u2060": None})


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_has_no_markup(value: str) -> None:
    assert not markup(escape_mrkdwn(clean(value)))


def test_the_reader_sees_markup_where_there_is_some() -> None:
    seen = markup("<!here> *b* _i_ ~s~ `c` :tada:\n> q @channel")
    assert seen == {"angle": 1, "bold": 1, "italic": 1, "strike": 1, "code": 1, "emoji": 1, "quote": 1, "crowd": 1}


@given(busy)
def test_any_text_has_no_markup(text: str) -> None:
    escaped = escape_mrkdwn(text)
    assert not markup(escaped)
    assert not unescaped(escaped)


@given(busy, busy)
def test_nor_next_to_other_text_or_within_the_templates_markup(one: str, two: str) -> None:
    one, two = one.replace("\n", " "), two.replace("\n", " ")
    assert markup(f"{escape_mrkdwn(one)}{escape_mrkdwn(two)}").keys() <= {"quote"}
    assert markup(f"*{escape_mrkdwn(one)}* - {escape_mrkdwn(two)}").keys() <= {"bold"}


@given(busy)
def test_what_is_shown_is_what_was_written(text: str) -> None:
    shown = escape_mrkdwn(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert shown.translate(LOOK_ALIKES) == text.translate(LOOK_ALIKES)


def test_look_alikes_are_not_folded_back() -> None:
    for character in "\u2217\u02cd\u223c\u02cb":
        assert unicodedata.normalize("NFKC", character) not in "*_~`"


@pytest.mark.parametrize("text", ["snake_case_name", "09:30 to 10:45", "https://a.b/c_d", "a@b.c", "50 % & more"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escape_mrkdwn(text).replace("&amp;", "&") == text


@given(busy)
def test_a_markdown_block_shows_the_text_as_one_paragraph_of_words(text: str) -> None:
    escaped = escape_markdown_block(text)
    assert "<" not in escaped
    assert not markup(escaped).keys() & {"crowd", "angle"}
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(escaped)
    kinds = {token.type for token in tokens}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline"}
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "softbreak", "hardbreak", "text_special"}


def test_mentions_in_a_markdown_block_are_broken_even_after_entities_are_decoded() -> None:
    decoded = escape_markdown_block("<!here> <@U1> <#C1>").replace("&lt;", "<").replace("\\", "")
    assert "<!" not in decoded
    assert "<@" not in decoded
    assert "<#" not in decoded
