"""The schema over time: upgrades with data in every table, at one moment, and what is refused."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Text,
    inspect,
    select,
    text,
)

from storage import schema
from storage.engine import Store, open_store
from tests.conftest import KINDS
from tests.databases import Databases

ROOT = Path(__file__).parents[2]
# What a released revision says never changes: a change of the tables is a new revision.
RELEASED = {
    "f02fa1e76dcf": "20261125_the_walking_house.py",
    "cc077da89124": "20261125_any_file.py",
    "9a456fbf9fe9": "20261125_guidelines.py",
    "e35937186853": "20261125_quality.py",
}


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Store]:
    """A database without tables."""
    store = open_store(databases.url(request.param, empty=True), pool_size=2)
    yield store
    store.close()


def reflected(store: Store) -> MetaData:
    """The tables that are there, whatever the code says."""
    found = MetaData()
    found.reflect(store.engine)
    found.remove(found.tables["alembic_version"])
    return found


def filler(column: Column[Any], row: int) -> Any:  # noqa: C901 - one line a type
    """A value that fits a column; another one in each row."""
    kind, word = column.type, f"{column.table.name}.{column.name} {row} “ü”"
    if isinstance(kind, Boolean):
        return row % 2 == 0
    if isinstance(kind, Enum):
        return kind.enums[row % len(kind.enums)]
    if isinstance(kind, BigInteger):
        return 2**40 + row
    if isinstance(kind, Integer):
        return 7 + row
    if isinstance(kind, Float):
        return 0.1 + row
    if isinstance(kind, LargeBinary):
        return bytes([0, 255, row])
    if isinstance(kind, JSON):
        return {"of": word, "list": [row, None, True]}
    if isinstance(kind, DateTime):
        return datetime(2026, 3, 29, 1, row, 59, 123456 + row, tzinfo=UTC if kind.timezone else None)
    if isinstance(kind, Date):
        return date(2026, 3, 28 + row)
    if isinstance(kind, (String, Text)):
        return word[: kind.length]
    raise TypeError(f"{column}: {kind!r}")


ROWS = 2


def fill(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Put rows into every table as it is now; what they say."""
    tables = reflected(store)
    keys: dict[str, list[Any]] = {}
    with store.engine.connect().execution_options(immediate=True) as connection:
        for table in tables.sorted_tables:
            for row in range(ROWS):
                values = {column.name: _value(column, row, keys) for column in table.columns}
                # Numbers 1, 2, ... as the application's own rows have them.
                values |= {name: row + 1 for name in ("id",) if name in table.columns}
                connection.execute(table.insert().values(**values))
            if "id" in table.columns:
                keys[table.name] = [row + 1 for row in range(ROWS)]
        connection.commit()
    return told(store, tables)


def _value(column: Column[Any], row: int, keys: dict[str, list[Any]]) -> Any:
    for key in column.foreign_keys:
        return keys.get(key.column.table.name, [None] * ROWS)[row]
    if column.table.name == "item" and column.name == "duplicate_of":
        return None
    return filler(column, row)


def told(store: Store, tables: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these tables' columns, in a form that can be compared."""
    with store.engine.connect() as connection:
        return {
            table.name: sorted((_plain(row) for row in connection.execute(select(*table.columns))), key=str)
            for table in tables.sorted_tables
        }


def _plain(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value for value in row)


@pytest.mark.parametrize("revision", schema.revisions())
def test_an_upgrade_keeps_the_data_of_every_table(empty: Store, revision: str) -> None:
    schema.upgrade_to(empty, revision)
    before = fill(empty)
    tables = reflected(empty)
    assert all(len(rows) == ROWS for rows in before.values())
    assert schema.upgrade(empty) == (revision, schema.newest())
    assert told(empty, tables) == before
    schema.check(empty)
    assert schema.upgrade(empty) == (schema.newest(), schema.newest())
    assert told(empty, tables) == before


def test_the_newest_schema_is_that_of_the_tables_in_the_code(empty: Store) -> None:
    assert schema.upgrade(empty) == (None, schema.newest())
    schema.check(empty)


def test_a_difference_between_tables_and_migrations_is_seen(empty: Store) -> None:
    """The check can fail: else the tests above would say nothing."""
    schema.upgrade(empty)
    with empty.engine.connect().execution_options(immediate=True) as connection:
        connection.execute(text("ALTER TABLE digest DROP COLUMN scheduled"))
        connection.commit()
    with pytest.raises(Exception, match="scheduled"):
        schema.check(empty)


def test_released_revisions_are_still_there_and_in_one_line() -> None:
    assert set(RELEASED) <= set(schema.revisions())
    for revision, file in RELEASED.items():
        assert f"revision = '{revision}'" in (schema.MIGRATIONS / "versions" / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_several_processes_upgrade_one_database_at_one_moment(databases: Databases, kind: str) -> None:
    """All of them come to the newest schema; one does the work, the others wait for it."""
    url = databases.url(kind, empty=True)
    script = (
        "import sys\nfrom storage import schema\nfrom storage.engine import open_store\n"
        "store = open_store(sys.argv[1], pool_size=1)\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "print(*schema.upgrade(store))\nstore.close()\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, url],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    ended = [process.communicate("go\n") for process in processes]
    assert [errors for _, errors in ended] == [""] * 3
    newest = schema.newest()
    assert sorted(out for out, _ in ended) == sorted([f"None {newest}\n", *[f"{newest} {newest}\n"] * 2])
    store = open_store(url)
    schema.check(store)
    store.close()


def test_threads_of_one_process_upgrade_at_one_moment(empty: Store) -> None:
    gate, failed = threading.Barrier(3), []

    def upgrade() -> None:
        gate.wait()
        try:
            schema.upgrade(empty)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    schema.check(empty)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    # Alembic writes the revision last.
    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer._insert_version", fail)
    with pytest.raises(RuntimeError, match="disk"):
        schema.upgrade(empty)
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    monkeypatch.undo()
    assert schema.upgrade(empty) == (None, schema.newest())
    schema.check(empty)


def test_a_newer_database_is_refused_and_left_as_it_is(empty: Store) -> None:
    schema.upgrade(empty)
    with empty.engine.connect().execution_options(immediate=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'abcdefabcdef'"))
        connection.commit()
    before = fill(empty)
    with pytest.raises(schema.NewerDatabaseError, match=r"abcdefabcdef.*newer Concord"):
        schema.upgrade(empty)
    assert told(empty, reflected(empty)) == before


def test_tables_of_somebody_else_are_refused_and_left_as_they_are(empty: Store) -> None:
    with empty.engine.connect().execution_options(immediate=True) as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
        connection.commit()
    with pytest.raises(schema.ForeignDatabaseError, match="invoices"):
        schema.upgrade(empty)
    assert inspect(empty.engine).get_table_names() == ["invoices"]
