"""Both ways by which Slack reaches Concord carry the whole path, with exactly the scopes and events of the manifest."""

import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from bot.http_mode import PATH
from bot.listening import Address
from bot.manifest import EVENTS, SCOPES
from tests import sandbox_fixtures
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import titles, words
from tests.house.waiting import until
from tests.sandbox_fixtures import SEED, Workspace

APP = {**SEED["app"], "scopes": sorted(SCOPES), "events": EVENTS, "escape": True}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["socket", "http"])
def _arranged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, Address | None]]:
    address = Address("127.0.0.1", _free_port()) if request.param == "http" else None
    more = ["--request-url", f"http://{address}{PATH}"] if address else []
    running = sandbox_fixtures.start(tmp_path_factory.mktemp(request.param), SEED | {"app": APP}, *more)
    yield running, address
    running.stop()


@pytest.fixture
def workspace(_arranged: tuple[Workspace, Address | None]) -> Workspace:
    _arranged[0].reset()
    return _arranged[0]


@pytest.fixture
def open_by(open_house: OpenHouse, _arranged: tuple[Workspace, Address | None]) -> OpenHouse:
    """Opens a house that is reached by this transport."""
    return partial(open_house, http=_arranged[1])


def refusals(house: House) -> list[Any]:
    """Calls that the workspace did not take, whatever the reason."""
    return [call for call in house.workspace.log() if call["outcome"] != "ok"]


def test_the_whole_path_from_home_to_the_digest(open_by: OpenHouse) -> None:
    house = open_by(items=2)
    assert (house.workspace.connections() == 0) == (house.http is not None)
    card = house.ana.get_batch()
    assert "item 1 of 2" in words(card)
    house.ana.answer("Yes")
    card = house.ana.flag("I cannot tell")
    assert "Flagged as unclear\n1" in words(card)
    case = house.rita.see(until(house.case_cards)[0]["ts"], "rte-review")
    house.rita.rule("No", "It does not follow.", case)
    until(lambda: "Ruled: No" in words(house.case_cards()[0]))
    until(lambda: any("rita ruled: No" in words(one) for one in house.ana.messages()))
    house.ana.hears(lambda: house.ana.command("/concord help"), "/concord batch")
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "rte: quality digest", "rte-leads")
    shown = [one for one in house.lea.messages("rte-leads") if one["ephemeral"]][-1]
    house.lea.hears(lambda: house.lea.press(shown, "Post to the leads channel"), "on its way", "rte-leads")
    house.quiet()
    [digest] = until(lambda: house.posts("max", "rte-leads"))
    assert "rte: quality digest" in words(digest)
    assert refusals(house) == []


def test_a_form_with_a_fault_stays_open_and_one_without_closes(open_by: OpenHouse) -> None:
    house = open_by(items=1)
    card = house.ana.get_batch()
    house.ana.press_ok(card, "Unclear")
    assert house.ana.submit(house.ana.modal(), {"note": "no reason"})["errors"]["reason"]
    assert house.workspace.modals("ana")
    done = house.ana.submit(house.ana.modal(), {"reason": "several_fit", "note": ""})
    assert done["ok"]
    assert house.workspace.modals("ana") == []
    house.ana.press_ok(house.ana.changed(card), "Guideline")
    assert "Be careful." in words(house.ana.modal())


def test_an_event_is_heard_and_a_request_in_the_making_survives_a_restart(open_by: OpenHouse) -> None:
    house = open_by(items=3)
    house.ana.get_batch()
    house.workspace.set_user("cem", deleted=True)
    until(lambda: not house.person_row("cem").active)
    house.restart()
    card = house.ana.answer("Yes")
    assert "1 answered" in words(card)
    assert titles(card)[0] == "Yes"
    assert seen.quoted(card)
