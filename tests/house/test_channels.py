"""What happens to a project's channels in Slack is known at once: nobody waits for the directory."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Card, Channel, Purpose
from tests.house.conftest import OpenHouse
from tests.house.house import TEAM, House
from tests.house.seen import words
from tests.house.waiting import until


def channel(house: House, purpose: Purpose = Purpose.REVIEW) -> Any:
    return house.one(select(col(Channel.name), col(Channel.slack_id), col(Channel.problem)).where(
        col(Channel.project_id) == house.project_id, col(Channel.purpose) == purpose))  # fmt: skip


def change(house: House, where: str, **what: Any) -> None:
    assert house.workspace.post("/client/members", channel=where, **what)["ok"]


def test_concord_is_taken_out_and_invited_again(open_house: OpenHouse) -> None:
    house = open_house()
    change(house, "rte-review", remove=["concord"])
    until(lambda: channel(house).problem == "Concord is not in #rte-review: invite it there.")
    change(house, "rte-review", add=["concord"])
    until(lambda: channel(house).problem is None)


def test_somebody_else_who_comes_changes_nothing(open_house: OpenHouse) -> None:
    house = open_house()
    change(house, "rte-review", remove=["concord"])
    until(lambda: channel(house).problem)
    before = channel(house)
    change(house, "rte", remove=["cem"])
    change(house, "rte", add=["cem"])
    change(house, "rte", name="rte2")
    until(lambda: channel(house, Purpose.TEAM).name == "#rte2")
    assert channel(house) == before
    change(house, "rte2", name="rte")
    change(house, "rte-review", add=["concord"])
    until(lambda: channel(house).problem is None)


def test_a_private_channel_that_concord_is_invited_to_is_looked_for_again(open_house: OpenHouse) -> None:
    house = open_house()
    house.workspace.post("/client/channel", name="rte-hidden", members=["lea"], is_private=True)
    names = {"team": "#rte", "review": "#rte-hidden", "leads": "#rte-leads"}
    hidden = house.make_project([], name="hidden", channels=names)

    def row() -> Any:
        of = (col(Channel.project_id) == hidden, col(Channel.purpose) == Purpose.REVIEW)
        return house.one(select(col(Channel.slack_id), col(Channel.problem)).where(*of))

    assert row().slack_id is None
    assert "sees no channel #rte-hidden" in row().problem
    change(house, "rte-hidden", add=["concord"])
    until(lambda: row().problem is None)
    house.resolve()
    assert row().slack_id == house.workspace.channel("rte-hidden")
    assert row().problem is None
    change(house, "rte-hidden", archived=True)


def test_an_archived_channel_says_so_until_it_is_opened_again(open_house: OpenHouse) -> None:
    house = open_house()
    change(house, "rte-leads", archived=True)
    until(lambda: "#rte-leads is archived" in (channel(house, Purpose.LEADS).problem or ""))
    change(house, "rte-leads", archived=False)
    until(lambda: channel(house, Purpose.LEADS).problem is None)


def test_a_private_channel_with_another_id_keeps_its_cards(open_house: OpenHouse) -> None:
    house = open_house(
        items=1,
        channels={"team": "#rte", "review": "#rte-leads", "leads": "#rte-leads"},
        people=TEAM | {"lea": ["lead", "reviewer"]},
    )
    house.ana.get_batch()
    house.ana.flag("I cannot tell")
    case = until(lambda: house.case_cards("rte-leads", "lea"))[0]
    old = channel(house).slack_id
    change(house, "rte-leads", new_id=True)
    until(lambda: channel(house).slack_id != old)
    new = channel(house).slack_id
    assert new == house.workspace.channel("rte-leads")
    kinds = house.rows(select(col(Card.channel)).where(col(Card.kind) == "escalation"))
    assert [row.channel for row in kinds] == [new]
    house.lea.rule("Yes", "It is.", house.lea.see(case["ts"], "rte-leads"))
    until(lambda: "Ruled: Yes" in words(house.lea.see(case["ts"], "rte-leads")))
