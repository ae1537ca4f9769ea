"""What the log tells of a whole day's path: every line of a request by its id, and nothing of what people wrote."""

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot import logs
from storage.tables import Item
from tests.house.conftest import OpenHouse
from tests.house.house import SENDER, House
from tests.house.test_drops import card, drop, table
from tests.house.waiting import until

MARKS = {
    "item": "zq-item-text",
    "guideline": "zq-guideline",
    "note": "zq-note",
    "rationale": "zq-rationale",
    "file": "zq-file-row",
    "refused": "zq-refused-row",
    "question": "zq-question",
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at its most talkative, as JSON."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = io.StringIO()
    logs.set_up("DEBUG", out, shape="json")
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def walk(house: House) -> None:
    """Label, flag, rule, ask for a digest, drop a file and import it; a few calls fail on the way."""
    space = house.workspace
    space.faults("chat.update", "500", times=2)
    space.faults("response_url", "reset_before", times=2)
    space.faults("chat.postMessage", "internal_error", times=1)
    house.ana.press_ok(house.ana.home(), "Get a batch")
    house.hurry(house.ana.cards)
    house.ana.answer("Yes")
    house.ana.flag(MARKS["note"])
    case = house.rita.see(until(house.case_cards)[0]["ts"], "rte-review")
    house.rita.rule("No", MARKS["rationale"], case)
    house.lea.command(f"/concord {MARKS['note']}", "rte-leads")
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "quality digest", "rte-leads")
    content = table([("id", "text"), ("n1", MARKS["file"]), (MARKS["refused"], "")])
    shown = card(house, drop(house, content, name="batch.csv"), "Import")
    house.lea.press_ok(shown, "Import")
    until(lambda: house.count(Item) == 4)
    house.hurry(house.is_quiet)


def test_nothing_that_people_wrote_and_no_token_is_logged(open_house: OpenHouse, log: io.StringIO) -> None:
    items = [{"id": f"i{number}", "text": f"{MARKS['item']} {number}"} for number in range(3)]
    rules, question = f"# Rules\n\n{MARKS['guideline']}", f"{MARKS['question']}?"
    house = open_house(items, guideline=rules, question=question, overlap=1, running=False)
    house.settings = replace(SENDER, clock_skew=3600.0)
    house.start()
    walk(house)
    house.stop()
    said = log.getvalue()
    for what, mark in MARKS.items():
        assert mark not in said, f"the log tells the {what}"
    space = house.workspace
    for secret in (space.bot_token, space.app_token, space.signing_secret):
        assert secret not in said
    assert not re.search(r"/(?:actions|commands)/T\w+/\w+/\w+", said), "an address that answers a click"
    assert "request" in {line["event"] for line in lines(log)}


def test_every_line_of_a_request_carries_its_id_into_the_answers_too(open_house: OpenHouse, log: io.StringIO) -> None:
    house = open_house(items=2)
    house.ana.get_batch()
    house.workspace.faults("response_url", "500", times=None)
    house.workspace.faults("chat.update", "error:cant_update_message", times=None)
    house.ana.press_ok(house.ana.card(), "Yes")
    until(lambda: [line for line in lines(log) if line["event"] != "request" and "request" in line])
    house.workspace.clear_faults()
    house.stop()
    ids = {line["request"] for line in lines(log) if line["event"] == "request"}
    answered = [line for line in lines(log) if line["event"] != "request" and "request" in line]
    assert answered
    assert {line["request"] for line in answered} <= ids
    kinds = {line["kind"] for line in lines(log) if line["event"] == "request"}
    assert kinds >= {"event", "block_actions"}
    assert len(ids) == sum(line["event"] == "request" for line in lines(log)), "an id belongs to one request"


def test_a_fault_of_ours_is_told_with_its_request_and_without_what_was_sent(
    open_house: OpenHouse, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(items=1)
    card = house.ana.get_batch()

    def breaks(*_: Any, **__: Any) -> Any:
        raise LookupError("a fault of ours")

    monkeypatch.setattr("workflow.labelling.record", breaks)
    # Nothing will come: the workspace need not wait for it.
    house.workspace.settings(ack_seconds=0.5)
    assert not house.ana.press(card, "Yes").get("ok")
    [line] = [line for line in lines(log) if line["event"] == "handler failed"]
    assert line["error"] == "LookupError"
    assert "test_logs.py" in line["exception"]
    assert line["request"] in {one["request"] for one in lines(log) if one["event"] == "request" and not one["acked"]}
    assert "Text number" not in log.getvalue()
