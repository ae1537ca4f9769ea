"""``concord assign``, ``agreement`` and ``undelivered``, on both databases."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col
from typer.testing import CliRunner

from bot import cli
from bot.cli.errors import explain
from storage.engine import Store
from storage.tables import Assignment, Outbox, OutboxState, Pattern, Place
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks

Run = Callable[..., Any]


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command on the store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    return lambda *arguments: CliRunner().invoke(cli.app, list(arguments))


def said(ran: Any) -> tuple[str, int]:
    """What ``concord`` prints of an error, and its exit code."""
    assert isinstance(ran.exception, Exception)
    words, code = explain(ran.exception)
    assert "should not have" not in words
    return words, code


def plan(folder: Path, content: str | bytes) -> str:
    path = folder / "plan.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path.name


def test_a_plan_is_taken_row_by_row(store: Store, run: Run, tmp_path: Path) -> None:
    world = build(store, items=3, overlap=2)
    rows = (
        "\ufeffPerson , item, why\n"
        "@ana,i0,first\n"
        '"@ben\n",i0,"two\nlines"\n'  # lines 3 to 5
        "\n"
        "@cem,i0,no place left\n"
        "UANA,i1\n"
        "@ana,i1,again\n"
        "@zoe,i1,\n"
        "@rita,i1,\n"
        "@ana,i9,\n"
        "@ana\n"
        "@ana,i\x001,\n"
    )
    ran = run("assign", "rte", "--plan", plan(tmp_path, rows), "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert (told["rows"], told["planned"]) == (10, 3)
    assert [refused["line"] for refused in told["refused"]] == [7, 9, 10, 11, 12, 13, 14]
    places = world.rows(select(col(Assignment.person_id), col(Assignment.item_id), col(Assignment.state)))
    ana, ben = world.people["ana"], world.people["ben"]
    assert sorted(places) == sorted(
        [
            (ana, world.items[0], Place.PLANNED),
            (ben, world.items[0], Place.PLANNED),
            (ana, world.items[1], Place.PLANNED),
        ]
    )
    again = run("assign", "rte", "--plan", "plan.csv")
    assert again.exit_code == 1
    assert again.stdout.startswith("10 rows = 0 planned + 10 refused\n  line 2: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "the first line has to name the columns `item` and `person`"),
        ("item;person\ni0;@ana\n", "the first line has to name the columns"),
        (b"item,person\ni0,@ana\n\xff,@ana\n", "is not UTF-8"),
        ("item,person\n".encode("utf-16"), "is not UTF-8"),
        ("item,person\ni0,@ana\n" + "x" * 200_000 + ",@ana\n", "line 3: field larger than field limit"),
    ],
    ids=["empty", "semicolons", "Latin-1", "UTF-16", "endless"],
)
def test_a_plan_that_cannot_be_read_plans_nothing(
    store: Store, run: Run, tmp_path: Path, content: str | bytes, words: str
) -> None:
    world = build(store)
    ran = run("assign", "rte", "--plan", plan(tmp_path, content))
    told, code = said(ran)
    assert (ran.stdout, code) == ("", 2)
    assert words in told
    assert world.rows(select(col(Assignment.id))) == []


@pytest.mark.parametrize(
    "arguments", [("rte", "--plan", "nope.csv"), ("rte", "--plan", "."), ("nope", "--plan", "p.csv")]
)
def test_what_is_not_there_is_said(store: Store, run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    build(store)
    (tmp_path / "p.csv").write_text("item,person\n")
    assert said(run("assign", *arguments))[1] == 2


def labelled(store: Store) -> World:
    """Twelve items of three people, of whom one sees every fourth one differently."""
    world = build(store, items=12)
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
        for item in range(12):
            value = "yes" if item % 2 else "no"
            clicks.label(name, item, "yes" if name == "cem" and item % 4 == 0 else value)
    return world


def test_agreement_is_computed_a_second_way(store: Store, run: Run) -> None:
    labelled(store)
    ran = run("agreement", "rte", "--check", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["check"]["agrees"]
    assert told["check"]["package"] == pytest.approx(told["alpha"], abs=1e-9)
    words = run("agreement", "rte", "--check").stdout.splitlines()
    assert words[0] == told["words"]
    assert words[1].startswith(f"krippendorff: {told['check']['package']!r}, difference ")
    assert words[1].endswith(": agrees")
    assert run("agreement", "rte").stdout.splitlines() == [told["words"]]


def test_a_kept_pattern_that_is_wrong_is_found_out(store: Store, run: Run) -> None:
    world = labelled(store)
    yes = world.values["yes"]
    with store.write() as session:
        session.execute(update(Pattern).where(col(Pattern.item_id) == world.items[0]).values(pattern=f"{yes}:3"))
    ran = run("agreement", "rte", "--check")
    assert ran.exit_code == 1
    assert ran.stdout.rstrip().endswith(": DIFFERS")


def test_without_labels_both_ways_have_no_figure(store: Store, run: Run) -> None:
    build(store)
    ran = run("agreement", "rte", "--check")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == "no labels yet: no figure\nkrippendorff has no figure: agrees\n"


def test_what_was_not_delivered_is_listed_with_its_reason(store: Store, run: Run) -> None:
    world = build(store)
    assert run("undelivered", "rte").stdout == "Everything was delivered.\n"
    assert json.loads(run("undelivered", "rte", "--json").stdout) == []
    common: dict[str, Any] = {"lane": 1, "subject": "s", "context": {}, "due_at": NOW, "created_at": NOW}
    failed: dict[str, Any] = {"state": OutboxState.FAILED, "error": "The account is deactivated."}
    waiting: dict[str, Any] = {"state": OutboxState.WAITING, "error": "Concord is not in the channel."}
    with store.write() as session:
        for key, row in enumerate(
            [
                {**failed, "template": "ruling_notice", "person_id": world.people["ana"]},
                {**waiting, "template": "digest", "purpose": "leads"},
                {"state": OutboxState.WAITING, "template": "digest", "error": None},
                {"state": OutboxState.SENT, "template": "digest", "error": "once"},
            ]
        ):
            session.execute(insert(Outbox).values(key=f"k{key}", project_id=world.project_id, **common, **row))
    ran = run("undelivered", "rte")
    assert ran.exit_code == 0
    assert ran.stdout.splitlines() == [
        "2026-03-02 09:00 UTC  digest to #leads (still trying): Concord is not in the channel.",
        "2026-03-02 09:00 UTC  ruling_notice to Ana (given up): The account is deactivated.",
    ]
    told = json.loads(run("undelivered", "rte", "--json").stdout)
    assert [(row["to"], row["still_trying"]) for row in told] == [("#leads", True), ("Ana", False)]


@pytest.mark.parametrize("command", ["digest", "agreement", "undelivered"])
def test_a_project_that_is_not_there_is_named(store: Store, run: Run, command: str) -> None:
    build(store)
    assert said(run(command, "nope")) == ("There is no project nope. There is rte.", 2)
