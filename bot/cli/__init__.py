"""The command line: ``concord``. One file per area; what is heavy is imported by the command that needs it."""

import os
import sys
from typing import Annotated

import typer

from bot.cli import (
    audits,
    backups,
    database,
    demo,
    doctor,
    exports,
    guidelines,
    history,
    imports,
    lots,
    near,
    outbox,
    people,
    projects,
    running,
    status,
    work,
)
from bot.cli.errors import debugging, explain

app = typer.Typer(
    name="concord",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(running.run)
app.command("manifest")(running.manifest)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.add_typer(projects.app, name="project")
app.add_typer(people.app, name="people")
app.add_typer(guidelines.app, name="guideline")
app.command("import")(imports.import_items)
app.add_typer(lots.app, name="lots")
app.add_typer(audits.app, name="audit")
app.command("labels")(exports.labels)
app.command("items")(exports.items)
app.command("assign")(work.assign)
app.command("digest")(work.digest)
app.command("agreement")(work.agreement)
app.command("undelivered")(work.undelivered)
app.add_typer(near.app, name="near")
app.add_typer(database.app, name="db")
app.add_typer(outbox.app, name="outbox")
app.command("history")(history.history)
app.command("status")(status.status)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as installed

        print(installed("concord"))
        raise typer.Exit


@app.callback()
def concord(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Run a data-annotation operation inside Slack.

    \b
    Example:
      concord project create -f project.yaml
      concord import rte items.csv
      concord labels rte --format csv -o labels.csv
    """


def main() -> None:
    """Run a command. What goes wrong is said in one message on standard error; there is never a stack trace."""
    try:
        app()
    except Exception as error:
        if debugging():
            raise
        message, code = explain(error)
        print(message, file=sys.stderr)
        sys.exit(code)
    finally:
        _flush()


def _flush() -> None:
    """Write out what is buffered, so that a reader who left (``| head``) is no fault at the very end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
