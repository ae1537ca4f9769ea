"""A proposal brought over to a later version: what either side changed is kept, and where both did it is a conflict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import TypeVar

from workflow.guidelines.text.matching import moved, pairs
from workflow.guidelines.text.sections import Section, read

SHOWN = 5
QUOTED = 300


@dataclass(frozen=True)
class Conflict:
    """A section that both sides changed differently, as it reads on each; empty where a side took it out."""

    title: str
    current: str
    proposed: str


@dataclass(frozen=True)
class Rebased:
    """The text with the changes of both sides; None where they are in conflict."""

    markdown: str | None
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class _Side:
    """A text against the base: ``number_of`` gives for sections of the base the ones here, ``base_of`` the other way."""

    sections: Sequence[Section]
    number_of: Mapping[int, int]
    base_of: Mapping[int, int]
    has_moved: bool


Value = TypeVar("Value")
Key = tuple[str, int]
"""A section of the result: of the base, or new on one side."""


def rebase(base: str, current: str, proposed: str) -> Rebased:
    """Bring the changes from ``base`` to ``proposed`` over to ``current``, section by section.

    A section that changed on one side is taken from there, one that changed alike on both is taken once; heading and text
    count apart, so that one side may rename what the other rewrites. Sections that are new, gone or moved on one side are
    so in the result.
    """
    sections = read(base)
    ours, theirs = _side(sections, current), _side(sections, proposed)
    conflicts: list[Conflict] = []
    kept: dict[Key, Section] = {}
    for number, section in enumerate(sections):
        one, other = _here(ours, number), _here(theirs, number)
        merged = _merged(section, one, other)
        if isinstance(merged, Conflict):
            conflicts.append(merged)
        elif merged is not None:
            kept["base", number] = merged
    alike, clashing = _new_on_both(ours, theirs)
    conflicts += clashing
    if ours.has_moved and theirs.has_moved and _order(ours, theirs) != _order(theirs, ours):
        conflicts.append(Conflict("the order of the sections", _headings(ours), _headings(theirs)))
    if conflicts:
        return Rebased(None, tuple(conflicts))
    kept |= {("ours", n): one for n, one in enumerate(ours.sections) if n not in ours.base_of}
    kept |= {("theirs", n): one for n, one in enumerate(theirs.sections) if n not in theirs.base_of and n not in alike}
    return _written(_arranged(ours, theirs, alike, kept), kept, ours, theirs)


def in_words(conflicts: Sequence[Conflict]) -> str:
    """Which sections both sides changed, and what each says, for who proposed it."""
    told = [
        f"“{one.title or 'the beginning'}”\nin force: {_quoted(one.current)}\nproposed: {_quoted(one.proposed)}"
        for one in conflicts[:SHOWN]
    ]
    more = [f"… and {len(conflicts) - SHOWN:,} more."] if len(conflicts) > SHOWN else []
    return "\n\n".join(["Another version has changed the same rules meanwhile:", *told, *more])


def _side(base: Sequence[Section], text: str) -> _Side:
    sections = read(text)
    found = pairs(base, sections)
    away = moved(found, [len(base[number].source) for number, _ in found])
    return _Side(sections, dict(found), {place: number for number, place in found}, bool(away))


def _here(side: _Side, number: int) -> Section | None:
    place = side.number_of.get(number)
    return None if place is None else side.sections[place]


def _merged(base: Section, one: Section | None, other: Section | None) -> Section | Conflict | None:
    """What becomes of a section of the base; None where it goes."""
    if one is None or other is None:
        left = one or other
        return None if left is None or _same(left, base) else _conflict(one, other)
    if other.source == base.source or (_same(other, base) and not _same(one, base)):
        return one
    if _same(one, base) or _same(one, other):
        return other
    heading = _either(_heading(base), _heading(one), _heading(other))
    body = _either(base.body, one.body, other.body)
    if heading is None or body is None:
        return _conflict(one, other)
    named, written = (one if heading == _heading(one) else other), (one if body == one.body else other)
    head = named.source[: named.heading]
    lead = "" if head.endswith("\n") or not head else "\n\n"
    return replace(named, body=body, source=head + lead + written.source[written.heading :])


def _either(base: Value, one: Value, other: Value) -> Value | None:
    """The one that changed, or what both became; None where both did and differently."""
    if one in (base, other):
        return other
    return one if other == base else None


def _heading(section: Section) -> tuple[int, str]:
    return section.level, section.title


def _same(one: Section, other: Section) -> bool:
    return (one.level, one.title, one.body) == (other.level, other.title, other.body)


def _conflict(one: Section | None, other: Section | None) -> Conflict:
    named = one or other
    return Conflict(
        named.title if named else "", one.source.strip() if one else "", other.source.strip() if other else ""
    )


def _new_on_both(ours: _Side, theirs: _Side) -> tuple[dict[int, int], list[Conflict]]:
    """New sections of theirs that ours has too, by their numbers; and those that ours has with another text."""
    new = [n for n in range(len(ours.sections)) if n not in ours.base_of]
    also = [n for n in range(len(theirs.sections)) if n not in theirs.base_of]
    alike: dict[int, int] = {}
    conflicts = []
    for one, other in pairs([ours.sections[n] for n in new], [theirs.sections[n] for n in also]):
        mine, yours = ours.sections[new[one]], theirs.sections[also[other]]
        if _same(mine, yours):
            alike[also[other]] = new[one]
        elif mine.title == yours.title:
            conflicts.append(_conflict(mine, yours))
    return alike, conflicts


def _order(side: _Side, other: _Side) -> list[int]:
    return [number for _, number in sorted(side.base_of.items()) if number in other.number_of]


def _headings(side: _Side) -> str:
    return "\n".join(one.title for one in side.sections if one.title)


def _keys(side: _Side, name: str, alike: Mapping[int, int]) -> list[Key]:
    return [
        ("base", side.base_of[n])
        if n in side.base_of
        else ("ours", alike[n])
        if n in alike and name == "theirs"
        else (name, n)
        for n in range(len(side.sections))
    ]


def _arranged(ours: _Side, theirs: _Side, alike: Mapping[int, int], kept: Mapping[Key, Section]) -> list[Key]:
    """The sections in the order of the side that moved any; what is new on the other comes behind what it follows there."""
    first, second = _keys(ours, "ours", alike), _keys(theirs, "theirs", alike)
    if theirs.has_moved:
        first, second = second, first
    made = [key for key in first if key in kept]
    there, known = set(made), set(second)
    last: Key | None = None
    for key in (one for one in second if one in kept):
        if key not in there:
            made.insert(_place(made, last, known, kept, key), key)
        last = key
    return made


def _place(made: Sequence[Key], behind: Key | None, known: set[Key], kept: Mapping[Key, Section], key: Key) -> int:
    """Behind a section, and behind what the other side wrote there on the same level or below it: that stays below it."""
    at = made.index(behind) + 1 if behind is not None else 0
    while at < len(made) and made[at] not in known and kept[made[at]].level >= kept[key].level:
        at += 1
    return at


def _written(order: Sequence[Key], kept: Mapping[Key, Section], ours: _Side, theirs: _Side) -> Rebased:
    neighbours = _neighbours(ours.sections) | _neighbours(theirs.sections)
    made = ""
    sources = [kept[key].source for key in order]
    made = "".join(sources[:1])
    for source, following in pairwise(sources):
        if (source, following) not in neighbours and not source.endswith("\n\n"):
            made += "\n" if source.endswith("\n") else "\n\n"
        made += following
    return _read_again(made, [kept[key] for key in order])


def _neighbours(sections: Sequence[Section]) -> set[tuple[str, str]]:
    return {(one.source, other.source) for one, other in pairwise(sections)}


def _read_again(made: str, wanted: Sequence[Section]) -> Rebased:
    """A code block that one side left open would swallow what the other side wrote below it."""
    for one, other in zip_longest(read(made), wanted):
        if one is None or other is None or not _same(one, other):
            return Rebased(None, (_conflict(other, one),))
    return Rebased(made)


def _quoted(source: str) -> str:
    if not source:
        return "(taken out)"
    return source if len(source) <= QUOTED else source[:QUOTED].rstrip() + "…"
