"""What changed in a guideline, as Slack shows it: all of it is there, nothing acts, and it fits."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates import diff
from templates.blocks import render, render_view
from templates.inline import words_of
from templates.markdown import PAGE
from tests.templates.conftest import Write
from tests.templates.oracle import faults, length, mappings
from tests.workflow.guideline_texts import documents
from workflow.guidelines.text.diffing import compare

MESSAGE = "text: Changed\nblocks:\n- type: divider\n{% for block in found %}\n- {{ block }}\n{% endfor %}"
MODAL = "type: modal\ntitle: Guideline\nblocks:\n{% for block in found %}\n- {{ block }}\n{% endfor %}"


def changes(before: str, after: str) -> list[dict[str, Any]]:
    return compare(before, after).as_values()


def texts(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The text elements of blocks, in order."""
    return [node for block in blocks for _, node in mappings(block, "") if node.get("type") in ("text", "link")]


def size(blocks: list[dict[str, Any]]) -> int:
    return sum(length(node["text"]) + length(node.get("url", "")) for node in texts(blocks))


def squeezed(text: str) -> str:
    """Without white space, which stands for itself where it alone changed."""
    return "".join(one for one in text if not one.isspace() and one not in "␣⇥↵")


def styled(blocks: list[dict[str, Any]], style: str) -> str:
    return squeezed("".join(node["text"] for node in texts(blocks) if style in node.get("style", {})))


@given(documents, documents)
@settings(max_examples=60)
def test_all_words_that_came_and_went_are_shown(before: str, after: str) -> None:
    found = changes(before, after)
    made = diff.pages(found, 300)
    for change in found:
        for op, text in change["words"]:
            if change["kind"] != "added" and op != "same":
                assert squeezed(text) in styled(made, "strike" if op == "out" else "bold")
        assert squeezed(change["title"]) in styled(made, "bold")
    assert all(size([page]) <= 300 for page in made)


@given(documents, documents, st.sampled_from([300, 700, 3_000]))
@settings(max_examples=60)
def test_a_card_has_room_for_it_and_says_what_is_left_out(before: str, after: str, room: int) -> None:
    found = changes(before, after)
    made, cut = diff.blocks(found, room)
    assert len(made) == (1 if found else 0)
    assert size(made) <= room
    assert ("Left out here: " in words_of(texts(made))) == cut
    if not cut:
        assert words_of(texts(made)) == words_of(texts(diff.pages(found, 10**6)))


def test_every_section_that_is_left_out_is_named() -> None:
    base = "".join(f"# Rule {n}\n\nSay {n} at once.\n\n" for n in range(9))
    made, cut = diff.blocks(changes(base, base.replace("at once", "after a look " * 9)), 800)
    assert cut
    assert [n for n in range(9) if f"Rule {n}" not in words_of(texts(made))] == []


HOSTILE = "<!here> <@U1> <#C1> @channel :tada: *b* <https://a.b|x> &amp; [x](javascript:1) ![p](https://a.b/p.png)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"# A\n\n{HOSTILE}\n", f"# A\n\n{HOSTILE} {HOSTILE}\n"),
        (f"# {HOSTILE}\n\nThis rule has another heading.\n", "# A\n\nThis rule has another heading.\n"),
        ("# A\n\nx\n", f"# A\n\nx\n\n# {HOSTILE}\n\n{HOSTILE}\n\n| {HOSTILE} |\n|---|\n"),
        (f"# A\n\n```\n{HOSTILE}\n```\n", f"# A\n\n```\n{HOSTILE}!\n```\n"),
        ("# A\n\nلا تقل نعم\n", "# A\n\nقل نعم 👩‍💻 \u202eevil\u202c\n"),
        ("# A\n\nx\n", "# A\n\n" + "word " * 70_000),
        ("", "".join(f"# {n}\n\nrule\n\n" for n in range(1_900))),
        ("# A\n\na\x0cb\n", "# A\n\na\x0cc\n"),
    ],
)  # fmt: skip
def test_slack_takes_it_and_nothing_in_it_acts(write: Write, before: str, after: str) -> None:
    found = changes(before, after)
    pages = diff.pages(found)
    folders = write(modal=MODAL, message=MESSAGE)
    for page in pages[:3] + pages[-1:]:
        view = render_view("modal.yaml.j2", folders, found=[page])
        assert (view.cut, faults(view)) == (False, [])
    card = render("message.yaml.j2", folders, found=diff.blocks(found, 6_000)[0])
    assert (card.cut, faults(card)) == (False, [])
    used = {node["type"] for page in pages for _, node in mappings(page, "") if "type" in node}
    assert used <= {
        "rich_text",
        "rich_text_section",
        "rich_text_list",
        "rich_text_quote",
        "rich_text_preformatted",
        "text",
        "link",
    }


def test_what_stayed_for_long_is_left_out_and_what_changed_is_not() -> None:
    stays = " ".join(f"word{n}" for n in range(500))
    before, after = f"# A\n\nSay yes. {stays} Say no.\n", f"# A\n\nSay maybe. {stays} Say never.\n"
    shown = words_of(texts(diff.pages(changes(before, after))))
    assert [word for word in ("yes", "maybe", "no", "never", "word0 ", " word499", "⋯") if word not in shown] == []
    assert "word250 " not in shown
    assert len(shown) < 600


def test_rows_of_tables_and_code_keep_their_columns_and_new_sections_are_drawn() -> None:
    before = "# A\n\n| a | b |\n|---|---|\n| yes | it says so |\n\n```\nx  = 1\n```\n\nWords stay as they are.\n"
    after = before.replace("says", "implies").replace("= 1", "= 2") + "\n# New\n\n- one\n  - two\n"
    made = diff.pages(changes(before, after))
    code = [node["text"] for node in texts(made) if "code" in node.get("style", {})]
    assert code == ["| a | b |", "|---|---|", "| yes | it ", " so |", "```", "x  = ", "```"]
    assert (styled(made, "strike"), styled(made, "bold")) == ("says1", "Aimplies2New")
    lists = [node for page in made for kind, node in mappings(page, "") if kind == "rich_text_list"]
    assert [node.get("indent", 0) for node in lists] == [0, 1]


def test_white_space_that_changed_can_be_seen() -> None:
    made = diff.pages(changes("# A\n\n- a\n  - b\n", "# A\n\n- a\n    - b\n"))
    styles = [(node["text"], node.get("style")) for node in texts(made) if "␣" in node["text"]]
    assert styles == [("␣␣", {"strike": True}), ("␣␣␣␣", {"bold": True})]


def test_headings_say_what_happened() -> None:
    rule = "has many words, so that it is told from the others by what it says."
    before = f"# A\n\nA {rule}\n\n# B\n\nB is short, and {rule}\n\n# C\n\nC {rule} {rule}\n"
    after = f"# C\n\nC {rule} {rule}\n\n# Bee\n\nB is short, and it {rule}\n\n## A\n\nA {rule}\n"
    shown = words_of(texts(diff.pages(changes(before, after))))
    assert "B Bee  ·  moved behind “C”, renamed, changed\n" in shown
    assert "A  ·  moved behind “Bee”, heading of level 2, was 1" in shown
    assert diff.pages([]) == []
    assert diff.blocks([], 500) == ([], False)


def test_many_headings_alone_fill_their_pages() -> None:
    """A text whose headings all went one level down says nothing below them, and each page is full of them."""
    before = "".join(f"# Section {number}\n\nx\n" for number in range(250))
    found = diff.pages(changes(before, before.replace("# ", "## ")))
    shown = words_of(texts(found))
    assert all(f"Section {number}  ·  heading of level 2, was 1" in shown for number in range(250))
    assert len(found) <= 2 * size(found) // PAGE + 1
