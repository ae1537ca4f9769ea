"""Delivery by signed HTTP to a request URL, checked by Bolt's own verification."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.app.app import SlackAppDevelopmentServer
from slack_sdk import WebClient

from tests.sandbox_fixtures import Workspace, start, wait_for

pytestmark = pytest.mark.slack
BUTTON = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Go"}}


@contextmanager
def listening(workspace: Workspace, app: App, port: int) -> Iterator[None]:
    server: Any = SlackAppDevelopmentServer(port=port, path="/slack/events", app=app, http_server_logger_enabled=False)
    threading.Thread(target=server.start, daemon=True).start()
    wait_for(lambda: workspace.forge("ben", {"type": "nothing"})["error"] != "timeout")
    try:
        yield
    finally:
        server._server.shutdown()
        server._server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def by_http(tmp_path: Path) -> Iterator[tuple[Workspace, int]]:
    port = free_port()
    running = start(tmp_path, None, "--request-url", f"http://127.0.0.1:{port}/slack/events")
    yield running, port
    running.stop()


def make(workspace: Workspace, secret: str) -> App:
    client = WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])
    return App(client=client, signing_secret=secret, process_before_response=True)


def test_interactions_commands_and_events_come_signed(by_http: tuple[Workspace, int]) -> None:
    workspace, port = by_http
    app = make(workspace, workspace.signing_secret)
    heard: list[str] = []

    @app.action("press")
    def press(ack: Any, body: Any) -> None:
        ack()
        heard.append("press " + body["user"]["id"])

    app.command("/concord")(lambda ack, command: ack("you said " + command["text"]))
    app.event("app_mention")(lambda event: heard.append(event["type"]))
    app.event("message")(lambda: None)
    with listening(workspace, app, port):
        blocks = [{"type": "actions", "elements": [BUTTON]}]
        workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="c", blocks=blocks)
        assert workspace.click("ana", workspace.messages("ana")[0], "press") == {"ok": True}
        assert workspace.command("ana", "/concord a b")["ok"]
        workspace.say("ana", "@concord hi", workspace.channel("rte"))
        wait_for(lambda: "app_mention" in heard)
    assert workspace.messages("ana")[-1]["text"] == "you said a b"
    assert heard[0] == "press " + workspace.user("ana")


def test_another_secret_is_refused_by_the_app(by_http: tuple[Workspace, int]) -> None:
    workspace, port = by_http
    app = make(workspace, "another secret")
    pressed: list[str] = []

    @app.action("press")
    def press(ack: Any) -> None:
        pressed.append("pressed")
        ack()

    with listening(workspace, app, port):
        blocks = [{"type": "actions", "elements": [BUTTON]}]
        workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="c", blocks=blocks)
        assert not workspace.click("ana", workspace.messages("ana")[0], "press")["ok"]
    assert pressed == []
