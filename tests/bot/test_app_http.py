"""HTTP mode: only what Slack signed a moment ago comes in, and is answered after the commit."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from bot.http_mode import HttpMode
from tests.bot.app_scene import House
from tests.databases import Databases
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = pytest.mark.slack


class Served:
    def __init__(self, house: House, port: int) -> None:
        self.house, self.url = house, f"http://127.0.0.1:{port}/slack/events"
        self.http = urllib3.PoolManager(retries=False)

    def send(
        self, body: str, kind: str, *, secret: str | None = None, at: float | None = None
    ) -> urllib3.BaseHTTPResponse:
        stamp = str(int(time.time() if at is None else at))
        key = (secret or self.house.workspace.signing_secret).encode()
        signature = "v0=" + hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        return self.http.request("POST", self.url, body=body.encode(), headers=headers)

    def click(self, action: str, **more: Any) -> urllib3.BaseHTTPResponse:
        workspace = self.house.workspace
        payload = {
            "type": "block_actions",
            "team": {"id": self.house.installation.team_id},
            "user": {"id": workspace.user("ana")},
            "container": {"type": "message", "channel_id": workspace.dm("ana"), "message_ts": "1.2"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": "7", "action_ts": "1.2"}],
        }
        body = urlencode({"payload": json.dumps(payload)})
        return self.send(body, "application/x-www-form-urlencoded", **more)


@pytest.fixture
def served(databases: Databases, workspace: Workspace) -> Iterator[Served]:
    store = databases.store("sqlite")
    house = House(store, workspace)
    mode = HttpMode(house.app, "127.0.0.1", 0)
    yield Served(house, mode.start())
    assert mode.stop(5)
    house.close()
    store.close()


def test_a_signed_click_is_answered_once_it_is_stored(served: Served) -> None:
    assert served.click("label").status == 200
    assert served.house.stored() == 1


def test_a_fault_in_a_handler_is_a_failure_for_slack_too(served: Served) -> None:
    assert served.click("break").status == 500
    assert served.house.stored() == 0


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"at": 1_000_000.0}])
def test_what_slack_did_not_sign_just_now_changes_nothing(served: Served, wrong: dict[str, Any]) -> None:
    assert served.click("label", **wrong).status == 401
    assert served.house.stored() == 0


def test_slack_finds_its_challenge_answered(served: Served) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"})
    answer = served.send(body, "application/json")
    assert (answer.status, json.loads(answer.data)) == (200, {"challenge": "abc"})


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    port = int(served.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="cannot listen"):
        HttpMode(served.house.app, "127.0.0.1", port).start()


def test_an_event_is_answered_and_carried_out(served: Served) -> None:
    workspace = served.house.workspace
    event = {"type": "app_home_opened", "tab": "home", "user": workspace.user("ana"), "channel": "D1"}
    body = json.dumps({"type": "event_callback", "team_id": served.house.installation.team_id, "event": event})
    assert served.send(body, "application/json").status == 200
    wait_for(lambda: workspace.home("ana"))
