"""After a rule change: the card in the leads' channel, and what a lead presses there is labelled again."""

from sqlalchemy import select
from sqlmodel import col

from jobs import guidelines
from storage.tables import Item, ItemState
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.waiting import once
from tests.workflow import rule_change


def states(house: House) -> set[ItemState]:
    return {row.state for row in house.rows(select(col(Item.state)))}


def card(house: House) -> Json:
    """The card as it is once it says something."""

    def seen() -> list[Json]:
        return [message for message in house.lea.messages("rte-leads") if not message["ephemeral"]]

    posts: list[Json] = once(seen, lambda found: found)
    return posts[-1]


def test_a_lead_has_everything_labelled_again_with_one_click(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    for name in ("ana", "ben"):
        shown = house.someone(name).get_batch()
        while "Batch finished" not in words(shown):
            shown = house.someone(name).answer("No")
    with house.store.write() as session:
        proposal_id = rule_change.propose(session, house.project_id, labels=("no",))
        rule_change.into_effect(session, house.project_id, proposal_id)
    guidelines.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    offered = card(house)
    assert "3 items labelled under 1.x are touched by 2.0" in words(offered)
    assert titles(offered) == ["Relabel all", "None"]
    house.max.hears(lambda: house.max.press(offered, "Relabel all"), "Only a lead", "rte-leads")
    assert states(house) == {ItemState.ACCEPTED}
    house.lea.press_ok(offered, "Relabel all")
    done = once(lambda: card(house), lambda shown: "3 items given out again" in words(shown))
    assert "lea: relabel all" in words(done)
    assert titles(done) == []
    assert states(house) == {ItemState.OPEN}
    assert "of 3" in words(house.ana.get_batch())
