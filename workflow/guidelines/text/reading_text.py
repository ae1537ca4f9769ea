"""The text of a guideline from a file or a form: read well, or refused with what it is and what to do."""

import codecs
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from workflow import normalise
from workflow.errors import RefusedError

LONGEST_GUIDELINE = 400_000
"""Characters: some 150 pages."""
LARGEST = 4 * LONGEST_GUIDELINE + 4
"""Bytes: no encoding takes more for so many characters. More than these need not be read to refuse a file."""
MOST_SECTIONS = 2_000
DEEPEST = 80
"""Levels of lists and quotations in each other, a list being two, that the reader in chat shows."""

THE_GUIDELINE = "The guideline"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_AS_MARKDOWN = "save or export it as Markdown (.md), or copy its text into a file"
_KINDS = (
    (b"%PDF-", "a PDF", _AS_MARKDOWN),
    (b"PK\x03\x04", "a zip file or a document of an office program", _AS_MARKDOWN),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old document of an office program", _AS_MARKDOWN),
    (b"{\\rtf", "a document of a word processor", _AS_MARKDOWN),
    (b"\x89PNG\r\n\x1a\n", "a picture", "write its words into a Markdown file (.md)"),
    (b"\xff\xd8\xff", "a picture", "write its words into a Markdown file (.md)"),
    (b"GIF8", "a picture", "write its words into a Markdown file (.md)"),
    (b"\x1f\x8b", "compressed", "unpack it, and take the Markdown file that is in it"),
)
_WEB_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head)\b", re.DOTALL | re.IGNORECASE)
_MOST_CONTROLS = 20
_HEADING = re.compile(r"^ {0,3}(?:#{1,6}|=+|-+)[ \t]*(?!\S)|^ {0,3}#{1,6}[ \t]", re.MULTILINE)
# Only a line that begins so can be nested deep enough to be worth a look.
_DEEP = re.compile(
    rf"^(?:[ \t]{{{DEEPEST // 4},}}\S|(?:[ \t]*(?:>|[-*+]|\d{{1,9}}[.)])){{{DEEPEST // 4},}})", re.MULTILINE
)


def read_file(path: Path, name: str = "") -> str:
    """The text of a file on this machine. Raises RefusedError as ``read`` does, OSError where it cannot be read."""
    with path.open("rb") as file:
        return read(file.read(LARGEST + 1), name or path.name)


def read(data: bytes, name: str) -> str:
    """The text of a file: UTF-8, or what its byte order mark says. ``data`` may end behind ``LARGEST`` bytes.

    Raises RefusedError that says what the file is, and what to do.
    """
    name = name[:100]
    if len(data) > LARGEST:
        raise RefusedError(f"{name} is too long: a guideline has at most {LONGEST_GUIDELINE:,} characters. {_SPLIT}")
    for mark, kind, advice in _KINDS:
        if data.startswith(mark):
            raise RefusedError(f"{name} is {kind}: {advice}.")
    text = _decoded(data, name)
    if _WEB_PAGE.match(text):
        raise RefusedError(f"{name} is a web page: {_AS_MARKDOWN}.")
    return check(text, name)


_SPLIT = "Keep the rules here, and link to what is long, such as lists and tables."


def check(text: str, name: str = THE_GUIDELINE) -> str:
    """A text from a form or a project file, put right: line ends are LF, and what nobody can see is gone.

    Raises RefusedError for one that is empty, too long, or too deeply nested to be shown whole.
    """
    if len(text) > 2 * LARGEST:
        raise RefusedError(f"{name} has {len(text):,} characters: at most {LONGEST_GUIDELINE:,} can be shown. {_SPLIT}")
    made = normalise.markdown(text)
    if not made.strip():
        raise RefusedError(f"{name} is empty: write what people are to do.")
    if len(made) > LONGEST_GUIDELINE:
        raise RefusedError(f"{name} has {len(made):,} characters: at most {LONGEST_GUIDELINE:,} can be shown. {_SPLIT}")
    if len(_HEADING.findall(made)) > MOST_SECTIONS and (headings := _headings(made)) > MOST_SECTIONS:
        raise RefusedError(f"{name} has {headings:,} headings: at most {MOST_SECTIONS:,} can be compared. {_SPLIT}")
    if _DEEP.search(made) and (line := _too_deep(made)):
        raise RefusedError(
            f"{name} has lists or quotations in each other on line {line}, too many to be shown: take some levels out."
        )
    return made


def _decoded(data: bytes, name: str) -> str:
    mark, encoding = next((one for one in _MARKS if data.startswith(one[0])), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and not _is_binary(data):
            line = data.count(b"\n", 0, error.start) + 1
            raise RefusedError(f"{name} is not UTF-8 text (line {line}): save it as UTF-8.") from None
        raise RefusedError(f"{name} is no text: {_AS_MARKDOWN}.") from None
    if _is_binary(text.encode("utf-8", "surrogatepass")):
        raise RefusedError(f"{name} is no text: {_AS_MARKDOWN}.")
    return text


def _is_binary(data: bytes) -> bool:
    """Whether bytes are no text: NULs in a row, or many control characters."""
    controls = sum(data.count(byte) for byte in (*range(9), *range(14, 27), *range(28, 32)))
    return b"\x00" * 4 in data or controls > max(_MOST_CONTROLS, len(data) // 50)


def _headings(markdown: str) -> int:
    return sum(token.type == "heading_open" for token in _reader().parse(markdown))


def _too_deep(markdown: str) -> int | None:
    """The first line that is nested deeper than can be shown."""
    deep = (one for one in _reader().parse(markdown) if one.level >= DEEPEST and one.type != "inline" and one.map)
    return next((token.map[0] + 1 for token in deep), None)


@lru_cache(maxsize=1)
def _reader() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 10}).disable("inline")
