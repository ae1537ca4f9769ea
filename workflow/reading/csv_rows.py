"""Rows of a CSV file (RFC 4180), each with the physical line on which it begins.

A quote that is never closed would swallow the rest of the file: such a row is refused, and reading goes on at its next
line. That needs a reader that can go back, which the standard library's is not.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from workflow import normalise
from workflow.errors import RefusedError
from workflow.reading.physical_lines import Line
from workflow.reading.rows import LONGEST_LINE, Refused, Row

_PLAIN = re.compile(r'[^,"]*')
_QUOTED = re.compile(r'[^"]*(?:""[^"]*)*')

UNCLOSED = "broken quotes: a quoted field is not closed"
AFTER_QUOTE = "broken quotes: text stands after a closing quote; a quote inside a field is written twice"
INSIDE_PLAIN = (
    "broken quotes: a quote stands inside a field without quotes; put the field in quotes, and double the quote"
)


@dataclass
class _Record:
    """A row being read: the fields that are complete, and the parts of a quoted one that is not."""

    fields: list[str] = field(default_factory=list)
    open_parts: list[str] | None = None
    fault: str | None = None

    def take(self, line: str) -> None:
        """Read one physical line into the record."""
        at = 0
        if self.open_parts is not None:
            at = self._close(line, 0)
        while self.fault is None and self.open_parts is None and at <= len(line):
            at = self._field(line, at)

    def _field(self, line: str, at: int) -> int:
        if line.startswith('"', at):
            self.open_parts = []
            return self._close(line, at + 1)
        plain = _PLAIN.match(line, at)
        end = plain.end() if plain else at
        if line.startswith('"', end):
            self.fault = INSIDE_PLAIN
        self.fields.append(line[at:end])
        return end + 1

    def _close(self, line: str, at: int) -> int:
        inside = _QUOTED.match(line, at)
        end = inside.end() if inside else at
        parts = self.open_parts if self.open_parts is not None else []
        parts.append(line[at:end].replace('""', '"'))
        if end == len(line):
            return end + 1
        self.fields.append("\n".join(parts))
        self.open_parts = None
        if end + 1 < len(line) and line[end + 1] != ",":
            self.fault = AFTER_QUOTE
        return end + 2


class _Rewindable:
    """Lines that can be read again from a point on; blank ones between records are not rows."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._fresh = iter(lines)
        self._again: deque[Line] = deque()

    def next(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._fresh, None)

    def put_back(self, lines: list[Line]) -> None:
        self._again.extendleft(reversed(lines))


def read(lines: Iterable[Line], wanted: Iterable[str]) -> Iterator[Row | Refused]:
    """The rows under the header, refused ones among them.

    Raises RefusedError where the header lacks a ``wanted`` column, names one twice, or leaves one without a name.
    """
    source = _Rewindable(lines)
    header = _header(source, list(wanted))
    while first := _first_of_record(source):
        if '"' not in first.text and first.problem is None:
            yield _row(header, first.number, first.text.split(","), first.text)
        else:
            yield _quoted_row(source, header, first)


def _first_of_record(source: _Rewindable) -> Line | None:
    while (line := source.next()) and line.problem is None and not line.text:
        pass
    return line


def _quoted_row(source: _Rewindable, header: list[str], first: Line) -> Row | Refused:
    record, taken = _record(source, first)
    raw = "\n".join(line.text for line in taken)
    problem = next((line.problem for line in taken if line.problem), None)
    if problem and len(taken) == 1:
        return Refused(first.number, "", problem, raw)
    if record.fault:
        source.put_back(taken[1:])
        return Refused(first.number, _column(header, record), record.fault, first.text)
    if problem:
        return Refused(first.number, "", problem, raw)
    return _row(header, first.number, record.fields, raw)


def _record(source: _Rewindable, first: Line) -> tuple[_Record, list[Line]]:
    record, taken, size = _Record(), [first], len(first.text)
    record.take(first.text)
    while record.fault is None and record.open_parts is not None:
        line = source.next() if size <= LONGEST_LINE and not taken[-1].cut else None
        if line is None:
            record.fault = taken[-1].problem if taken[-1].cut else UNCLOSED
            break
        taken.append(line)
        size += len(line.text)
        record.take(line.text)
        if record.fault:
            record.fault = f"{UNCLOSED}, or line {line.number} has text after a closing quote"
    return record, taken


def _row(header: list[str], line: int, fields: list[str], raw: str) -> Row | Refused:
    if len(fields) != len(header):
        kind = "too few" if len(fields) < len(header) else "too many"
        return Refused(line, "", f"{kind} columns: {len(fields)} instead of {len(header)}", raw)
    return Row(line, dict(zip(header, fields, strict=True)), raw)


def _column(header: list[str], record: _Record) -> str:
    # The field at fault is the last one begun: still open, or complete and followed by what should not be there.
    at = len(record.fields) - (record.open_parts is None)
    return header[at] if at < len(header) else ""


def _header(source: _Rewindable, wanted: list[str]) -> list[str]:
    first = _first_of_record(source)
    if first is None:
        raise RefusedError("The file is empty: it needs a header line with the names of its columns.")
    record, taken = _record(source, first)
    problem = record.fault or next((line.problem for line in taken if line.problem), None)
    if problem:
        raise RefusedError(f"The header (line {first.number}) cannot be read: {problem}.")
    names = [normalise.name(name) for name in record.fields]
    if "" in names:
        place = names.index("") + 1
        raise RefusedError(f"Column {place} of the header has no name: give it one, or take the column out.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(
            f"The header names {', '.join(map(repr, twice))} more than once: every column needs its own."
        )
    missing = [name for name in wanted if name not in names]
    if missing:
        raise RefusedError(_missing(missing, names, first.text))
    return names


def _missing(missing: list[str], names: list[str], line: str) -> str:
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in line:
            return f"The columns of the file are separated by {called}: save it with commas."
    hints = [
        f"{name!r}" + (f" (did you mean {near[0]!r}?)" if (near := _near(name, names)) else "") for name in missing
    ]
    return f"The header has no column {', '.join(hints)}. It has: {', '.join(names)}."


def _near(name: str, names: list[str]) -> list[str]:
    folded = {other.casefold(): other for other in names}
    return [folded[near] for near in get_close_matches(name.casefold(), list(folded), n=1)]
