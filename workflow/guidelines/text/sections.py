"""A guideline taken apart into its sections, and put together again.

A heading is what the reader shows as one: a ``#`` in a code block is none, nor one in a list or a quotation.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from workflow.errors import RefusedError

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_BLANK_BEFORE = re.compile(r"\A(?:[ \t]*[\r\n])+")
LEVEL = 2
DEEPEST = 6


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next heading of whatever level.

    ``level`` is 1 to 6, and 0 for what stands before the first heading. ``title`` is the heading as it is written, on one
    line and without its marks. ``body`` has no blank lines around it. ``source`` is all of it: the sources of all
    sections, joined, are the text. ``heading`` is how many characters of it are the heading.
    """

    level: int
    title: str
    body: str
    source: str
    heading: int = field(default=0, repr=False)


def read(markdown: str) -> list[Section]:
    """The sections of a text, in order; none for an empty one."""
    return list(_read(markdown))


def replaced(markdown: str, number: int, body: str) -> str:
    """The text with another body under the heading of one section, counted from 0; the others stay to the letter.

    Raises RefusedError where sections behind it would become part of the new body: a code block that is not closed.
    """
    found = read(markdown)
    section, after = found[number], found[number + 1 :]
    heading = section.source[: section.heading].rstrip()
    written = "\n\n".join(part for part in (heading, _trimmed(body)) if part)
    before = "".join(one.source for one in found[:number])
    made = before + written + ("\n\n" if after and written else "\n") + "".join(one.source for one in after)
    return _checked(made, after)


def added(markdown: str, title: str, body: str, after: int | None = None) -> str:
    """The text with a new section behind the one with the number ``after``, or at its end, on the level of that one."""
    found = read(markdown)
    place = len(found) if after is None else after + 1
    beside = found[place - 1].level if found else 0
    heading = f"{'#' * (beside if beside > 1 else LEVEL)} {' '.join(title.split())}"
    before = "".join(one.source for one in found[:place]).rstrip("\r\n")
    written = "\n\n".join(part for part in (before, heading, _trimmed(body)) if part)
    behind = found[place:]
    made = written + ("\n\n" if behind else "\n") + "".join(one.source for one in behind)
    return _checked(made, behind)


def _checked(made: str, after: list[Section]) -> str:
    now = read(made)
    if after and [(one.level, one.title, one.body) for one in now[-len(after) :]] != [
        (one.level, one.title, one.body) for one in after
    ]:
        raise RefusedError(
            f"What follows, “{after[0].title[:100]}”, would become part of this section: "
            "close the code block that begins in it with ``` on a line of its own."
        )
    return made


@lru_cache(maxsize=8)
def _read(markdown: str) -> tuple[Section, ...]:
    lines = [found.group() for found in _LINE.finditer(markdown) if found.group()]
    headings = [token for token in _blocks().parse(markdown) if token.type == "heading_open" and token.level == 0]
    starts = [token.map[0] for token in headings]
    if not headings:
        return (_section(lines, 0, 0),) if lines else ()
    made = []
    if starts[0] and "".join(lines[: starts[0]]).strip():
        made.append(_section(lines[: starts[0]], 0, 0))
    else:
        starts[0] = 0
    for token, start, end in zip(headings, starts, [*starts[1:], len(lines)], strict=True):
        made.append(_section(lines[start:end], int(token.tag[1:]), token.map[1] - start))
    return tuple(made)


def _section(lines: list[str], level: int, heading: int) -> Section:
    head, body = "".join(lines[:heading]), "".join(lines[heading:])
    return Section(level, _title(lines[:heading]), _trimmed(body), head + body, len(head))


def _title(lines: list[str]) -> str:
    """The words of a heading, of either kind: ``## Words ##``, or words with a line of ``=`` or ``-`` below them."""
    written = [line.strip() for line in lines if line.strip()]
    if not written:
        return ""
    if written[0].startswith("#") and len(written) == 1:
        words = re.sub(r"\A#{1,6}", "", written[0]).strip()
        before_marks = words.rstrip("#")
        return words if before_marks and before_marks[-1] not in " \t" else before_marks.rstrip()
    return " ".join(written[:-1])


def _trimmed(body: str) -> str:
    return _BLANK_BEFORE.sub("", body).rstrip(" \t\r\n")


@lru_cache(maxsize=1)
def _blocks() -> Any:
    """Reads the blocks of a text alone, and not the words in them, which takes three times as long."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")
