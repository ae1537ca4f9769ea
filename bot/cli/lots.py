"""``concord lots``: what was imported, what of it was refused, and taking it back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bot.cli.import_report import counted
from bot.cli.opening import AsJson, ProjectName, asked, now, opened, print_json, project

app = typer.Typer(help="List, show and undo imports.", no_args_is_help=True, rich_markup_mode=None)

LotId = Annotated[int, typer.Argument(metavar="LOT", help="The lot's number, as lots list shows it.", min=1)]


@app.command("list")
def list_lots(name: ProjectName, as_json: AsJson = False) -> None:
    """List the imports into a project, the newest first.

    \b
    Example:
      concord lots list rte
    """
    from workflow.intake import lots

    with opened() as store, store.read() as session:
        found = lots.listed(session, project(session, name))
    if as_json:
        print_json(found)
        return
    for lot in found:
        figures = (
            f"{counted(lot['items'], 'item')} + {counted(lot['duplicates'], 'duplicate')} + {lot['refused']:,} refused"
        )
        print(f"{lot['lot']}: {lot['file']}, {lot['started'][:16].replace('T', ' ')} UTC, {lot['state']}: {figures}")
    if not found:
        print(f"Nothing was imported yet: concord import {name} FILE")


@app.command()
def show(lot_id: LotId, as_json: AsJson = False) -> None:
    """Show what became of one import.

    \b
    Example:
      concord lots show 3 --json
    """
    from bot.cli import import_report
    from workflow.intake import lots

    with opened() as store:
        with store.read() as session:
            lot = lots.one(session, lot_id)
            report = lots.report(session, lot_id)
        if not as_json:
            print(f"Lot {lot_id}, {lot['state']}, by {lot['by'] or 'the command line'}")
            print(import_report.as_written(lot["file"], report.written))
        import_report.write(store, report, lot["file"], as_json=as_json)


@app.command()
def refused(
    lot_id: LotId,
    as_came: Annotated[bool, typer.Option(help="The rows as they stood in the file, under its header.")] = False,
    raw: Annotated[bool, typer.Option(help="Without apostrophes before what a spreadsheet may run.")] = False,
) -> None:
    """Print the refused rows of an import as CSV: line, field, reason, the row as it came.

    \b
    Example:
      concord lots refused 3 > refused.csv
      concord lots refused 3 --as-came > to-put-right.csv
    """
    from workflow import export
    from workflow.intake import lots
    from workflow.intake import refused as kept

    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    with opened() as store, store.read() as session:
        lots.one(session, lot_id)
        lines = kept.as_came(session, lot_id) if as_came else kept.as_csv(session, lot_id, raw=raw)
        sys.stdout.writelines(lines)
    if not (as_came or raw):
        print(export.UNDO, file=sys.stderr)


@app.command()
def undo(
    lot_id: LotId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take an import back, as long as nobody has answered any item of it.

    \b
    Example:
      concord lots undo 3
    """
    from workflow import intake
    from workflow.intake import lots

    with opened() as store:
        with store.read() as session:
            lot = lots.one(session, lot_id)
        if not yes and not as_json:
            asked(f"Take back lot {lot_id}, {lot['file']} with {counted(lot['items'], 'item')}?")
        intake.undo(store, lot["project_id"], lot_id, now(), None)
    if as_json:
        print_json({"lot": lot_id, "state": "undone"})
    else:
        gone = f"{counted(lot['items'], 'item')} and {counted(lot['duplicates'], 'duplicate')}"
        print(f"Lot {lot_id} is undone: {gone} less.")
