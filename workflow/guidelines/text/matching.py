"""Which section of one text is which of another, so that what was moved or renamed is not taken for deleted and written."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from workflow.guidelines.text.sections import Section

Pair = tuple[int, int]
ALIKE = 0.6
"""Share of words in common from which two sections under different headings are one that was renamed."""
UNLIKE = 0.3
"""Share below which two sections under the same heading, but in different places, are two: “Examples” is said often."""
MOST_COMPARED = 60
FEW = 10
_WORDS = re.compile(r"\w+")


def pairs(before: Sequence[Section], after: Sequence[Section]) -> list[Pair]:
    """The numbers of sections that are the same thing, in the order of ``before``; each comes at most once.

    First those that are the same to the letter in the same place, then by heading and the headings above it, by heading
    and text, by heading alone, by text alone; then those that say nearly the same under another heading.
    """
    places, later = _paths(before), _paths(after)
    found: dict[int, int] = {}
    for key in (_whole, _place, _titled, _title, _body):
        left, right = _unpaired(found, len(before), len(after))
        equal = _equal(_keyed(left, before, places, key), _keyed(right, after, later, key))
        found |= {one: other for one, other in equal if key is not _title or _one_rule(before[one], after[other])}
    left, right = _unpaired(found, len(before), len(after))
    found |= dict(_nearly(left, before, right, after))
    return sorted(found.items())


def _unpaired(found: Mapping[int, int], before: int, after: int) -> tuple[list[int], list[int]]:
    taken = set(found.values())
    return [n for n in range(before) if n not in found], [n for n in range(after) if n not in taken]


def moved(found: Sequence[Pair], weights: Sequence[int]) -> set[int]:
    """Of pairs in the order of ``before``, those that stand elsewhere in ``after``: numbers of sections of ``before``.

    As little as can be is said to have moved, by the pairs' ``weights``: a short section around a long one, and not that.
    """
    ends: list[
        tuple[int, int, int]
    ] = []  # chains by their end: (place, weight, pair), each heavier than the one before
    behind: list[int] = []
    for pair, ((_, place), weight) in enumerate(zip(found, weights, strict=True)):
        at = bisect_left(ends, (place, 0, 0))
        _, before, last = ends[at - 1] if at else (0, 0, -1)
        behind.append(last)
        while at < len(ends) and ends[at][1] <= before + weight:
            ends.pop(at)
        ends.insert(at, (place, before + weight, pair))
    stayed = set()
    pair = ends[-1][2] if ends else -1
    while pair >= 0:
        stayed.add(found[pair][0])
        pair = behind[pair]
    return {number for number, _ in found} - stayed


Key = Callable[[Section, tuple[str, ...]], Hashable]


def _whole(section: Section, path: tuple[str, ...]) -> Hashable:
    return section.level, section.title, section.body, path


def _place(section: Section, path: tuple[str, ...]) -> Hashable:
    return section.title, path, section.level == 0


def _titled(section: Section, _path: tuple[str, ...]) -> Hashable:
    return section.title, section.body


def _title(section: Section, _path: tuple[str, ...]) -> Hashable:
    return (section.title,) if section.title else None


def _body(section: Section, _path: tuple[str, ...]) -> Hashable:
    return (section.body,) if len(_WORDS.findall(section.body[:200])) > 2 else None


def _paths(sections: Iterable[Section]) -> list[tuple[str, ...]]:
    """The headings above each section."""
    above: list[Section] = []
    made = []
    for section in sections:
        above = [one for one in above if one.level < section.level]
        made.append(tuple(one.title for one in above))
        above.append(section)
    return made


def _keyed(
    numbers: Sequence[int], sections: Sequence[Section], paths: Sequence[tuple[str, ...]], key: Key
) -> dict[Hashable, list[int]]:
    made: dict[Hashable, list[int]] = defaultdict(list)
    for number in numbers:
        made[key(sections[number], paths[number])].append(number)
    made.pop(None, None)
    return made


def _equal(left: dict[Hashable, list[int]], right: dict[Hashable, list[int]]) -> Iterator[Pair]:
    for key, numbers in left.items():
        yield from zip(numbers, right.get(key, ()), strict=False)


def _nearly(
    left: Sequence[int], before: Sequence[Section], right: Sequence[int], after: Sequence[Section]
) -> Iterator[Pair]:
    """The most alike first."""
    ours = {n: _said(before[n]) for n in left[:MOST_COMPARED]}
    theirs = {n: _said(after[n]) for n in right[:MOST_COMPARED]}
    found = [(_alike(ours[one], theirs[other]), one, other) for one in ours for other in theirs]
    for share, one, other in sorted(found, key=lambda entry: -entry[0]):
        if share >= ALIKE and one in ours and other in theirs:
            del ours[one], theirs[other]
            yield one, other


def _one_rule(one: Section, other: Section) -> bool:
    ours, theirs = _said(one), _said(other)
    return _alike(ours, theirs) >= UNLIKE or ours.total() + theirs.total() < FEW


def _said(section: Section) -> Counter[str]:
    return Counter(_WORDS.findall(section.body.lower()))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """Twice the words in common by the words of both; nothing for texts that hardly have any."""
    words = one.total() + other.total()
    return 2 * (one & other).total() / words if words >= FEW else 0.0
