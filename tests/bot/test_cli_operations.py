"""Running it for months: copies, the outbox, the history, forgetting somebody and the overview, on the command line."""

import csv
import io
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from storage import schema
from storage.engine import Store, open_store
from storage.tables import Flag, Outbox, OutboxState, Person, Purpose, Role
from tests.bot.command_line import Concord, runner
from tests.builders import NOW, World, add_person, build
from tests.workflow.clicks import Clicks
from workflow import outbox

OPERATIONS = (
    "backup",
    "restore",
    "history",
    "status",
    "outbox list",
    "outbox retry",
    "outbox drop",
    "people rte forget",
)


@pytest.fixture
def concord(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Concord:
    """Runs a command, with nobody at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    for name in ("CONCORD_HOME", "CONCORD_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    return runner(monkeypatch, capfd)


@pytest.fixture
def world(store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """A project in which two people have labelled, one item is flagged, and three messages wait or failed."""
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    world = build(store, annotators=("ana", "ben"), items=3, overlap=2)
    with store.write() as session:
        add_person(session, world, "lea", Role.LEAD)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.batch("ben")
    clicks.label("ana", 0, "yes")
    clicks.label("ben", 0, "yes")
    clicks.flag("ben", 1, "\x1b[31mAsk\nAna مرحبا")
    with store.write() as session:
        session.execute(update(Outbox).values(state=OutboxState.SENT))
        for number, purpose in enumerate(Purpose):
            outbox.put(session, NOW, f"m{number}", "said", outbox.To(world.project_id, purpose), {"message": "hello"})
        failed = {"state": OutboxState.FAILED, "error": "The channel is archived."}
        session.execute(update(Outbox).where(col(Outbox.key) == "m1").values(**failed))
        held = {"state": OutboxState.SENDING, "lease_until": NOW + timedelta(days=36500)}
        session.execute(update(Outbox).where(col(Outbox.key) == "m2").values(**held))
    return world


def row(world: World, key: str) -> Any:
    return world.one(select(col(Outbox.id), col(Outbox.state), col(Outbox.error)).where(col(Outbox.key) == key))


@pytest.mark.parametrize("command", OPERATIONS)
def test_every_command_has_help_with_an_example(concord: Concord, command: str) -> None:
    ran = concord(*command.split(), "--help")
    assert ran.code == 0
    assert f"concord {command.replace(' rte', '')} " in ran.out.partition("Example:")[2]
    assert "--json" in ran.out


def test_a_copy_is_made_and_brought_back(concord: Concord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_DATABASE_URL", f"sqlite:///{tmp_path / 'home' / 'concord.db'}")
    nothing = concord("backup", "copy.db")
    assert (nothing.code, nothing.out) == (1, "")
    assert "There is no database" in nothing.err
    assert not (tmp_path / "home").exists()
    store = open_store(os.environ["CONCORD_DATABASE_URL"])
    schema.upgrade(store)
    build(store, items=3)
    store.close()
    made = concord("backup", "copy.db", "--json")
    assert made.json["rows"] | {"history": 0} == {
        "project": 1, "person": 4, "item": 3, "assignment": 0, "label": 0, "history": 0,
    }  # fmt: skip
    assert made.json["revision"] == schema.newest()
    again = concord("backup", "copy.db")
    assert (again.code, again.out) == (1, "")
    assert "--force" in again.err
    assert "1 projects, 4 people, 3 items, 0 labels" in concord("backup", "copy.db", "--force").out
    asked = concord("restore", "copy.db")
    assert (asked.code, asked.out) == (2, "")
    assert "say --yes" in asked.err
    build(store, name="later", annotators=(), reviewers=(), items=5)
    used = concord("restore", "copy.db", "--yes")
    assert used.code == 1
    assert "Somebody is using" in used.err
    store.close()
    back = concord("restore", "copy.db", "--yes", "--json").json
    assert back["now"] == schema.newest()
    assert Path(back["kept"]).exists()
    assert [one["name"] for one in concord("project", "list", "--json").json] == ["rte"]
    (tmp_path / "text.db").write_text("hello")
    assert concord("restore", "text.db", "--yes").code == 1


def test_postgresqls_command_lines_are_printed_without_the_password(
    concord: Concord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_DATABASE_URL", "postgresql://ann:s3cret@db.example/lab")
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        ran = concord(command, "my copy.dump")
        assert ran.code == 0
        assert ran.out.startswith(f"{tool} ")
        assert "postgresql://ann@db.example/lab" in ran.out
        assert "PGPASSFILE" in ran.err
        assert "s3cret" not in ran.out + ran.err
        assert concord(command, "my copy.dump", "--json").json["command"][0] == tool


def test_messages_are_listed_tried_again_and_given_up(concord: Concord, world: World) -> None:
    failed, waits, held = (row(world, key).id for key in ("m1", "m0", "m2"))
    listed = concord("outbox", "list").out.splitlines()
    assert [line.split()[:2] for line in listed] == [
        [str(held), "sending"], [str(failed), "failed"], [str(waits), "waiting"],
    ]  # fmt: skip
    assert listed[1].endswith("to #review [rte]: The channel is archived.")
    page = concord("outbox", "list", "--limit", "1", "--json").json
    assert [one["id"] for one in page["messages"]] == [held] == [page["next_before"]]
    assert f"--before {failed}" in concord("outbox", "list", "--limit", "2").out
    only = concord("outbox", "list", "--state", "failed", "--project", "rte", "--json").json["messages"]
    assert [(one["id"], one["to"], one["state"]) for one in only] == [(failed, "#review", "failed")]
    tried = concord("outbox", "retry", str(failed), str(held))
    assert tried.out == f"{failed} is sent again.\n{held} is just being sent: look again in a minute.\n"
    assert tried.code == 0
    assert row(world, "m1").state is OutboxState.WAITING
    refused = concord("outbox", "drop", str(held), "--reason", "x")
    assert (refused.code, "just being sent" in refused.out) == (1, True)
    dropped = concord("outbox", "drop", str(waits), "--reason", "too late", "--by", "@lea", "--json")
    assert dropped.json == [{"id": waits, "done": True, "words": "is dropped"}]
    assert row(world, "m0").error == "Dropped: too late"
    told = [
        one
        for one in concord("history", "rte", "--action", "outbox", "--json").json
        if one["action"] == "outbox.dropped"
    ]
    assert [(one["who"], one["after"]["reason"]) for one in told] == [("Lea", "too late")]


def test_everything_that_failed_is_tried_again(concord: Concord, world: World) -> None:
    other = concord("outbox", "retry", "--all-failed", "--project", "nothing")
    assert (other.code, "There is no project nothing" in other.err) == (2, True)
    assert "is sent again" in concord("outbox", "retry", "--all-failed", "--project", "rte").out
    nothing = concord("outbox", "retry", "--all-failed")
    assert (nothing.code, nothing.out) == (0, "Nothing has failed.\n")
    assert concord("undelivered", "rte").out == "Everything was delivered.\n"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("outbox", "retry"), "--all-failed"),
        (("outbox", "retry", "1", "--all-failed"), "--all-failed"),
        (("outbox", "list", "--state", "lost"), "choose from waiting"),
        (("outbox", "drop", "1", "--reason", " "), "say why"),
        (("outbox", "drop", "1"), "--reason"),
        (("outbox", "drop", "1", "--reason", "x", "--by", "@nobody"), "Nobody is known here as @nobody"),
        (("history", "rte", "--since", "soon"), "write a date"),
        (("history", "rte", "--item", "i9"), "no item 'i9'"),
        (("history", "rte", "--person", "ana"), "names nobody"),
        (("history", "rte", "--format", "xml"), "choose text, csv or json"),
        (("history", "none"), "There is rte"),
        (("people", "forget", "@nobody"), "Nobody is known here"),
        (("people", "forget", "@ana"), "say --yes"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(concord: Concord, world: World, typed: tuple[str, ...], words: str) -> None:
    ran = concord(*typed)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_what_is_not_there_is_said(concord: Concord, world: World) -> None:
    for typed in (("outbox", "list", "--state", "unknown"), ("history", "rte", "--action", "lot")):
        ran = concord(*typed)
        assert ran.code == 0
        assert ran.out in ("No such message.\n", "Nothing of that kind has happened.\n")
    assert concord("history", "rte", "--action", "lot", "--json").json == []


def test_the_history_is_read_in_three_formats(concord: Concord, world: World) -> None:
    text = concord("history", "rte", "--item", "i0").out.splitlines()
    assert text[0] == "2026-03-02 09:00:00 UTC (10:00:00 CET)  i0 came with items.csv (lot 1)"
    assert [line.partition("  ")[2] for line in text].count("Ben labelled i0 “yes”; the item is accepted") == 1
    found = concord("history", "rte", "--format", "json").json
    table = list(csv.DictReader(io.StringIO(concord("history", "rte", "--format", "csv").out)))
    assert [one["words"] for one in table] == [one["words"] for one in found]
    assert found[0]["at"] == "2026-03-02T09:00:00Z"
    assert found[0]["local"] == "2026-03-02T10:00:00+01:00"
    # Somebody's text moves no cursor and keeps its letters.
    (flag,) = concord("history", "rte", "--action", "item.flagged").out.splitlines()
    assert flag.endswith("\N{REPLACEMENT CHARACTER}[31mAsk Ana مرحبا")
    assert concord("history", "rte", "--since", "2026-03-02T10:00", "--json").json == found
    assert concord("history", "rte", "--since", "2026-03-03", "--json").json == []


def test_somebody_is_forgotten_from_the_command_line(concord: Concord, world: World) -> None:
    ran = concord("people", "forget", "@ben", "--yes", "--wait", "0", "--notes", "--by", "@lea", "--json")
    assert ran.code == 0
    ben = world.people["ben"]
    assert ran.json["pseudonym"] == f"former member {ben}"
    assert ran.json["notes"] == 1
    assert f"Ben becomes “former member {ben}”" in ran.err
    assert world.one(select(col(Person.name)).where(col(Person.id) == ben)).name == f"former member {ben}"
    assert world.one(select(col(Flag.note))).note == ""
    assert f"former member {ben}" in concord("labels", "rte").out
    assert "UBEN" not in concord("labels", "rte").out
    assert "Nobody is known here as @ben" in concord("people", "forget", "@ben", "--yes").err
    assert [one["name"] for one in concord("people", "rte", "list", "--json").json] == ["Ana", "Lea", "Rita"]


def test_a_project_called_forget_has_people_too(concord: Concord, world: World) -> None:
    build(world.store, name="forget", annotators=(), reviewers=(), items=0)
    assert "Nobody is in forget yet" in concord("people", "forget", "list").out
    assert concord("people", "forget", "add", "@eve").code == 0
    assert "eve [@eve]: annotator" in concord("people", "forget", "list").out
    assert concord("people", "forget", "forget", "@eve", "--yes").code == 0
    assert "Nobody is in forget yet" in concord("people", "forget", "list").out


def test_how_things_stand(concord: Concord, world: World) -> None:
    found = concord("status", "--json").json
    assert found["revision"] == schema.newest()
    assert found["bytes"] > 0
    assert found["outbox"] == {"waiting": 1, "failed": 1, "sending": 1}
    (project,) = found["projects"]
    assert project == {
        "name": "rte", "items": 3, "done": 1, "people": 4, "labels_needed": 3, "open_cases": 1, "unfinished_imports": 0,
        "last_digest": None, "quality": None,
    }  # fmt: skip
    text = concord("status").out
    assert "rte: 1 of 3 items done, 1 wait for a ruling, 4 people, 3 labels needed, last digest none yet" in text
    assert "1 failed" in text
