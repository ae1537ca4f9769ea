"""The elements of JSON that is no JSON Lines: of an array, or one after another; each with the line on which it begins.

Only brackets, quotes and commas are looked at, so that an element in which something is wrong costs itself alone.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from workflow.reading.rows import LONGEST_LINE

Piece = tuple[int, str, bool]
_OUTSIDE = re.compile(r'["{}\[\],]')
_INSIDE = re.compile(r'["\\]')


@dataclass(frozen=True)
class Element:
    """A piece of JSON; ``problem`` says why it cannot be one, ``text`` is then its beginning."""

    line: int
    text: str
    problem: str | None = None


@dataclass
class Splitter:
    """Takes pieces of text in, gives elements out. ``depth`` counts the open brackets within an element."""

    in_array: bool = False
    depth: int = 0
    quoted: bool = False
    escaped: bool = False
    line: int = 0
    size: int = 0
    indent: str | None = None
    parts: list[str] = field(default_factory=list)
    ended: bool = False

    def split(self, pieces: Iterable[Piece]) -> Iterator[Element]:
        """The elements of a text."""
        fresh = True
        for number, piece, ended in pieces:
            if fresh:
                yield from self._new_line(number, piece)
            yield from self._take(number, piece)
            fresh = ended
            if self.size > LONGEST_LINE:
                yield self._broken(f"longer than {LONGEST_LINE:,} characters")
        if self.depth:
            yield self._broken("not JSON: it is not closed")
        yield from self._scalar()

    def _new_line(self, number: int, piece: str) -> Iterator[Element]:
        """Where a line begins as the first element did, another one begins, whatever is open."""
        self.quoted = self.escaped = False
        indent = piece[: len(piece) - len(piece.lstrip(" \t"))]
        if self.depth and self.indent == indent and piece[len(indent) : len(indent) + 1] == "{" and number > self.line:
            yield self._broken("not JSON: it is not closed")

    def _take(self, number: int, piece: str) -> Iterator[Element]:  # noqa: C901, PLR0912 - one scanner
        at = begin = 0
        if self.escaped:
            self.escaped, at = False, 1
        while at < len(piece):
            found = (_INSIDE if self.quoted else _OUTSIDE).search(piece, at)
            if found is None:
                break
            at = found.end()
            sign = found.group()
            if self.quoted:
                self.quoted = sign != '"'
                if sign == "\\":
                    self.escaped = at == len(piece)
                    at += 1
            elif sign == '"':
                self.quoted = True
            elif sign in "{[" and not (sign == "[" and self._opens_array(piece, begin, found.start())):
                if self.depth == 0:
                    yield from self._scalar_before(number, piece[begin : found.start()])
                    self._begin(number, piece, found.start())
                    begin = found.start()
                self.depth += 1
            elif sign == "[":
                begin = at
            elif self.depth:
                self.depth -= sign in "}]"
                if self.depth == 0:
                    self._add(piece[begin:at])
                    yield Element(self.line, "".join(self.parts))
                    self._forget()
                    begin = at
            elif sign == "," or sign in "}]":
                yield from self._scalar_before(number, piece[begin : found.start()])
                begin = at
                self.ended = self.ended or (sign == "]" and self.in_array)
        if self.depth or piece[begin:].strip():
            if not self.parts:
                self.line = number
            self._add(piece[begin:])

    def _opens_array(self, piece: str, begin: int, at: int) -> bool:
        open_already = self.in_array and not self.ended
        if self.depth or open_already or self.parts or piece[begin:at].strip("\ufeff \t\r\n"):
            return False
        self.in_array, self.ended = True, False
        return True

    def _begin(self, number: int, piece: str, at: int) -> None:
        self.line = number
        if self.indent is None and not piece[:at].strip(" \t"):
            self.indent = piece[:at]

    def _scalar_before(self, number: int, text: str) -> Iterator[Element]:
        if text.strip():
            self.line = self.line if self.parts else number
            self._add(text)
        yield from self._scalar()

    def _scalar(self) -> Iterator[Element]:
        text = "".join(self.parts).strip()
        if text and not self.depth:
            problem = "text stands after the end of the list" if self.ended else None
            yield Element(self.line, text, problem)
        self._forget()

    def _broken(self, problem: str) -> Element:
        found = Element(self.line, "".join(self.parts)[:1000], problem)
        self._forget()
        self.quoted = False
        return found

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)

    def _forget(self) -> None:
        self.parts, self.size, self.depth = [], 0, 0
