"""A file is opened: found out what it is, and made ready to be read as rows, as often as is wanted."""

import hashlib
import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

from workflow.reading import csv_rows, json_rows, physical_lines
from workflow.reading.asked import Asked
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

_ROWS_LOOKED_AT = 1000
_TELL_EVERY = 1000


def open_source(path: Path, wanted: Sequence[str], asked: Asked) -> Source:
    """Find out what a file is and how it is written; what is ``asked`` is not found out but taken as said.

    ``wanted`` are columns that the reader hopes for: they help to find the delimiter, and need not be there.

    Raises RefusedError for what cannot be read as rows; OSError where the file cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    file_format = asked.file_format or ("jsonl" if start.startswith(b"{") else "csv")
    rows = partial(_csv if file_format == "csv" else _jsonl, path)
    columns: dict[str, None] = {}
    for row in itertools.islice(rows(lambda _: None), _ROWS_LOOKED_AT):
        if isinstance(row, Row):
            columns |= dict.fromkeys(row.values)
    return Source(path.name, size, sha256, file_format, "utf-8", ",", tuple(columns), "", (), rows)


def _csv(path: Path, progress: Callable[[int], None]) -> Generator[Row | Refused, None, None]:
    with path.open("rb") as file:
        yield from _telling(csv_rows.read(physical_lines.read(file, universal=True), ()), file.tell, progress)


def _jsonl(path: Path, progress: Callable[[int], None]) -> Generator[Row | Refused, None, None]:
    with path.open("rb") as file:
        yield from _telling(json_rows.read(physical_lines.read(file, universal=False)), file.tell, progress)


def _telling(
    rows: Iterator[Row | Refused], done: Callable[[], int], progress: Callable[[int], None]
) -> Generator[Row | Refused, None, None]:
    for number, row in enumerate(rows):
        if number % _TELL_EVERY == 0:
            progress(done())
        yield row
    progress(done())
