"""Copies of a PostgreSQL database are its own tools' work: what to call, and calling it.

No password is ever on a command line, where everybody on the machine could read it.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from storage.backup import COUNTED, BackupError, Copied
from storage.engine import Store

SECRETS = ("password", "sslpassword")


def dump_command(url: URL, target: Path, *, snapshot: str | None = None) -> list[str]:
    """How ``pg_dump`` is called for the database at ``url``: everything, compressed, in the format of pg_restore."""
    same_moment = [f"--snapshot={snapshot}"] if snapshot else []
    return [
        "pg_dump",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        *same_moment,
        f"--file={target}",
        _database(url),
    ]


def restore_command(url: URL, source: Path) -> list[str]:
    """How ``pg_restore`` puts a dump in the place of what the database at ``url`` holds: all of it, or nothing."""
    whole = ["--single-transaction", "--exit-on-error", "--clean", "--if-exists", "--no-owner", "--no-privileges"]
    return ["pg_restore", *whole, _database(url), str(source)]


def as_typed(command: Sequence[str]) -> str:
    """A command as it is typed in a shell."""
    return shlex.join(command)


def has_password(url: URL) -> bool:
    """Whether the address holds a password, which the command line does not show."""
    return url.password is not None or any(name in url.query for name in SECRETS)


def dump(store: Store, target: Path, *, force: bool = False) -> Copied:
    """Run ``pg_dump``; the file is there only once it is whole. The rows are counted in the same snapshot.

    Raises BackupError where the target is there (unless ``force``), ``pg_dump`` is not, or it fails, with its own words.
    """
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Name another file, or say --force to replace it.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Nothing was copied.")
    if shutil.which("pg_dump") is None:
        raise BackupError("There is no pg_dump on the PATH: it comes with PostgreSQL's client tools.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.touch(mode=0o600)
        with store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            revision, rows = _counted(connection)
            _run(dump_command(store.engine.url, part, snapshot=snapshot), store.engine.url)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Copied(target, target.stat().st_size, revision, rows)


def _run(command: Sequence[str], url: URL) -> None:
    secret = url.password or url.query.get("password")
    environment = {**os.environ, **({"PGPASSWORD": str(secret)} if secret else {})}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own list
    if ran.returncode:
        raise BackupError(f"{command[0]} failed: {ran.stderr.strip() or ran.returncode}")


def _counted(connection: Connection) -> tuple[str | None, dict[str, int]]:
    there = set(inspect(connection).get_table_names())
    rows = {
        table: int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())  # noqa: S608 - our own
        for table in COUNTED
        if table in there
    }
    if "alembic_version" not in there:
        return None, rows
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar(), rows


def _database(url: URL) -> str:
    query = {name: value for name, value in url.query.items() if name not in SECRETS}
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return f"--dbname={shown.render_as_string(hide_password=False)}"
