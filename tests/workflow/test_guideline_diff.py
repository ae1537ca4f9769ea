"""What differs between two guidelines: both sides are in it to the letter; what moved is not deleted and written."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.guideline_texts import documents, written
from workflow.guidelines.text import sections
from workflow.guidelines.text.diffing import compare, in_words, unified
from workflow.guidelines.text.edits import edits
from workflow.guidelines.text.matching import moved, pairs
from workflow.guidelines.text.words import Effort, Words, changed

BASE = "Read this first.\n\n# Labels\n\nSay yes only if the text says so. Else say no.\n\n" + "".join(
    written(
        2, title, f"The rule about {title} has many words, and it is long enough to be told from all of the others."
    )
    for title in ("Numbers", "Dates", "Names")
)
few = st.lists(st.sampled_from("abc"), max_size=9)
words = st.lists(st.sampled_from(["yes", "no", " ", "\n", ".", "👩‍💻", "é", "含", "意", "لا"]), max_size=14).map(
    "".join
)


def side(found: Words, gone: str) -> str:
    return "".join(text for op, text in found if op != gone)


def longest_common(before: list[str], after: list[str]) -> int:
    row = [0] * (len(after) + 1)
    for one in before:
        last, row = row, [0]
        for n, other in enumerate(after):
            row.append(last[n] + 1 if one == other else max(last[n + 1], row[-1]))
    return row[-1]


@given(few, few, st.sampled_from([0, 2, 100]))
def test_edits_lead_from_one_to_the_other_and_are_the_fewest(before: list[str], after: list[str], most: int) -> None:
    found = edits(before, after, most)
    assert [one for edit in found if edit.op != "in" for one in before[edit.a : edit.b]] == before
    assert [one for edit in found if edit.op != "out" for one in after[edit.c : edit.d]] == after
    kept = sum(edit.b - edit.a for edit in found if edit.op == "same")
    assert all(before[edit.a : edit.b] == after[edit.c : edit.d] for edit in found if edit.op == "same")
    assert kept == longest_common(before, after) if most == 100 else kept <= longest_common(before, after)


@given(words, words, st.sampled_from([0, 3_000_000]))
def test_words_give_both_sides_back(before: str, after: str, effort: int) -> None:
    found = changed(before, after, Effort(effort))
    assert (side(found, "in"), side(found, "out")) == (before, after)
    assert all(text for _, text in found)


def test_a_word_is_changed_and_not_its_sentence() -> None:
    assert changed("Say yes if the text says so.\n", "Say no if the text says so.\n", Effort()) == (
        ("same", "Say "), ("out", "yes"), ("in", "no"), ("same", " if the text says so.\n"),
    )  # fmt: skip
    found = changed("前提は仮説を含意する。", "前提は仮説を否定する。", Effort())
    assert [piece for piece in found if piece[0] != "same"] == [("out", "含意"), ("in", "否定")]
    anew = changed("Ask the lead about the old dates.\n", "Never guess: flag the item at once.\n", Effort())
    assert [op for op, _ in anew] == ["out", "in", "same"] or [op for op, _ in anew] == ["out", "in"]


@given(documents, documents)
def test_every_section_of_both_sides_is_the_same_or_among_the_changes(before: str, after: str) -> None:
    changes = compare(before, after).changes
    ours = [section.body for section in sections.read(before)]
    theirs = [section.body for section in sections.read(after)]
    # What a change takes from the one side and brings to the other turns the bodies of the one into those of the other.
    for change in changes:
        if change.words:
            gone, come = side(change.words, "in"), side(change.words, "out")
            if change.kind != "added":
                ours.remove(gone)
            if change.kind != "removed":
                theirs.remove(come)
        elif change.kind in ("added", "removed"):
            (ours if change.kind == "removed" else theirs).remove("")
    assert sorted(ours) == sorted(theirs)


@given(documents)
def test_nothing_differs_from_itself(text: str) -> None:
    assert compare(text, text).changes == ()
    assert unified(text, text, "a", "b") == ""


def test_moved_renamed_changed_added_and_removed_are_told_apart() -> None:
    moved_away = written(
        2, "Names", "The rule about Names has many words, and it is long enough to be told from all of the others."
    )
    after = BASE.replace(moved_away, "").replace("# Labels", moved_away + "\n# Labels")
    (change,) = compare(BASE, after).changes
    assert (change.kind, change.title, change.words, change.behind) == ("moved", "Names", (), "")
    after = (
        BASE.replace("## Dates", "## Days and dates").replace("Else say no", "Else flag it") + "\n## New\n\nA rule.\n"
    )
    after = after.replace("Read this first.\n\n", "")
    diff = compare(BASE, after)
    assert [(change.kind, change.title) for change in diff.changes] == [
        ("removed", ""), ("changed", "Labels"), ("renamed", "Days and dates"), ("added", "New"),
    ]  # fmt: skip
    assert in_words(diff) == "1 section changed, 1 renamed, 1 added, 1 removed"
    assert in_words(compare(BASE, BASE)) == "no section changed"


def test_what_stands_below_a_moved_section_moves_with_it_silently() -> None:
    tail = BASE[BASE.index("# Labels") :]
    first = written(1, "Other", "Something else that is short.")
    diff = compare(first + "\n" + tail, tail + "\n" + first)
    assert [(change.kind, change.title) for change in diff.changes] == [("moved", "Other")]
    long = written(1, "Other", "Something else that is long. " * 60)
    diff = compare(long + "\n" + tail, tail + "\n" + long)
    assert [(change.kind, change.title) for change in diff.changes] == [("moved", "Labels")]


def test_a_level_is_a_change_too() -> None:
    (change,) = compare(BASE, BASE.replace("## Dates", "### Dates")).changes
    assert (change.kind, change.old_level, change.level, change.words) == ("changed", 2, 3, ())


@given(st.permutations(range(6)), st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_as_little_as_can_be_moved(places: list[int], weights: list[int]) -> None:
    found = list(enumerate(places))
    away = moved(found, weights)
    stayed = [place for number, place in found if number not in away]
    assert stayed == sorted(stayed)
    best = max(
        sum(weight for n, weight in enumerate(weights) if chosen >> n & 1)
        for chosen in range(64)
        if (rest := [place for n, place in found if chosen >> n & 1]) == sorted(rest)
    )
    assert sum(weight for n, weight in enumerate(weights) if n not in away) == best


@given(documents, documents)
def test_a_section_is_paired_once(before: str, after: str) -> None:
    found = pairs(sections.read(before), sections.read(after))
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(found)


@pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not there")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, BASE.replace("Else", "Otherwise").replace("## Names", "## Proper names")),
        (
            "".join(f"line {n}\n" for n in range(40)),
            "".join(f"line {n}\n" for n in range(40) if n not in (0, 9, 16, 39)),
        ),
        ("a\nb\n", "a\nb\nc"),
        ("a\nb", "x\na\nb\n"),
        ("a\n", "z\n"),
    ],
)
def test_a_diff_file_is_one_that_patch_takes(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "guide.md").write_text(before)
    diff = unified(before, after, "1.0.md", "2.0.md")
    assert diff.startswith("--- 1.0.md\n+++ 2.0.md\n@@ ")
    subprocess.run(["patch", "-s", "guide.md"], input=diff, text=True, check=True, cwd=tmp_path)
    assert (tmp_path / "guide.md").read_text() == after
