"""HTTP mode: only what Slack signed a moment ago comes in, and is answered after the commit."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from bot.http_mode import LARGEST, HttpMode
from bot.listening import Address, read_address
from bot.replays import LIFE_SECONDS, Replays
from tests.bot.app_scene import House
from tests.databases import Databases
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = pytest.mark.slack
FORM = "application/x-www-form-urlencoded"


class Served:
    def __init__(self, house: House, port: int) -> None:
        self.house, self.url = house, f"http://127.0.0.1:{port}/slack/events"
        self.http = urllib3.PoolManager(retries=False)

    def send(self, body: str, kind: str, *, secret: str | None = None, off: float = 0.0) -> urllib3.BaseHTTPResponse:
        return self.post(body.encode(), {"Content-Type": kind, **self.signed(body, secret=secret, off=off)})

    def signed(self, body: str, *, secret: str | None = None, off: float = 0.0) -> dict[str, str]:
        stamp = str(int(time.time() + off))
        key = (secret or self.house.workspace.signing_secret).encode()
        signature = "v0=" + hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}

    def post(self, body: Any, headers: dict[str, str], **more: Any) -> urllib3.BaseHTTPResponse:
        return self.http.request("POST", self.url, body=body, headers=headers, **more)

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self.http.request("GET", self.url.removesuffix("/slack/events") + path)

    def click(self, action: str, **more: Any) -> urllib3.BaseHTTPResponse:
        return self.send(self.clicked(action), FORM, **more)

    def clicked(self, action: str) -> str:
        workspace = self.house.workspace
        payload = {
            "type": "block_actions",
            "team": {"id": self.house.installation.team_id},
            "user": {"id": workspace.user("ana")},
            "container": {"type": "message", "channel_id": workspace.dm("ana"), "message_ts": "1.2"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": "7", "action_ts": "1.2"}],
        }
        return urlencode({"payload": json.dumps(payload)})


@pytest.fixture
def served(databases: Databases, workspace: Workspace) -> Iterator[Served]:
    store = databases.store("sqlite")
    house = House(store, workspace)
    mode = HttpMode(house.app, workspace.signing_secret, Address("127.0.0.1", 0))
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


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"off": -1e9}, {"off": -310.0}, {"off": 400.0}])
def test_what_slack_did_not_sign_just_now_changes_nothing(served: Served, wrong: dict[str, Any]) -> None:
    assert served.click("label", **wrong).status == 401
    assert served.house.stored() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=00"},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Request-Timestamp": "yesterday"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
    ],
)
def test_headers_that_are_no_signature_are_refused(served: Served, headers: dict[str, str]) -> None:
    body = served.clicked("label")
    right = served.signed(body) if headers else {}
    assert served.post(body, {"Content-Type": FORM, **right, **headers}).status == 401
    assert served.house.stored() == 0


def test_another_body_under_a_good_signature_is_refused(served: Served) -> None:
    signed = served.signed(served.clicked("label"))
    assert served.post(served.clicked("label") + "&x=1", {"Content-Type": FORM, **signed}).status == 401
    assert served.post(b"payload=\xff", {"Content-Type": FORM, **signed}).status == 401
    assert served.house.stored() == 0


def test_a_request_that_comes_again_is_refused(served: Served) -> None:
    body = served.clicked("label")
    headers = {"Content-Type": FORM, **served.signed(body)}
    assert served.post(body, headers).status == 200
    again = served.post(body, headers)
    assert (again.status, again.data) == (409, b"this request was taken before")
    assert served.house.stored() == 1


def test_a_request_that_failed_may_come_again_as_it_was(served: Served) -> None:
    served.house.faults.append(LookupError("the first time"))
    event = {"type": "app_home_opened", "tab": "home", "user": served.house.workspace.user("ana"), "channel": "D1"}
    body = json.dumps({"type": "event_callback", "team_id": served.house.installation.team_id, "event": event})
    headers = {"Content-Type": "application/json", **served.signed(body)}
    assert [served.post(body, headers).status for _ in range(3)] == [500, 200, 409]


def test_what_is_too_large_is_refused_before_it_is_read(served: Served) -> None:
    url = urllib3.util.parse_url(served.url)
    with socket.create_connection((url.host, url.port), 10) as line:
        line.sendall(f"POST {url.path} HTTP/1.1\r\nHost: h\r\nContent-Length: {LARGEST + 1}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_what_grows_too_large_is_refused_on_the_way(served: Served) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b"x" * 65536 for _ in range(LARGEST // 65536 + 1))

    try:
        status = served.post(parts(), {"Content-Type": FORM}, chunked=True).status
    except urllib3.exceptions.ProtocolError:
        return  # it hung up before all was sent, which is as good
    assert status == 413


def test_a_body_of_exactly_the_largest_size_is_read(served: Served) -> None:
    body = served.clicked("label")
    padded = body + "&pad=" + "x" * (LARGEST - len(body) - len("&pad="))
    assert served.send(padded, FORM).status == 200
    assert served.house.stored() == 1


def test_other_paths_and_methods_are_not_there(served: Served) -> None:
    assert served.get("/").status == 404
    assert served.get("/readyz").status == 404, "status pages are served where they are asked for"
    assert served.get("/slack/events").status == 405


def test_slack_may_look_at_the_certificate_without_a_signature(served: Served) -> None:
    assert served.post(b"ssl_check=1&token=t", {"Content-Type": FORM}).status == 200
    assert served.post(b"ssl_check=1&" + served.clicked("label").encode(), {"Content-Type": FORM}).status == 401
    assert served.house.stored() == 0


def test_slack_finds_its_challenge_answered(served: Served) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"})
    answer = served.send(body, "application/json")
    assert (answer.status, json.loads(answer.data)) == (200, {"challenge": "abc"})


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    port = int(served.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="cannot listen"):
        HttpMode(served.house.app, "s", Address("127.0.0.1", port)).start()


def test_an_event_is_answered_and_carried_out(served: Served) -> None:
    workspace = served.house.workspace
    event = {"type": "app_home_opened", "tab": "home", "user": workspace.user("ana"), "channel": "D1"}
    body = json.dumps({"type": "event_callback", "team_id": served.house.installation.team_id, "event": event})
    assert served.send(body, "application/json").status == 200
    wait_for(lambda: workspace.home("ana"))


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:80", Address("::1", 80)),
        (" a.b:65535 ", Address("a.b", 65535)),
    ],
)
def test_addresses_are_read_as_they_are_typed(typed: str, address: Address) -> None:
    assert read_address(typed) == address
    assert str(address) == typed.strip()


@pytest.mark.parametrize("typed", ["", "3000", ":3000", "host", "host:", "host:x", "host:65536", "host:٣"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT is needed"):
        read_address(typed)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 400)), max_size=40), st.integers(1, 4))
def test_the_memory_of_requests_is_right_as_far_as_it_reaches(steps: list[tuple[str, float]], most: int) -> None:
    replays, now = Replays(most), 0.0
    taken: dict[str, float] = {}
    for signature, wait in steps:
        now += wait
        taken = {one: since for one, since in taken.items() if since + LIFE_SECONDS > now}
        if replays.take(signature, now):
            assert signature not in taken
            taken[signature] = now
            taken = dict(list(taken.items())[-most:])
        else:
            assert signature in taken
        assert len(replays) <= most
