"""Items that say nearly the same: a lead looks at the pairs in Slack, and gives a linked one back to people."""

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Item, ItemState
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.waiting import once

FIRST = "The oil price fell back below sixty dollars on Tuesday after three weeks of rising, traders in London said."
NEARLY = FIRST.replace("Tuesday", "Thursday")


def pairs(house: House) -> Json:
    assert house.lea.command("/concord near", "rte-leads") == {"ok": True}
    view: Json = once(house.lea.modal, lambda shown: "rte" in words(shown))
    return view


def state_of(house: House, key: str) -> ItemState:
    [row] = house.rows(select(col(Item.state)).where(col(Item.key) == key))
    state: ItemState = row.state
    return state


def test_a_lead_gives_a_linked_item_back_to_people(open_house: OpenHouse) -> None:
    house = open_house(items=1, near="link")
    house.bring_in(house.project_id, [{"id": "a", "text": FIRST}, {"id": "b", "text": NEARLY}])
    assert state_of(house, "b") is ItemState.DUPLICATE
    view = pairs(house)
    assert "a" in words(view)
    assert NEARLY in words(view)
    assert titles(view).count("Give back to people") == 1
    house.lea.press_ok(view, "Give back to people")
    once(house.lea.modal, lambda shown: "given back to people" in words(shown))
    assert state_of(house, "b") is ItemState.OPEN
    assert "of 3" in words(house.ana.get_batch())


def test_pairs_are_for_leads_and_none_is_said(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    assert "No two items say nearly the same" in words(pairs(house))
    house.ana.hears(lambda: house.ana.command("/concord near", "rte"), "lead", "rte")
