"""Acknowledgements never wait behind work: drawing that hangs, a Slack that answers slowly, an import under way."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from bot.answers import Drawn
from storage.tables import History
from tests.bot.app_scene import Drawings, House
from tests.databases import Databases
from tests.house.waiting import all_at_once, until
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = pytest.mark.slack
PEOPLE = ("ana", "ben", "cem", "rita", "odo", "lea", "max")


@pytest.fixture
def house(databases: Databases, workspace: Workspace) -> Iterator[House]:
    store = databases.store("sqlite")
    made = House(store, workspace)
    made.socket.start()
    yield made
    made.close()
    store.close()


class Hanging(Drawings):
    """Draws nothing until it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        self.let.wait(60)
        return super().draw(session, template, context)


def test_clicks_are_acknowledged_while_every_card_hangs(house: House, workspace: Workspace) -> None:
    cards = {name: house.post(name) for name in PEOPLE}
    hanging = Hanging()
    object.__setattr__(house.carrier._tools, "drawing", hanging)
    try:
        for _ in range(3):
            done = all_at_once([lambda n=n: workspace.click(n, cards[n], "label") for n in PEOPLE])  # type: ignore[misc]
            assert done == [{"ok": True}] * len(PEOPLE)
        assert house.stored() == 3 * len(PEOPLE)
        assert workspace.messages("ana")[-1]["text"] == cards["ana"]["text"], "nothing was drawn meanwhile"
    finally:
        hanging.let.set()
    until(lambda: workspace.messages("ana")[-1]["text"] == f"card {house.stored()}")


def test_clicks_are_acknowledged_while_slack_takes_its_time_with_answers(house: House, workspace: Workspace) -> None:
    cards = {name: house.post(name) for name in PEOPLE}
    workspace.faults("response_url", "delay_before", seconds=4, times=None)
    workspace.faults("chat.update", "delay_before", seconds=4, times=None)
    for _ in range(4):
        done = all_at_once([lambda n=n: workspace.click(n, cards[n], "label") for n in PEOPLE])  # type: ignore[misc]
        assert done == [{"ok": True}] * len(PEOPLE)
    assert house.stored() == 4 * len(PEOPLE)
    workspace.clear_faults()


def test_a_modal_opens_while_every_card_waits_for_slack(house: House, workspace: Workspace) -> None:
    cards = {name: house.post(name) for name in PEOPLE}
    workspace.faults("response_url", "delay_before", seconds=4, times=None)
    all_at_once([lambda n=n: workspace.click(n, cards[n], "label") for n in PEOPLE])  # type: ignore[misc]
    assert workspace.click("ana", cards["ana"], "modal") == {"ok": True}
    wait_for(lambda: workspace.modals("ana"), 2.9)
    workspace.clear_faults()


def test_clicks_are_acknowledged_while_transactions_of_an_import_come_one_after_the_other(
    house: House, workspace: Workspace
) -> None:
    cards = {name: house.post(name) for name in PEOPLE}
    over = threading.Event()
    workspace.settings(ack_seconds=10)  # of a machine that runs other tests too

    def chunk(session: Session) -> None:
        row = {"at": datetime.now(UTC), "action": "row", "subject": "toy"}
        session.execute(insert(History), [{**row, "subject_id": number} for number in range(1000)])

    def write() -> None:
        while not over.is_set():
            house.store.transact(chunk)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            done = all_at_once([lambda n=n: workspace.click(n, cards[n], "label") for n in PEOPLE])  # type: ignore[misc]
            assert done == [{"ok": True}] * len(PEOPLE)
    finally:
        over.set()
        writer.join()
    assert house.stored() == 3 * len(PEOPLE)
