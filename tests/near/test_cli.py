"""``concord near``: pairs listed, items taken back and looked up."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.cli import main
from storage.engine import Store
from storage.tables import Item, Role
from tests.builders import World, add_person, build
from tests.near.world import bring, kept_pairs, reworded, sentence

Run = Callable[..., tuple[int, str, str]]

BASE = sentence(60, 1)


@pytest.fixture
def world(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A linked pair of items and a pair that is only reported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONCORD_DEBUG", raising=False)
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    made = build(store, items=0)
    with store.write() as session:
        add_person(session, made, "lea", Role.LEAD)
    bring(made, [[BASE], [reworded(BASE, 9)]], link=True)
    bring(made, [["\x1b[31mA text with\na line break, and more of it 😀 " + sentence(9, 2)] for _ in range(2)])
    return made


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command: exit code, standard output, standard error."""

    def concord(*typed: str, project: str = "rte") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["concord", "near", project, *typed])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return concord


def key(world: World, number: int) -> str:
    return str(world.rows(select(col(Item.key)).order_by(col(Item.id)))[number].key)


def test_pairs_are_listed_the_newest_first(world: World, run: Run) -> None:
    code, out, _ = run("list")
    first, second, third, fourth = (key(world, number) for number in range(4))
    assert code == 0
    lines = out.splitlines()
    assert f"1.000  reported  {fourth} is like {third}" in lines[0]
    assert f"linked    {second} is like {first}" in lines[3]
    assert "\x1b" not in out
    assert all(len(line) < 140 for line in lines)


def test_pairs_are_listed_as_json_with_whole_texts_and_no_labels(world: World, run: Run) -> None:
    code, out, _ = run("list", "--state", "linked", "--json")
    [pair] = json.loads(out)["pairs"]
    assert code == 0
    assert (pair["item"], pair["like"], pair["state"]) == (key(world, 1), key(world, 0), "linked")
    assert 0.8 <= pair["similarity"] < 1
    assert (pair["fields"], pair["like_fields"]) == ({"field0": reworded(BASE, 9)}, {"field0": BASE})
    assert pair.keys() == {"id", "lot_id", "item", "like", "similarity", "state", "at", "fields", "like_fields"}


def test_a_list_is_read_page_by_page(world: World, run: Run) -> None:
    page = json.loads(run("list", "--limit", "1", "--json")[1])
    rest = json.loads(run("list", "--limit", "1", "--before", str(page["next_before"]), "--json")[1])
    assert [pair["id"] for pair in [*page["pairs"], *rest["pairs"]]] == [row.id for row in reversed(kept_pairs(world))]
    assert rest["next_before"] is None
    assert "--before" in run("list", "--limit", "1")[1]
    assert run("list", "--state", "restored")[1] == "No such pair.\n"
    assert run("list", "--lot", "999", "--json")[1].split() == ["{", '"pairs":', "[],", '"next_before":', "null", "}"]


def test_an_item_is_taken_back_once(world: World, run: Run) -> None:
    assert run("restore", key(world, 1), "--by", "@lea") == (0, f"Item {key(world, 1)} is open to people.\n", "")
    code, out, err = run("restore", key(world, 1))
    assert (code, out) == (1, "")
    assert "already" in err
    [pair] = json.loads(run("list", "--state", "restored", "--json")[1])["pairs"]
    assert pair["item"] == key(world, 1)


def test_what_is_like_an_item(world: World, run: Run) -> None:
    [found] = json.loads(run("like", key(world, 0), "--json")[1])
    assert (found["item"], found["fields"]) == (key(world, 1), {"field0": reworded(BASE, 9)})
    assert run("like", key(world, 1))[1].startswith("0.")
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.key) == key(world, 0)).values(state="replaced"))
    assert run("like", key(world, 1))[1].startswith("No item")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["restore", "no such"], "no item 'no such'"),
        (["like", "x" * 500], "no item"),
        (["list", "--state", "lost"], "no state 'lost'"),
        (["restore", "1", "--by", "@nobody"], "nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(world: World, run: Run, typed: list[str], said: str) -> None:
    if typed[1] == "1":
        typed = ["restore", key(world, 1), *typed[2:]]
    code, out, err = run(*typed)
    assert code in (1, 2)
    assert out == ""
    assert said in err
    assert len(err) < 400


def test_a_project_without_pairs_says_so(world: World, run: Run) -> None:
    build(world.store, name="empty", annotators=(), reviewers=(), items=0)
    assert run("list", project="empty") == (0, "No two items were found that say nearly the same.\n", "")


@pytest.mark.parametrize("command", [[], ["list"], ["restore"], ["like"]])
def test_help_has_an_example(world: World, run: Run, command: list[str]) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "Example" in out
    assert "concord near rte" in out
