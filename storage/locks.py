"""Locks that end with the process that holds them, whatever becomes of it."""

import fcntl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from storage.engine import Store

# Advisory locks of PostgreSQL are a pair of numbers; the first says that they are Concord's.
_OURS = 0x434F


@contextmanager
def held(store: Store, name: str) -> Iterator[bool]:
    """Hold the lock of that name, if nobody else does: yields whether it is held. It never waits.

    A file lock beside an SQLite database, an advisory lock in PostgreSQL; both are gone when the process is killed.
    """
    if store.is_sqlite:
        with _file_lock(store, name) as got:
            yield got
    else:
        with _advisory_lock(store, name) as got:
            yield got


@contextmanager
def _file_lock(store: Store, name: str) -> Iterator[bool]:
    database = store.engine.url.database
    if not database:
        yield True
        return
    with Path(f"{database}.{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _advisory_lock(store: Store, name: str) -> Iterator[bool]:
    lock = {"ours": _OURS, "name": zlib.crc32(name.encode()) - 2**31}
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = bool(connection.execute(text("SELECT pg_try_advisory_lock(:ours, :name)"), lock).scalar_one())
        try:
            yield got
        finally:
            if got:
                connection.execute(text("SELECT pg_advisory_unlock(:ours, :name)"), lock)
