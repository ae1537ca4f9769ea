"""What can be made to go wrong, what is then on disk, and what a restart or a kill leaves."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from tests.sandbox_fixtures import SEED, Workspace, start, wait_for

Json = dict[str, Any]


def post(workspace: Workspace, text: str) -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {workspace.bot_token}"}
    body = {"channel": workspace.dm("ana"), "text": text}
    url = workspace.api_url + "chat.postMessage"
    return workspace.http.request("POST", url, json=body, headers=headers, retries=False)


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("429", 429, "ratelimited"),
        ("ratelimited", 200, "ratelimited"),
        ("internal_error", 200, "internal_error"),
        ("fatal_error", 200, "fatal_error"),
        ("500", 500, "Internal Server Error"),
        ("503", 503, "Service Unavailable"),
        ("error:channel_not_found", 200, "channel_not_found"),
    ],
)
def test_a_fault_before_the_effect_leaves_nothing(workspace: Workspace, kind: str, status: int, said: str) -> None:
    workspace.faults("chat.postMessage", kind, times=1, retry_after=7)
    answer = post(workspace, "one")
    assert answer.status == status
    assert said in answer.data.decode()
    assert answer.headers.get("Retry-After") == ("7" if kind == "429" else None)
    assert workspace.messages("ana") == []
    assert post(workspace, "two").json()["ok"]
    assert [m["text"] for m in workspace.messages("ana")] == ["two"]
    assert [(call["outcome"], call["effect"]) for call in workspace.log("chat.postMessage")] == [
        (kind, False),
        ("ok", True),
    ]


@pytest.mark.parametrize(("kind", "left"), [("reset_before", []), ("reset_after", ["one"])])
def test_a_reset_breaks_the_connection_before_or_after_the_effect(
    workspace: Workspace, kind: str, left: list[str]
) -> None:
    workspace.faults("chat.postMessage", kind)
    with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
        post(workspace, "one")
    assert "reset" in str(caught.value).lower()
    assert [m["text"] for m in workspace.messages("ana")] == left


@pytest.mark.parametrize("kind", ["500_after", "internal_error_after"])
def test_an_error_may_hide_an_effect(workspace: Workspace, kind: str) -> None:
    workspace.faults("chat.postMessage", kind)
    post(workspace, "one")
    assert [m["text"] for m in workspace.messages("ana")] == ["one"]


def test_faults_skip_count_and_are_cleared(workspace: Workspace) -> None:
    workspace.faults("*", "internal_error", skip=1, times=2)
    outcomes = [workspace.call("auth.test")["ok"] for _ in range(4)]
    assert outcomes == [True, False, False, True]
    assert [(one["fired"], one["times"]) for one in workspace.faults()] == [(2, 0)]
    workspace.faults("*", "500", times=None)
    workspace.clear_faults()
    assert workspace.faults() == []
    assert workspace.call("auth.test")["ok"]


def test_an_unknown_fault_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        workspace.faults("*", "explode")


def test_a_slow_method_holds_nobody_else_up(workspace: Workspace) -> None:
    workspace.faults("chat.postMessage", "delay_after", times=None, seconds=30)
    where = urlsplit(workspace.url)
    body = json.dumps({"channel": workspace.dm("ana"), "text": "slow"}).encode()
    head = f"POST /api/chat.postMessage HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {workspace.bot_token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((where.hostname or "", where.port or 0)) as waiting:
        waiting.sendall(head.encode() + body)
        wait_for(lambda: workspace.messages("ana"))
        assert workspace.call("auth.test")["ok"]


def test_an_upload_can_fail(workspace: Workspace) -> None:
    where = workspace.call("files.getUploadURLExternal", form=True, filename="x.txt", length="3")
    workspace.faults("upload", "503")
    assert workspace.http.request("POST", where["upload_url"], body=b"abc").status == 503
    unfinished = workspace.call("files.completeUploadExternal", files=[{"id": where["file_id"]}])
    assert unfinished["error"] == "file_not_found"
    assert workspace.http.request("POST", where["upload_url"], body=b"ab").status == 400
    assert workspace.http.request("POST", where["upload_url"], body=b"abc").status == 200
    assert workspace.call("files.completeUploadExternal", files=[{"id": where["file_id"]}])["ok"]


def test_what_was_answered_survives_a_kill_and_a_restart_changes_no_id(tmp_path: Path) -> None:
    first = start(tmp_path)
    seen = {name: first.user(name) for name in ("ana", "max")}, first.channel("rte"), first.dm("ana"), first.app
    posted = first.call("chat.postMessage", channel=first.dm("ana"), text="kept")
    first.call("chat.update", channel=posted["channel"], ts=posted["ts"], text="changed")
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    published = first.call("views.publish", user_id=first.user("ana"), view=home)["view"]
    first.process.kill()
    first.process.wait()
    second = start(tmp_path)
    try:
        again = (
            {name: second.user(name) for name in ("ana", "max")},
            second.channel("rte"),
            second.dm("ana"),
            second.app,
        )
        assert again == seen
        assert [(m["ts"], m["text"]) for m in second.messages("ana")] == [(posted["ts"], "changed")]
        assert second.view("ana")["home"]["hash"] == published["hash"]
        later = second.call("chat.postMessage", channel=second.dm("ana"), text="new")
        assert float(later["ts"]) > float(posted["ts"])
    finally:
        second.stop()
    assert not (tmp_path / "sandbox.json").exists()


def test_two_sandboxes_do_not_share_a_directory(tmp_path: Path) -> None:
    running = start(tmp_path)
    try:
        command = [sys.executable, "-m", "sandbox", "--dir", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    finally:
        running.stop()
    assert second.returncode == 1
    assert "another sandbox already serves" in second.stderr


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--dir", str(tmp_path), "--host", "0.0.0.0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert "loopback" in refused.stderr


def test_a_seed_applied_again_changes_nothing(workspace: Workspace) -> None:
    before = workspace.get("/client/bootstrap"), workspace.view("ana"), workspace.view("lea")
    workspace.post("/client/seed", **SEED)
    assert (workspace.get("/client/bootstrap"), workspace.view("ana"), workspace.view("lea")) == before
