"""What became of a file, on the terminal or as one JSON object."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from storage.engine import Store
    from workflow.intake.lots import Report, Written

SHOWN = 20


def as_written(file_name: str, written: Written) -> str:
    """How a file is read: its format, its encoding, what its columns become."""
    delimiter = {"\t": "tab", " ": "space"}.get(written.delimiter, written.delimiter)
    parts = [
        written.file_format,
        written.compression,
        written.encoding,
        f"separated by {delimiter}" if delimiter else "",
    ]
    lines = [f"{file_name}: {', '.join(part for part in parts if part)}"]
    used = [f"{role} <- {column}" for column, role in written.columns.items() if role != "metadata"]
    kept = [column for column, role in written.columns.items() if role == "metadata"]
    if used:
        lines.append("  " + ", ".join(used))
    if kept:
        more = f" and {len(kept) - SHOWN} more" if len(kept) > SHOWN else ""
        lines.append(f"  kept as metadata: {', '.join(kept[:SHOWN])}{more}")
    return "\n".join(lines)


class Spool:
    """Refused rows of a look into a file, on disk until they are printed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")  # noqa: SIM115 - by __exit__

    def add(self, row: Mapping[str, object]) -> None:
        """Keep one."""
        self._file.write(json.dumps(row) + "\n")

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """All of them, in their order."""
        self._file.seek(0)
        yield from map(json.loads, self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()


def write(store: Store, report: Report, file_name: str, spool: Spool | None = None, *, as_json: bool) -> None:
    """Print a report; of a lot with its refused rows from the store, of a look into a file with those it found."""
    from workflow.intake import lots
    from workflow.intake.preview import Preview

    printed = _print_json if as_json else _print_text
    if isinstance(report, Preview):
        printed(report, spool.rows() if spool else report.refused_rows, file_name)
        return
    with store.read() as session:
        printed(report, lots.refused_rows(session, report.lot_id), file_name)


def write_refused(store: Store, lot_id: int, path: Path) -> None:
    """Write a lot's refused rows as CSV."""
    from workflow import export
    from workflow.intake import refused

    with store.read() as session, path.open("w", encoding="utf-8", newline="") as out:
        out.writelines(refused.as_csv(session, lot_id))
    print(f"The refused rows are in {path}. {export.UNDO}", file=sys.stderr)


def figures(report: Report) -> dict[str, Any]:
    """The figures of a report, as ``--json`` names them."""
    return {
        "rows": report.rows,
        "items": report.items,
        "duplicates": report.duplicates,
        "near": report.near,
        "near_pairs": report.pairs,
        "changed": report.changed,
        "labels": report.labels,
        "lot": report.lot_id or None,
        "format": report.written.file_format,
        "encoding": report.written.encoding,
        "delimiter": report.written.delimiter,
        "columns": dict(report.written.columns),
        "steps": [{"name": name, "rows": rows} for name, rows in report.steps.items()],
        "filters": [{"name": name, "rows": rows} for name, rows in report.filters.items()],
    }


def _print_json(report: Report, refused: Iterable[Mapping[str, Any]], _file_name: str) -> None:
    """One object, written as it is read: a file of refused rows needs no more memory than another."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write(json.dumps(figures(report), ensure_ascii=False)[:-1] + ', "refused": [')
    for number, row in enumerate(refused):
        sys.stdout.write((", " if number else "") + json.dumps(row, ensure_ascii=False))
    sys.stdout.write("]}\n")


def _print_text(report: Report, refused: Iterable[Mapping[str, Any]], file_name: str) -> None:
    print(f"{file_name}: {counted(report.rows, 'row')} = {counted(report.items, 'item')} + ", end="")
    print(f"{counted(report.duplicates, 'duplicate')} + {report.refused:,} refused")
    for line in _details(report):
        print(f"  {line}")
    for number, row in enumerate(refused):
        if number == SHOWN:
            kept = f"concord lots refused {report.lot_id} prints them all" if report.lot_id else "an import keeps them"
            print(f"  ... and {report.refused - SHOWN:,} more; {kept}")
            break
        print(f"  {_refused(row)}")
    if not report.lot_id:
        print("Nothing was written.")


def _details(report: Report) -> Iterable[str]:
    if report.pairs:
        linked = f"; {report.near:,} of them linked, as duplicates" if report.near else "; none is linked"
        print_word = "pair says" if report.pairs == 1 else "pairs say"
        yield f"{report.pairs:,} {print_word} nearly the same{linked}"
    if report.changed:
        yield f"{counted(report.changed, 'row')} changed: a known id with another text"
    if report.labels:
        yield f"{counted(report.labels, 'label')} came with them, kept beside those that people give here"
    for name, rows in report.steps.items():
        yield f"{name.replace('_', ' ')}: put right in {counted(rows, 'row')}"
    for name, rows in report.filters.items():
        yield f"filter {name}: {counted(rows, 'row')}"


def _refused(row: Mapping[str, Any]) -> str:
    field = f", {row['field']}" if row["field"] else ""
    return f"line {row['line']}{field}: {row['reason']}"


def counted(count: int, thing: str) -> str:
    """A number of things, in words."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
