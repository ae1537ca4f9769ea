"""A digest with its chart while Slack fails in every way: one message with one picture, each time."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Outbox, OutboxState
from tests.house.conftest import OpenHouse
from tests.house.house import SENDER, House, Json
from tests.house.waiting import until

KINDS = ["429", "500", "internal_error", "reset_before", "reset_after", "500_after", "internal_error_after"]
METHODS = [
    "files.getUploadURLExternal",
    "upload",
    "files.completeUploadExternal",
    "files.info",
    "chat.postMessage",
]
# An upload's address speaks HTTP alone: it has no ``internal_error``.
WITHOUT = {("upload", "internal_error"), ("upload", "internal_error_after")}
# The clock is moved on over every wait: what a look-up may look back on grows with it.
SETTINGS = replace(SENDER, clock_skew=3600.0, late_effect=1.0, call_timeout=5.0)


@pytest.fixture
def house(open_house: OpenHouse) -> House:
    made = open_house(items=2, running=False)
    made.settings = SETTINGS
    made.start()
    made.ana.get_batch()
    made.ana.answer("Yes")
    return made


def whisper(house: House) -> Json:
    """The lead's digest with its button, asked for anew: one answer is posted once, however often its button is pressed."""
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "quality digest", "rte-leads")
    found: list[Json] = [one for one in house.lea.messages("rte-leads") if one["ephemeral"]]
    return [one for one in found if "Post to the leads channel" in str(one["blocks"])][-1]


def pictures(message: Json) -> list[str]:
    return [block["slack_file"]["id"] for block in message["blocks"] if block["type"] == "image"]


def settled(house: House, count: int = 1) -> list[str]:
    """The states of all digests' rows, once there are so many and none is under way, the clock moved over every wait."""

    def look() -> list[str] | None:
        found = house.rows(select(col(Outbox.state)).where(col(Outbox.template) == "digest"))
        states = [row.state for row in found]
        if len(states) >= count and all(
            state in (OutboxState.SENT, OutboxState.FAILED, OutboxState.DROPPED) for state in states
        ):
            return [state.value for state in states]
        return None

    return house.hurry(look)


def test_one_message_with_one_picture(house: House) -> None:
    """Every call on the way fails once for each message, and over the messages each in every way."""
    for done in range(1, len(KINDS) + 1):
        house.workspace.clear_faults()
        shown = whisper(house)
        kinds = {method: KINDS[(done + at) % len(KINDS)] for at, method in enumerate(METHODS)}
        failing = [(method, kind) for method, kind in kinds.items() if (method, kind) not in WITHOUT]
        for method, kind in failing:
            house.workspace.faults(method, kind)
        house.lea.press_ok(shown, "Post to the leads channel")
        assert settled(house, done) == ["sent"] * done, failing
        assert all(fault["fired"] for fault in house.workspace.faults()), house.workspace.faults()
        posted = house.posts("lea", "rte-leads")
        assert len(posted) == done, failing
        assert len(pictures(posted[-1])) == 1, failing
    assert len({pictures(message)[0] for message in house.posts("lea", "rte-leads")}) == len(KINDS)


def test_the_look_up_itself_fails(house: House) -> None:
    shown = whisper(house)
    house.workspace.faults("chat.postMessage", "reset_after")
    for kind in ("429", "500", "reset_before"):
        house.workspace.faults("conversations.history", kind)
    house.lea.press_ok(shown, "Post to the leads channel")
    until(lambda: house.workspace.faults()[0]["fired"])
    assert settled(house) == ["sent"]
    assert len(house.posts("lea", "rte-leads")) == 1
    assert all(fault["fired"] for fault in house.workspace.faults())
