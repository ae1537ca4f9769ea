"""Markdown as rich_text: everything is there, nothing acts, and pages fit."""

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from templates.blocks import Payload, render_view
from templates.inline import words_of
from templates.markdown import elements, pages, plain, text_pages
from templates.table import drawn
from templates.text import width
from tests.templates.conftest import Write
from tests.templates.oracle import faults, length, mappings

MODAL = "type: modal\ntitle: Guideline\nblocks:\n{% for page in pages %}\n- {{ page }}\n{% endfor %}"
LINES = [
    "# Heading", "## Two *words*", "A rule with **bold**, `code` and [a link](https://a.b/c).", "", "- item", "  - inner",
    "1. first", "7. seventh", "   more of it", "> quoted", "> - in a quote", "```\ncode <!here>\n```", "    indented",
    "| a | b |\n|--|:-:|\n| 1 | 日本 |", "---", "<b>html</b>", "<!channel> <@U1> @here", "![pic](https://a.b/c.png)",
    "[bad](javascript:x)", "long word " * 60, "&amp; &lt;", "\\*escaped\\*", "~~gone~~", "Line  \nbreak",
]  # fmt: skip
documents = st.lists(st.sampled_from(LINES) | st.text(max_size=60), max_size=25).map("\n".join)


def kinds(markdown: str) -> list[str]:
    return [element["type"].removeprefix("rich_text_") for element in elements(markdown)]


def section(markdown: str) -> list[dict[str, Any]]:
    (element,) = elements(markdown)
    inner: list[dict[str, Any]] = element["elements"]
    return inner


def test_inline_styles() -> None:
    assert section("a **b _c_** `d` ~~e~~") == [
        {"type": "text", "text": "a "},
        {"type": "text", "text": "b ", "style": {"bold": True}},
        {"type": "text", "text": "c", "style": {"bold": True, "italic": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "d", "style": {"code": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "e", "style": {"strike": True}},
    ]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[w](https://a.b)", {"type": "link", "url": "https://a.b", "text": "w"}),
        ("[w](mailto:a@b.c)", {"type": "link", "url": "mailto:a@b.c", "text": "w"}),
        ("<https://a.b>", {"type": "link", "url": "https://a.b", "text": "https://a.b"}),
        ("![w](https://a.b/c.png)", {"type": "link", "url": "https://a.b/c.png", "text": "w"}),
        ("![](https://a.b/c.png)", {"type": "link", "url": "https://a.b/c.png", "text": "image"}),
        ("[w](other.md)", {"type": "text", "text": "w (other.md)"}),
        ("[w](#part)", {"type": "text", "text": "w"}),
        ("[w](ftp://a.b)", {"type": "text", "text": "w (ftp://a.b)"}),
        ("[w](javascript:x)", {"type": "text", "text": "[w](javascript:x)"}),
        ("<!here> <@U1> @channel", {"type": "text", "text": "<!here> <@U1> @channel"}),
        ("<b onclick=x>h</b>", {"type": "text", "text": "<b onclick=x>h</b>"}),
        (":tada:", {"type": "text", "text": ":tada:"}),
    ],
)
def test_links_images_mentions_and_html(markdown: str, expected: dict[str, Any]) -> None:
    assert section(markdown) == [expected]


def test_html_blocks_are_text() -> None:
    assert section("<script>\nalert(1)\n</script>") == [{"type": "text", "text": "<script> alert(1) </script>"}]


def test_lists_keep_their_numbers_around_what_interrupts_them() -> None:
    made = elements("3. a\n4. b\n   - c\n     1. d\n5. e\n\n   ```\n   f\n   ```\n6. g")
    assert [(e["type"][10:], e.get("style"), e.get("indent", 0), e.get("offset", 0)) for e in made] == [
        ("list", "ordered", 0, 2),
        ("list", "bullet", 1, 0),
        ("list", "ordered", 2, 0),
        ("list", "ordered", 0, 4),
        ("preformatted", None, 0, 0),
        ("list", "ordered", 0, 5),
    ]
    assert len(made[0]["elements"]) == 2


def test_headings_paragraphs_quotes_code_and_rules() -> None:
    assert kinds("# h\n\np\n\n> q\n\n```py\nc\n```\n\n---") == ["section", "quote", "preformatted", "section"]
    assert section("# h *i*\n\np") == [
        {"type": "text", "text": "h ", "style": {"bold": True}},
        {"type": "text", "text": "i", "style": {"bold": True, "italic": True}},
        {"type": "text", "text": "\n\np"},
    ]
    (quote,) = elements("> a\n>\n> - b\n>   - c\n> 1. d\n>\n> > e")
    assert words_of(quote["elements"]) == "a\n\n• b\n\n  • c\n\n1. d\n\n> e"


def test_a_table_is_aligned_by_what_is_seen() -> None:
    (table,) = elements("| Label | n |\n|:--|--:|\n| 日本 | 10 |\n| e\u0301 **b** | 3 |")
    assert table["elements"][0]["text"].split("\n") == [
        "Label   n",
        "─────  ──",
        "日本   10",
        "e\u0301 b     3",
    ]


@given(st.lists(st.lists(st.text("ab 日\u0301", max_size=60), min_size=3, max_size=3), min_size=1, max_size=5))
@example([["", "\u0301 aaaaaaaaaaaa 日日", "aaaaaaaaaaaaaa日日"]])
def test_a_wide_table_wraps_and_loses_nothing(rows: list[list[str]]) -> None:
    text = drawn(rows, ["left", "right", "center"], 40)
    assert all(width(line) <= 40 for line in text.split("\n"))
    kept = sorted(re.sub(r"[\s─]", "", text))
    assert kept == sorted(re.sub(r"\s", "", "".join(cell for row in rows for cell in row)))


def test_an_empty_guideline_has_no_page() -> None:
    assert elements("") == pages(" \n\n") == []
    assert plain("") == ""


def test_plain_words() -> None:
    assert plain("# h\n\na **b**\n\n2. c\n3. d\n   - e\n\n[l](https://a.b)") == "h\n\na b\n2. c\n3. d\n  • e\n\nl"


def shown(parts: list[dict[str, Any]]) -> str:
    """Every character a reader is shown, white space apart."""
    texts = [node.get("text", "") + node.get("url", "") for part in parts for _, node in mappings(part, "")]
    return re.sub(r"\s", "", "".join(texts))


@given(documents, st.integers(100, 3000))
@settings(max_examples=150, deadline=None)
@example("- " + "word " * 900, 300)
@example("1. a\n" * 900, 3000)
@example("# h\n" * 50, 100)
@example("&" * 900, 100)
@example("```\n" + "line\n" * 400 + "```", 200)
def test_pages_hold_all_and_fit(markdown: str, most: int) -> None:
    made = pages(markdown, most)
    assert shown(list(made)) == shown(elements(markdown))
    for page in made:
        texts = [node for _, node in mappings(page, "") if "elements" not in node]
        assert 0 < len(page["elements"]) <= 500
        if len(texts) > 1:
            assert sum(length(node.get("text", "")) for node in texts) <= most
        assert faults(Payload([page])) == [] or len(texts) == 0


@given(documents)
@settings(max_examples=60, deadline=None)
def test_nothing_in_a_document_acts(markdown: str) -> None:
    used = {node["type"] for part in elements(markdown) for _, node in mappings(part, "") if "type" in node}
    assert used <= {
        "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "text", "link",
    }  # fmt: skip


def test_a_long_guideline_goes_through_a_modal_uncut(write: Write) -> None:
    rules = "".join(f"## Rule {n}\n\nLabel *yes* when {n} & `x < {n}`.\n\n- never\n- always\n\n" for n in range(600))
    made = pages(rules)
    folders = write(card=MODAL)
    for page in made:
        view = render_view("card.yaml.j2", folders, pages=[page])
        assert not view.cut
        assert faults(view) == []
    text = shown(made)
    assert [n for n in range(600) if f"Rule{n}Label" not in text] == []


def test_a_page_does_not_end_with_a_heading() -> None:
    made = pages("".join(f"# Rule {n}\n\n{'text ' * 30}\n\n" for n in range(20)), 400)
    assert len(made) > 5
    for page in made:
        assert "bold" not in page["elements"][-1]["elements"][-1].get("style", {})


@pytest.mark.parametrize("length", [2_000, 2_490, 2_495, 2_500, 9_000])
def test_a_long_text_begins_below_its_name(length: int) -> None:
    pages = text_pages([("text", "0" * length), ("hypothesis", "1" * length)], 2_500)
    shown = ["".join(one["text"] for part in page["elements"] for one in part["elements"]) for page in pages]
    assert "".join(shown).count("0") == "".join(shown).count("1") == length
    for words in shown:
        assert not words.rstrip().endswith(("text", "hypothesis"))
        assert len(words) <= 2_500
