"""A ruled case as an example in a guideline: its text reads as it was labelled, whatever it looks like."""

import pytest
from sqlalchemy import update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item, LabelValue
from templates import markdown
from tests.builders import build
from workflow.guidelines.proposals import case_example, example_lines
from workflow.guidelines.proposals.case_example import Ruled
from workflow.guidelines.proposals.proposing import NewExample
from workflow.project_form import FormError

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


@pytest.mark.parametrize(("key", "value"), [("doc|3", "no"), ("a=b|c = d", "nay | not"), ("seven", "x = y|z")])
def test_the_line_of_an_example_is_read_as_it_was_written(store: Store, key: str, value: str) -> None:
    world = build(store)
    label = world.values["no"]
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id) == world.items[0]).values(key=key))
        session.execute(update(LabelValue).where(col(LabelValue.id) == label).values(value=value))
    with store.read() as session:
        for why in ("Because.", "a | b = c"):
            line = example_lines.line(key, value, why)
            assert example_lines.read(session, world.project_id, line) == (NewExample(world.items[0], label, why),)
        with pytest.raises(FormError) as found:
            example_lines.read(session, world.project_id, "i1 | no = because")
    assert found.value.by_field == {"examples": "Line 1: write item id = label | why."}
