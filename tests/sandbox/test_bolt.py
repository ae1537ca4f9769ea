"""A real Bolt app in Socket Mode: what people do reaches it, and what it answers reaches people."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebhookClient

from tests.sandbox.bolt import connected, make_app
from tests.sandbox_fixtures import Workspace, wait_for

pytestmark = pytest.mark.slack
Json = dict[str, Any]


def text(words: str) -> Json:
    return {"type": "plain_text", "text": words}


def card(words: str, value: str = "v1") -> list[Json]:
    button = {"type": "button", "action_id": "press", "text": text("Yes & no"), "value": value}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": words}},
        {"type": "actions", "block_id": "row", "elements": [button]},
    ]


def modal(title: str = "Why", **more: Any) -> Json:
    note = {"type": "plain_text_input", "action_id": "note", "min_length": 2}
    return {
        "type": "modal",
        "callback_id": "why",
        "title": text(title),
        "submit": text("Send"),
        "blocks": [{"type": "input", "block_id": "note", "label": text("Note"), "element": note}],
        **more,
    }


@pytest.fixture
def app(workspace: Workspace) -> App:
    made = make_app(workspace)
    made.event("message")(lambda: None)
    return made


@pytest.fixture
def seen(app: App) -> Iterator[list[Json]]:
    """Bodies of presses; the answer replaces the card."""
    bodies: list[Json] = []

    @app.action("press")
    def press(ack: Any, body: Json) -> None:
        ack()
        bodies.append(body)

    return bodies  # type: ignore[return-value]


def test_a_click_brings_slacks_payload_and_its_url_replaces_the_card(
    workspace: Workspace, app: App, seen: list[Json]
) -> None:
    with connected(workspace, app):
        metadata = {"event_type": "card", "event_payload": {"key": "k"}}
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="card", blocks=card("one"), metadata=metadata)
        message = workspace.messages("ana")[0]
        assert workspace.click("ana", message, "press") == {"ok": True}
        (body,) = seen
        url = body["response_url"]
        answers = [WebhookClient(url).send(text=str(n), replace_original=True) for n in range(6)]
    assert body["user"]["id"] == workspace.user("ana")
    assert body["container"] == {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": workspace.dm("ana"),
        "is_ephemeral": False,
    }
    assert body["channel"]["name"] == "directmessage"
    (action,) = body["actions"]
    assert (action["type"], action["value"], action["block_id"]) == ("button", "v1", "row")
    assert action["text"]["text"] == "Yes &amp; no"
    assert "metadata" not in body["message"]
    assert workspace.messages("ana")[0]["metadata"] == metadata
    assert body["message"]["blocks"][1]["elements"][0]["text"]["text"] == "Yes &amp; no"
    assert [(one.status_code, one.body) for one in answers[:5]] == [(200, "ok")] * 5
    assert answers[5].status_code == 404
    assert "used_url" in answers[5].body
    assert [(m["text"], m["blocks"]) for m in workspace.messages("ana")] == [("4", [])]


def test_an_expired_url_is_not_found(workspace: Workspace, app: App, seen: list[Json]) -> None:
    workspace.settings(hook_seconds=0)
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.click("ana", workspace.messages("ana")[0], "press")
    workspace.settings(hook_seconds=1800)
    answer = WebhookClient(seen[0]["response_url"]).send(text="late", replace_original=True)
    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


def test_what_is_not_on_the_card_cannot_be_pressed(workspace: Workspace, app: App, seen: list[Json]) -> None:
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        message = workspace.messages("ana")[0]
        refused = workspace.click("ana", message, "other", block_id="row")
        hidden = workspace.click("ben", message, "press", channel=workspace.dm("ana"))
        app.client.chat_update(channel=workspace.dm("ana"), ts=message["ts"], text="gone")
        stale = workspace.click("ana", message, "press")
    assert [one["error"] for one in (refused, hidden, stale)] == [
        "no_such_element",
        "channel_not_found",
        "no_such_element",
    ]
    assert seen == []


def test_an_unanswered_click_times_out_and_none_connected_fails(workspace: Workspace, app: App) -> None:
    app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
    message = workspace.messages("ana")[0]
    assert workspace.click("ana", message, "press") == {"ok": False, "error": "no_connection"}
    workspace.settings(ack_seconds=0.2)
    with connected(workspace, app):
        assert workspace.click("ana", message, "press") == {"ok": False, "error": "timeout"}


def test_a_modal_with_errors_then_update_then_push_then_clear(workspace: Workspace, app: App, seen: list[Json]) -> None:
    answers: list[Json] = [
        {"response_action": "errors", "errors": {"note": "Too short"}},
        {"response_action": "update", "view": modal("Again")},
        {"response_action": "push", "view": modal("On top")},
        {"response_action": "clear"},
    ]
    said: list[str] = []

    @app.view("why")
    def submitted(ack: Any, view: Json) -> None:
        said.append(view["state"]["values"]["note"]["note"]["value"])
        ack(answers[len(said) - 1])

    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.click("ana", workspace.messages("ana")[0], "press")
        trigger = seen[0]["trigger_id"]
        app.client.views_open(trigger_id=trigger, view=modal())
        again = workspace.call("views.open", trigger_id=trigger, view=modal())
        typed = {"note": {"note": {"value": "because"}}}
        incomplete = workspace.submit("ana", workspace.modals("ana")[0]["id"], {"note": {"note": {"value": ""}}})
        done = []
        for _ in answers:
            done.append(workspace.submit("ana", workspace.modals("ana")[-1]["id"], typed))
            depth = len(workspace.modals("ana"))
    assert again["error"] == "trigger_exchanged"
    assert incomplete["errors"] == {"note": "Please complete this required field."}
    assert [one["action"] for one in done] == ["errors", "update", "push", "clear"]
    assert done[0]["errors"] == {"note": "Too short"}
    assert said == ["because"] * 4
    assert depth == 0


def test_a_view_keeps_what_was_typed_and_its_hash_guards_it(workspace: Workspace, app: App, seen: list[Json]) -> None:
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.click("ana", workspace.messages("ana")[0], "press")
        view = app.client.views_open(trigger_id=seen[0]["trigger_id"], view=modal(external_id="x1"))["view"]
        workspace.submit("ana", view["id"], {"note": {"note": {"value": "b"}}})
        new = app.client.views_update(external_id="x1", view=modal("Two", external_id="x1"), hash=view["hash"])["view"]
        late = workspace.call("views.update", view_id=view["id"], view=modal("Three"), hash=view["hash"])
    assert new["state"]["values"]["note"]["note"]["value"] == "b"
    assert late["error"] == "hash_conflict"


def test_pushing_stops_at_three_and_ids_are_unique(workspace: Workspace, app: App) -> None:
    outcomes: list[str] = []
    deep = {"type": "actions", "elements": [{"type": "button", "action_id": "deeper", "text": text("Deeper")}]}

    @app.action("deeper")
    def deeper(ack: Any, body: Json, client: Any) -> None:
        ack()
        view = {"type": "modal", "title": text("M"), "blocks": [deep], "external_id": f"e{len(outcomes)}"}
        method = "views.push" if "view" in body else "views.open"
        outcomes.append(workspace.call(method, trigger_id=body["trigger_id"], view=view).get("error", "ok"))

    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=[deep])
        workspace.click("ana", workspace.messages("ana")[0], "deeper")
        for _ in range(3):
            workspace.click("ana", None, "deeper", view_id=workspace.modals("ana")[-1]["id"])
    assert outcomes == ["ok", "ok", "ok", "push_limit_reached"]


def test_a_trigger_dies_of_age(workspace: Workspace, app: App, seen: list[Json]) -> None:
    workspace.settings(trigger_seconds=0)
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.click("ana", workspace.messages("ana")[0], "press")
    late = workspace.call("views.open", trigger_id=seen[0]["trigger_id"], view=modal())
    assert late["error"] == "expired_trigger_id"


def test_closing_a_view_that_asked_to_know(workspace: Workspace, app: App, seen: list[Json]) -> None:
    closed: list[bool] = []

    @app.view_closed("why")
    def was_closed(ack: Any, body: Json) -> None:
        ack()
        closed.append(body["is_cleared"])

    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.click("ana", workspace.messages("ana")[0], "press")
        app.client.views_open(trigger_id=seen[0]["trigger_id"], view=modal(notify_on_close=True))
        workspace.close("ana", workspace.modals("ana")[0]["id"])
    assert closed == [False]
    assert workspace.modals("ana") == []


def test_a_slash_command_answers_its_person_alone(workspace: Workspace, app: App) -> None:
    bodies: list[Json] = []

    @app.command("/concord")
    def run(ack: Any, body: Json) -> None:
        bodies.append(body)
        ack(text="for you", blocks=card("for you"))

    channel = workspace.channel("rte")
    with connected(workspace, app):
        assert workspace.command("ana", "/concord digest rte", channel)["ok"]
    assert (bodies[0]["text"], bodies[0]["channel_id"]) == ("digest rte", channel)
    assert [(m["text"], m["ephemeral"]) for m in workspace.messages("ana", channel)] == [("for you", True)]
    assert workspace.messages("ben", channel) == []
    answer = WebhookClient(bodies[0]["response_url"]).send(text="for all", response_type="in_channel")
    assert answer.status_code == 200
    assert [m["text"] for m in workspace.messages("ben", channel)] == ["for all"]


def test_a_command_nobody_answers_says_so(workspace: Workspace) -> None:
    workspace.command("ana", "/concord x")
    assert "dispatch_failed" in workspace.messages("ana")[0]["text"]


def test_a_click_in_an_ephemeral_has_no_message_and_can_remove_it(
    workspace: Workspace, app: App, seen: list[Json]
) -> None:
    channel = workspace.channel("rte")
    with connected(workspace, app):
        app.client.chat_postEphemeral(channel=channel, user=workspace.user("ana"), text="psst", blocks=card("psst"))
        (message,) = workspace.messages("ana", channel)
        workspace.click("ana", message, "press", channel=channel)
        WebhookClient(seen[0]["response_url"]).send(text="", delete_original=True)
    assert message["ephemeral"]
    assert "message" not in seen[0]
    assert seen[0]["container"]["is_ephemeral"]
    assert workspace.messages("ana", channel) == []
    assert app.client.conversations_history(channel=channel)["messages"] == []


def test_home_opens_with_its_view_and_its_buttons_work(workspace: Workspace, app: App, seen: list[Json]) -> None:
    opened: list[Json] = []

    @app.event("app_home_opened")
    def home(event: Json, client: Any) -> None:
        opened.append(event)
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": card("home")})

    with connected(workspace, app):
        workspace.open_home("ana")
        wait_for(lambda: workspace.home("ana"))
        workspace.open_home("ana")
        wait_for(lambda: len(opened) == 2)
        workspace.click("ana", None, "press", home=True)
    assert "view" not in opened[0]
    assert opened[1]["view"]["hash"]
    assert "response_url" not in seen[0]
    assert seen[0]["container"]["type"] == "view"
    assert seen[0]["view"]["type"] == "home"


def test_events_of_people_channels_and_files(workspace: Workspace, app: App) -> None:
    heard: list[tuple[str, Json]] = []
    for name in ("app_mention", "user_change", "file_shared", "member_joined_channel"):
        app.event(name)(lambda event: heard.append((event["type"], event)))
    channel = workspace.channel("rte")
    with connected(workspace, app):
        workspace.say("ana", "@concord hello", channel)
        workspace.set_user("cem", deleted=True)
        workspace.set_user("cem", deleted=False)
        workspace.drop_file("ana", channel, "x.csv", b"1")
        workspace.members("rte-review", add=["ben"])
        wait_for(lambda: len(heard) == 5)
    workspace.members("rte-review", remove=["ben"])
    names = sorted(name for name, _ in heard)
    assert names == ["app_mention", "file_shared", "member_joined_channel", "user_change", "user_change"]
    changes = [event["user"]["deleted"] for name, event in heard if name == "user_change"]
    assert sorted(changes) == [False, True]


def test_events_wait_for_a_connection(workspace: Workspace, app: App) -> None:
    heard: list[str] = []
    app.event("app_mention")(lambda event: heard.append(event["text"]))
    workspace.say("ana", "@concord are you there", workspace.channel("rte"))
    with connected(workspace, app):
        wait_for(lambda: len(heard) == 1)


def test_an_event_without_ack_is_tried_again_with_a_reason(workspace: Workspace, app: App) -> None:
    tries: list[tuple[Any, Any]] = []

    @app.event("app_mention")
    def mention(request: Any) -> None:
        headers = request.headers
        tries.append((headers.get("x-slack-retry-num"), headers.get("x-slack-retry-reason")))

    subscribed = workspace.get("/sandbox/state")["app"]["events"]
    workspace.settings(ack_seconds=0.3, events=["app_mention"])
    workspace.delivery(drop_acks=1)
    try:
        with connected(workspace, app):
            workspace.say("ana", "@concord hi", workspace.channel("rte"))
            wait_for(lambda: len(tries) >= 2)
    finally:
        workspace.settings(events=subscribed)
    assert tries[0][0] in (None, ["0"])
    assert any(number == ["1"] and reason == ["timeout"] for number, reason in tries)


def test_envelopes_come_twice_and_out_of_order(workspace: Workspace, app: App, seen: list[Json]) -> None:
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        message = workspace.messages("ana")[0]
        workspace.delivery(duplicate=True, shuffle=True, window=0.2, seed=3)
        for _ in range(4):
            assert workspace.click("ana", message, "press")["ok"]
        wait_for(lambda: len(seen) == 8)
    stamps = [body["actions"][0]["action_ts"] for body in seen]
    assert len(set(stamps)) == 4


def test_the_state_of_a_card_goes_with_a_click(workspace: Workspace, app: App, seen: list[Json]) -> None:
    options = [{"text": text(word), "value": word} for word in ("a", "b")]
    choice = {"type": "static_select", "action_id": "press", "options": options, "placeholder": text("Choose")}
    with connected(workspace, app):
        app.client.chat_postMessage(
            channel=workspace.dm("ana"), text="c", blocks=[{"type": "actions", "block_id": "r", "elements": [choice]}]
        )
        message = workspace.messages("ana")[0]
        assert workspace.click("ana", message, "press", selected_option={"value": "b"})["ok"]
        forged = workspace.click("ana", message, "press", selected_option={"value": "z"})
    assert seen[0]["actions"][0]["selected_option"] == options[1]
    assert seen[0]["state"]["values"]["r"]["press"]["selected_option"] == options[1]
    assert forged["error"] == "no_such_option"


def test_an_external_select_asks_and_remembers(workspace: Workspace, app: App, seen: list[Json]) -> None:
    @app.options("press")
    def offer(ack: Any, payload: Json) -> None:
        ack(options=[{"text": text(payload["value"] + "!"), "value": "id1"}])

    element = {"type": "external_select", "action_id": "press", "min_query_length": 1}
    with connected(workspace, app):
        app.client.chat_postMessage(
            channel=workspace.dm("ana"), text="c", blocks=[{"type": "actions", "block_id": "r", "elements": [element]}]
        )
        message = workspace.messages("ana")[0]
        where = {"channel": workspace.dm("ana"), "ts": message["ts"], "block_id": "r", "action_id": "press"}
        unknown = workspace.click("ana", message, "press", selected_option={"value": "id1"})
        found = workspace.options("ana", value="hel", **where)
        assert workspace.click("ana", message, "press", selected_option={"value": "id1"})["ok"]
    assert unknown["error"] == "no_such_option"
    assert found["options"][0]["text"]["text"] == "hel!"
    assert seen[0]["actions"][0]["selected_option"]["value"] == "id1"


def test_a_forged_payload_arrives_as_it_was_made(workspace: Workspace, app: App, seen: list[Json]) -> None:
    action = {"type": "button", "action_id": "press", "block_id": "b", "value": "somebody else's", "action_ts": "1.1"}
    with connected(workspace, app):
        workspace.forge("ben", {"type": "block_actions", "actions": [action]})
    assert (seen[0]["user"]["id"], seen[0]["actions"][0]["value"]) == (workspace.user("ben"), "somebody else's")


def test_a_told_app_reconnects(workspace: Workspace, app: App, seen: list[Json]) -> None:
    with connected(workspace, app):
        app.client.chat_postMessage(channel=workspace.dm("ana"), text="c", blocks=card("one"))
        workspace.post("/sandbox/connections", reason="refresh_requested")
        wait_for(lambda: workspace.connections() == 1, 15)
        assert workspace.click("ana", workspace.messages("ana")[0], "press")["ok"]
    assert len(seen) == 1
