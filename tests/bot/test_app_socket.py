"""Socket Mode, against a server of our own: bursts, acknowledgements over the right connection, renewals, lost links."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from bot.in_hand import InHand
from bot.slack.client import web_client
from bot.socket_mode import SocketMode, acknowledgement
from tests.sandbox_fixtures import wait_for

PAYLOAD = {
    "type": "block_actions",
    "team": {"id": "T1"},
    "user": {"id": "U1"},
    "message": {"text": "x" * 4000},
    "actions": [{"type": "button", "action_id": "label", "block_id": "b", "value": "7"}],
}


class Slack:
    """Sockets of our own: keeps every acknowledgement with the connection that it came over."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.acknowledged: list[tuple[int, dict[str, Any]]] = []
        self._server: Server = serve(self._serve, "127.0.0.1", 0, compression=None)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/link?ticket=1"

    def _serve(self, connection: ServerConnection) -> None:
        number = len(self.connections)
        self.connections.append(connection)
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        try:
            for text in connection:
                self.acknowledged.append((number, json.loads(text)))
        except ConnectionClosed:
            pass

    def send(self, number: int, envelope: str, **more: Any) -> None:
        asked = {"envelope_id": envelope, "type": "interactive", "payload": PAYLOAD, **more}
        self.connections[number].send(json.dumps(asked))

    def close(self) -> None:
        self._server.shutdown()


class Client:
    """Only tells where to connect."""

    def __init__(self, url: str) -> None:
        self.url = url

    def apps_connections_open(self, *, app_token: str) -> dict[str, str]:
        return {"url": self.url}


@pytest.fixture
def slack() -> Iterator[Slack]:
    made = Slack()
    yield made
    made.close()


def small_app(work: Callable[[], None] = lambda: None) -> App:
    result = AuthorizeResult(enterprise_id=None, team_id="T1", bot_id="B1", bot_user_id="UB", bot_token="x")
    app = App(client=web_client(None), authorize=lambda: result, process_before_response=True, signing_secret="s")

    def listen(ack: Ack) -> None:
        work()
        ack()

    app.action("label")(listen)
    return app


def connected(slack: Slack, app: App, **more: Any) -> SocketMode:
    socket = SocketMode(app, Client(slack.url), "xapp-1", **more)  # type: ignore[arg-type]
    socket.start(5)
    return socket


def test_a_burst_of_large_envelopes_is_acknowledged_one_by_one(slack: Slack) -> None:
    socket = connected(slack, small_app())
    for number in range(600):
        slack.send(0, str(number))
    wait_for(lambda: len(slack.acknowledged) >= 600, 15)
    assert socket.stop(5)
    counted = Counter(answer["envelope_id"] for _, answer in slack.acknowledged)
    assert counted == Counter(str(number) for number in range(600))


def test_an_acknowledgement_goes_back_over_the_connection_of_its_envelope(slack: Slack) -> None:
    socket = connected(slack, small_app(), connections=3)
    wait_for(lambda: len(slack.connections) == 3)
    for number in range(30):
        slack.send(number % 3, str(number))
    wait_for(lambda: len(slack.acknowledged) == 30)
    assert socket.stop(5)
    assert all(int(answer["envelope_id"]) % 3 == number for number, answer in slack.acknowledged)


def test_what_came_over_a_connection_that_slack_renews_is_acknowledged_over_it(slack: Slack) -> None:
    release = threading.Event()

    def wait() -> None:
        release.wait(5)

    socket = connected(slack, small_app(wait))
    slack.send(0, "before")
    slack.connections[0].send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))
    wait_for(lambda: len(slack.connections) == 2)
    slack.send(0, "late")
    slack.send(1, "after")
    release.set()
    wait_for(lambda: len(slack.acknowledged) == 3)
    assert socket.stop(5)
    assert {(number, answer["envelope_id"]) for number, answer in slack.acknowledged} == {
        (0, "before"),
        (0, "late"),
        (1, "after"),
    }


def test_a_lost_connection_is_opened_again_and_acknowledgements_find_the_new_one(slack: Slack) -> None:
    release, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait(5)

    socket = connected(slack, small_app(wait))
    slack.send(0, "in hand")
    assert begun.wait(5)
    slack.connections[0].close()
    wait_for(lambda: len(slack.connections) == 2 and socket._greeted == 2)
    release.set()
    wait_for(lambda: slack.acknowledged)
    assert socket.stop(5)
    assert slack.acknowledged == [(1, {"envelope_id": "in hand"})]


def test_after_being_told_to_stop_nothing_new_is_taken_and_what_waits_is_finished(slack: Slack) -> None:
    release, begun = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait(30)

    in_hand = InHand()
    socket = connected(slack, small_app(wait), workers=1, in_hand=in_hand)
    for number in range(3):
        slack.send(0, str(number))
    wait_for(lambda: in_hand.count == 3)
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(socket.stop(30)))
    stopping.start()
    wait_for(socket._stopping.is_set)
    slack.send(0, "too late")
    time.sleep(0.05)
    release.set()
    stopping.join()
    assert ended == [True]
    # What was sent before the connection was closed is read after that, in the workspace's own time.
    wait_for(lambda: len(slack.acknowledged) >= 3)
    assert [answer["envelope_id"] for _, answer in slack.acknowledged] == ["0", "1", "2"]


def test_the_acknowledgement_of_a_sent_modal_carries_what_becomes_of_it() -> None:
    app = small_app()

    def sent(ack: Ack) -> BoltResponse:
        return ack(response_action="errors", errors={"note": "Too short."})

    app.view("form")(sent)
    view = {"type": "modal", "callback_id": "form", "id": "V1"}
    envelope = {"envelope_id": "e", "payload": {**PAYLOAD, "type": "view_submission", "view": view}}
    answer = acknowledgement(app, envelope)
    assert answer is not None
    assert json.loads(answer) == {
        "envelope_id": "e",
        "payload": {"response_action": "errors", "errors": {"note": "Too short."}},
    }


def test_a_fault_in_a_handler_makes_no_acknowledgement() -> None:
    def fail() -> None:
        raise LookupError("on purpose")

    assert acknowledgement(small_app(fail), {"envelope_id": "e", "payload": PAYLOAD}) is None
