"""``concord backup`` and ``concord restore``."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.errors import WrongCallError
from bot.cli.opening import AsJson, Yes, asked, now, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from storage.backup import Copied


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it is there already.")] = False,
    run: Annotated[bool, typer.Option("--run", help="PostgreSQL: run pg_dump, not only print it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database to a file while Concord runs; the file is there only once it is whole and checked.

    For PostgreSQL the pg_dump command line is printed; with --run it is run.

    \b
    Example:
      concord backup backups/concord-2026-03-02.db
    """
    url = _url()
    with _refused():
        if url.get_backend_name() == "sqlite":
            from storage.backup import back_up

            _print_copied(back_up(_file(url), file, force=force), as_json)
            return
        _postgresql(url, file, force=force, run=run, as_json=as_json)


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A copy that `concord backup` made.", show_default=False)
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a copy in the place of the database, which nobody may have open; what was there is kept beside it.

    For PostgreSQL the pg_restore command line is printed.

    \b
    Example:
      concord restore backups/concord-2026-03-02.db
    """
    url = _url()
    if url.get_backend_name() != "sqlite":
        _print_restoring(url, file, as_json)
        return
    from storage.backup import bring_back, examined

    database = _file(url)
    with _refused():
        found = examined(file, str(file))
        if not yes:
            print(f"{file}: {_rows(found)}, revision {found.revision}.", file=sys.stderr)
            asked(f"Put it in the place of {database}? What is there now is kept beside it.")
        restored = bring_back(file, database, now())
    if as_json:
        kept = str(restored.kept) if restored.kept else None
        print_json({**_as_json(restored.copied), "database": str(database), "kept": kept, "now": restored.revision})
        return
    print(f"Restored {database}: {_rows(restored.copied)}, revision {restored.revision}.")
    if restored.kept:
        print(f"What was there is kept: {restored.kept}")


def _url() -> URL:
    from sqlalchemy import make_url

    from bot.settings import Settings

    return make_url(Settings().database_url)


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise WrongCallError("The database is in memory: it has no file to copy or to restore.")
    return Path(url.database)


@contextmanager
def _refused() -> Iterator[None]:
    """What a copy says, said as every command says it."""
    from storage.backup import BackupError
    from workflow.errors import RefusedError

    try:
        yield
    except BackupError as error:
        raise RefusedError(str(error)) from None


def _postgresql(url: URL, file: Path, *, force: bool, run: bool, as_json: bool) -> None:
    from storage import dump
    from storage.engine import open_store

    if run:
        store = open_store(url.render_as_string(hide_password=False), pool_size=1)
        try:
            copied = dump.dump(store, file, force=force)
        finally:
            store.close()
        _print_copied(copied, as_json)
        return
    command = dump.dump_command(url, file)
    if as_json:
        print_json({"command": command})
        return
    print(dump.as_typed(command))
    _print_password(url)
    print("--run runs it, in one moment with the counting of rows.", file=sys.stderr)


def _print_restoring(url: URL, file: Path, as_json: bool) -> None:
    from storage import dump

    command = dump.restore_command(url, file)
    if as_json:
        print_json({"command": command})
        return
    print(dump.as_typed(command))
    print("concord db upgrade")
    print("Stop Concord first, everywhere: what the database holds is replaced, all of it or nothing.", file=sys.stderr)
    _print_password(url)


def _print_password(url: URL) -> None:
    from storage.dump import has_password

    if has_password(url):
        print("The password is not shown: set PGPASSWORD, or put it into ~/.pgpass (PGPASSFILE).", file=sys.stderr)


def _print_copied(copied: Copied, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(copied))
        return
    print(f"{copied.path}: {copied.size:,} bytes, revision {copied.revision}, {_rows(copied)}.")


def _as_json(copied: Copied) -> dict[str, Any]:
    return {
        "file": str(copied.path),
        "bytes": copied.size,
        "revision": copied.revision,
        "rows": dict(copied.rows),
    }


def _rows(copied: Copied) -> str:
    names = {"project": "projects", "person": "people", "item": "items", "label": "labels"}
    counted = [f"{copied.rows[table]:,} {name}" for table, name in names.items() if table in copied.rows]
    return ", ".join(counted) or "no rows"
