"""``concord import``: a file becomes items."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, opened, project

if TYPE_CHECKING:
    from storage.engine import Store
    from workflow.intake.lots import Report

SHOWN = 20


def import_items(
    name: ProjectName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON Lines, UTF-8.", show_default=False)],
    file_format: Annotated[
        str | None, typer.Option("--format", help="csv or jsonl; otherwise by the file's name.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import items from a file. The same file twice imports nothing twice.

    Exit code 0: rows are in the project, new or already there. 1: no row of the file is. 2: a wrong call.

    \b
    Example:
      concord import rte items.csv
    """
    from workflow import intake

    if file_format not in (None, "csv", "jsonl"):
        raise WrongCallError(f"There is no format {file_format!r}: choose csv or jsonl.")
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
        with _progress(file) as progress:
            report = intake.import_file(store, project_id, file, now, progress, None, file_format=file_format)
        _print_json(store, report) if as_json else _print_text(store, report, file.name)
    if report.items + report.duplicates == 0:
        raise typer.Exit(1)


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal; nothing where standard error is not one."""
    if not sys.stderr.isatty():
        yield lambda _bytes_done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    total = file.stat().st_size
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=total)
        yield lambda done: bar.update(
            task, completed=done, description=file.name if done < total else "opening items to people"
        )


def _print_json(store: Store, report: Report) -> None:
    """One object, written as it is read: a file of refused rows needs no more memory than another."""
    from workflow.intake import lots

    figures = {"rows": report.rows, "items": report.items, "duplicates": report.duplicates}
    sys.stdout.write(json.dumps(figures)[:-1] + ', "refused": [')
    with store.read() as session:
        for number, row in enumerate(lots.refused_rows(session, report.lot_id)):
            sys.stdout.write((", " if number else "") + json.dumps(row))
    sys.stdout.write("]}\n")


def _print_text(store: Store, report: Report, file_name: str) -> None:
    from workflow.intake import lots

    print(f"{file_name}: {_counted(report.rows, 'row')} = {_counted(report.items, 'item')} + ", end="")
    print(f"{_counted(report.duplicates, 'duplicate')} + {report.refused:,} refused")
    with store.read() as session:
        for number, row in enumerate(lots.refused_rows(session, report.lot_id)):
            if number == SHOWN:
                print(f"  ... and {report.refused - SHOWN:,} more; they are kept, and --json prints them all")
                break
            print(f"  {_refused(row)}")


def _refused(row: dict[str, Any]) -> str:
    field = f", {row['field']}" if row["field"] else ""
    return f"line {row['line']}{field}: {row['reason']}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
