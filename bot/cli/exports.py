"""``concord labels`` and ``concord items``: what is in the store, as files."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import ProjectName, opened, project

Format = Annotated[str, typer.Option("--format", help="csv or jsonl.")]
Out = Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")]
Raw = Annotated[bool, typer.Option("--raw", help="CSV as it is: not safe to open in a spreadsheet.")]
Rows = Iterator[Mapping[str, Any]]


def labels(
    name: ProjectName,
    file_format: Format = "csv",
    output: Out = None,
    raw: Raw = False,
    prior: Annotated[bool, typer.Option("--prior", help="Those that items came with, instead.")] = False,
) -> None:
    """Write every label in force, one a row, with what became of its item.

    \b
    Example:
      concord labels rte --format csv -o labels.csv
      concord labels rte --prior
    """
    from workflow import export

    if prior:
        came = (export.prior_labels, export.PRIOR_COLUMNS)
        _write(name, file_format, output, raw, lambda session, pid: (came[0](session, pid), came[1]))
        return
    _write(name, file_format, output, raw, lambda session, pid: (export.labels(session, pid), export.LABEL_COLUMNS))


def items(name: ProjectName, file_format: Format = "csv", output: Out = None, raw: Raw = False) -> None:
    """Write every item, one a row: its fields, state, final label, and what came with it.

    \b
    Example:
      concord items rte --format jsonl > items.jsonl
    """
    from workflow import export

    _write(
        name,
        file_format,
        output,
        raw,
        lambda session, pid: (export.items(session, pid), export.item_columns(session, pid)),
    )


def _write(
    name: str,
    file_format: str,
    output: Path | None,
    raw: bool,
    rows: Callable[[Any, int], tuple[Rows, Sequence[str]]],
) -> None:
    from workflow import export

    if file_format not in ("csv", "jsonl"):
        raise WrongCallError(f"There is no format {file_format!r}: choose csv or jsonl.")
    escaped = 0
    with opened() as store, store.read() as session:
        found, columns = rows(session, project(session, name))
        with target(output) as out:
            if file_format == "jsonl":
                export.write_jsonl(found, out)
            else:
                escaped = export.write_csv(found, columns, out, raw=raw)
    if escaped:
        print(export.UNDO, file=sys.stderr)


@contextmanager
def target(output: Path | None) -> Iterator[TextIO]:
    """Standard output in UTF-8, or a file that is there only once it is whole."""
    if output is None:
        out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False)
        try:
            yield out
            out.flush()
        finally:
            out.detach()
        return
    if output.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(output))
    if output.exists() and not output.is_file():
        # A device or a pipe is written to, never replaced.
        with output.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    output = output.resolve()
    part = output.with_name(output.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        os.replace(part, output)  # noqa: PTH105 - what it does is what it says
    finally:
        part.unlink(missing_ok=True)
