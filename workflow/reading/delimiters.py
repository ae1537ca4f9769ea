"""What separates the columns of a table: said by the file itself, or found by the columns that it then has."""

import re
from collections.abc import Sequence
from itertools import islice

from workflow import normalise
from workflow.errors import RefusedError
from workflow.reading import csv_rows
from workflow.reading.physical_lines import Line
from workflow.reading.rows import Row

CANDIDATES = (",", "\t", ";", "|")
LINES = 50
LONGEST_WHOLE = 10_000
_LINE = re.compile(r"(?=[\s\S])([^\r\n]*)(\r\n|\r|\n|)")


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
    """The delimiter under which a table has most of the wanted columns, then the most rows as wide as its first."""
    lines = _lines(head)
    folded = {name.casefold() for name in wanted}
    return max(CANDIDATES, key=lambda delimiter: _score(lines, delimiter, folded))


def _lines(head: str) -> list[Line]:
    """Its first lines; the last one of a long beginning may be cut off, and is left out where there are others."""
    found = islice(_LINE.finditer(head), LINES + 1)
    lines = [Line(number, line[1], end=line[2]) for number, line in enumerate(found, start=1)]
    cut_off = len(head) > LONGEST_WHOLE and len(lines) > 1 and not lines[-1].end
    return lines[:-1] if cut_off else lines[:LINES]


def _score(lines: Sequence[Line], delimiter: str, wanted: set[str]) -> tuple[int, float, int]:
    table = csv_rows.table(lines, delimiter)
    if not isinstance(table, csv_rows.Table):
        return 0, 0.0, 0
    width = len(table.first)
    columns = [str(place) for place in range(width)]
    rows = [isinstance(row, Row) for row in table.named(columns, header=True)]
    regular = sum(rows) / len(rows) if rows else 1.0
    # One column is what any sign gives that is not there; so two columns in half of the rows say more.
    return _named(table.first, wanted), regular if width > 1 else regular / 2, width


def _named(first: Sequence[str], wanted: set[str]) -> int:
    return sum(normalise.name(name).casefold() in wanted for name in first)
