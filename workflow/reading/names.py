"""The names of columns: put right, no two the same, and whether a first row looks like names at all."""

import re
from collections.abc import Collection, Sequence

from workflow import normalise

LONGEST_NAME = 60
MOST_COLUMNS = 10_000
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,:/eE+-]*")


def told_apart(names: Sequence[str]) -> list[str]:
    """Names put right; one without a name is ``column N``, and a second ``text`` is ``text (2)``."""
    told: dict[str, None] = {}
    taken = {normalise.name(name) for name in names}
    numbers: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        right = normalise.name(name) or f"column {place}"
        number, free = numbers.get(right, 1), right
        while free in told or (number > 1 and free in taken):
            number += 1
            free = f"{right} ({number})"
        numbers[right] = number
        told[free] = None
    return list(told)


def too_many(count: int) -> str:
    """In words, that there are more columns than anybody's table has."""
    return f"{count:,} columns, at most {MOST_COLUMNS:,}: perhaps they are separated by something else"


def numbered(count: int) -> list[str]:
    """Names for columns that have none."""
    return [f"column {place}" for place in range(1, count + 1)]


def doubt(names: Sequence[str], known: Collection[str], below: Sequence[Sequence[str]] = ()) -> str | None:
    """Why a first row may not be the names of columns, in words; None where it looks like names.

    ``known`` are names that settle it, ``below`` the first rows under it: a value that its own column has again is no name.
    """
    folded = {normalise.name(name).casefold() for name in names}
    if folded & {name.casefold() for name in known}:
        return None
    for place, name in enumerate(names):
        again = name.strip() and any(row[place] == name for row in below if list(row) != list(names))
        if again or _NUMBER.fullmatch(name.strip()) or len(name) > LONGEST_NAME or name.count(" ") > 5:
            shown = repr(name if len(name) <= 40 else name[:40] + "...")
            more = ", which comes again below" if again else ""
            return f"The first row looks like data rather than like the names of columns: it has {shown}{more}."
    return None
