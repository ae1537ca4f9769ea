"""The bot killed at random moments while people click; ``python -m benchmarks.kill`` does it at length."""

from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from benchmarks import kill
from storage.tables import Outbox, OutboxState
from tests.databases import Databases
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.waiting import until


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_and_started_again_nothing_acknowledged_is_lost(
    tmp_path: Path, databases: Databases, database: str
) -> None:
    url = databases.url(database)
    outcome = kill.run(tmp_path, kills=2, quick=True, url=url, labellers=4, up=(0.5, 1.5), items=400)
    assert outcome.good, kill.report(outcome)
    assert outcome.memory.acknowledged > 0
    assert outcome.messages > 0


# -- between effect and commit ------------------------------------------------------------------------------------


def post_digest(house: House) -> None:
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "quality digest", "rte-leads")
    shown = [one for one in house.lea.messages("rte-leads") if one["ephemeral"]][-1]
    house.lea.press_ok(shown, "Post to the leads channel")


def end_leases(house: House) -> None:
    """Nobody needs to wait for what the dead one had: its call has had its effect, and its lease is over."""
    over = update(Outbox).where(col(Outbox.lease_until).is_not(None)).values(lease_until=house.clock())
    house.store.transact(lambda session: session.execute(over))


@pytest.mark.slow
def test_killed_between_effect_and_commit_a_digest_is_there_once(open_house: OpenHouse, tmp_path: Path) -> None:
    house = open_house(items=1, running=False)
    bot = kill.Bot(house.workspace, house.url, tmp_path, quick=True)
    bot.start()
    try:
        methods = ("files.getUploadURLExternal", "files.completeUploadExternal", "chat.postMessage")
        for done, method in enumerate(methods, start=1):
            house.workspace.clear_faults()
            house.workspace.faults(method, "delay_after", seconds=60)
            post_digest(house)
            until(lambda: house.workspace.faults()[0]["fired"])
            if method == "chat.postMessage":
                until(lambda n=done: len(house.posts("lea", "rte-leads")) == n)  # type: ignore[misc]
            bot.kill()
            end_leases(house)
            bot.start()
            until(lambda n=done: house.count(Outbox, col(Outbox.state) == OutboxState.SENT) == n)  # type: ignore[misc]
            posted = house.posts("lea", "rte-leads")
            assert len(posted) == done, method
            assert sum(block["type"] == "image" for block in posted[-1]["blocks"]) == 1
        keys = house.keys("lea", "rte-leads")
        assert len(keys) == len(set(keys)) == len(methods)
        states = house.rows(select(col(Outbox.state)))
        assert {row.state for row in states} == {OutboxState.SENT}
    finally:
        bot.stop()
