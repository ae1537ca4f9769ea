"""Text as people see it: cleaned of what Slack and databases refuse, measured in columns, cut between characters.

A character here is a grapheme cluster (Unicode Annex 29): a family emoji, a flag, or a letter with its marks is one.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable

import regex  # type: ignore[import-untyped]

ELLIPSIS = "…"

_GRAPHEME = regex.compile(r"\X")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_NOT_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[0-9#*]\uFE0F?\u20E3")


def clean(text: str) -> str:
    """Text without the characters that Slack or a database refuses.

    Every line end (CR, NEL, form feed, U+2028, U+2029) becomes a line feed, other C0 and C1 controls except the tab
    are dropped, and lone surrogates and the non-characters U+FFFE and U+FFFF become U+FFFD.
    """
    if text.isprintable() or _UNWANTED.search(text) is None:
        return text
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    return _NOT_CHARACTERS.sub("\ufffd", text)


def graphemes(text: str) -> list[str]:
    """The characters that a person sees, in order; joined they are the text."""
    return list(_GRAPHEME.findall(text))


def units(text: str) -> int:
    """Length in UTF-16 code units: what JavaScript counts, and never less than the number of code points."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def width(text: str) -> int:
    """Columns of a fixed-width font: East Asian wide characters and emoji take two, marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(_columns(cluster) for cluster in graphemes(text))


def _columns(cluster: str) -> int:
    if _EMOJI.match(cluster):
        return 2
    return max(map(_columns_of_code_point, cluster))


def _columns_of_code_point(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def shorten(text: str, limit: int, measure: Callable[[str], int] = units) -> str:
    """The text, or as much of its beginning as fits `limit` with an ellipsis, cut between two seen characters.

    `measure` says how long a text is; it must count at least one for each code point. A single character that is
    longer than the limit (a letter under a thousand marks) leaves the ellipsis alone.
    """
    if limit < 1:
        raise ValueError(f"a text cannot be cut to {limit} characters")
    if len(text) <= limit and measure(text) <= limit:
        return text
    end = bisect_right(range(limit), limit, key=lambda end: measure(_cut(text, end))) - 1
    while end > 0:
        end = _boundary(text, end)
        if measure(_cut(text, end)) <= limit:
            break
        end -= 1
    return _cut(text, max(0, end))


def _cut(text: str, end: int) -> str:
    return text[:end].rstrip() + ELLIPSIS


def _boundary(text: str, most: int) -> int:
    """The last place at or before `most` between two seen characters.

    Between two ASCII characters there always is one (CR LF apart), so only what follows them is taken apart.
    """
    start = min(most, len(text) - 1)
    while start > 0 and not (text[start - 1].isascii() and text[start].isascii() and text[start - 1] != "\r"):
        start -= 1
    last = start
    for found in _GRAPHEME.finditer(text, start):
        if found.end() > most:
            break
        last = found.end()
    return int(last)


def split(text: str, limit: int, measure: Callable[[str], int] = units) -> list[str]:
    """Pieces of at most `limit` that joined are the text; nothing is lost.

    Broken after a paragraph if one ends in the second half, else after a line, a sentence, a word, a seen character;
    a single character longer than the limit is broken inside. The measure of a text is that of its parts together.
    """
    if limit < 6:
        raise ValueError(f"a text cannot be split into pieces of {limit} characters")
    pieces = []
    while measure(text) > limit:
        end = _break(text, limit, measure)
        pieces.append(text[:end])
        text = text[end:]
    return [*pieces, text] if text or not pieces else pieces


def _break(text: str, limit: int, measure: Callable[[str], int]) -> int:
    ends = _fitting_ends(text, limit, measure)
    last = ends[-1]
    whole = set(ends)  # a mark may follow a space and belong to it
    for pattern in ("\n\n", "\n", ". ", " "):
        at = text.rfind(pattern, last // 2, last)
        while at >= 0:
            if at + len(pattern) in whole:
                return at + len(pattern)
            at = text.rfind(pattern, last // 2, at + len(pattern) - 1)
    return last


def _fitting_ends(text: str, limit: int, measure: Callable[[str], int]) -> list[int]:
    ends, used = [], 0
    for found in _GRAPHEME.finditer(text[: limit + 1]):
        used += measure(found.group())
        if used > limit:
            break
        ends.append(found.end())
    # One endless character is broken inside; no code point measures more than six.
    return ends or [limit // 6]
