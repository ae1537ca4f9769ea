"""The wiring, against the sandbox: what comes in, what is acknowledged when, and what a click costs."""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlmodel import Session

from bot.app import NotConnectedError, sign_in
from bot.slack.client import web_client
from bot.socket_mode import SocketMode
from storage.tables import History
from tests.bot.app_scene import House
from tests.databases import Databases
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = pytest.mark.slack

WARNED = {"ok": False, "error": "timeout"}


@pytest.fixture
def house(databases: Databases, workspace: Workspace) -> Iterator[House]:
    store = databases.store("sqlite")
    workspace.settings(ack_seconds=0.7)
    made = House(store, workspace)
    made.socket.start()
    yield made
    made.close()
    store.close()
    wait_for(lambda: workspace.connections() == 0)


def methods(workspace: Workspace) -> list[str]:
    return [call["method"] for call in workspace.log()]


def shown(workspace: Workspace, text: str, user: str = "ana") -> bool:
    return any(message["text"] == text for message in workspace.messages(user))


def test_a_click_makes_one_request_over_its_response_url_and_no_web_api_call(
    house: House, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = house.post()
    before = len(methods(workspace))
    contexts: list[type] = []
    genuine: Any = ssl.SSLContext.__new__

    def counted(kind: type, *args: object, **more: object) -> ssl.SSLContext:
        contexts.append(kind)
        made: ssl.SSLContext = genuine(kind, *args, **more)
        return made

    monkeypatch.setattr(ssl.SSLContext, "__new__", counted)
    for number in range(1, 6):
        assert workspace.click("ana", card, "label") == {"ok": True}
        wait_for(partial(shown, workspace, f"card {number}"))
    assert methods(workspace)[before:] == ["response_url"] * 5
    assert contexts == []
    (pool,) = (house.wire.pool.pools[key] for key in house.wire.pool.pools.keys())  # noqa: SIM118 - not a mapping
    assert (pool.num_requests, pool.num_connections) == (5, 1)
    assert house.stored() == 5
    assert house.nudges == []


def test_a_fault_in_a_handler_is_not_acknowledged_and_leaves_nothing(house: House, workspace: Workspace) -> None:
    assert workspace.click("ana", house.post(), "break") == WARNED
    assert house.stored() == 0


def test_what_cannot_be_committed_is_not_acknowledged(house: House, workspace: Workspace) -> None:
    card = house.post()

    def refuse(_session: Session) -> None:
        raise OSError("disk full")

    event.listen(Session, "before_commit", refuse)
    try:
        assert workspace.click("ana", card, "label") == WARNED
    finally:
        event.remove(Session, "before_commit", refuse)
    assert house.stored() == 0
    assert workspace.click("ana", card, "label") == {"ok": True}


def test_at_the_moment_of_the_acknowledgement_the_click_is_stored(house: House, workspace: Workspace) -> None:
    card = house.post()
    clicked: list[str] = []
    seen: list[tuple[str, int]] = []
    take, send = house.socket._take, house.socket._send

    def note(connection: Any, message: Mapping[str, Any]) -> None:
        # The workspace tells of the card itself too, by an event.
        if message.get("type") == "interactive":
            clicked.append(message["envelope_id"])
        take(connection, dict(message))

    def look(connection: Any, answer: str) -> bool:
        seen.append((json.loads(answer)["envelope_id"], house.stored()))
        return send(connection, answer)

    house.socket._take, house.socket._send = note, look  # type: ignore[method-assign]
    assert workspace.click("ana", card, "label") == {"ok": True}
    assert [stored for envelope, stored in seen if envelope in clicked] == [1]


def test_a_refusal_is_said_to_the_clicker_alone_and_changes_nothing(house: House, workspace: Workspace) -> None:
    card = house.post()
    assert workspace.click("ana", card, "refuse") == {"ok": True}
    wait_for(lambda: shown(workspace, "Only reviewers may do this: ask rita."))
    assert workspace.messages("ana")[0]["text"] == "card 0"
    assert house.stored() == 0


def test_a_click_in_an_ephemeral_message_replaces_that(house: House, workspace: Workspace) -> None:
    workspace.click("ana", house.post(), "whisper")
    wait_for(lambda: shown(workspace, "between us"))
    whisper = next(message for message in workspace.messages("ana") if message["text"] == "between us")
    assert workspace.click("ana", whisper, "label") == {"ok": True}
    wait_for(lambda: shown(workspace, "card 1"))
    assert not shown(workspace, "between us")
    assert shown(workspace, "card 0")


def open_form(house: House, workspace: Workspace, action: str = "modal") -> dict[str, Any]:
    assert workspace.click("ana", house.post(), action) == {"ok": True}
    wait_for(lambda: workspace.modals("ana"))
    return workspace.modals("ana")[-1]


def send(workspace: Workspace, view: dict[str, Any], text: str) -> dict[str, Any]:
    state = {"note": {"text": {"type": "plain_text_input", "value": text}}}
    return workspace.submit("ana", view["id"], state)


def titles(workspace: Workspace) -> list[str]:
    return [view["title"]["text"] for view in workspace.modals("ana")]


@pytest.mark.parametrize(
    ("text", "says", "left"),
    [
        ("errors", {"ok": False, "action": "errors", "errors": {"note": "Too short."}}, ["form"]),
        (
            "refuse",
            {"ok": False, "action": "errors", "errors": {"note": "The item was ruled on meanwhile."}},
            ["form"],
        ),
        ("update", {"ok": True, "action": "update"}, ["plain"]),
        ("push", {"ok": True, "action": "push"}, ["form", "plain"]),
        ("ok", {"ok": True, "action": "close"}, []),
    ],
)
def test_what_a_handler_answers_decides_what_becomes_of_a_sent_modal(
    house: House, workspace: Workspace, text: str, says: dict[str, Any], left: list[str]
) -> None:
    assert send(workspace, open_form(house, workspace), text) == says
    assert titles(workspace) == left


def test_a_refusal_in_a_modal_without_inputs_takes_its_place(house: House, workspace: Workspace) -> None:
    view = open_form(house, workspace, "plain_modal")
    assert workspace.submit("ana", view["id"]) == {"ok": True, "action": "update"}
    (refusal,) = workspace.modals("ana")
    assert refusal["blocks"][0]["text"]["text"] == "Only reviewers may do this: ask rita."


def test_a_typed_nul_or_half_a_pair_reaches_the_store_as_text_that_it_can_keep(
    house: House, workspace: Workspace
) -> None:
    view = open_form(house, workspace)
    state = {"note": {"text": {"type": "plain_text_input", "value": "a\0b\ud800c\U0001f600"}}}
    ask = json.dumps({"user": "ana", "view_id": view["id"], "state": state})
    said = workspace.http.request(
        "POST", workspace.url + "/client/submit", body=ask, headers={"Content-Type": "application/json"}
    )
    assert said.json() == {"ok": True, "action": "close"}
    with house.store.read() as session:
        (row,) = session.execute(select(History)).scalars()
    assert row.after == {"text": "ab\ufffdc\U0001f600"}


def test_a_refusal_in_home_comes_as_a_modal(house: House, workspace: Workspace) -> None:
    workspace.open_home("ana")
    wait_for(lambda: workspace.home("ana"))
    assert workspace.click("ana", None, "refuse", home=True) == {"ok": True}
    wait_for(lambda: titles(workspace) == ["refused"])


def test_a_command_is_answered_to_the_asker(house: House, workspace: Workspace) -> None:
    assert workspace.command("ana", "/concord digest rte") == {"ok": True}
    wait_for(lambda: shown(workspace, "you said digest rte"))


def test_an_event_whose_handler_fails_comes_again(house: House, workspace: Workspace) -> None:
    workspace.settings(ack_seconds=0.2)
    house.faults.append(LookupError("not yet"))
    workspace.open_home("ana")
    wait_for(lambda: workspace.home("ana"))
    assert house.stored("opened") == 1


def test_what_nobody_handles_is_acknowledged(house: House, workspace: Workspace) -> None:
    assert workspace.click("ana", house.post(), "unknown") == {"ok": True}
    for payload in (
        {"type": "message_action", "callback_id": "x"},
        {"type": "view_closed", "view": {"callback_id": "x"}},
    ):
        assert forge(workspace, payload)["ok"], payload
    assert house.stored() == 0


def forge(workspace: Workspace, payload: dict[str, Any]) -> dict[str, Any]:
    return workspace.forge("ana", payload)


@pytest.mark.parametrize("value", ["", "-1", "0", "x", "7; drop table item", "9" * 30, "²", "1e3"])
def test_a_forged_id_is_refused(house: House, workspace: Workspace, value: str) -> None:
    payload = clicked(workspace, house.post(), value)
    assert forge(workspace, payload)["ok"]
    wait_for(lambda: any("Nothing was changed" in message["text"] for message in workspace.messages("ana")))
    assert house.stored() == 0


def clicked(workspace: Workspace, card: dict[str, Any], value: str, **more: Any) -> dict[str, Any]:
    dm = workspace.dm("ana")
    return {
        "type": "block_actions",
        "user": {"id": workspace.user("ana")},
        "channel": {"id": dm},
        "container": {"type": "message", "channel_id": dm, "message_ts": card["ts"]},
        "actions": [{"type": "button", "action_id": "label", "block_id": "b", "value": value, "action_ts": "1.2"}],
        **more,
    }


def test_a_request_of_another_workspace_goes_no_further(house: House, workspace: Workspace) -> None:
    payload = clicked(workspace, house.post(), "7", team={"id": "T0OTHER"})
    assert forge(workspace, payload)["ok"]
    assert house.stored() == 0


def test_everything_delivered_twice_and_out_of_order_ends_in_the_same_card(house: House, workspace: Workspace) -> None:
    card = house.post()
    workspace.delivery(duplicate=True, shuffle=True, window=0.05, seed=3)
    threads = [threading.Thread(target=workspace.click, args=("ana", card, "label")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: house.stored() == 40)
    wait_for(lambda: shown(workspace, "card 40"))


def test_two_hundred_clicks_at_one_moment_are_all_acknowledged(house: House, workspace: Workspace) -> None:
    workspace.settings(ack_seconds=3)
    card = house.post()
    said: list[Any] = []
    together = threading.Barrier(200)

    def click() -> None:
        together.wait(20)
        said.append(workspace.click("ana", card, "label", block_id="buttons"))

    threads = [threading.Thread(target=click) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [{"ok": True}] * 200
    assert house.stored() == 200
    wait_for(lambda: shown(workspace, "card 200"))


def test_stopping_finishes_and_acknowledges_what_is_in_hand(house: House, workspace: Workspace) -> None:
    workspace.settings(ack_seconds=3)
    payload = clicked(workspace, house.post(), "7")
    payload["actions"][0]["action_id"] = "hold"
    said: list[Any] = []
    clicking = threading.Thread(target=lambda: said.append(forge(workspace, payload)))
    clicking.start()
    assert house.begun.wait(5)
    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(house.socket.stop(5) and house.carrier.close(5)))
    stopping.start()
    wait_for(house.socket._stopping.is_set)
    house.held.set()
    clicking.join()
    stopping.join()
    assert stopped == [True]
    assert said[0]["ok"]
    assert house.stored() == 1
    assert shown(workspace, "card 1")


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
def test_a_connection_that_slack_renews_loses_nothing(house: House, workspace: Workspace, reason: str) -> None:
    card = house.post()
    workspace.post("/sandbox/connections", reason=reason)
    wait_for(lambda: house.socket._greeted == 2)
    assert workspace.click("ana", card, "label") == {"ok": True}
    assert workspace.click("ana", card, "label") == {"ok": True}
    assert house.stored() == 2


def test_a_token_that_slack_does_not_take_is_said_in_words(workspace: Workspace, house: House) -> None:
    with pytest.raises(NotConnectedError, match="SLACK_BOT_TOKEN"):
        sign_in(web_client("xoxb-wrong", base_url=workspace.api_url))
    with pytest.raises(NotConnectedError, match="cannot be reached"):
        sign_in(web_client("xoxb-wrong", base_url="http://127.0.0.1:9/api/"))
    wrong = SocketMode(house.app, web_client(None, base_url=workspace.api_url), "xapp-wrong")
    with pytest.raises(NotConnectedError, match="connections:write"):
        wrong.start()
