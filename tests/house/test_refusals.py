"""What is refused, and how: to the person alone, in words, with who can; and why there is nothing to do."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from storage.tables import Assignment, Item, ItemState, Place
from tests.house.conftest import OpenHouse, texts
from tests.house.house import House
from tests.house.seen import words
from tests.house.waiting import until
from workflow.plan import Planned, plan


def asks(house: House, part: str, name: str = "ana") -> str:
    somebody = house.someone(name)
    return somebody.hears(lambda: somebody.command("/concord batch"), part)


# -- nothing to give ----------------------------------------------------------------------------------------------


def test_no_items_yet(open_house: OpenHouse) -> None:
    asks(open_house(items=0), "has no items yet")


def test_items_of_an_import_that_still_runs_are_not_open(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    with house.store.write() as session:
        session.execute(update(Item).values(state=ItemState.LOADING, open_places=0))
    asks(house, "an import is running")


def test_all_done(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1)
    house.ana.get_batch()
    house.ana.answer("Yes")
    asks(house, "every item has its label")
    asks(house, "every item has its label", "ben")


def test_all_held_until(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1, hold="2h", time_zone="Asia/Kathmandu")
    house.ana.get_batch()
    told = asks(house, "being worked on by others", "ben")
    later = house.clock() + timedelta(hours=2, minutes=345)
    assert f"{later - timedelta(minutes=1):%H:%M}" in told or f"{later:%H:%M}" in told, told

    house.clock.forward(hours=3)
    house.upkeep()
    card = house.ben.get_batch()
    assert "item 1 of 1" in words(card)
    mine = until(lambda: [one for one in house.ana.cards() if "Went back to the pool" in words(one)])
    assert len(mine) == 1


def test_yours_are_done(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=2)
    house.ana.get_batch()
    house.ana.answer("Yes")
    asks(house, "you have answered everything that is open to you")


def test_planned_for_others(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1)
    rows = [Planned(2, "i1", "@ana")]
    assert house.store.transact(lambda session: plan(session, house.project_id, rows, house.clock())) == []
    asks(house, "planned for others", "ben")
    assert "item 1 of 1" in words(house.ana.get_batch())


def test_the_last_items_wait_for_a_reviewer(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.ana.get_batch()
    house.ana.flag()
    asks(house, "wait for a reviewer", "ben")


def test_a_late_click_on_a_place_that_was_given_away(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1, hold="1h")
    mine = house.ana.get_batch()
    house.clock.forward(hours=2)
    house.concord.scheduler.pause()
    house.upkeep()
    house.ben.get_batch()
    gone = house.workspace.call("chat.update", channel=mine["channel"], ts=mine["ts"], text="", blocks=mine["blocks"])
    assert gone["ok"]
    house.ana.hears(lambda: house.ana.press(mine, "Yes"), "given to somebody else")
    assert house.count(Assignment, col(Assignment.state) == Place.LABELLED) == 0
    house.ben.answer("No")
    assert house.count(Assignment, col(Assignment.state) == Place.LABELLED) == 1


def test_a_late_click_counts_while_the_place_is_free(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1, hold="1h")
    mine = house.ana.get_batch()
    house.clock.forward(hours=2)
    house.upkeep()
    assert "still free" in words(house.ana.changed(mine)) or "Went back" in words(house.ana.card())
    back = house.ana.answer("Back") if "Went back" in words(house.ana.card()) else house.ana.card()
    assert "still free" in words(back)
    house.ana.answer("Yes", back)
    assert house.count(Assignment, col(Assignment.state) == Place.LABELLED) == 1


# -- commands -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["", "help", "HELP"])
def test_help_says_what_there_is(open_house: OpenHouse, said: str) -> None:
    house = open_house(items=1)
    told = house.ana.hears(lambda: house.ana.command(f"/concord {said}"), "/concord digest [project]")
    assert "/concord people" in told


def test_an_unknown_word_is_answered(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    told = house.ana.hears(lambda: house.ana.command("/concord frobnicate *now* <!channel>"), "frobnicate")
    assert "/concord help" in told
    house.ana.hears(lambda: house.ana.command("/concord digest nosuch"), "There is no project nosuch")
    house.ana.hears(lambda: house.ana.command("/concord guideline two words"), "more than a project's name")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("assign @ben 1000", "from 1 to 100"),
        ("assign @ben 0", "from 1 to 100"),
        ("assign @ben 1 2", "one number"),
        ("assign @rita 1", "Only annotators"),
    ],
)
def test_what_cannot_be_assigned_is_refused(open_house: OpenHouse, said: str, answer: str) -> None:
    house = open_house(items=3)
    house.lea.hears(lambda: house.lea.command(f"/concord {said}"), answer)
    assert house.count(Assignment) == 0


def test_a_projects_name_is_understood_in_capitals(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.lea.hears(lambda: house.lea.command("/concord digest RTE"), "rte: quality digest")


def test_commands_work_in_channels(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.make_project(texts(1), name="other", channels=dict.fromkeys(("team", "review", "leads"), "#rte-leads"))
    house.ana.hears(lambda: house.ana.command("/concord digest", "rte"), "of rte can do this", "rte")
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "Which project?", "rte-leads")
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-review"), "rte: quality digest", "rte-review")


# -- roles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["digest", "assign @ana 3", "people"])
def test_annotators_may_not_lead(open_house: OpenHouse, said: str) -> None:
    house = open_house(items=1)
    before = house.dump()
    told = house.ana.hears(lambda: house.ana.command(f"/concord {said} rte"), "can do this: ask @lea")
    assert "Only a lead" in told
    assert house.dump() == before
    assert house.workspace.modals("ana") == []


def test_who_only_watches_may_not_rule(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.ana.get_batch()
    house.ana.flag()
    case = until(house.case_cards)[0] | {"channel": house.workspace.channel("rte-review")}
    house.quiet()
    before = house.dump()
    told = house.odo.hears(lambda: house.odo.press(case, "Yes"), "Only a reviewer or a lead of rte", "rte-review")
    assert "ask @lea or @rita" in told
    house.odo.hears(lambda: house.odo.press(case, "Send back"), "Only a reviewer or a lead of rte", "rte-review")
    assert house.dump() == before
    house.odo.press_ok(case, "Show labels")
    assert "Nobody has labelled this item yet" in words(house.odo.modal()), "an auditor may look"


def test_a_stranger_is_told_where_to_turn(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={"lea": ["lead"]})
    assert "You are not in a project yet" in words(house.ana.home())
    house.ana.hears(lambda: house.ana.command("/concord batch"), "you have it in none")
    house.ana.hears(lambda: house.ana.command("/concord batch rte"), "Only an annotator of rte can do this")
