"""A database copied while it is in use, and brought back: consistent, checked, never in the place of one that is in use."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlmodel import col

from storage import schema
from storage.backup import BackupError, back_up, bring_back, examined
from storage.engine import Store, open_store
from storage.tables import Assignment, Label, Person, Place
from tests.builders import NOW, World, build
from tests.databases import Databases
from workflow import assignment, labelling

ITEMS = 120
NAMES = ("ana", "ben", "cem")


@pytest.fixture
def database(databases: Databases) -> Path:
    return Path(databases.url("sqlite").removeprefix("sqlite:///"))


@pytest.fixture
def world(database: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{database}", pool_size=5)
    world = build(store, items=ITEMS, batch_size=ITEMS)
    for name in NAMES:
        store.transact(lambda s, it=world.people[name]: assignment.next_batch(s, world.project_id, it, NOW))  # type: ignore[misc]
    yield world
    store.close()


def places(world: World, name: str) -> list[int]:
    with world.store.read() as session:
        found = select(col(Assignment.id)).where(col(Assignment.person_id) == world.people[name])
        return list(session.execute(found.order_by(col(Assignment.id))).scalars())


def click(world: World, name: str, place: int, us: int) -> None:
    value = world.values["yes" if place % 2 else "no"]
    world.store.transact(lambda s: labelling.record(s, world.slack_id(name), place, value, us, NOW))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def labels(store: Store) -> tuple[int, int]:
    """Labels that were given, and places that hold one: the click writes both or neither."""
    with store.read() as session:
        given = session.execute(select(func.count()).select_from(Label)).scalar_one()
        held = select(func.count()).where(col(Assignment.state) == Place.LABELLED)
        return given, session.execute(held).scalar_one()


def test_a_backup_taken_while_people_click_is_one_moment_and_can_be_worked_with(
    world: World, database: Path, tmp_path: Path
) -> None:
    begun, enough = threading.Event(), threading.Event()
    clicked = dict.fromkeys(NAMES, 0)

    def work(name: str) -> None:
        us = 0
        while not enough.is_set():
            for place in places(world, name):
                us += 1
                click(world, name, place, us)
                clicked[name] += 1
                begun.set()
                if enough.is_set():
                    return

    people = [threading.Thread(target=work, args=(name,)) for name in NAMES]
    seen: list[tuple[int, int, int]] = []
    try:
        for person in people:
            person.start()
        assert begun.wait(60)
        copied = back_up(
            database,
            tmp_path / "copy.db",
            progress=lambda done, total: seen.append((done, total, sum(clicked.values()))),
        )
    finally:
        enough.set()
        for person in people:
            person.join()
    assert seen[-1][0] == seen[-1][1] > 0
    assert copied.revision == schema.newest()
    assert copied.rows["item"] == ITEMS
    store = open_store(f"sqlite:///{copied.path}", pool_size=3)
    given, held = labels(store)
    assert 0 < given == copied.rows["label"] <= labels(world.store)[0]
    with store.read() as session:
        # A click writes the label and the place, or neither.
        assert session.execute(select(func.count(col(Label.assignment_id).distinct()))).scalar_one() == held
    again = World(**{**vars(world), "store": store})
    place = places(again, "ana")[0]
    values = list(world.values.values())
    for number, value in enumerate([*values, *values]):
        store.transact(lambda s, it=(value, number): labelling.record(s, "UANA", place, it[0], 10**9 + it[1], NOW))  # type: ignore[misc]
    assert labels(store)[0] >= given + len(values)
    store.close()


def test_writers_write_while_a_backup_is_half_done(world: World, database: Path, tmp_path: Path) -> None:
    """Between two steps another connection commits; what it commits is not in the copy."""
    with world.store.write() as session:
        # Larger than one step.
        session.execute(
            insert(Person), [{"name": "x" * 4000, "active": True, "handle": f"@extra{n}"} for n in range(1500)]
        )
    written: list[int] = []

    def write(done: int, total: int) -> None:
        if done < total and not written:
            click(world, "ana", places(world, "ana")[0], 5)
            written.append(done)

    copied = back_up(database, tmp_path / "copy.db", progress=write)
    assert written, "the copy was made in one step"
    assert copied.rows["label"] == 0
    assert labels(world.store) == (1, 1)


def test_a_backup_replaces_nothing_unless_told(world: World, database: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(BackupError, match="--force"):
        back_up(database, target)
    assert target.read_text() == "precious"
    assert back_up(database, target, force=True).rows["item"] == ITEMS
    assert names(tmp_path) == ["copy.db"]
    assert target.stat().st_mode & 0o077 == 0


def test_a_file_that_comes_while_the_copy_is_made_is_not_replaced(world: World, database: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    def come(_done: int, _total: int) -> None:
        target.write_text("precious")

    with pytest.raises(BackupError, match="there already"):
        back_up(database, target, progress=come)
    assert target.read_text() == "precious"
    assert names(tmp_path) == ["copy.db"]


def test_what_cannot_be_copied_is_refused_with_words(world: World, database: Path, tmp_path: Path) -> None:
    for source, target, words in (
        (tmp_path / "none.db", tmp_path / "copy.db", "no database"),
        (database, tmp_path, "folder"),
        (database, tmp_path / "no" / "copy.db", "no folder"),
        (database, database, "the database itself"),
    ):
        with pytest.raises(BackupError, match=words):
            back_up(source, target, force=True)
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(BackupError, match="database"):
        back_up(broken, tmp_path / "copy.db")
    assert names(tmp_path) == ["broken.db"]


def test_a_backup_that_is_killed_leaves_no_half_file_under_its_name(
    world: World, database: Path, tmp_path: Path
) -> None:
    code = (
        "import os, sys; from pathlib import Path; from storage.backup import back_up; "
        "back_up(Path(sys.argv[1]), Path(sys.argv[2]), progress=lambda done, total: os._exit(9))"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(database), str(tmp_path / "copy.db")], check=False)
    assert ended.returncode == 9
    assert not (tmp_path / "copy.db").exists()
    assert back_up(database, tmp_path / "copy.db").rows["item"] == ITEMS


def test_a_copy_is_brought_back_and_what_was_there_is_kept(world: World, database: Path, tmp_path: Path) -> None:
    click(world, "ana", places(world, "ana")[0], 1)
    back_up(database, tmp_path / "copy.db")
    click(world, "ana", places(world, "ana")[1], 2)
    assert labels(world.store) == (2, 2)
    world.store.close()
    restored = bring_back(tmp_path / "copy.db", database, NOW)
    assert restored.kept is not None
    assert restored.kept.name == f"{database.stem}-before-restore-20260302T090000Z.db"
    assert examined(restored.kept, "kept").rows["label"] == 2
    assert labels(world.store) == (1, 1)
    click(world, "ana", places(world, "ana")[2], 3)
    assert labels(world.store) == (2, 2)
    assert examined(tmp_path / "copy.db", "copy").rows["label"] == 1


def test_a_database_that_is_open_elsewhere_is_left_alone(world: World, database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "copy.db")
    click(world, "ana", places(world, "ana")[0], 1)
    before = names(database.parent)
    with pytest.raises(BackupError, match="Somebody is using"):
        bring_back(tmp_path / "copy.db", database, NOW)
    assert labels(world.store) == (1, 1)
    click(world, "ana", places(world, "ana")[1], 2)
    assert labels(world.store) == (2, 2)
    assert names(database.parent) == before


def test_where_there_is_no_database_the_copy_becomes_it(world: World, database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "copy.db")
    restored = bring_back(tmp_path / "copy.db", tmp_path / "new" / "concord.db", NOW)
    assert restored.kept is None
    assert examined(tmp_path / "new" / "concord.db", "new").rows["item"] == ITEMS
    assert (tmp_path / "new" / "concord.db").stat().st_mode & 0o077 == 0


def test_a_broken_database_is_put_aside(world: World, database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "copy.db")
    broken = tmp_path / "concord.db"
    broken.write_bytes(b"not a database at all, " * 500)
    restored = bring_back(tmp_path / "copy.db", broken, NOW)
    assert restored.kept is not None
    assert restored.kept.read_bytes().startswith(b"not a database")
    assert examined(broken, "restored").rows["item"] == ITEMS


def test_an_old_copy_is_brought_to_the_newest_revision(databases: Databases, tmp_path: Path) -> None:
    old = Path(databases.url("sqlite", empty=True).removeprefix("sqlite:///"))
    store = open_store(f"sqlite:///{old}")
    schema.upgrade_to(store, schema.revisions()[0])
    with store.write() as session:
        session.execute(text("INSERT INTO workspace (team_id, name, seen_at) VALUES ('T1', 'Lab', '2026-01-01')"))
    store.close()
    assert back_up(old, tmp_path / "copy.db").revision == schema.revisions()[0]
    assert bring_back(tmp_path / "copy.db", tmp_path / "concord.db", NOW).revision == schema.newest()
    with sqlite3.connect(tmp_path / "concord.db") as connection:
        assert connection.execute("SELECT name FROM workspace").fetchall() == [("Lab",)]
    assert examined(tmp_path / "copy.db", "copy").revision == schema.revisions()[0]
    assert names(tmp_path) == ["concord.db", "copy.db"]


def test_what_is_no_copy_of_concords_is_not_brought_back(world: World, database: Path, tmp_path: Path) -> None:
    newer, foreign, damaged = tmp_path / "newer.db", tmp_path / "foreign.db", tmp_path / "damaged.db"
    back_up(database, newer)
    with sqlite3.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00dfeedbeef'")
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
    back_up(database, damaged)
    damage(damaged)
    (tmp_path / "text.db").write_text("hello")
    live = tmp_path / "concord.db"
    shutil.copy(newer, live)
    before = live.read_bytes()
    for copy, words in (
        (newer, "newer Concord"),
        (foreign, "no database of Concord"),
        (damaged, "damaged|no database that can be read"),
        (tmp_path / "text.db", "no database that can be read"),
        (tmp_path / "nowhere.db", "not there"),
        (live, "newer Concord|the database itself"),
    ):
        with pytest.raises(BackupError, match=words):
            bring_back(copy, live, NOW)
    assert live.read_bytes() == before


def damage(path: Path) -> None:
    """Overwrite a page in the middle, as a failing disk would."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
