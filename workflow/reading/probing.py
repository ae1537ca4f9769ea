"""One look at all of a file's bytes: what it is by its content, never by its name."""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workflow.errors import RefusedError
from workflow.reading.encodings import Evidence

HEAD = 64 * 1024
BLOCK = 1024 * 1024
ODD_LINES = 64 * 1024
# So much more than its size may come out of a compressed file: what is beyond was made to fill memories.
LARGEST_RATIO = 1100
GZIP = b"\x1f\x8b"

_KINDS = (
    (b"%PDF-", "a PDF", "copy its text into a CSV file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file", "save it as CSV UTF-8"),
    (b"SQLite format 3\x00", "a SQLite database", "export a table of it as CSV"),
    (b"\x89PNG\r\n\x1a\n", "a picture", "Concord takes texts"),
    (b"\xff\xd8\xff", "a picture", "Concord takes texts"),
    (b"GIF8", "a picture", "Concord takes texts"),
    (b"Rar!\x1a\x07", "an archive", "unpack it, and import what is in it"),
    (b"7z\xbc\xaf\x27\x1c", "an archive", "unpack it, and import what is in it"),
    (b"BZh", "compressed by bzip2", "unpack it, or compress it with gzip"),
    (b"\xfd7zXZ\x00", "compressed by xz", "unpack it, or compress it with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard", "unpack it, or compress it with gzip"),
    *(
        (bytes((0x80, version)), "a Python pickle", "write it as JSON Lines: a pickle can run anything")
        for version in (2, 3, 4, 5)
    ),
    (GZIP, "compressed twice", "unpack it once, and import what is in it"),
    (b"PAR1", "a Parquet file compressed once more", "unpack it, and import what is in it"),
    (b"{\\rtf", "a document of a word processor", "copy its text into a CSV file"),
    (b"\x7fELF", "a program", "Concord takes texts"),
    (b"II*\x00", "a picture", "Concord takes texts"),
    (b"MM\x00*", "a picture", "Concord takes texts"),
    (b"OggS\x00", "a sound or a film", "Concord takes texts"),
    *((b"ID3" + bytes((version,)), "a sound", "Concord takes texts") for version in (2, 3, 4)),
    *((kind + b"\x00", "a font", "Concord takes texts") for kind in (b"wOFF", b"wOF2")),
    (b"\x93NUMPY", "an array of NumPy", "write its rows as CSV or JSON Lines"),
    (b"\x89HDF\r\n", "an HDF5 file", "write its rows as CSV or JSON Lines"),
    (b"Obj\x01", "an Avro file", "write its rows as CSV, JSON Lines or Parquet"),
)

_SHAPES = (
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "a picture", "Concord takes texts"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "a sound", "Concord takes texts"),
    (re.compile(rb"\x00\x00..ftyp", re.DOTALL), "a film or a picture", "Concord takes texts"),
    (re.compile(rb".{257}ustar[\x00 ]", re.DOTALL), "an archive", "unpack it, and import what is in it"),
)
_WEB_PAGE = re.compile(rb"(?:<!--.*?-->\s*)?<(?:!doctype html|html|head)\b", re.DOTALL)
# A document's first line and then a key or a list: nothing else begins so.
_YAML = re.compile(rb"(?:%yaml [\d.]+\s+)?---[ \t]*\r?\n(?:#.*\n)*(?:- |[\w-]+:(?:\s|$))")


@dataclass(frozen=True)
class Probe:
    """What a file is made of: its hash and size on disk, what its text shows, whether gzip is around it."""

    sha256: str
    size: int
    evidence: Evidence
    gzipped: bool
    parquet: bool
    arrow: bool


def probe(path: Path) -> Probe:
    """Look at a file. Raises RefusedError for one that is something else, saying what, and what to do."""
    size = path.stat().st_size
    if size == 0:
        raise RefusedError(f"{path.name} is empty.")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        start = file.read(HEAD)
    gzipped = start.startswith(GZIP)
    parquet, arrow = start.startswith(b"PAR1"), start.startswith((b"ARROW1", b"\xff\xff\xff\xff"))
    if parquet or arrow:
        return Probe(sha256, size, Evidence(start, False, b""), False, parquet, arrow)
    if not gzipped:
        _check_kind(path.name, start)
    evidence = _evidence(path, gzipped=gzipped)
    if gzipped:
        _check_kind(path.name, evidence.head)
    return Probe(sha256, size, evidence, gzipped, False, False)


def opened(path: Path, *, gzipped: bool) -> BinaryIO:
    """The bytes of a file, unpacked where gzip is around them."""
    return gzip.open(path, "rb") if gzipped else path.open("rb")  # type: ignore[return-value]


def _check_kind(name: str, start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        raise RefusedError(f"{name} is {_zipped(start)}.")
    if start.startswith(b"PK\x05\x06"):
        raise RefusedError(f"{name} is an empty zip file.")
    for mark, kind, advice in _KINDS:
        if start.startswith(mark):
            raise RefusedError(f"{name} is {kind}: {advice}.")
    for shape, kind, advice in _SHAPES:
        if shape.match(start):
            raise RefusedError(f"{name} is {kind}: {advice}.")
    text = start[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _WEB_PAGE.match(text) or (text.startswith(b"<?xml") and b"<html" in text):
        raise RefusedError(
            f"{name} is a web page, perhaps a page to sign in: download the file itself, and import that."
        )
    if text.startswith(b"<?xml"):
        kind = "a spreadsheet kept as XML: save it as CSV UTF-8" if b"excel" in text else "XML: write its rows as CSV"
        raise RefusedError(f"{name} is {kind}, or as JSON Lines.")
    if _YAML.match(text):
        raise RefusedError(f"{name} is YAML: write its rows as CSV or JSON Lines.")


def _zipped(start: bytes) -> str:
    if b"word/" in start:
        return "a document of a word processor: copy its text into a CSV file"
    if b"xl/" in start or b"[Content_Types].xml" in start:
        return "a spreadsheet: save it as CSV UTF-8, and import that"
    if b"opendocument.spreadsheet" in start:
        return "a spreadsheet: save it as CSV, and import that"
    return "a spreadsheet or zip file: unpack it, or save it as CSV UTF-8, and import that"


def _evidence(path: Path, *, gzipped: bool) -> Evidence:
    decoder = codecs.getincrementaldecoder("utf-8")()
    head, odd, is_utf8 = b"", bytearray(), True
    for block in _blocks(path, gzipped=gzipped):
        head = head or block[:HEAD]
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        if len(odd) < ODD_LINES and not block.isascii():
            odd += _odd_lines(block, ODD_LINES - len(odd))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf8 = False
    return Evidence(head, is_utf8, bytes(odd))


def _blocks(path: Path, *, gzipped: bool) -> Iterator[bytes]:
    most = path.stat().st_size * LARGEST_RATIO
    try:
        with opened(path, gzipped=gzipped) as file:
            while block := file.read(BLOCK):
                yield block
                most -= len(block)
                if gzipped and most < 0:
                    raise RefusedError(f"{path.name} is packed so tightly that it cannot be a file of texts.")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RefusedError(f"{path.name} is compressed, and broken: {error}. Compress it again.") from None


def _odd_lines(block: bytes, most: int) -> bytes:
    lines = [line for line in block.splitlines(keepends=True) if not line.isascii()]
    return b"".join(lines)[:most]
