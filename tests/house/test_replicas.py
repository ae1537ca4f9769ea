"""Two Concords on one database, and an import beside them: nothing is said twice, no click is lost, every item opens."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from benchmarks import kill
from storage.tables import Assignment, Item, ItemState, Label, Lot, LotState, Outbox, OutboxState
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import words
from tests.house.waiting import all_at_once, once, until

ROOT = Path(__file__).parents[2]
PEOPLE = ("ana", "ben", "cem")
ITEMS = 8
IMPORTED = 1500


@pytest.fixture
def database() -> str:
    """Where replicas belong."""
    return "postgresql"


@pytest.fixture
def pair(database: str, open_house: OpenHouse, tmp_path: Path) -> Iterator[House]:
    """A house, and a second Concord beside it as a process of its own; every envelope goes to one of the two."""
    house = open_house(items=ITEMS, overlap=3, batch_size=4, database=database)
    other = kill.Bot(house.workspace, house.url, tmp_path, quick=True)
    other.start()
    try:
        until(lambda: house.workspace.connections() == 2)
        yield house
    finally:
        other.stop()
        until(lambda: house.workspace.connections() <= 1)


def label_everything(house: House, name: str) -> int:
    """Label until nothing is left; how many clicks were acknowledged."""
    somebody, acked = house.someone(name), 0
    for _ in range(ITEMS // 4):
        card = somebody.get_batch()
        while "Batch finished" not in words(card):
            if somebody.press(card, "Yes").get("ok"):
                card, acked = somebody.changed(card), acked + 1
            else:
                # Of two Concords one may put an older picture over a newer one, until it compares.
                card = once(lambda ts=card["ts"]: somebody.see(ts), lambda now: _is_true(house, name, now["ts"]))  # type: ignore[misc]
    return acked


def import_beside(house: House, folder: Path) -> "subprocess.Popen[bytes]":
    """``concord import`` as a process of its own."""
    more = folder / "more.csv"
    more.write_text("id,text\n" + "".join(f"m{number},More text {number}\n" for number in range(IMPORTED)))
    environment = {**os.environ, "CONCORD_DATABASE_URL": house.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bot.cli", "import", "rte", str(more)]
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)


# Three processes write at once, which on SQLite is a matter of its own.
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_people_label_over_both_while_a_file_is_imported(pair: House, tmp_path: Path) -> None:
    house = pair
    house.workspace.delivery(duplicate=True, window=0.05, seed=7)
    importing = import_beside(house, tmp_path)
    acked = all_at_once([lambda n=name: label_everything(house, n) for name in PEOPLE])  # type: ignore[misc]
    assert importing.wait(120) == 0
    house.quiet()
    assert acked == [ITEMS] * len(PEOPLE)
    assert house.count(Label) == ITEMS * len(PEOPLE), "each click counts once, whichever of the two it came to"
    places = house.rows(select(col(Assignment.item_id), col(Assignment.person_id)))
    assert max(Counter((row.item_id, row.person_id) for row in places).values()) == 1
    assert house.count(Item, col(Item.state) == ItemState.ACCEPTED) == ITEMS
    assert house.count(Item, col(Item.key).like("m%"), col(Item.state) == ItemState.OPEN) == IMPORTED
    assert [row.state for row in house.rows(select(col(Lot.state)))] == [LotState.COMPLETE] * 2
    for name in PEOPLE:
        assert len(house.someone(name).cards()) == ITEMS // 4
        until(lambda n=name: all(_is_true(house, n, card["ts"]) for card in house.someone(n).cards()))  # type: ignore[misc]


def _is_true(house: House, name: str, ts: str) -> bool:
    shown = house.someone(name).see(ts)
    return seen.version(shown) == house.card_version(seen.subject(shown))


def test_what_both_might_say_is_said_once(pair: House) -> None:
    house = pair
    house.workspace.delivery(duplicate=True, window=0.05, seed=3)
    shown_to = {name: house.someone(name) for name in ("ana", "ben")}
    all_at_once([lambda one=one: one.get_batch() for one in shown_to.values()])  # type: ignore[misc]
    house.ana.flag("I cannot tell")
    house.lea.command("/concord digest", "rte-leads")
    whispered = until(lambda: [one for one in house.lea.messages("rte-leads") if one["ephemeral"]])[-1]
    all_at_once([lambda: house.lea.press(whispered, "Post to the leads channel")] * 3)
    house.quiet()
    case = house.rita.see(until(house.case_cards)[0]["ts"], "rte-review")
    house.rita.rule("Yes", "It is.", case)
    house.quiet()
    for who, where in (("rita", "rte-review"), ("lea", "rte-leads"), ("ana", None), ("ben", None)):
        keys = house.keys(who, where)
        assert len(keys) == len(set(keys)), (who, where)
    assert len(house.posts("lea", "rte-leads")) == 1
    assert len(house.case_cards()) == 1
    states = {row.state for row in house.rows(select(col(Outbox.state)))}
    assert states <= {OutboxState.SENT, OutboxState.DROPPED}
