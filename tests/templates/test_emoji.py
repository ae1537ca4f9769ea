"""The short names of emoji on cards are names that the workspace on this machine shows, as Slack does."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_short_name_on_a_card_is_shown_as_an_emoji() -> None:
    table = (ROOT / "sandbox/pages/static/js/text/emoji.js").read_text(encoding="utf-8")
    known = set(re.findall(r"(?:^|\|)([a-z0-9_+-]+) ", table, re.MULTILINE))
    cards = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "templates").glob("*.yaml.j2"))
    assert set(re.findall(r":([a-z0-9_]*[a-z][a-z0-9_]*):(?=[ \"{*])", cards)) - known == set()


def test_no_emoji_is_an_argument_and_so_shown_by_its_name() -> None:
    for path in (ROOT / "templates").glob("*.yaml.j2"):
        assert re.findall(r"{{[^}]*\":[a-z_]+:[^}]*}}", path.read_text(encoding="utf-8")) == [], path.name
