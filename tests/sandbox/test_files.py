"""Files: dropped by people and uploaded by the app, told of, asked about, fetched, deleted, broken off."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from sandbox.file_shapes import slug
from sandbox.filetypes import look
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

Json = dict[str, Any]


def told(app: SmallApp, kind: str) -> list[Json]:
    events = [payload["event"] for payload in app.heard if payload.get("type") == "event_callback"]
    return [event for event in events if event["type"] == kind]


def info(workspace: Workspace, file_id: str) -> Json:
    answer: Json = workspace.call("files.info", form=True, file=file_id)
    return answer


def fetch(workspace: Workspace, url: str, token: str | None = "") -> urllib3.BaseHTTPResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token or workspace.bot_token}"}
    return workspace.http.request("GET", url, headers=headers)


def test_a_dropped_file_is_told_asked_about_and_fetched(app: SmallApp, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    content = "id,text\n" + "".join(f"{number},\u00e9t\u00e9 {number}\n" for number in range(20))
    done = workspace.drop_file("lea", rte, "Yesterday's \u2603 export.csv", content.encode(), text="for @ana")
    event = wait_for(lambda: told(app, "file_shared"))[0]
    assert (event["file_id"], event["channel_id"], event["user_id"]) == (
        done["file_id"],
        rte,
        workspace.user("lea"),
    )
    assert event["file"] == {"id": done["file_id"]}
    assert float(event["event_ts"]) > 0

    shares = wait_for(lambda: info(workspace, done["file_id"])["file"]["shares"])
    file = info(workspace, done["file_id"])["file"]
    assert (file["name"], file["title"]) == ("Yesterday's \u2603 export.csv",) * 2
    assert (file["mimetype"], file["filetype"], file["pretty_type"]) == ("text/csv", "csv", "CSV")
    assert (file["size"], file["mode"], file["is_external"]) == (len(content.encode()), "snippet", False)
    assert (file["channels"], file["groups"], file["ims"]) == ([rte], [], [])
    assert shares["public"][rte][0]["ts"] == done["ts"]
    assert (file["preview"], file["lines"], file["lines_more"]) == ("\n".join(content.splitlines()[:5]), 21, 16)
    for url in (file["url_private"], file["url_private_download"]):
        assert fetch(workspace, url).data == content.encode()
    said = workspace.messages("ana", rte)[-1]
    assert said["text"] == f"for <@{workspace.user('ana')}>"
    assert said["files"][0]["lines_more"] == 16


def test_shares_come_later_than_the_event(app: SmallApp, workspace: Workspace) -> None:
    workspace.settings(file_seconds=600)
    done = workspace.drop_file("lea", workspace.channel("rte"), "a.csv", b"id\n")
    wait_for(lambda: told(app, "file_shared"))
    early = info(workspace, done["file_id"])["file"]
    assert (early["shares"], early["channels"], early["mimetype"]) == ({}, [], "")


def test_files_of_one_message_are_told_one_by_one(app: SmallApp, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    root = workspace.say("lea", "batch two", rte)["ts"]
    ids = [upload(workspace, "lea", f"part-{number}.jsonl", b'{"a": 1}\n') for number in range(3)]
    done = workspace.post("/client/message", user="lea", channel=rte, files=ids, thread_ts=root)
    assert done["ok"]
    wait_for(lambda: len(told(app, "file_shared")) == 3)
    assert [event["file_id"] for event in told(app, "file_shared")] == ids
    shares = wait_for(lambda: info(workspace, ids[0])["file"]["shares"])
    assert (shares["public"][rte][0]["ts"], shares["public"][rte][0]["thread_ts"]) == (done["ts"], root)
    assert [len(m["files"]) for m in workspace.messages("ana", rte, thread_ts=root)] == [0, 3]
    again = workspace.post("/client/message", user="lea", channel=rte, files=ids)
    assert again["error"] == "file_not_found"


def upload(workspace: Workspace, user: str, name: str, content: bytes) -> str:
    headers = {"content-type": "application/octet-stream"}
    url = f"{workspace.url}/client/upload?{urlencode({'user': user, 'name': name})}"
    answer = workspace.http.request("POST", url, body=content, headers=headers).json()
    return str(answer["file_id"])


def test_what_somebody_else_uploaded_cannot_be_shown(workspace: Workspace) -> None:
    mine = upload(workspace, "lea", "a.csv", b"x")
    done = workspace.post("/client/message", user="ana", channel=workspace.channel("rte"), files=[mine])
    assert done["error"] == "file_not_found"


def test_message_events_carry_files(app: SmallApp, workspace: Workspace) -> None:
    done = workspace.drop_file("ana", workspace.dm("ana"), "a.csv", b"id,text\n", text="here")
    event = wait_for(lambda: told(app, "message"))[0]
    assert (event["subtype"], event["text"], event["channel_type"]) == ("file_share", "here", "im")
    assert [file["id"] for file in event["files"]] == [done["file_id"]]


def test_nothing_is_told_where_the_bot_is_not(app: SmallApp, workspace: Workspace) -> None:
    away = workspace.new_channel(f"away-{os.urandom(3).hex()}", ["lea"])
    done = workspace.drop_file("lea", away, "a.csv", b"x")
    rte = workspace.drop_file("lea", workspace.channel("rte"), "b.csv", b"x")
    wait_for(lambda: told(app, "file_shared"))
    assert [event["file_id"] for event in told(app, "file_shared")] == [rte["file_id"]]
    assert info(workspace, done["file_id"])["error"] == "file_not_found"


@pytest.mark.parametrize("lacking", [{"scopes": ["files:read"]}, {"events": ["file_shared"]}])
def test_without_scope_or_subscription_no_event(app: SmallApp, workspace: Workspace, lacking: Json) -> None:
    workspace.lacks(**lacking)
    workspace.drop_file("lea", workspace.channel("rte"), "a.csv", b"x")
    workspace.lacks(scopes=[], events=[])
    seen = workspace.drop_file("lea", workspace.channel("rte"), "b.csv", b"x")
    wait_for(lambda: told(app, "file_shared"))
    assert [event["file_id"] for event in told(app, "file_shared")] == [seen["file_id"]]


def test_the_bytes_want_a_token_that_may_read_files(workspace: Workspace) -> None:
    done = workspace.drop_file("lea", workspace.channel("rte"), "a.csv", b"id\n1\n")
    url = info(workspace, done["file_id"])["file"]["url_private"]
    assert fetch(workspace, url).data == b"id\n1\n"
    workspace.lacks(scopes=["files:read"])
    for token in ("", "xoxb-wrong", None):
        answer = fetch(workspace, url, token)
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "text/html")
        assert b"id\n1\n" not in answer.data
    refused = info(workspace, done["file_id"])
    assert (refused["error"], refused["needed"]) == ("missing_scope", "files:read")
    assert "files:read" not in refused["provided"].split(",")


def test_a_deleted_file_leaves_a_tombstone(app: SmallApp, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    done = workspace.drop_file("lea", rte, "a.csv", b"x", text="wrong one")
    url = info(workspace, done["file_id"])["file"]["url_private"]
    assert workspace.delete_file(done["file_id"], user="ana")["error"] == "cant_delete_file"
    assert workspace.delete_file(done["file_id"], user="lea")["ok"]
    assert wait_for(lambda: told(app, "file_deleted"))[0]["file_id"] == done["file_id"]
    assert info(workspace, done["file_id"])["error"] == "file_deleted"
    assert fetch(workspace, url).status == 404
    history = workspace.call("conversations.history", channel=rte)["messages"][0]
    assert (history["text"], history["files"]) == ("wrong one", [{"id": done["file_id"], "mode": "tombstone"}])
    assert workspace.messages("ana", rte)[-1]["files"][0]["deleted"]
    assert workspace.delete_file(done["file_id"], user="lea")["error"] == "file_not_found"


def test_a_slack_connect_file_is_a_stub_that_cannot_be_read(workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    done = workspace.drop_file("lea", rte, "a.csv", b"id\n", external="1")
    stub = workspace.call("conversations.history", channel=rte)["messages"][0]["files"][0]
    assert (stub["mode"], stub["file_access"], "url_private" in stub) == ("file_access", "check_file_info", False)
    file = info(workspace, done["file_id"])["file"]
    assert file["file_access"] == "check_file_info"
    assert fetch(workspace, file["url_private"]).headers["content-type"].startswith("text/html")


def test_the_app_shows_a_file_in_a_thread(workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    root = workspace.call("chat.postMessage", channel=rte, text="report")["ts"]
    file_id = begin_upload(workspace, "refused.csv", b"line,reason\n")
    done = workspace.call(
        "files.completeUploadExternal",
        files=[{"id": file_id, "title": "Refused rows"}],
        channel_id=rte,
        thread_ts=root,
        initial_comment="12 rows were refused",
    )
    assert (done["files"][0]["id"], done["files"][0]["shares"]) == (file_id, {})
    shares = wait_for(lambda: info(workspace, file_id)["file"]["shares"])
    assert shares["public"][rte][0]["thread_ts"] == root
    said = workspace.messages("ana", rte, thread_ts=root)[-1]
    assert (said["text"], said["files"][0]["title"]) == ("12 rows were refused", "Refused rows")
    twice = workspace.call("files.completeUploadExternal", files=[{"id": file_id}], channel_id=rte)
    assert twice["ok"] is False


def begin_upload(workspace: Workspace, name: str, content: bytes) -> str:
    where = workspace.call("files.getUploadURLExternal", form=True, filename=name, length=len(content))
    assert workspace.http.request("POST", where["upload_url"], body=content).status == 200
    return str(where["file_id"])


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_each_step_of_an_upload_may_break_off(workspace: Workspace, step: str, kind: str) -> None:
    rte, content = workspace.channel("rte"), b"a,b\n"
    workspace.faults(step, kind)

    def run() -> None:
        file_id = begin_upload(workspace, "a.csv", content)
        workspace.call("files.completeUploadExternal", files=[{"id": file_id}], channel_id=rte)

    with pytest.raises(urllib3.exceptions.ProtocolError):
        run()
    had_effect = [call["effect"] for call in workspace.log(step)]
    assert had_effect == [kind == "reset_after"]
    if step == "files.completeUploadExternal" and kind == "reset_after":
        assert wait_for(lambda: workspace.messages("ana", rte))[0]["files"]


def test_an_upload_of_another_length_is_refused(workspace: Workspace) -> None:
    where = workspace.call("files.getUploadURLExternal", form=True, filename="a.csv", length=4)
    for body in (b"abc", b"abcde"):
        assert workspace.http.request("POST", where["upload_url"], body=body).status == 400
    assert workspace.call("files.completeUploadExternal", files=[{"id": where["file_id"]}])["error"] == "file_not_found"
    assert workspace.http.request("POST", where["upload_url"], body=b"abcd").status == 200


def test_an_upload_that_its_sender_gives_up_leaves_nothing(workspace: Workspace) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 3_000_000
        wait_for(lambda: list((workspace.directory / "files").glob("*")))
        raise RuntimeError("the page was closed")

    headers = {"content-type": "application/octet-stream", "content-length": "9000000"}
    url = f"{workspace.url}/client/upload?user=lea&name=a.csv"
    with pytest.raises(RuntimeError):
        workspace.http.request("POST", url, body=pieces(), headers=headers)
    workspace.http.clear()
    wait_for(lambda: not list((workspace.directory / "files").glob("*")))


def test_a_download_may_break_off_half_way(workspace: Workspace) -> None:
    done = workspace.drop_file("lea", workspace.channel("rte"), "a.csv", b"x" * 200_000)
    url = info(workspace, done["file_id"])["file"]["url_private"]
    workspace.faults("download", "reset_after")
    workspace.faults("download", "500")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        fetch(workspace, url)
    assert fetch(workspace, url).status == 500
    assert len(fetch(workspace, url).data) == 200_000


def test_a_large_file_passes_without_being_held_in_memory(workspace: Workspace) -> None:
    size, piece = 96 * 1024 * 1024, os.urandom(1 << 20)
    before = peak(workspace)
    where = workspace.call("files.getUploadURLExternal", form=True, filename="a.csv", length=size)
    pieces = (piece for _ in range(size // len(piece)))
    sent = workspace.http.request(
        "POST", where["upload_url"], body=pieces, headers={"content-length": str(size)}, preload_content=True
    )
    assert sent.status == 200
    workspace.call("files.completeUploadExternal", files=[{"id": where["file_id"]}])
    url = info(workspace, where["file_id"])["file"]["url_private"]
    answer = workspace.http.request(
        "GET", url, headers={"Authorization": f"Bearer {workspace.bot_token}"}, preload_content=False
    )
    came = sum(len(one) for one in answer.stream(1 << 20))
    answer.release_conn()
    assert came == size
    assert peak(workspace) - before < 48 * 1024


def peak(workspace: Workspace) -> int:
    """The most memory that the process has held, in KiB."""
    status = Path(f"/proc/{workspace.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


@given(st.text(max_size=300))
def test_names_in_addresses_are_plain(name: str) -> None:
    made = slug(name)
    assert made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.")
    assert json.loads(json.dumps(made)) == made


@given(st.binary(max_size=4000))
def test_any_bytes_can_be_looked_into(content: bytes) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"looked-into-{os.getpid()}"
    path.write_bytes(content)
    seen = look(path)
    path.unlink()
    assert seen.readable or seen.preview == ""
    assert seen.preview.count("\n") < 5
    assert len(seen.preview) <= 1000
