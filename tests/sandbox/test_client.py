"""What people see and do, and how envelopes travel: unread counts, live pushes, connections, restarts."""

import json
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.sandbox_fixtures import Workspace, start, wait_for

Json = dict[str, Any]
BUTTON = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Go"}}
ROW = {"type": "actions", "block_id": "row", "elements": [BUTTON]}
MODAL: Json = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "M"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "note"},
        },
        ROW,
    ],
}


def link(workspace: Workspace) -> Connection:
    return connect(workspace.call("apps.connections.open", token=workspace.app_token)["url"], compression=None)


def receive(socket: Connection, kind: str) -> Json:
    """The next frame of a kind."""
    while True:
        frame: Json = json.loads(socket.recv(timeout=5))
        if frame["type"] == kind:
            return frame


def card(workspace: Workspace) -> Json:
    workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="c", blocks=[ROW])
    return workspace.messages("ana")[-1]


def answer_clicks(sockets: list[Connection], workspace: Workspace, message: Json) -> int:
    """Click once and ack on whichever connection gets it; its place in the list."""
    done: list[Json] = []
    clicking = threading.Thread(target=lambda: done.append(workspace.click("ana", message, "press")))
    clicking.start()
    for place in range(1000):
        socket = sockets[place % len(sockets)]
        try:
            frame = json.loads(socket.recv(timeout=0.01))
        except TimeoutError:
            continue
        if frame["type"] == "interactive":
            socket.send(json.dumps({"envelope_id": frame["envelope_id"]}))
            clicking.join()
            assert done == [{"ok": True}]
            return place % len(sockets)
    raise AssertionError("no connection got the click")


def test_hello_and_each_envelope_to_one_connection_in_turn(workspace: Workspace) -> None:
    with link(workspace) as one, link(workspace) as two:
        assert receive(one, "hello")["num_connections"] == 1
        assert receive(two, "hello")["connection_info"]["app_id"] == workspace.app["id"]
        message = card(workspace)
        places = [answer_clicks([one, two], workspace, message) for _ in range(4)]
    assert places in ([0, 1, 0, 1], [1, 0, 1, 0])


def test_an_eleventh_connection_is_sent_away(workspace: Workspace) -> None:
    wait_for(lambda: workspace.connections() == 0)
    with ExitStack() as stack:
        for _ in range(10):
            receive(stack.enter_context(link(workspace)), "hello")
        eleventh = stack.enter_context(link(workspace))
        assert receive(eleventh, "disconnect")["reason"] == "too_many_websockets"
        assert workspace.connections() == 10
    wait_for(lambda: workspace.connections() == 0)


def test_a_ticket_opens_one_connection(workspace: Workspace) -> None:
    url = workspace.call("apps.connections.open", token=workspace.app_token)["url"]
    with connect(url, compression=None) as first:
        receive(first, "hello")
        refused = workspace.http.request("GET", url.replace("ws://", "http://"))
    assert refused.status in {403, 404, 426}


def test_socket_mode_switched_off_hangs_up(workspace: Workspace) -> None:
    url = workspace.call("apps.connections.open", token=workspace.app_token)["url"]
    with connect(url, compression=None) as open_one:
        assert "hello" in str(open_one.recv(timeout=5))
        workspace.lacks(socket_mode=True)
        assert "link_disabled" in str(open_one.recv(timeout=5))
        with pytest.raises(ConnectionClosed):
            open_one.recv(timeout=5)
    url = workspace.call("apps.connections.open", token=workspace.app_token)["url"]
    with connect(url, compression=None) as fresh:
        assert "link_disabled" in str(fresh.recv(timeout=5))
    workspace.lacks(socket_mode=False)
    with link(workspace) as again:
        receive(again, "hello")


def test_pages_are_told_of_what_changes_for_their_person_alone(workspace: Workspace) -> None:
    live = workspace.url.replace("http", "ws") + "/client/live?user="
    with connect(live + "ana") as ana, connect(live + "ben") as ben:
        receive(ana, "connection")
        receive(ben, "connection")
        said = workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="x")
        workspace.call("chat.postMessage", channel=workspace.channel("rte"), text="for all")
        told = receive(ana, "message")
        assert (told["channel"], told["ts"]) == (said["channel"], said["ts"])
        assert receive(ben, "message")["channel"] == workspace.channel("rte")
        workspace.call("chat.delete", channel=said["channel"], ts=said["ts"])
        assert receive(ana, "message_deleted")["ts"] == said["ts"]


def test_unread_and_mentions_in_a_channel(workspace: Workspace) -> None:
    channel, ana = workspace.channel("rte"), workspace.user("ana")

    def seen(who: str) -> tuple[int, bool]:
        row = next(one for one in workspace.view(who)["channels"] if one["id"] == channel)
        return row["unread"], row["mention"]

    first = workspace.call("chat.postMessage", channel=channel, text="hello")
    workspace.call("chat.postMessage", channel=channel, text=f"<@{ana}> look")
    workspace.call("chat.postMessage", channel=channel, text="in a thread", thread_ts=first["ts"])
    workspace.say("ben", "mine", channel)
    assert (seen("ana"), seen("cem"), seen("ben")) == ((3, True), (3, False), (0, False))
    workspace.read("ana", channel)
    assert seen("ana") == (0, False)


def test_what_a_person_types_is_no_markup(workspace: Workspace) -> None:
    channel = workspace.channel("rte")
    workspace.say("ana", "<!channel> & @ben @nobody #rte-review @here", channel)
    said = workspace.messages("ben", channel)[0]["text"]
    assert said.startswith(f"&lt;!channel&gt; &amp; <@{workspace.user('ben')}> @nobody <#")
    assert said.endswith("|rte-review> <!here>")


def test_a_command_with_people_in_it(workspace: Workspace) -> None:
    workspace.settings(escape=True)
    with link(workspace) as app:
        running = threading.Thread(target=lambda: workspace.command("lea", "/concord assign @ana 25"))
        running.start()
        frame = receive(app, "slash_commands")
        app.send(json.dumps({"envelope_id": frame["envelope_id"]}))
        running.join()
    workspace.settings(escape=False)
    assert frame["payload"]["text"] == f"assign <@{workspace.user('ana')}|ana> 25"


def test_open_modals_and_what_was_typed_survive_a_restart(tmp_path: Path) -> None:
    first = start(tmp_path)
    with link(first) as app:
        sending = threading.Thread(target=first.forge, args=("ana", {"type": "nothing"}))
        sending.start()
        frame = receive(app, "interactive")
        app.send(json.dumps({"envelope_id": frame["envelope_id"]}))
        sending.join()
        trigger = frame["payload"]["trigger_id"]
        view = first.call("views.open", trigger_id=trigger, view=MODAL)["view"]
        first.post("/client/click", user="ana", view_id=view["id"], block_id="note", action_id="note", text="half")
    first.process.kill()
    first.process.wait()
    second = start(tmp_path)
    try:
        (shown,) = second.modals("ana")
    finally:
        second.stop()
    assert shown["id"] == view["id"]
    assert shown["state"]["values"]["note"]["note"]["value"] == "half"


def test_half_a_surrogate_pair_typed_by_a_person_reaches_the_app(workspace: Workspace) -> None:
    with link(workspace) as app:
        sent = workspace.http.request(
            "POST",
            workspace.url + "/client/message",
            body=json.dumps({"user": "ana", "channel": workspace.dm("ana"), "text": "a\ud800b"}),
            headers={"Content-Type": "application/json"},
        )
        frame = receive(app, "events_api")
        app.send(json.dumps({"envelope_id": frame["envelope_id"]}))
    assert sent.status == 200
    assert frame["payload"]["event"]["text"] == "a\ud800b"
    assert workspace.messages("ana")[-1]["text"] == "a\ud800b"
