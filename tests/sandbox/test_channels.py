"""Channels: the bot and people come and go, names and ids change, archives; the app is told, and finds it so."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests import sandbox_fixtures
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

Json = dict[str, Any]


@pytest.fixture(scope="module")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace of its own: a reset takes no channel away."""
    running = sandbox_fixtures.start(tmp_path_factory.mktemp("workspace"))
    yield running
    running.stop()


def told(app: SmallApp, kind: str) -> list[Json]:
    events = [payload["event"] for payload in app.heard if payload.get("type") == "event_callback"]
    return [event for event in events if event["type"] == kind]


def info(workspace: Workspace, channel: str) -> Json:
    answer: Json = workspace.call("conversations.info", form=True, channel=channel)
    return answer


@pytest.fixture(params=[False, True], ids=["public", "private"])
def place(request: pytest.FixtureRequest, workspace: Workspace) -> tuple[str, bool]:
    private = bool(request.param)
    return workspace.new_channel(f"new-{secrets.token_hex(3)}", ["lea", "ana"], is_private=private), private


def test_the_bot_is_invited_and_taken_out(app: SmallApp, workspace: Workspace, place: tuple[str, bool]) -> None:
    channel, private = place
    seen = info(workspace, channel)
    if private:
        assert seen["error"] == "channel_not_found"
    else:
        assert seen["channel"]["is_member"] is False
        assert workspace.call("chat.postMessage", channel=channel, text="x")["error"] == "not_in_channel"
    assert workspace.command("lea", "/invite @concord", channel)["ok"]
    event = wait_for(lambda: told(app, "member_joined_channel"))[0]
    assert (event["user"], event["channel"]) == (workspace.app["user_id"], channel)
    assert (event["inviter"], event["channel_type"]) == (workspace.user("lea"), "G" if private else "C")
    assert info(workspace, channel)["channel"]["is_member"] is True
    assert workspace.call("chat.postMessage", channel=channel, text="x")["ok"]
    assert workspace.command("lea", "/remove @concord", channel)["ok"]
    left = wait_for(lambda: told(app, "group_left" if private else "channel_left"))
    assert [event["channel"] for event in left] == [channel]
    gone = workspace.call("chat.postMessage", channel=channel, text="x")
    assert gone["error"] == ("channel_not_found" if private else "not_in_channel")


def test_people_come_and_go(app: SmallApp, workspace: Workspace, place: tuple[str, bool]) -> None:
    channel, _ = place
    workspace.members(channel, add=["concord", "ben"])
    workspace.members(channel, remove=["ben"])
    assert [event["user"] for event in wait_for(lambda: told(app, "member_left_channel"))] == [workspace.user("ben")]
    joined = [event["user"] for event in told(app, "member_joined_channel")]
    assert joined == [workspace.app["user_id"], workspace.user("ben")]


def test_an_archived_channel_is_read_and_not_written(
    app: SmallApp, workspace: Workspace, place: tuple[str, bool]
) -> None:
    channel, private = place
    kind = "group" if private else "channel"
    workspace.members(channel, add=["concord"])
    assert workspace.command("lea", "/archive", channel)["ok"]
    event = wait_for(lambda: told(app, f"{kind}_archive"))[0]
    assert (event["channel"], event["user"]) == (channel, workspace.user("lea"))
    assert info(workspace, channel)["channel"]["is_archived"] is True
    assert workspace.call("chat.postMessage", channel=channel, text="x")["error"] == "is_archived"
    assert workspace.say("ana", "x", channel)["error"] == "is_archived"
    assert workspace.drop_file("ana", channel, "a.csv", b"x")["error"] == "is_archived"
    workspace.command("lea", "/unarchive", channel)
    assert wait_for(lambda: told(app, f"{kind}_unarchive"))[0]["channel"] == channel
    assert workspace.call("chat.postMessage", channel=channel, text="x")["ok"]


def test_a_channel_gets_another_name(app: SmallApp, workspace: Workspace, place: tuple[str, bool]) -> None:
    channel, private = place
    workspace.members(channel, add=["concord"])
    name = f"renamed-{secrets.token_hex(3)}"
    for wrong in ("", "two words", "Capital", "rte"):
        workspace.command("lea", f"/rename {wrong}", channel)
    workspace.command("lea", f"/rename {name}", channel)
    kind = "group_rename" if private else "channel_rename"
    assert [event["channel"]["name"] for event in wait_for(lambda: told(app, kind))] == [name]
    assert info(workspace, channel)["channel"]["name"] == name


def test_another_id_keeps_what_was_said(app: SmallApp, workspace: Workspace, place: tuple[str, bool]) -> None:
    old, private = place
    workspace.members(old, add=["concord"])
    first = workspace.call("chat.postMessage", channel=old, text="first")["ts"]
    workspace.say("ana", "answer", old, thread_ts=first)
    file_id = workspace.drop_file("lea", old, "a.csv", b"x")["file_id"]
    new = workspace.members(old, new_id=True)["channel"]
    event = wait_for(lambda: told(app, "channel_id_changed"))[0]
    assert (event["old_channel_id"], event["new_channel_id"]) == (old, new)
    assert info(workspace, old)["error"] == "channel_not_found"
    assert [one["text"] for one in workspace.call("conversations.history", channel=new)["messages"]] == ["", "first"]
    replies = workspace.call("conversations.replies", channel=new, ts=first)["messages"]
    assert [one["text"] for one in replies] == ["first", "answer"]
    shares = wait_for(lambda: workspace.call("files.info", form=True, file=file_id)["file"]["shares"])
    assert list(shares["private" if private else "public"]) == [new]
    assert workspace.call("chat.update", channel=new, ts=first, text="changed")["ok"]


def test_what_happens_elsewhere_is_not_told(app: SmallApp, workspace: Workspace, place: tuple[str, bool]) -> None:
    channel, _ = place
    workspace.members(channel, add=["ben"], archived=True)
    workspace.open_home("ana")
    wait_for(lambda: told(app, "app_home_opened"))
    kinds = {payload["event"]["type"] for payload in app.heard if payload.get("type") == "event_callback"}
    assert kinds == {"app_home_opened"}


def test_commands_of_slack_itself_say_what_is_wrong(app: SmallApp, workspace: Workspace) -> None:
    rte = workspace.channel("rte")
    for text, words in (
        ("/invite", "Say whom"),
        ("/invite @nobody", "There is nobody called nobody here."),
        ("/invite @ana", "Ana Annotator is in this channel already."),
        ("/rename rte-review", "There is a channel #rte-review already."),
    ):
        assert workspace.command("lea", text, rte)["ok"]
        assert words in workspace.messages("lea", rte)[-1]["text"]
    assert not [one for one in app.heard if one.get("command")]
