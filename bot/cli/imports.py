"""``concord import``: a file becomes items."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import import_report
from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, ProjectName, now, opened, project

if TYPE_CHECKING:
    from storage.engine import Store
    from workflow.intake.changes import OnChange
    from workflow.intake.lots import Report
    from workflow.reading.asked import Asked


def import_items(
    name: ProjectName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file, or a dataset's folder.", show_default=False)],
    file_format: Annotated[
        str | None, typer.Option("--format", help="What it is; otherwise found out.", show_default=False)
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Its encoding; otherwise found out.", show_default=False)] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="What separates columns: one character, or tab.", show_default=False)
    ] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether the first row names the columns.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="PART=COLUMN, such as text=body; PART= where there is none.", show_default=False),
    ] = None,
    on_change: Annotated[
        str, typer.Option("--on-change", help="A known id with another text: keep, replace or new.")
    ] = "keep",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say all of it, and write nothing.")] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Write the refused rows to this CSV file.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import items from a file. The same file twice imports nothing twice.

    Exit code 0: rows are in the project, new or already there. 1: no row of the file is. 2: a wrong call.

    \b
    Example:
      concord import rte items.csv
      concord import rte export.json --map text=body --map id=uid --dry-run
    """
    from workflow import intake
    from workflow.intake import preview

    asked, change = _asked(file_format, encoding, delimiter, header), _on_change(on_change)
    with opened() as store:
        with store.read() as session:
            project_id = project(session, name)
        asked, chosen = _answered(store, project_id, file, asked, _columns(columns or []), quiet=as_json)
        with _progress(file) as progress:
            how: dict[str, Any] = {"asked": asked, "columns": chosen, "on_change": change}
            with import_report.Spool() as spool:
                report: Report = (
                    preview.preview(store, project_id, file, progress=progress, on_refused=spool.add, **how)
                    if dry_run
                    else intake.import_file(store, project_id, file, now, progress, None, **how)
                )
                import_report.write(store, report, file.name, spool, as_json=as_json)
        if refused is not None and report.lot_id:
            import_report.write_refused(store, report.lot_id, refused)
    if report.items + report.duplicates == 0:
        raise typer.Exit(1)


def _asked(file_format: str | None, encoding: str | None, delimiter: str | None, header: bool | None) -> Asked:
    from workflow.reading import FORMATS
    from workflow.reading.asked import Asked

    if file_format is not None and file_format not in FORMATS:
        raise WrongCallError(f"There is no format {file_format!r}: choose from {', '.join(FORMATS)}.")
    separator = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter) if delimiter else None
    if separator is not None and len(separator) != 1:
        raise WrongCallError(f"--delimiter {delimiter}: write one character, or tab.")
    return Asked(file_format, encoding, separator, header)


def _on_change(typed: str) -> OnChange:
    from workflow.intake.changes import OnChange

    if typed not in list(OnChange):
        raise WrongCallError(f"--on-change {typed}: choose keep, replace or new.")
    return OnChange(typed)


def _columns(typed: list[str]) -> dict[str, str]:
    found = {}
    for entry in typed:
        role, separator, column = entry.partition("=")
        if not separator or not role:
            raise WrongCallError(f"--map {entry}: write a part of an item and a column, such as text=body.")
        found[role] = column
    return found


def _answered(
    store: Store, project_id: int, file: Path, asked: Asked, columns: dict[str, str], *, quiet: bool
) -> tuple[Asked, dict[str, str]]:
    """How the file will be read, shown; what is unsure is asked where somebody sits at the terminal."""
    from dataclasses import replace

    from workflow.errors import RefusedError
    from workflow.intake import importing

    found = importing.look(store, project_id, file, asked, columns)
    if sys.stdin.isatty() and sys.stderr.isatty():
        for question in found.questions:
            print(question.words, file=sys.stderr)
            if question.role == importing.HEADER:
                asked = replace(asked, header=typer.confirm("Does the first row name the columns?", err=True))
            else:
                columns[question.role] = _choice(question.role, question.choices, found.asked.fields)
        if found.questions:
            found = importing.look(store, project_id, file, asked, columns)
    if not quiet:
        print(import_report.as_written(file.name, found.written), file=sys.stderr)
    if found.questions:
        hint = "Say it with --map PART=COLUMN, or --header or --no-header. Nothing was imported."
        raise RefusedError("\n".join([*(question.words for question in found.questions), hint]))
    return asked, columns


def _choice(role: str, choices: tuple[str, ...], fields: tuple[str, ...]) -> str:
    """A column that somebody types, or its number; nothing where the part need not be there."""
    for number, column in enumerate(choices, start=1):
        print(f"  {number}. {column}", file=sys.stderr)
    default = None if role in fields else ""
    typed: str = typer.prompt(f"Column for {role}", default=default, show_default=False, err=True).strip()
    if typed not in choices and typed.isdecimal() and 0 < int(typed) <= len(choices):
        return choices[int(typed) - 1]
    return typed


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal; nothing where standard error is not one."""
    if not sys.stderr.isatty():
        yield lambda _bytes_done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    parts = file.rglob("*") if file.is_dir() else [file]
    total = sum(part.stat().st_size for part in parts if part.is_file())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=total)
        yield lambda done: bar.update(
            task, completed=done, description=file.name if done < total else "comparing, opening items to people"
        )
