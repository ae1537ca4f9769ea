"""Patterns: what the labels of one item say, without who said it.

Krippendorff's alpha depends on labels only through how many people gave an item each value. Items with equal counts are
therefore one row with a multiplicity: ten million labels come out of the database as a few dozen rows.

A pattern is kept as text, ``"3:2,7:1"``: value id 3 from two people, value id 7 from one; the empty text is an item
without labels.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping

Pattern = tuple[tuple[int, int], ...]
"""(value id, number of people) sorted by value id; every number is at least 1."""

Patterns = Mapping[Pattern, int]
"""Pattern to the number of items that have it."""


def format_pattern(counts: Mapping[int, int]) -> str:
    """Write how many people gave each value id as text; values that nobody gave are left out.

    Raises ValueError for a negative value id or count.
    """
    for value, count in counts.items():
        if value < 0 or count < 0:
            raise ValueError(f"a pattern has no negative numbers: {value}:{count}")
    return ",".join(f"{value}:{count}" for value, count in sorted(counts.items()) if count)


def parse_pattern(text: str) -> Pattern:
    """Read what `format_pattern` wrote.

    Raises ValueError for anything else, other spellings of the same counts included: patterns are compared as text.
    """
    pattern = tuple(_parse_part(part, text) for part in text.split(",")) if text else ()
    if format_pattern(dict(pattern)) != text:
        raise ValueError(f"not a pattern: {text!r}")
    return pattern


def _parse_part(part: str, text: str) -> tuple[int, int]:
    value, colon, count = part.partition(":")
    if not (colon and value.isdecimal() and count.isdecimal()):
        raise ValueError(f"not a pattern: {text!r}")
    return int(value), int(count)


def count_patterns(labels: Iterable[tuple[Hashable, int]]) -> Counter[Pattern]:
    """Patterns of single labels, each an (item, value id); the slow way round, for checks and small data."""
    by_item: defaultdict[Hashable, Counter[int]] = defaultdict(Counter)
    for item, value in labels:
        by_item[item][value] += 1
    return Counter(tuple(sorted(counts.items())) for counts in by_item.values())
