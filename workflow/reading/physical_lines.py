"""Lines of a text file as an editor counts them, in constant memory; bytes that are no text are said line by line."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from workflow.reading.encodings import UTF_8
from workflow.reading.rows import LONGEST_LINE

ODD_BYTES = "concord-odd-bytes"
_UNDECODED = re.compile("[\udc00-\udcff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line, its end apart; ``problem`` says why its text cannot be trusted, ``cut`` that it is not all of it."""

    number: int
    text: str
    problem: str | None = None
    cut: bool = False
    end: str = "\n"


def _as_surrogates(error: UnicodeError) -> tuple[str, int]:
    """An odd byte becomes a lone surrogate, which no decoded text has: the line is known, and reading goes on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.encoding == "shift_jis" and (sign := _of_microsoft(error.object[error.start : error.start + 2])):
        return sign, error.start + 2
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


def _of_microsoft(pair: bytes) -> str:
    """A character that Windows adds to Shift-JIS (a circled number, a rarer name); empty where it is none."""
    try:
        sign = pair.decode("cp932")
    except UnicodeDecodeError:
        return ""
    return sign if len(pair) == 2 and len(sign) == 1 else ""


codecs.register_error(ODD_BYTES, _as_surrogates)


def read(file: BinaryIO, encoding: str = UTF_8, *, universal: bool) -> Iterator[Line]:
    """The lines of a file from where it stands. They end at LF, and at CR and CR LF where ``universal``."""
    skipped = 0
    for number, piece, ended in pieces(file, encoding, LONGEST_LINE, universal=universal):
        if number == skipped:
            continue
        if ended:
            end = "\r\n" if universal and piece.endswith("\r\n") else piece[-1]
            yield _line(number, piece[: -len(end)], encoding, end)
        elif len(piece) < LONGEST_LINE:
            yield _line(number, piece, encoding, "")
        else:
            skipped = number
            yield Line(number, piece[:1000], f"the line is longer than {LONGEST_LINE:,} characters", cut=True)


def pieces(file: BinaryIO, encoding: str, most: int, *, universal: bool) -> Iterator[tuple[int, str, bool]]:
    """Lines in pieces of at most ``most`` characters: the number of the line, the piece, whether its line ends with it."""
    text = io.TextIOWrapper(file, encoding=encoding, errors=ODD_BYTES, newline="" if universal else "\n")
    try:
        number = 1
        while piece := text.readline(most):
            ended = piece[-1] in "\r\n" if universal else piece[-1] == "\n"
            yield number, piece, ended
            number += ended
    finally:
        # The file is the caller's to close, and may be closed by now where reading was broken off.
        if not file.closed:
            text.detach()


def chunks(file: BinaryIO, encoding: str, most: int) -> Iterator[str]:
    """The text of a file from where it stands, in pieces of at most ``most`` characters, wherever its lines end."""
    text = io.TextIOWrapper(file, encoding=encoding, errors=ODD_BYTES, newline="")
    try:
        while chunk := text.read(most):
            yield chunk
    finally:
        if not file.closed:
            text.detach()


def odd_byte(text: str, encoding: str) -> str | None:
    """Which byte of a text is none of its encoding, in words; None where all are."""
    found = None if text.isascii() else _UNDECODED.search(text)
    if found is None:
        return None
    name = "UTF-8" if encoding == UTF_8 else encoding
    hint = "; --encoding says another" if encoding == UTF_8 else ""
    return f"not {name}: the byte 0x{ord(found.group()) - 0xDC00:02X} at character {found.start() + 1}{hint}"


def _line(number: int, text: str, encoding: str, end: str) -> Line:
    return Line(number, text, odd_byte(text, encoding), end=end)
