"""Lines of a file as an editor counts them, in constant memory, with what is not UTF-8 said line by line."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from workflow.errors import RefusedError
from workflow.reading.rows import LONGEST_LINE

_UNDECODED = re.compile("[\udc80-\udcff]")
_OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"PK\x03\x04": "a spreadsheet or zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
}


@dataclass(frozen=True)
class Line:
    """A line without its end; ``problem`` says why its text cannot be trusted, ``cut`` that it is not all of it."""

    number: int
    text: str
    problem: str | None = None
    cut: bool = False


def read(file: BinaryIO, *, universal: bool) -> Iterator[Line]:
    """The lines of a UTF-8 file, a byte order mark left out.

    Lines end at LF, and at CR and CR LF where ``universal``. Raises RefusedError for a file in another encoding.
    """
    _check_encoding(file)
    # An odd byte becomes a lone surrogate, which no valid UTF-8 does: the line is known, and reading goes on.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="" if universal else "\n")
    try:
        number = 0
        while line := text.readline(LONGEST_LINE):
            number += 1
            if line[-1] in "\r\n":
                yield _line(number, line.rstrip("\n").removesuffix("\r") if universal else line[:-1])
            elif len(line) < LONGEST_LINE:
                yield _line(number, line)
            else:
                _skip_rest(text)
                yield Line(number, line[:1000], f"the line is longer than {LONGEST_LINE:,} characters", cut=True)
    finally:
        # The file is the caller's to close, and may be closed by now where reading was broken off.
        if not file.closed:
            text.detach()


def _line(number: int, line: str) -> Line:
    if not line.isascii() and (found := _UNDECODED.search(line)):
        byte = ord(found.group()) - 0xDC00
        return Line(number, line, f"not UTF-8: the byte 0x{byte:02X} at character {found.start() + 1} of line {number}")
    return Line(number, line)


def _skip_rest(text: io.TextIOWrapper) -> None:
    while (more := text.readline(LONGEST_LINE)) and more[-1] not in "\r\n":
        pass


def _check_encoding(file: BinaryIO) -> None:
    start = file.read(4)
    file.seek(0)
    for mark, encoding in _OTHER_ENCODINGS.items():
        if start.startswith(mark):
            raise RefusedError(f"The file looks like {encoding}, not like UTF-8 text: save it as CSV UTF-8.")
