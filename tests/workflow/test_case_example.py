"""A ruled case as an example in a guideline: its text reads as it was labelled, whatever it looks like."""

import pytest

from templates import markdown
from workflow.guidelines.proposals import case_example
from workflow.guidelines.proposals.case_example import Ruled

LOOKS_LIKE_MARKUP = (
    "---",
    "- she agrees",
    "+ more",
    "1. one",
    "12) twelve",
    "=",
    "# no heading",
    "AT&amp;T &lt;b&gt;",
    "a|b\\",
)


@pytest.mark.parametrize("text", LOOKS_LIKE_MARKUP)
def test_an_items_text_stays_as_it_is(text: str) -> None:
    for fields in ((("text", text),), (("text", text), ("hypothesis", text))):
        ruled = Ruled(1, text, fields, "no", text, "Because.")
        shown = markdown.plain(case_example.as_markdown(ruled))
        assert f"Example (item {text})" in shown
        assert f"→ {text}: Because." in shown
        lines = [line.removeprefix("text: ") for line in shown.splitlines()]
        assert text in lines
