"""What differs between two versions of a guideline: by section for people, word by word; and as a .diff file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

from workflow.guidelines.text.edits import Edit, edits
from workflow.guidelines.text.matching import Pair, moved, pairs
from workflow.guidelines.text.sections import Section, read
from workflow.guidelines.text.words import Effort, Words, changed

Kind = Literal["added", "removed", "changed", "moved", "renamed"]
CONTEXT = 3
"""Lines that stay which a .diff file shows around what does not."""
KINDS: tuple[Kind, ...] = ("changed", "renamed", "moved", "added", "removed")


@dataclass(frozen=True)
class SectionChange:
    """What happened to one section: what stands first of moved, renamed, changed; the rest shows in the other values.

    ``title`` is how it is called now (or was, if it is removed), ``old_title`` how before. What stands before the first
    heading has neither. ``words`` is empty where its text stayed. ``behind`` is the heading that a moved or added section
    now follows: empty at the beginning. ``level`` and ``old_level`` are those of its heading, 0 where it has none.
    """

    kind: Kind
    title: str
    old_title: str
    words: Words
    behind: str = ""
    level: int = 0
    old_level: int = 0


@dataclass(frozen=True)
class Diff:
    """All sections that differ, in the order of the later text; what was removed stands where it was."""

    changes: tuple[SectionChange, ...]

    def as_values(self) -> list[dict[str, Any]]:
        """The changes for templates and JSON."""
        return [asdict(change) for change in self.changes]


@lru_cache(maxsize=8)
def compare(before: str, after: str) -> Diff:
    """What differs between two texts. Blank lines between sections are no difference."""
    ours, theirs = read(before), read(after)
    found = pairs(ours, theirs)
    away = _moved(found, ours, theirs)
    effort = Effort()
    made: list[SectionChange] = []
    later = dict(found)
    earlier = {place: number for number, place in found}
    gone = _gone_behind(ours, later)
    made += [_removed(ours[number]) for number in gone.get(-1, ())]
    for place, section in enumerate(theirs):
        behind = theirs[place - 1].title if place else ""
        number = earlier.get(place)
        if number is None:
            made.append(SectionChange("added", section.title, "", _all("in", section.body), behind, section.level))
            continue
        change = _changed(ours[number], section, behind if number in away else None, effort)
        made += [change] if change else []
        made += [_removed(ours[one]) for one in gone.get(number, ())]
    return Diff(tuple(made))


def in_words(diff: Diff) -> str:
    """``2 sections changed, 1 added, 1 moved``."""
    counted = [(sum(one.kind == kind for one in diff.changes), kind) for kind in KINDS]
    said = [f"{count:,} {kind}" for count, kind in counted if count]
    if not said:
        return "no section changed"
    first, _, rest = said[0].partition(" ")
    return ", ".join([f"{first} section{'' if first == '1' else 's'} {rest}", *said[1:]])


def unified(before: str, after: str, before_name: str, after_name: str) -> str:
    """The whole as a .diff file, which ``patch`` and ``git apply`` take; empty for two texts that are the same."""
    ours, theirs = _lines(before), _lines(after)
    made: list[str] = []
    for hunk in _hunks(edits(ours, theirs)):
        first, last = hunk[0], hunk[-1]
        made.append(f"@@ -{_range(first.a, last.b)} +{_range(first.c, last.d)} @@\n")
        for edit in hunk:
            sign = {"same": " ", "out": "-", "in": "+"}[edit.op]
            lines = theirs[edit.c : edit.d] if edit.op == "in" else ours[edit.a : edit.b]
            made += [
                sign + line if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"
                for line in lines
            ]
    return "".join([f"--- {before_name}\n+++ {after_name}\n", *made]) if made else ""


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _hunks(found: Sequence[Edit]) -> Iterator[list[Edit]]:
    """The edits with so many lines of context, in groups; what stays for long parts two of them."""
    hunk: list[Edit] = []
    for number, edit in enumerate(found):
        if edit.op != "same":
            hunk.append(edit)
            continue
        before = min(CONTEXT, edit.b - edit.a) if number else 0
        after = min(CONTEXT, edit.b - edit.a) if number + 1 < len(found) else 0
        if before + after >= edit.b - edit.a and before and after:
            hunk.append(edit)
            continue
        if before:
            yield [*hunk, Edit("same", edit.a, edit.a + before, edit.c, edit.c + before)]
        hunk = [Edit("same", edit.b - after, edit.b, edit.d - after, edit.d)] if after else []
    if any(edit.op != "same" for edit in hunk):
        yield hunk


def _range(start: int, end: int) -> str:
    """Where lines stand, from 1; of none, the line before them."""
    return f"{start + 1 if end > start else start},{end - start}"


def _moved(found: Sequence[Pair], ours: Sequence[Section], theirs: Sequence[Section]) -> set[int]:
    """Sections that moved, but for those that went along with the section above them."""
    away = moved(found, [len(ours[number].source) for number, _ in found])
    later = dict(found)
    above, above_later = _parents(ours), _parents(theirs)
    return {
        number for number in away if above[number] not in away or later[above[number]] != above_later[later[number]]
    }


def _parents(sections: Sequence[Section]) -> list[int]:
    """The number of the section that each one is below; -1 where there is none."""
    above: list[int] = []
    made = []
    for number, section in enumerate(sections):
        above = [one for one in above if sections[one].level < section.level]
        made.append(above[-1] if above else -1)
        above.append(number)
    return made


def _gone_behind(ours: Sequence[Section], later: dict[int, int]) -> dict[int, list[int]]:
    """Removed sections by the last one before them that stayed; -1 where there is none."""
    made: dict[int, list[int]] = {}
    last = -1
    for number in range(len(ours)):
        if number in later:
            last = number
        else:
            made.setdefault(last, []).append(number)
    return made


def _removed(section: Section) -> SectionChange:
    return SectionChange("removed", section.title, section.title, _all("out", section.body), "", 0, section.level)


def _changed(before: Section, after: Section, behind: str | None, effort: Effort) -> SectionChange | None:
    words = changed(before.body, after.body, effort) if before.body != after.body else ()
    kind: Kind = "moved" if behind is not None else "renamed" if before.title != after.title else "changed"
    if kind == "changed" and not words and before.level == after.level:
        return None
    return SectionChange(kind, after.title, before.title, words, behind or "", after.level, before.level)


def _all(op: Literal["in", "out"], body: str) -> Words:
    return ((op, body),) if body else ()
