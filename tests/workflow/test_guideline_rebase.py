"""A proposal brought over to a later version: what one side changed is there, and nothing is lost in silence."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.guideline_texts import documents, odd_texts, written
from workflow.guidelines.text import sections
from workflow.guidelines.text.rebasing import in_words, rebase

TITLES = ["Labels", "Numbers", "Dates", "Names", "Places"]
Text = list[tuple[int, str, str]]


def rule(title: str) -> tuple[int, str, str]:
    return 2, title, f"The rule about {title} is that one looks at it twice, and then says what it is."


def text(parts: Text) -> str:
    return "\n".join(written(*part) for part in parts)


BASE = [rule(title) for title in TITLES]
Change = Callable[[Text], Text]


def reworded(title: str, words: str) -> Change:
    return lambda parts: [(lv, t, words if t == title else body) for lv, t, body in parts]


def renamed(title: str, new: str) -> Change:
    return lambda parts: [(lv, new if t == title else t, body) for lv, t, body in parts]


def without(title: str) -> Change:
    return lambda parts: [part for part in parts if part[1] != title]


def with_new(title: str, behind: str) -> Change:
    def change(parts: Text) -> Text:
        at = [t for _, t, _ in parts].index(behind) + 1
        return [*parts[:at], (2, title, f"Something quite new on {title}."), *parts[at:]]

    return change


def first(title: str) -> Change:
    return lambda parts: sorted(parts, key=lambda part: part[1] != title)


@given(documents | odd_texts, documents | odd_texts)
def test_with_one_side_unchanged_the_other_is_taken_to_the_letter(base: str, other: str) -> None:
    assert rebase(base, base, other).markdown == other
    assert rebase(base, other, base).markdown == other
    assert rebase(base, other, other).markdown == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (reworded("Labels", "One way."), reworded("Names", "Another way.")),
        (reworded("Labels", "One way."), renamed("Labels", "The labels")),
        (reworded("Labels", "One way."), first("Labels")),
        (reworded("Labels", "One way."), first("Places")),
        (without("Dates"), reworded("Names", "Another way.")),
        (without("Dates"), first("Names")),
        (with_new("Times", "Dates"), reworded("Dates", "Another way.")),
        (with_new("Times", "Dates"), without("Dates")),
        (with_new("Times", "Dates"), first("Places")),
        (with_new("Times", "Labels"), with_new("Hours", "Names")),
        (first("Dates"), renamed("Dates", "Days")),
        (first("Names"), first("Names")),
    ],
)
def test_changes_of_both_sides_are_all_there_whoever_was_first(one: Change, other: Change) -> None:
    both = text(other(one(BASE)))
    assert rebase(text(BASE), text(one(BASE)), text(other(BASE))).markdown == both
    assert rebase(text(BASE), text(other(BASE)), text(one(BASE))).markdown == both


def test_new_sections_in_one_place_are_both_there_the_one_in_force_first() -> None:
    done = rebase(text(BASE), text(with_new("Times", "Places")(BASE)), text(with_new("Hours", "Places")(BASE)))
    assert [one.title for one in sections.read(done.markdown or "")] == [*TITLES, "Times", "Hours"]
    below = text(BASE) + "\n" + written(3, "Below", "What stands below places.")
    done = rebase(text(BASE), below, text(with_new("Hours", "Places")(BASE)))
    assert [one.title for one in sections.read(done.markdown or "")] == [*TITLES, "Below", "Hours"]


@pytest.mark.parametrize(
    ("one", "other", "title"),
    [
        (reworded("Dates", "One way."), reworded("Dates", "Another way."), "Dates"),
        (reworded("Dates", "One way."), without("Dates"), "Dates"),
        (renamed("Dates", "Days"), renamed("Dates", "Times"), "Days"),
        (first("Names"), first("Places"), "the order of the sections"),
        (with_new("Hours", "Dates"), lambda parts: [*parts, (2, "Hours", "Entirely different words.")], "Hours"),
        (
            lambda parts: [*parts, (2, "Open", "```\nnever closed")],
            lambda parts: [*parts, (2, "Last", "This would be swallowed.")],
            "Open",
        ),
    ],
)
def test_what_both_changed_differently_is_a_conflict_that_says_so(one: Change, other: Change, title: str) -> None:
    done = rebase(text(BASE), text(one(BASE)), text(other(BASE)))
    assert done.markdown is None
    assert [conflict.title for conflict in done.conflicts] == [title]
    assert f"“{title}”" in in_words(done.conflicts)


@given(st.lists(st.sampled_from(TITLES), unique=True), st.lists(st.sampled_from(TITLES), unique=True))
def test_only_sections_that_both_sides_rewrote_are_in_conflict(ours: list[str], theirs: list[str]) -> None:
    current = [(lv, t, f"{body} In force." if t in ours else body) for lv, t, body in BASE]
    proposed = [(lv, t, f"{body} Proposed." if t in theirs else body) for lv, t, body in BASE]
    done = rebase(text(BASE), text(current), text(proposed))
    assert [conflict.title for conflict in done.conflicts] == [
        title for title in TITLES if title in ours and title in theirs
    ]
    for conflict in done.conflicts:
        assert "In force." in conflict.current
        assert "Proposed." in conflict.proposed
    if done.markdown is not None:
        assert done.markdown.count("In force.") == len(ours)
        assert done.markdown.count("Proposed.") == len(theirs)
