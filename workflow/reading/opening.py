"""Opening a file: what it is, which columns it has, and its rows as often as they are wanted."""

import hashlib
from collections.abc import Callable, Generator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from workflow.errors import RefusedError
from workflow.reading import csv_rows, json_rows, physical_lines
from workflow.reading.asked import Asked
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

FIRST = 1000
BY_NAME = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def open_source(path: Path, wanted: Sequence[str], asked: Asked) -> Source:
    """Open a file; ``wanted`` are columns that it should have. Raises RefusedError for what cannot be read as rows."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file_format = asked.file_format or BY_NAME.get(path.suffix.lower())
    if file_format is None:
        raise RefusedError(f"{path.name} is neither .csv nor .jsonl: say which it is with --format.")
    rows = partial(_rows, path, file_format)
    columns: dict[str, None] = {}
    for row in islice(rows(lambda _done: None), FIRST):
        columns |= dict.fromkeys(row.values) if isinstance(row, Row) else {}
    delimiter = "," if file_format == "csv" else ""
    size = path.stat().st_size
    return Source(path.name, size, sha256, file_format, "utf-8", delimiter, tuple(columns), "", (), rows)


def _rows(path: Path, file_format: str, progress: Callable[[int], None]) -> Generator[Row | Refused, None, None]:
    with path.open("rb") as file:
        lines = physical_lines.read(file, universal=file_format == "csv")
        rows = csv_rows.read(lines, []) if file_format == "csv" else json_rows.read(lines)
        for row in rows:
            progress(file.tell())
            yield row
