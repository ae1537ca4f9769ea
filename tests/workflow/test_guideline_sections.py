"""Guidelines taken apart into sections: nothing is lost, and a heading is what a reader sees as one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.workflow.guideline_texts import documents, odd_texts
from workflow.errors import RefusedError
from workflow.guidelines.text import sections


@given(odd_texts)
def test_the_sources_of_all_sections_are_the_text(text: str) -> None:
    assert "".join(section.source for section in sections.read(text)) == text


@given(odd_texts)
def test_headings_are_those_that_a_reader_sees(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(text)
    shown = [
        (int(token.tag[1:]), words.content)
        for token, words in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]
    found = [(section.level, section.title.replace("\0", "\ufffd")) for section in sections.read(text) if section.level]
    assert [(level, title.split()) for level, title in found] == [(level, title.split()) for level, title in shown]


def test_what_looks_like_a_heading_and_is_none() -> None:
    text = "intro\n# One\n```\n# code\n```\n\n    # indented\n\n- # in a list\n\n> # quoted\n\nTwo\n---\nbody\n"
    found = [(section.level, section.title) for section in sections.read(text)]
    assert found == [(0, ""), (1, "One"), (2, "Two")]


@given(documents, st.data())
def test_a_new_body_changes_no_other_section(text: str, data: st.DataObject) -> None:
    found = sections.read(text)
    number = data.draw(st.integers(0, len(found) - 1))
    made = sections.read(sections.replaced(text, number, "\n\nThe new rule.\n\n- a\n- b\n"))
    assert made[number].body == "The new rule.\n\n- a\n- b"
    assert [(one.level, one.title) for one in made] == [(one.level, one.title) for one in found]
    others = [(one.source, other.source) for n, (one, other) in enumerate(zip(found, made, strict=True)) if n != number]
    assert all(before == after for before, after in others)


@given(documents, st.data())
def test_a_new_section_stands_behind_the_one_that_is_named(text: str, data: st.DataObject) -> None:
    found = sections.read(text)
    after = data.draw(st.none() | st.integers(0, len(found) - 1))
    made = sections.read(sections.added(text, "Brand  new", "Its rule.", after))
    place = len(found) if after is None else after + 1
    assert (made[place].title, made[place].body, made[place].level >= 2) == ("Brand new", "Its rule.", True)
    rest = [(one.level, one.title, one.body) for n, one in enumerate(made) if n != place]
    assert rest == [(one.level, one.title, one.body) for one in found]


def test_a_code_block_left_open_would_swallow_what_follows() -> None:
    text = "# A\n\none\n\n# B\n\ntwo\n"
    with pytest.raises(RefusedError, match="“B”, would become part of this section"):
        sections.replaced(text, 0, "```\nopen")
    assert sections.replaced(text, 1, "```\nopen") == "# A\n\none\n\n# B\n\n```\nopen\n"
