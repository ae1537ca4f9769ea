"""The elements of JSON that is no JSON Lines: of an array, or one after another; each with the line on which it begins.

An element in which something is wrong costs itself alone where its end can be told: by its brackets, else by where another
one begins. Time grows with the text whatever is in it: what is read again after a fault is counted, and there is a most.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workflow.reading.rows import LONGEST_LINE

UNCLOSED = "not JSON: it is not closed"
TOO_DEEP = "nested too deeply"
AFTER_LIST = "text stands after the end of the list"
OPEN_LIST = "the list is not closed: the end of the file may be missing"
KEPT = 1000
OVERLAP = 300
LONGEST_WORD = 12
FARTHEST_END = 256 * 1024
MOST_AGAIN = 8 * 1024 * 1024
COST_OF_DEPTH = 20_000

_BETWEEN = re.compile(r"[ \t\r\n,\ufeff\x1e]*+")
_FIRST_KEY = re.compile(r'\{\s*+"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"')
_BRACKETS_AND_TEXTS = re.compile(r'[{}\[\]]|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?')
_CLOSES = {"}": "{", "]": "["}
# Numbers stay text: neither their digits nor their size matter here.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


@dataclass(frozen=True)
class Element:
    """A piece of JSON; ``problem`` says why it cannot be one, ``text`` is then its beginning."""

    line: int
    text: str
    problem: str | None = None


class _Ahead:
    """Text that was read but not taken: from ``at`` on. ``line`` is that of ``at``."""

    def __init__(self, chunks: Iterable[str], line_end: str) -> None:
        self._chunks = iter(chunks)
        self._line_end = line_end
        self.text, self.at, self.line, self.taken = "", 0, 1, 0

    def more(self) -> bool:
        """Read as much again as lies ahead; False, and nothing is moved, at the end of all."""
        rest = self.text[self.at :]
        parts, wanted = [rest], max(len(rest), 1)
        while wanted > 0 and (chunk := next(self._chunks, "")):
            parts.append(chunk)
            wanted -= len(chunk)
        if len(parts) == 1:
            return False
        self.text, self.at = "".join(parts), 0
        return True

    def take(self, end: int) -> str:
        """The text up to a place in ``text``."""
        taken = self.text[self.at : end]
        self.line += taken.count(self._line_end)
        self.taken += len(taken)
        self.at = end
        return taken


def split(chunks: Iterable[str], line_end: str = "\n") -> Iterator[Element]:
    """The elements of a text that comes in pieces."""
    return _Elements(_Ahead(chunks, line_end), line_end).all()


@dataclass
class _Elements:
    ahead: _Ahead
    line_end: str
    before: str = ""
    """What stands before the element, from the end of the last one."""
    in_list: bool = False
    after_list: bool = False
    broke_off: bool = False
    key: str | None = None
    """The first key of the first good element, as it is written: others are likely to begin with it."""
    again: int = 0
    """How much was looked at more than once."""

    def all(self) -> Iterator[Element]:
        """The elements to the end of the text."""
        self.before = self.line_end
        while sign := self._sign():
            if sign == "[" and not self.in_list:
                self._list(is_open=True)
            elif sign == "]" and self.in_list:
                self._list(is_open=False)
            else:
                yield self._element()
                self.before = ""
        if self.in_list and not self.broke_off:
            yield Element(self.ahead.line, "", OPEN_LIST)

    def _sign(self) -> str:
        """The first sign that stands not merely between elements; empty at the end."""
        ahead = self.ahead
        while True:
            between = _BETWEEN.match(ahead.text, ahead.at)
            taken = ahead.take(between.end() if between else ahead.at)
            self.before = (self.before + taken)[-OVERLAP:]
            if ahead.at < len(ahead.text):
                return ahead.text[ahead.at]
            if not ahead.more():
                return ""

    def _list(self, *, is_open: bool) -> None:
        self.in_list, self.after_list = is_open, not is_open
        self.ahead.take(self.ahead.at + 1)
        self.before = ""

    def _element(self) -> Element:
        ahead = self.ahead
        while True:
            start, size = ahead.at, len(ahead.text) - ahead.at
            try:
                _, end = _DECODER.raw_decode(ahead.text, start)
            except json.JSONDecodeError as error:
                in_text = error.msg.startswith("Unterminated")
                cut = in_text or error.pos > len(ahead.text) - LONGEST_WORD
                if cut and size > LONGEST_LINE:
                    return self._broken(_too_long(), size)
                if not (cut and ahead.more()):
                    return self._broken(_said(error, start, in_text), error.pos - start)
            except RecursionError:
                self.again += COST_OF_DEPTH
                return self._broken(TOO_DEEP, FARTHEST_END if self._looked_enough() else 1)
            else:
                # A number may go on where the text read so far ends, even where it ends as "1." or "1e+" does.
                whole = end < len(ahead.text) - LONGEST_WORD or ahead.text[end - 1] in '}]"'
                if whole or not ahead.more():
                    return self._whole(end)

    def _whole(self, end: int) -> Element:
        line, text = self.ahead.line, self.ahead.take(end)
        if len(text) > LONGEST_LINE:
            return Element(line, text[:KEPT], _too_long())
        if self.after_list and text[0] != "{":
            return Element(line, text[:KEPT], AFTER_LIST)
        if self.key is None and (first := _FIRST_KEY.match(text)):
            self.key = first[1]
        return Element(line, text)

    def _broken(self, problem: str, fault: int) -> Element:
        """Take an element out in which something is wrong, ``fault`` characters from its beginning."""
        ahead, line = self.ahead, self.ahead.line
        end = self._closed_after(fault)
        if end is not None:
            text = ahead.take(ahead.at + end)
        else:
            text, begun_before = self._up_to_another(fault)
            problem = UNCLOSED if begun_before and problem != TOO_DEEP else problem
        self.broke_off = ahead.at == len(ahead.text) and not ahead.more()
        problem = AFTER_LIST if self.after_list else problem
        return Element(line, text[:KEPT].rstrip(" \t\r\n,"), problem)

    def _closed_after(self, fault: int) -> int | None:
        """How long the element is by its brackets, if they are closed rightly somewhere behind the fault."""
        if self.ahead.text[self.ahead.at] not in "{[" or self._looked_enough():
            return None
        while (end := _closing(self.ahead.text, self.ahead.at)) is None:
            if len(self.ahead.text) - self.ahead.at > FARTHEST_END or not self.ahead.more():
                break
        if end and end > fault:
            return end
        self.again += abs(end) if end is not None else len(self.ahead.text) - self.ahead.at
        return None

    def _up_to_another(self, fault: int) -> tuple[str, bool]:
        """The text up to where another element seems to begin, and whether that is not behind the fault."""
        ahead = self.ahead
        on_a_line = re.search(re.escape(self.line_end) + r"([ \t]*)\Z", self.before)
        line_start = re.compile(re.escape(self.line_end + on_a_line[1]) + r"(?=\{)") if on_a_line else None
        key = re.escape(self.key) if self.key is not None else r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+'
        by_key = re.compile(rf'(?<![:\[])(?<!: )\{{\s*+"{key}"\s*+:')
        begin, kept = fault if self._looked_enough() else 1, ""
        while True:
            text, start = ahead.text, ahead.at
            places = [
                found.end() if pattern is line_start else found.start()
                for pattern, at in ((line_start, start + begin), (by_key, start + max(fault, begin)))
                if pattern and (found := pattern.search(text, at))
            ]
            if places:
                end = min(places)
                self.again += max(0, start + fault - end)
                return (kept + ahead.take(end))[:KEPT], end <= start + fault
            taken = ahead.take(max(start + 1, len(text) - OVERLAP))
            kept, fault, begin = (kept + taken)[:KEPT], max(0, fault - len(taken)), 0
            if not ahead.more():
                return (kept + ahead.take(len(ahead.text)))[:KEPT], False

    def _looked_enough(self) -> bool:
        return self.again > MOST_AGAIN + 4 * self.ahead.taken


def _closing(text: str, start: int) -> int | None:
    """How far behind ``start`` its bracket is closed; None where the text ends first, and below 0 where it never is."""
    still_open: list[str] = []
    for found in _BRACKETS_AND_TEXTS.finditer(text, start):
        sign = found.group()
        if sign[0] == '"':
            if len(sign) < 2 or sign[-1] != '"':
                return None if found.end() >= len(text) - 1 else start - found.end()
        elif sign in "{[":
            still_open.append(sign)
        elif still_open.pop() != _CLOSES[sign]:
            return start - found.end()
        if not still_open:
            return found.end() - start
    return None


def _said(error: json.JSONDecodeError, start: int, in_text: bool) -> str:
    if in_text or not error.doc[error.pos :].strip():
        return UNCLOSED
    return f"not JSON: {error.msg.lower()} at character {error.pos - start + 1}"


def _too_long() -> str:
    return f"longer than {LONGEST_LINE:,} characters"
