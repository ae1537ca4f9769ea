"""Opening the store, writing to it from several threads, and its schema over time."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, text, update
from sqlmodel import col

from storage import schema
from storage.engine import Store, open_store
from storage.tables import Person, Workspace
from tests.conftest import KINDS
from tests.databases import Databases

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_database_is_brought_to_the_newest_revision(databases: Databases, kind: str) -> None:
    store = open_store(databases.url(kind, empty=True))
    assert schema.upgrade(store) == (None, schema.newest())
    assert schema.upgrade(store) == (schema.newest(), schema.newest())
    schema.check(store)
    store.close()


def test_a_newer_database_is_refused_and_left_alone(store: Store) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'f00dfeedbeef'"))
    with pytest.raises(schema.NewerDatabaseError, match="f00dfeedbeef"):
        schema.upgrade(store)
    with store.read() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "f00dfeedbeef"


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_of_somebody_else_is_refused(databases: Databases, kind: str) -> None:
    store = open_store(databases.url(kind, empty=True))
    with store.write() as session:
        session.execute(text("CREATE TABLE invoices (id INTEGER)"))
    with pytest.raises(schema.ForeignDatabaseError, match="invoices"):
        schema.upgrade(store)
    store.close()


def test_times_come_back_in_utc(store: Store) -> None:
    tehran = NOW.astimezone(timezone(timedelta(hours=3, minutes=30)))
    with store.write() as session:
        session.execute(insert(Workspace).values(team_id="T1", name="Lab", seen_at=tehran))
    with store.read() as session:
        read = session.execute(select(col(Workspace.seen_at))).scalar_one()
    assert read == NOW
    assert read.utcoffset() == timedelta(0)


def test_writers_do_not_lose_each_others_work(store: Store) -> None:
    with store.write() as session:
        session.execute(insert(Person).values(name="0", active=True, handle="@counter"))

    def count_up() -> None:
        for _ in range(20):
            with store.write() as session:
                row = session.execute(select(col(Person.id), col(Person.name)).with_for_update()).one()
                session.execute(update(Person).where(col(Person.id) == row.id).values(name=str(int(row.name) + 1)))

    threads = [threading.Thread(target=count_up) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.execute(select(col(Person.name))).scalar_one() == "100"


def test_an_exception_leaves_nothing_behind(store: Store) -> None:
    def fail_halfway() -> None:
        with store.write() as session:
            session.execute(insert(Person).values(name="Ana", active=True))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    with store.read() as session:
        assert session.execute(select(col(Person.id))).all() == []
