"""The guide for authors says what is so."""

import re
from pathlib import Path

from templates.blocks import render
from templates.filters import FILTERS
from tests.templates.conftest import Write
from tests.templates.samples import CARDS

GUIDE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")


def test_the_card_in_the_guide_renders(write: Write) -> None:
    (source,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    made = render("card.yaml.j2", write(card=source), **CARDS["labelling.yaml.j2"])
    assert [block["type"] for block in made.blocks] == ["context", "rich_text", "rich_text", "actions"]


def test_the_filters_in_the_guide_are_those_that_exist() -> None:
    (named,) = re.findall(r"filters other than `([^`]+)`", GUIDE)
    assert named.split() == sorted(FILTERS)
