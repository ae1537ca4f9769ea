"""Rows of a table of text (CSV, RFC 4180, and its kin), each with the physical line on which it begins.

A quote that is never closed would swallow the rest of the file: such a row is refused, and reading goes on at its next
line. That needs a reader that can go back, which the standard library's is not.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from workflow.reading.physical_lines import Line
from workflow.reading.rows import LONGEST_LINE, Refused, Row

_QUOTED = re.compile(r'[^"]*(?:""[^"]*)*')

# What a line costs in memory beside its text: an open quote may be followed by a million empty lines.
LINE_COST = 100
UNCLOSED = "broken quotes: a quoted field is not closed"
AFTER_QUOTE = "broken quotes: text stands after a closing quote; a quote inside a field is written twice"
INSIDE_PLAIN = (
    "broken quotes: a quote stands inside a field without quotes; put the field in quotes, and double the quote"
)


@cache
def _plain(delimiter: str) -> re.Pattern[str]:
    return re.compile(f'[^{re.escape(delimiter)}"]*')


@dataclass
class _Record:
    """A row being read: the fields that are complete, and the parts of a quoted one that is not."""

    delimiter: str
    fields: list[str] = field(default_factory=list)
    open_parts: list[str] | None = None
    fault: str | None = None

    def take(self, line: Line) -> None:
        """Read one physical line into the record."""
        at = 0
        if self.open_parts is not None:
            at = self._close(line, 0)
        while self.fault is None and self.open_parts is None and at <= len(line.text):
            at = self._field(line, at)

    def _field(self, line: Line, at: int) -> int:
        if line.text.startswith('"', at):
            self.open_parts = []
            return self._close(line, at + 1)
        plain = _plain(self.delimiter).match(line.text, at)
        end = plain.end() if plain else at
        if line.text.startswith('"', end):
            self.fault = INSIDE_PLAIN
        self.fields.append(line.text[at:end])
        return end + 1

    def _close(self, line: Line, at: int) -> int:
        inside = _QUOTED.match(line.text, at)
        end = inside.end() if inside else at
        parts = self.open_parts if self.open_parts is not None else []
        parts.append(line.text[at:end].replace('""', '"'))
        if end == len(line.text):
            parts.append(line.end)
            return end + 1
        self.fields.append("".join(parts))
        self.open_parts = None
        if end + 1 < len(line.text) and line.text[end + 1] != self.delimiter:
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


@dataclass(frozen=True)
class Table:
    """A table about to be read: the fields of its first row, as it stood there, and the rows under it.

    ``named`` gives the rows their columns; with ``header`` False the first row is one of them.
    """

    first: list[str]
    raw: str
    source: _Rewindable
    delimiter: str
    taken: list[Line]

    def named(self, names: list[str], *, header: bool) -> Iterator[Row | Refused]:
        """The rows, refused ones among them."""
        if not header:
            self.source.put_back(self.taken)
        while line := _first_of_record(self.source):
            if '"' not in line.text and line.problem is None:
                yield _row(names, line.number, line.text.split(self.delimiter), line.text)
            else:
                yield _quoted_row(self.source, names, line, self.delimiter)


def table(lines: Iterable[Line], delimiter: str) -> Table | str | None:
    """A table by its lines; in words why its first row cannot be read, and None where there is none."""
    source = _Rewindable(lines)
    first = _first_of_record(source)
    if first is None:
        return None
    record, taken = _record(source, first, delimiter)
    problem = record.fault or next((line.problem for line in taken if line.problem), None)
    if problem:
        return f"The first row (line {first.number}) cannot be read: {problem}."
    return Table(record.fields, _raw(taken), source, delimiter, taken)


def _first_of_record(source: _Rewindable) -> Line | None:
    while (line := source.next()) and line.problem is None and not line.text:
        pass
    return line


def _quoted_row(source: _Rewindable, names: list[str], first: Line, delimiter: str) -> Row | Refused:
    record, taken = _record(source, first, delimiter)
    raw = _raw(taken)
    problem = next((line.problem for line in taken if line.problem), None)
    if problem and len(taken) == 1:
        return Refused(first.number, "", problem, raw)
    if record.fault:
        source.put_back(taken[1:])
        return Refused(first.number, _column(names, record), record.fault, first.text)
    if problem:
        return Refused(first.number, "", problem, raw)
    return _row(names, first.number, record.fields, raw)


def _record(source: _Rewindable, first: Line, delimiter: str) -> tuple[_Record, list[Line]]:
    record, taken, size = _Record(delimiter), [first], len(first.text) + LINE_COST
    record.take(first)
    while record.fault is None and record.open_parts is not None:
        line = source.next() if size <= LONGEST_LINE and not taken[-1].cut else None
        if line is None:
            record.fault = taken[-1].problem if taken[-1].cut else UNCLOSED
            break
        taken.append(line)
        size += len(line.text) + LINE_COST
        record.take(line)
        if record.fault:
            record.fault = f"{UNCLOSED}, or line {line.number} has text after a closing quote"
    return record, taken


def _raw(taken: list[Line]) -> str:
    return "".join(line.text + line.end for line in taken[:-1]) + taken[-1].text


def _row(names: list[str], line: int, fields: list[str], raw: str) -> Row | Refused:
    if len(fields) != len(names):
        kind = "too few" if len(fields) < len(names) else "too many"
        return Refused(line, "", f"{kind} columns: {len(fields)} instead of {len(names)}", raw)
    return Row(line, dict(zip(names, fields, strict=True)), raw)


def _column(names: list[str], record: _Record) -> str:
    # The field at fault is the last one begun: still open, or complete and followed by what should not be there.
    at = len(record.fields) - (record.open_parts is None)
    return names[at] if at < len(names) else ""
