"""Opening a file: what it is, how it is written, which columns it has, and its rows as often as they are wanted."""

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from workflow.errors import RefusedError
from workflow.reading import (
    FORMATS,
    arrow_rows,
    csv_rows,
    delimiters,
    elements,
    encodings,
    json_rows,
    label_studio,
    names,
)
from workflow.reading.asked import Asked
from workflow.reading.physical_lines import Line, chunks, read
from workflow.reading.probing import Probe, opened, probe
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

FIRST = 1000
PIECE = 64 * 1024
LINES = 20
TEXTS = ("csv", "jsonl", "json", "label-studio")

Progress = Callable[[int], None]
Rows = Generator[Row | Refused, None, None]


def open_source(path: Path, wanted: Sequence[str], asked: Asked) -> Source:
    """Open a file, or a dataset's folder. ``wanted`` are the columns that it may have, by which its delimiter is told.

    Raises RefusedError for what cannot be read as rows, saying what it is and what to do.
    """
    if asked.file_format is not None and asked.file_format not in FORMATS:
        raise RefusedError(f"There is no format {asked.file_format!r}: choose from {', '.join(FORMATS)}.")
    if path.is_dir():
        from workflow.reading.folders import open_folder

        return open_folder(path, wanted, asked)
    looked = probe(path)
    if looked.parquet or looked.arrow:
        return _arrow(path, looked)
    return _text(path, looked, wanted, asked)


def _arrow(path: Path, looked: Probe) -> Source:
    found = names.told_apart(arrow_rows.columns(path))

    def rows(progress: Progress) -> Rows:
        return arrow_rows.with_progress(path, found, looked.size, progress)

    kind = "parquet" if looked.parquet else "arrow"
    return Source(path.name, looked.size, looked.sha256, kind, "", "", tuple(found), "", (), rows)


@dataclass(frozen=True)
class _Text:
    """A text file about to be read."""

    path: Path
    looked: Probe
    encoding: str

    def lines(self, file: BinaryIO, *, universal: bool) -> Iterator[Line]:
        """Its lines, a byte order mark left out."""
        file.seek(encodings.mark_of(self.encoding, self.looked.evidence.head))
        return read(file, self.decoded_as, universal=universal)

    @property
    def decoded_as(self) -> str:
        """The encoding of what follows the mark."""
        return encodings.UTF_8 if self.encoding == encodings.UTF_8_SIG else self.encoding

    @property
    def head(self) -> str:
        """Its beginning."""
        start = self.looked.evidence.head[encodings.mark_of(self.encoding, self.looked.evidence.head) :]
        return start.decode(self.decoded_as, "replace")


def _text(path: Path, looked: Probe, wanted: Sequence[str], asked: Asked) -> Source:
    encoding = (
        encodings.asked(asked.encoding, looked.evidence.head) if asked.encoding else encodings.found(looked.evidence)
    )
    text = _Text(path, looked, encoding)
    if not encoding.startswith(("utf-16", "utf-32")) and _is_binary(looked.evidence.head):
        raise RefusedError(f"{path.name} is no text: it is binary. Concord reads {', '.join(FORMATS)}.")
    if not text.head.strip("\ufeff \t\r\n"):
        raise RefusedError(f"{path.name} is empty.")
    file_format = asked.file_format or _format(text.head)
    if file_format == "csv":
        return _table(text, wanted, asked)
    if file_format not in TEXTS:
        raise RefusedError(f"{path.name} is not {file_format}: it is a text file.")
    return _json(text, file_format)


def _is_binary(head: bytes) -> bool:
    """Whether bytes are no text in any encoding of single bytes: NULs in a row, or many control characters."""
    controls = sum(head.count(byte) for byte in (*range(9), *range(14, 27), *range(28, 32)))
    return b"\x00" * 4 in head or controls > max(40, len(head) // 20)


def _format(head: str) -> str:
    """What a text is: ``csv`` unless it begins as JSON does, or most of its first lines are objects."""
    start = head.lstrip(json_rows.BLANK)
    if start[:1] == "[" and start[1:].lstrip()[:1] in ("{", "[", "]", '"', "", *tuple("-0123456789tfn")):
        return "json"
    lines = [line for line in start.split("\n")[:LINES] if line.strip()]
    if 2 * sum(map(_is_object, lines)) > len(lines):
        return "jsonl"
    if start[:1] != "{":
        return "csv"
    first = start.splitlines()[0].rstrip()
    try:
        json.JSONDecoder().decode(first)
    except ValueError:
        return "json" if _spans_lines(start) else "jsonl"
    except RecursionError:
        return "jsonl"
    return "jsonl"


def _is_object(line: str) -> bool:
    try:
        return line.lstrip()[:1] == "{" and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _spans_lines(start: str) -> bool:
    """Whether the first object goes over several lines, or others follow it on its own."""
    try:
        _, end = json.JSONDecoder().raw_decode(start)
    except (ValueError, RecursionError):
        return start.splitlines()[0].strip() == "{"
    return "\n" in start[:end].strip() or start[end : end + 200].lstrip(" \t")[:1] in ("{", ",")


def _table(text: _Text, wanted: Sequence[str], asked: Asked) -> Source:
    said = delimiters.said(text.head.splitlines()[0])
    skip = 1 if said else 0
    delimiter = delimiters.asked(asked.delimiter) or said or delimiters.found(text.head, wanted)
    with opened(text.path, gzipped=text.looked.gzipped) as file:
        table = csv_rows.table(islice(text.lines(file, universal=True), skip, None), delimiter)
        below = _first_fields(table) if isinstance(table, csv_rows.Table) else []
    if isinstance(table, str):
        raise RefusedError(table)
    if table is None:
        raise RefusedError(f"{text.path.name} has no rows: it needs a first row with the names of its columns.")
    if len(table.first) > names.MOST_COLUMNS:
        raise RefusedError(f"The first row of {text.path.name} has {names.too_many(len(table.first))}.")
    header = asked.header is not False
    columns = names.told_apart(table.first) if header else names.numbered(len(table.first))
    doubt = names.doubt(table.first, wanted, below) if asked.header is None else None

    def rows(progress: Progress) -> Rows:
        with opened(text.path, gzipped=text.looked.gzipped) as file:
            again = csv_rows.table(islice(text.lines(file, universal=True), skip, None), delimiter)
            if isinstance(again, csv_rows.Table):
                yield from _told(again.named(columns, header=header), file, text.looked.size, progress)

    return _source(
        text,
        "csv",
        columns,
        rows,
        delimiter=delimiter,
        header=table.raw if header else "",
        doubts=(doubt,) if doubt else (),
    )


def _first_fields(table: csv_rows.Table) -> list[list[str]]:
    """The first rows under the first one, by their fields."""
    rows = islice(table.named(names.numbered(len(table.first)), header=True), LINES)
    return [list(row.values.values()) for row in rows if isinstance(row, Row)]


def _json(text: _Text, file_format: str) -> Source:
    # JSON has no line end within a text, so a lone CR can only stand between lines; it matters where there is no LF.
    mac = "\n" not in text.head

    def plain(progress: Progress) -> Rows:
        with opened(text.path, gzipped=text.looked.gzipped) as file:
            if file_format == "jsonl":
                yield from _told(json_rows.read(text.lines(file, universal=mac)), file, text.looked.size, progress)
                return
            file.seek(encodings.mark_of(text.encoding, text.looked.evidence.head))
            found = elements.split(chunks(file, text.decoded_as, PIECE), "\r" if mac else "\n")
            yield from _told(json_rows.read_elements(found, text.decoded_as), file, text.looked.size, progress)

    def tasks(progress: Progress) -> Rows:
        yield from label_studio.tasks(plain(progress))

    is_label_studio = file_format == "label-studio" or label_studio.are_tasks(plain(lambda _done: None))
    rows = tasks if is_label_studio else plain
    columns: dict[str, None] = {}
    for row in islice(rows(lambda _done: None), FIRST):
        columns |= dict.fromkeys(row.values) if isinstance(row, Row) else {}
        if len(columns) > names.MOST_COLUMNS:
            raise RefusedError(f"The first rows of {text.path.name} have {names.too_many(len(columns))}.")
    return _source(text, "label-studio" if is_label_studio else file_format, list(columns), rows)


def _told(rows: Iterator[Row | Refused], file: BinaryIO, size: int, progress: Progress) -> Rows:
    """The rows, telling how many bytes on disk are done; a file may have grown since its ``size`` was read."""
    raw = getattr(file, "fileobj", None) or file
    for row in rows:
        progress(min(size, raw.tell()))
        yield row


def _source(
    text: _Text,
    file_format: str,
    columns: Sequence[str],
    rows: Callable[[Progress], Rows],
    *,
    delimiter: str = "",
    header: str = "",
    doubts: tuple[str, ...] = (),
) -> Source:
    looked = text.looked
    return Source(
        text.path.name,
        looked.size,
        looked.sha256,
        file_format,
        text.encoding,
        delimiter,
        tuple(columns),
        header,
        doubts,
        rows,
        "gzip" if looked.gzipped else "",
    )
