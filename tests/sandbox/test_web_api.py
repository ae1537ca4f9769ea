"""The Web API, by the real slack_sdk client."""

import json
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.sandbox_fixtures import Workspace, wait_for

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    return WebClient(workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


def error_of(caught: "pytest.ExceptionInfo[SlackApiError]") -> str:
    return str(caught.value.response["error"])


def test_auth_test_names_the_bot(client: WebClient, workspace: Workspace) -> None:
    said = client.auth_test()
    assert said["user_id"] == workspace.app["user_id"]
    assert said["bot_id"].startswith("B")
    assert "chat:write" in said.headers["x-oauth-scopes"]


def test_tokens_are_checked(workspace: Workspace) -> None:
    assert workspace.call("auth.test", token="xoxb-other")["error"] == "invalid_auth"
    assert workspace.call("apps.connections.open", token=workspace.bot_token)["error"] == "not_allowed_token_type"
    bare = workspace.http.request("POST", workspace.api_url + "auth.test")
    assert bare.json()["error"] == "not_authed"


def test_a_method_the_sandbox_has_not_is_unknown(workspace: Workspace) -> None:
    assert workspace.call("chat.scheduleMessage") == {
        "ok": False,
        "error": "unknown_method",
        "req_method": "chat.scheduleMessage",
    }


def test_a_post_is_seen_by_members_counts_as_unread_and_an_edit_does_not(
    client: WebClient, workspace: Workspace
) -> None:
    said = client.chat_postMessage(channel=workspace.user("ana"), text="one")
    assert said["channel"] == workspace.dm("ana")
    assert workspace.messages("ana")[0]["text"] == "one"
    dm = next(one for one in workspace.view("ana")["dms"])
    assert dm["unread"] == 1
    workspace.read("ana", dm["id"])
    client.chat_update(channel=said["channel"], ts=said["ts"], text="two")
    dm = next(one for one in workspace.view("ana")["dms"])
    assert (dm["unread"], workspace.messages("ana")[0]["text"]) == (0, "two")


@pytest.mark.parametrize(
    ("channel", "error"),
    [("CNOWHERE", "channel_not_found"), ("#rte", "channel_not_found"), ("closed", "not_in_channel"),
     ("hidden", "channel_not_found"), ("old", "is_archived")],
)  # fmt: skip
def test_where_the_bot_may_not_post(client: WebClient, workspace: Workspace, channel: str, error: str) -> None:
    known = {one["name"]: one["id"] for one in workspace.view("ana")["channels"]}
    if channel in {"closed", "hidden", "old"} and channel not in known:
        known[channel] = workspace.new_channel(
            channel, ["ana"], is_private=channel == "hidden", is_archived=channel == "old", bot=channel == "old"
        )
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=known.get(channel, channel), text="x")
    assert error_of(caught) == error


def test_update_text_alone_drops_blocks_and_keeps_metadata(client: WebClient, workspace: Workspace) -> None:
    dm = workspace.dm("ana")
    metadata = {"event_type": "card", "event_payload": {"key": "k1"}}
    said = client.chat_postMessage(channel=dm, text="t", blocks=[SECTION], metadata=metadata)
    assert "metadata" not in said["message"]
    client.chat_update(channel=dm, ts=said["ts"], text="bare")
    plain = client.conversations_history(channel=dm)["messages"][0]
    full = client.conversations_history(channel=dm, include_all_metadata=True)["messages"][0]
    assert "blocks" not in plain
    assert "metadata" not in plain
    assert full["metadata"] == metadata


def test_update_wants_a_channel_id_an_own_message_and_short_text(client: WebClient, workspace: Workspace) -> None:
    dm, ana = workspace.dm("ana"), workspace.user("ana")
    ts = client.chat_postMessage(channel=dm, text="x" * 45_000)["ts"]
    assert len(workspace.messages("ana")[0]["text"]) == 40_000
    other = workspace.say("ana", "mine")["ts"]
    assert workspace.call("chat.update", channel=ana, ts=ts, text="y")["error"] == "channel_not_found"
    assert workspace.call("chat.update", channel=dm, ts="1.000000", text="y")["error"] == "message_not_found"
    assert workspace.call("chat.update", channel=dm, ts=other, text="y")["error"] == "cant_update_message"
    assert workspace.call("chat.update", channel=dm, ts=ts, text="y" * 4001)["error"] == "msg_too_long"
    assert workspace.call("chat.update", channel=dm, ts=ts, text="y" * 4000)["ok"]
    assert workspace.call("chat.update", channel=dm, ts=ts)["error"] == "no_text"


def test_bad_blocks_are_refused_with_the_path(workspace: Workspace) -> None:
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x" * 76}}
    blocks = [
        {
            "type": "actions",
            "elements": [{**button, "action_id": "b", "text": {"type": "plain_text", "text": "ok"}}, button],
        }
    ]
    said = workspace.call("chat.postMessage", channel=workspace.dm("ana"), blocks=blocks)
    assert said["error"] == "invalid_blocks"
    expected = "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/1/text/text]"
    assert said["response_metadata"]["messages"] == [expected]
    assert workspace.messages("ana") == []


def test_blocks_may_come_as_text_in_a_form(workspace: Workspace) -> None:
    dm = workspace.dm("ana")
    said = workspace.call("chat.postMessage", form=True, channel=dm, blocks=json.dumps([SECTION]))
    assert said["ok"]
    assert said["message"]["text"] == "hello"
    broken = workspace.call("chat.postMessage", form=True, channel=dm, blocks="[{")
    assert broken["error"] == "invalid_blocks_format"
    twice = workspace.call("chat.postMessage", channel=dm, blocks=json.dumps([SECTION]))
    assert twice["error"] == "invalid_blocks_format"


@pytest.mark.parametrize("method", ["users.info", "conversations.info", "files.info", "files.getUploadURLExternal"])
def test_reads_do_not_take_json(workspace: Workspace, method: str) -> None:
    args: dict[str, Any] = {
        "user": workspace.user("ana"),
        "channel": workspace.dm("ana"),
        "file": "F1",
        "filename": "x",
        "length": 1,
    }
    assert workspace.call(method, **args)["error"] == "invalid_arguments"


def test_entities_come_back_in_every_text_but_the_page_has_what_was_sent(
    client: WebClient, workspace: Workspace
) -> None:
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "A & B"}, "value": "A & B"}
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "<!channel> &amp;"}]}],
    }
    blocks = [{"type": "actions", "elements": [button]}, rich]
    dm = workspace.dm("ana")
    client.chat_postMessage(channel=dm, text="a < b & <@U1> &amp;", blocks=blocks)
    back = client.conversations_history(channel=dm)["messages"][0]
    assert back["text"] == "a &lt; b &amp; <@U1> &amp;"
    assert back["blocks"][0]["elements"][0]["text"]["text"] == "A &amp; B"
    assert back["blocks"][0]["elements"][0]["value"] == "A & B"
    assert back["blocks"][1]["elements"][0]["elements"][0]["text"] == "&lt;!channel&gt; &amp;amp;"
    shown = workspace.messages("ana")[0]["blocks"]
    assert shown[1]["elements"][0]["elements"][0]["text"] == "<!channel> &amp;"


def test_history_pages_and_bounds(client: WebClient, workspace: Workspace) -> None:
    channel = workspace.channel("rte")
    stamps = [client.chat_postMessage(channel=channel, text=str(n))["ts"] for n in range(5)]
    first = client.conversations_history(channel=channel, limit=2)
    assert [m["text"] for m in first["messages"]] == ["4", "3"]
    client.chat_postMessage(channel=channel, text="came meanwhile")
    rest = client.conversations_history(channel=channel, limit=9, cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in rest["messages"]] == ["2", "1", "0"]
    inside = client.conversations_history(channel=channel, oldest=stamps[1], latest=stamps[3])
    assert [m["text"] for m in inside["messages"]] == ["2"]
    assert workspace.call("conversations.history", channel=channel, oldest="x")["error"] == "invalid_ts_oldest"
    assert workspace.call("conversations.history", channel=channel, cursor="?")["error"] == "invalid_cursor"
    both = client.conversations_history(channel=channel, oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [m["text"] for m in both["messages"]] == ["3", "2", "1"]


def test_threads(client: WebClient, workspace: Workspace) -> None:
    channel = workspace.channel("rte")
    root = client.chat_postMessage(channel=channel, text="root")["ts"]
    client.chat_postMessage(channel=channel, text="reply", thread_ts=root)
    assert [m["text"] for m in client.conversations_history(channel=channel)["messages"]] == ["root"]
    assert [m["text"] for m in client.conversations_replies(channel=channel, ts=root)["messages"]] == ["root", "reply"]
    assert workspace.messages("ana", channel)[0]["reply_count"] == 1
    assert [m["text"] for m in workspace.messages("ana", channel, thread_ts=root)] == ["root", "reply"]


def test_people_pages_and_addresses(client: WebClient, workspace: Workspace) -> None:
    names, cursor = [], None
    while cursor != "":
        page = client.users_list(limit=3, cursor=cursor)
        names += [member["name"] for member in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert {"ana", "max", "concord"} <= set(names)
    assert len(names) == len(set(names))
    assert client.users_lookupByEmail(email="ana@example.com")["user"]["id"] == workspace.user("ana")
    workspace.set_user("ana", deleted=True)
    try:
        with pytest.raises(SlackApiError) as caught:
            client.users_lookupByEmail(email="ana@example.com")
        assert error_of(caught) == "users_not_found"
        assert client.users_info(user=workspace.user("ana"))["user"]["deleted"]
        opened = workspace.call("conversations.open", users=workspace.user("ana"))
        assert opened["error"] == "user_disabled"
        assert client.chat_postMessage(channel=workspace.dm("ana"), text="ok all the same")["ok"]
    finally:
        workspace.set_user("ana", deleted=False)


def test_a_missing_scope_is_named(workspace: Workspace) -> None:
    scopes = workspace.get("/sandbox/state")["app"]["scopes"]
    workspace.settings(scopes=["users:read"])
    try:
        said = workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="x")
        assert (said["error"], said["needed"], said["provided"]) == ("missing_scope", "chat:write", "users:read")
    finally:
        workspace.settings(scopes=scopes)


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "x"},
        {"event_type": "x", "event_payload": {"Key": 1}},
        {"event_type": "x", "event_payload": {"a": {}}},
        "x",
    ],
)
def test_metadata_is_flat_and_snake_case(workspace: Workspace, metadata: object) -> None:
    said = workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="x", metadata=metadata)
    assert said["error"] == "invalid_metadata_format"


def test_a_picture_is_uploaded_then_named_by_a_block(client: WebClient, workspace: Workspace) -> None:
    where = client.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    assert workspace.http.request("POST", where["upload_url"], body=PNG).status == 200
    client.files_completeUploadExternal(files=[{"id": where["file_id"], "title": "Chart"}])
    block = {"type": "image", "alt_text": "a chart", "slack_file": {"id": where["file_id"]}}
    workspace.settings(file_seconds=30)
    dm = workspace.dm("ana")
    second = client.files_getUploadURLExternal(filename="chart.png", length=len(PNG))
    workspace.http.request("POST", second["upload_url"], body=PNG)
    client.files_completeUploadExternal(files=[{"id": second["file_id"]}])
    assert client.files_info(file=second["file_id"])["file"]["mimetype"] == ""
    early = workspace.call("chat.postMessage", channel=dm, blocks=[{**block, "slack_file": {"id": second["file_id"]}}])
    assert early["response_metadata"]["messages"] == ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"]
    wait_for(lambda: client.files_info(file=where["file_id"])["file"]["mimetype"] == "image/png")
    assert client.chat_postMessage(channel=dm, blocks=[block])["ok"]


def test_upload_with_the_sdk_shares_later(client: WebClient, workspace: Workspace) -> None:
    done = client.files_upload_v2(channel=workspace.channel("rte"), content="a,b\n", filename="x.csv", title="X")
    file_id = done["files"][0]["id"]
    shares = wait_for(lambda: client.files_info(file=file_id)["file"]["shares"])
    assert list(shares["public"]) == [workspace.channel("rte")]
    shown = workspace.messages("ana", workspace.channel("rte"))[-1]["files"][0]
    assert workspace.http.request("GET", workspace.url + shown["url"]).data == b"a,b\n"
    private = client.files_info(file=file_id)["file"]["url_private"]
    bearer = {"Authorization": f"Bearer {workspace.bot_token}"}
    assert workspace.http.request("GET", private, headers=bearer).data == b"a,b\n"
    bare = workspace.http.request("GET", private)
    assert (bare.status, bare.headers["content-type"].split(";")[0]) == (200, "text/html")


def test_a_published_home_has_a_hash_that_guards_it(client: WebClient, workspace: Workspace) -> None:
    ana, view = workspace.user("ana"), {"type": "home", "blocks": [SECTION]}
    early = workspace.call("views.publish", user_id=ana, view=view, hash="1.a")
    assert early["error"] == "hash_conflict"
    first = client.views_publish(user_id=ana, view=view)["view"]
    second = client.views_publish(user_id=ana, view=view, hash=first["hash"])["view"]
    assert (second["id"], second["hash"] == first["hash"]) == (first["id"], False)
    late = workspace.call("views.publish", user_id=ana, view=view, hash=first["hash"])
    assert late["error"] == "hash_conflict"


def test_rate_limits_when_they_are_on(workspace: Workspace) -> None:
    dm = workspace.dm("ana")
    workspace.settings(rate_limits=True)
    try:
        headers = {"Authorization": f"Bearer {workspace.bot_token}"}
        body = {"channel": dm, "text": "x"}
        url = workspace.api_url + "chat.postMessage"
        answers = [workspace.http.request("POST", url, json=body, headers=headers) for _ in range(6)]
    finally:
        workspace.settings(rate_limits=False)
    refused = [one for one in answers if one.status == 429]
    assert refused
    assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)
    assert len(workspace.messages("ana")) == 6 - len(refused)


def test_reactions_pins_bookmarks(client: WebClient, workspace: Workspace) -> None:
    channel = workspace.channel("rte")
    ts = client.chat_postMessage(channel=channel, text="x")["ts"]
    client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    assert workspace.call("reactions.add", channel=channel, timestamp=ts, name="eyes")["error"] == "already_reacted"
    client.pins_add(channel=channel, timestamp=ts)
    assert workspace.call("pins.add", channel=channel, timestamp=ts)["error"] == "already_pinned"
    assert [one["pins"] for one in workspace.view("ana")["channels"] if one["id"] == channel] == [1]
    client.pins_remove(channel=channel, timestamp=ts)
    assert workspace.call("pins.remove", channel=channel, timestamp=ts)["error"] == "no_pin"
    assert workspace.get("/client/pins", user=workspace.user("ana"), channel=channel)["messages"] == []
    client.bookmarks_add(channel_id=channel, title="Guide", type="link", link="https://example.com/")
    assert [one["title"] for one in client.bookmarks_list(channel_id=channel)["bookmarks"]] == ["Guide"]


def test_other_web_pages_are_kept_out(workspace: Workspace) -> None:
    foreign = {"Origin": "http://evil.example"}
    assert workspace.http.request("GET", workspace.url + "/client/bootstrap", headers=foreign).status == 403
    assert (
        workspace.http.request("GET", workspace.url + "/client/bootstrap", headers={"Host": "evil.example"}).status
        == 403
    )
    form = workspace.http.request("POST", workspace.url + "/sandbox/reset", fields={"a": "b"}, encode_multipart=False)
    assert form.status == 415
