"""Audits on the command line: previewed, started, listed, shown, replayed, called off, written as a file."""

import csv
import io
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from storage.tables import Audit, Finding
from tests.bot.command_line import Concord, runner
from tests.builders import World
from tests.databases import Databases
from tests.workflow.audit_world import LATER, finished, judge_all
from workflow import history_reading, history_words
from workflow.audit import drawing


@pytest.fixture
def concord(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Concord:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONCORD_HOME", "CONCORD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return runner(monkeypatch, capfd)


@pytest.fixture
def world(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> World:
    """Finished items and auditors; what the database is asked is tried elsewhere, on both."""
    store = databases.store("sqlite")
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    return finished(store, 40)


def test_an_audit_from_the_command_line_to_its_file(concord: Concord, world: World) -> None:
    shown = concord("audit", "start", "rte", "--aql", "5%", "--ltpd", "0.3", "--preview")
    assert "of 40 items, accept with" in shown.out
    assert "There is no audit yet" in concord("audit", "list", "rte").out
    Path("doubted.csv").write_text("score,Item_ID\n.9,i1\n.8,i2\n", encoding="utf-8")
    options = ["--design", "targeted", "--low-agreement", "--suspects", "doubted.csv", "--size", "30"]
    started = json.loads(concord("audit", "start", "rte", *options, "--why", "drift 🙂 شك", "--json").out)
    assert [tier["name"] for tier in started["tiers"]] == ["suspected on one ground", "not suspected"]
    assert started["tiers"][0]["population"] == 6
    drawing.draw_due(world.store, LATER)
    judge_all(world, started["audit"], lambda one: one.position <= 3)
    line = concord("audit", "list", "rte").out
    assert "suspected if on which people differ or among 2 suspects of doubted.csv" in line
    full = concord("audit", "show", "1").out
    assert "drift 🙂 شك" in full
    assert "3 of " in full
    assert {"Label", "Person", "Version"} <= {row.split()[0] for row in full.splitlines() if row.split()}
    rows = list(csv.DictReader(io.StringIO(concord("audit", "findings", "1").out)))
    assert [row["verdict"] for row in rows[:4]] == ["wrong"] * 3 + ["right"]
    assert {row["corrected"] for row in rows[:3]} == {"true"}
    assert rows[0]["correct"] != rows[0]["label"]
    with world.store.read() as session:
        told = history_reading.events(session, world.project_id, history_reading.Wanted())
        said = [history_words.sentence(event) for event in told]
    assert f"Ada judged {rows[0]['item_id']} in audit 1: wrong" in said
    assert any(", 3 of " in sentence for sentence in said)


def test_a_sample_that_is_not_the_drawn_one_is_found_out(concord: Concord, world: World) -> None:
    concord("audit", "start", "rte", "--size", "5")
    ran = concord("audit", "replay", "1")
    assert ("no sample" in ran.err, ran.code) == (True, 1)
    drawing.draw_due(world.store, LATER)
    assert "The same 5 of 40 items" in concord("audit", "replay", "1").out
    with world.store.write() as session:
        first = select(col(Finding.id)).order_by(col(Finding.id)).limit(1).scalar_subquery()
        session.execute(delete(Finding).where(col(Finding.id) == first))
    ran = concord("audit", "replay", "1")
    assert ("NOT the same" in ran.out, ran.code) == (True, 1)


def test_what_is_not_there_is_named_and_starts_nothing(concord: Concord, world: World) -> None:
    for options, words in [
        (["--label", "maybe"], "There is yes, no"),
        (["--design", "odd"], "random, stratified or targeted"),
        (["--aql", "2", "--ltpd", "8%"], "write 2%"),
        (["--aql", "2%"], "both"),
        (["--half-width", "3%", "--size", "9"], "Choose one"),
        (["--person", "@nobody"], "not in this project"),
        (["--since", "soon"], "2026-03-01"),
        (["--lot", "99"], "no lot 99"),
        (["--segment", "x"], "There is 'a', 'b', 'c'"),
    ]:
        ran = concord("audit", "start", "rte", *options)
        assert (words in ran.err, ran.code) == (True, 2), ran
    assert "needs something to look for" in concord("audit", "start", "rte", "--design", "targeted").err
    assert world.rows(select(Audit)) == []


def test_an_audit_is_called_off_by_who_says_so(concord: Concord, world: World) -> None:
    concord("audit", "start", "rte")
    ran = concord("audit", "cancel", "1")
    assert ("Nobody is here to ask" in ran.err, ran.code) == (True, 2)
    assert "called off" in concord("audit", "cancel", "1", "--yes", "--why", "the wrong lot").out
    assert json.loads(concord("audit", "cancel", "1", "--json").out)["changed"] is False
    ran = concord("audit", "show", "9")
    assert ("no audit 9" in ran.err, ran.code) == (True, 1)
    with world.store.read() as session:
        told = history_reading.events(session, world.project_id, history_reading.Wanted())
        assert "audit 1 was called off: the wrong lot" in [history_words.sentence(event) for event in told]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--suspects", "latin.txt"], "latin.txt is not UTF-8 text"),
        (["--suspects", "long.txt"], "long.txt is no list of item ids"),
        (["--suspects", "nul.txt"], "nul.txt names items that this project does not have"),
        (["--lot", str(10**20)], "less than or equal to"),
        (["--expected", "50%"], "belongs to a half-width"),
        (["--by", "label"], "Only a stratified audit draws by label"),
    ],
)
def test_wrong_calls_say_what_is_wrong(concord: Concord, world: World, options: list[str], said: str) -> None:
    Path("latin.txt").write_bytes(b"i1\n\xe9\n")
    Path("long.txt").write_text("x" * 200_000, encoding="utf-8")
    Path("nul.txt").write_text("i\0" * 300, encoding="utf-8")
    refused = concord("audit", "start", "rte", *options)
    assert refused.code == 2
    assert said in refused.err
    assert len(refused.err) < 400
