"""A copy of an SQLite database while it is in use, and bringing such a copy back.

What is copied is one snapshot: the reading connection holds a transaction open all the while. In the write-ahead log that
keeps no writer waiting, and the copying need not begin again whenever somebody writes, as it otherwise would under load.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage import schema
from storage.engine import open_store

PAGES_A_STEP = 512
SIDE_FILES = ("-wal", "-shm", "-journal")
COUNTED = ("project", "person", "item", "assignment", "label", "history")


class BackupError(Exception):
    """A copy that could not be made, or must not be brought back; the text says why and what to do."""


@dataclass(frozen=True)
class Copied:
    """What a file holds: its size in bytes, the schema's revision (None: empty), rows by table."""

    path: Path
    size: int
    revision: str | None
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Restored:
    """What was brought back. ``kept`` is where the database of before is now, None where there was none."""

    copied: Copied
    kept: Path | None
    revision: str


Progress = Callable[[int, int], None]


def back_up(database: Path, target: Path, *, force: bool = False, progress: Progress | None = None) -> Copied:
    """Copy a database, in use or not, to a file that is there only once it is whole and checked.

    ``progress`` is told pages done and pages in all. Raises BackupError where the target is there (unless ``force``), is
    the database itself, or has no room, and where the database is missing, broken, or not Concord's.
    """
    _check_target(database, target, force=force)
    part = _private_file_beside(target)
    try:
        with _opened(database) as source:
            _copy(source, part, progress)
        copied = examined(part, "The copy")
        _sync(part)
        _put(part, target, force=force)
    finally:
        _remove(part)
    return Copied(target, copied.size, copied.revision, copied.rows)


def bring_back(copy: Path, database: Path, now: datetime) -> Restored:
    """Put a copy in the place of a database that nobody has open; what was there is kept beside it under a dated name.

    The copy itself is left as it is; what is put in place is brought to the newest revision. Raises BackupError where
    somebody is using the database or the copy is none of Concord's, and what ``schema.upgrade`` raises: all of them leave
    the database as it was.
    """
    copied = examined(copy, str(copy))
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if database.exists() and database.samefile(copy):
        raise BackupError(f"{copy} is the database itself. Nothing was changed.")
    _check_room(database.parent, copied.size)
    fresh = _private_file_beside(database)
    try:
        with _opened(copy) as source:
            _copy(source, fresh, None)
        revision = _upgraded(fresh)
        examined(fresh, "The copy, brought to the newest revision,")
        _sync(fresh)
        kept = _exchange(fresh, database, now)
    finally:
        _remove(fresh)
    return Restored(copied, kept, revision)


def examined(path: Path, called: str) -> Copied:
    """Look whether a file is a whole database of Concord, of a revision that is known here. Raises BackupError."""
    if not path.is_file():
        raise BackupError(f"{path} is not there, or no file.")
    try:
        with _opened(path) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            revision = _revision(connection) if "alembic_version" in tables else None
            rows = {table: _count(connection, table) for table in COUNTED if table in tables}
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{called} is no database that can be read ({error}).") from None
    if faults != ["ok"]:
        raise BackupError(f"{called} is damaged: {'; '.join(faults)}")
    if revision is None:
        raise BackupError(f"{called} holds no database of Concord.")
    if revision not in schema.revisions():
        raise BackupError(
            f"{called} is at revision {revision}, which a newer Concord wrote: install that version first."
        )
    return Copied(path, path.stat().st_size, revision, rows)


def _check_target(database: Path, target: Path, *, force: bool) -> None:
    if not database.is_file():
        raise BackupError(f"There is no database at {database}. Nothing was copied.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}. Nothing was copied.")
    if target.is_dir():
        raise BackupError(f"{target} is a folder: name a file in it.")
    if target.exists() and target.samefile(database):
        raise BackupError(f"{target} is the database itself. Nothing was copied.")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Name another file, or say --force to replace it.")
    _check_room(target.parent, database.stat().st_size)


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise BackupError(f"{folder} has {free:,} bytes free, and {size:,} are needed. Nothing was written.")


def _private_file_beside(path: Path) -> Path:
    """An empty file in the same folder, which nobody else on the machine may read."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    return Path(name)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """An existing file; the driver begins no transactions of its own."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=15, isolation_level=None)) as connection:
        yield connection


def _copy(source: sqlite3.Connection, to: Path, progress: Progress | None) -> None:
    """Copy the one moment at which this begins."""

    def step(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    try:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with _opened(to) as target:
            source.backup(target, pages=PAGES_A_STEP, progress=step)
            # One file that is whole by itself, also on a disk that nobody may write to.
            target.execute("PRAGMA journal_mode=DELETE").fetchone()
        source.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database cannot be copied ({error}).") from None


def _revision(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - names of our own


def _sync(path: Path) -> None:
    """On the disk, whatever becomes of the machine."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put(part: Path, target: Path, *, force: bool) -> None:
    if force:
        part.replace(target)
    else:
        try:
            # A link is refused where a file of that name has come meanwhile; a renaming would replace it.
            target.hardlink_to(part)
        except FileExistsError:
            raise BackupError(f"{target} is there already. Name another file, or say --force to replace it.") from None
        except OSError:
            # A file system without links.
            part.replace(target)
    _sync(target.parent)


def _remove(path: Path) -> None:
    for name in ("", *SIDE_FILES):
        path.with_name(path.name + name).unlink(missing_ok=True)


def _upgraded(path: Path) -> str:
    store = open_store(f"sqlite:///{path.absolute()}", pool_size=1)
    try:
        _, after = schema.upgrade(store)
    finally:
        store.close()
    with _opened(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    path.with_name(f"{path.name}.upgrade.lock").unlink(missing_ok=True)
    return after


def _exchange(fresh: Path, database: Path, now: datetime) -> Path | None:
    """Put ``fresh`` in the place of the database, and say where the one of before is.

    Contents are exchanged under SQLite's own locks, not names: whoever opens the database meanwhile waits, and then sees
    the one that was brought back. After a renaming they would go on writing to the old one without anybody noticing.
    """
    if not database.exists():
        fresh.replace(database)
        _sync(database.parent)
        return None
    kept = database.with_name(f"{database.stem}-before-restore-{now:%Y%m%dT%H%M%SZ}{database.suffix}")
    if kept.exists():
        raise BackupError(f"{kept} is there already: a database was kept under that name a moment ago.")
    try:
        with _alone(database) as live:
            _check_room(database.parent, database.stat().st_size)
            part = _private_file_beside(kept)
            try:
                _copy(live, part, None)
                _sync(part)
                part.replace(kept)
            finally:
                _remove(part)
            with _opened(fresh) as source:
                source.backup(live)
    except sqlite3.DatabaseError:
        # What is no database any more, nobody can be using as one.
        _rename_broken(database, kept)
        fresh.replace(database)
    _sync(database.parent)
    return kept


@contextmanager
def _alone(database: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody else has open, held so until the end.

    Whoever uses the write-ahead log holds a lock on the file for as long as they are connected, at work or not; only who
    is alone may switch the log off. Raises BackupError where somebody is connected.
    """
    address = f"{database.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            connection.execute("PRAGMA locking_mode=EXCLUSIVE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            raise BackupError(
                f"Somebody is using {database}: stop Concord (and every import or command on it) first. "
                f"Nothing was changed."
            ) from None
        yield connection
        connection.execute("PRAGMA locking_mode=NORMAL").fetchone()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _rename_broken(database: Path, kept: Path) -> None:
    for name in ("", *SIDE_FILES):
        old = database.with_name(database.name + name)
        if old.exists():
            old.replace(kept.with_name(kept.name + name))
