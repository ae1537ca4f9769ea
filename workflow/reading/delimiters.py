"""What separates the columns of a table: said by the file itself, or found by the columns that it then has."""

import csv
from collections import Counter
from collections.abc import Sequence

from workflow import normalise
from workflow.errors import RefusedError

CANDIDATES = (",", "\t", ";", "|")
LINES = 50


def said(line: str) -> str | None:
    """The delimiter that a first line such as ``sep=;`` says, as spreadsheets write it."""
    typed = line.strip('\ufeff\r\n"')
    return typed[4] if len(typed) == 5 and typed[:4].lower() == "sep=" else None


def asked(sign: str | None) -> str | None:
    """A delimiter that somebody gave. Raises RefusedError for what cannot be one."""
    if sign is not None and (len(sign) != 1 or sign in '"\r\n'):
        raise RefusedError(f"Columns cannot be separated by {sign!r}: write one character, no quote and no line end.")
    return sign


def found(head: str, wanted: Sequence[str]) -> str:
    """The delimiter under which a table has most of the wanted columns, then the most regular rows."""
    lines = head.splitlines(keepends=True)
    whole = lines[:-1] if len(lines) > 1 and not head.endswith(("\n", "\r")) else lines
    folded = {name.casefold() for name in wanted}
    return max(CANDIDATES, key=lambda delimiter: _score(whole[:LINES], delimiter, folded))


def _score(lines: Sequence[str], delimiter: str, wanted: set[str]) -> tuple[int, float, int]:
    rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    if not rows:
        return 0, 0.0, 0
    named = sum(normalise.name(name).casefold() in wanted for name in rows[0])
    widths = Counter(len(row) for row in rows)
    width, times = widths.most_common(1)[0]
    return named, times / len(rows) if width > 1 else 0.0, width
