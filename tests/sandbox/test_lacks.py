"""An installation that lacks something: what the app is told, and what it is not."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import urllib3

from sandbox.api.registry import METHODS
from tests.sandbox.small_app import SmallApp
from tests.sandbox_fixtures import Workspace, wait_for

Json = dict[str, Any]
VIEW: Json = {"type": "home", "blocks": [{"type": "divider"}]}
BUTTON: Json = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}


def ask(workspace: Workspace, method: str, token: str | None = None, **args: Any) -> urllib3.BaseHTTPResponse:
    headers = {"Authorization": f"Bearer {token or workspace.bot_token}"}
    url = workspace.api_url + method
    return workspace.http.request("POST", url, fields=args, encode_multipart=False, headers=headers)


@pytest.mark.parametrize("name", sorted(name for name, method in METHODS.items() if method.scope))
def test_each_scope_can_be_missing(workspace: Workspace, name: str) -> None:
    scope = str(METHODS[name].scope)
    workspace.lacks(scopes=[scope])
    answer = ask(workspace, name)
    said = answer.json()
    assert (said["error"], said["needed"]) == ("missing_scope", scope)
    assert scope not in said["provided"].split(",")
    assert scope not in answer.headers["x-oauth-scopes"].split(",")
    workspace.lacks(scopes=[])
    again = ask(workspace, name)
    assert again.json().get("error") != "missing_scope"
    assert scope in again.headers["x-oauth-scopes"].split(",")


def test_scopes_of_conversations_go_by_their_kind(workspace: Workspace) -> None:
    workspace.lacks(scopes=["groups:read"])
    assert ask(workspace, "conversations.info", channel=workspace.channel("rte")).json()["ok"]
    private = ask(workspace, "conversations.info", channel=workspace.channel("rte-leads")).json()
    assert (private["error"], private["needed"]) == ("missing_scope", "groups:read")


@pytest.mark.parametrize("error", ["account_inactive", "token_revoked", "invalid_auth"])
def test_a_token_that_is_good_no_more(workspace: Workspace, error: str) -> None:
    workspace.lacks(token=error)
    for method in ("auth.test", "conversations.info", "chat.postMessage"):
        assert ask(workspace, method).json()["error"] == error
    assert ask(workspace, "apps.connections.open", workspace.app_token).json()["ok"]
    workspace.lacks(token="", app_token=error)
    assert ask(workspace, "auth.test").json()["ok"]
    assert ask(workspace, "apps.connections.open", workspace.app_token).json()["error"] == error


def test_the_wrong_token_for_a_method(workspace: Workspace) -> None:
    assert ask(workspace, "apps.connections.open").json()["error"] == "not_allowed_token_type"
    assert ask(workspace, "auth.test", "xoxb-other").json()["error"] == "invalid_auth"
    assert workspace.http.request("POST", workspace.api_url + "auth.test").json()["error"] == "not_authed"


def test_an_app_level_token_without_its_scope(workspace: Workspace) -> None:
    workspace.lacks(app_scopes=["connections:write"])
    said = ask(workspace, "apps.connections.open", workspace.app_token).json()
    assert (said["error"], said["needed"]) == ("missing_scope", "connections:write")


@pytest.mark.parametrize("lacking", [{"events": ["user_change"]}, {"scopes": ["users:read"]}])
def test_an_event_without_subscription_or_scope_never_comes(app: SmallApp, workspace: Workspace, lacking: Json) -> None:
    workspace.lacks(**lacking)
    workspace.set_user("ben", title="Away")
    workspace.open_home("ana")  # an event that still comes: what was told before it would be here by then
    wait_for(lambda: [one for one in app.heard if (one.get("event") or {}).get("type") == "app_home_opened"])
    assert not [one for one in app.heard if (one.get("event") or {}).get("type") == "user_change"]


def test_tabs_that_are_switched_off(workspace: Workspace) -> None:
    workspace.lacks(home_tab=True, messages_tab=True)
    ana, dm = workspace.user("ana"), workspace.dm("ana")
    assert workspace.call("views.publish", user_id=ana, view=VIEW)["error"] == "not_enabled"
    assert workspace.call("chat.postMessage", channel=ana, text="x")["error"] == "messages_tab_disabled"
    assert workspace.call("chat.postMessage", channel=dm, text="x")["error"] == "messages_tab_disabled"
    assert workspace.say("ana", "hello")["error"] == "messages_tab_disabled"
    assert workspace.call("chat.postMessage", channel=workspace.channel("rte"), text="x")["ok"]


def test_interactivity_off_reaches_nobody(app: SmallApp, workspace: Workspace) -> None:
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    workspace.call("chat.postMessage", channel=workspace.dm("ana"), text="x", blocks=blocks)
    workspace.lacks(interactivity=True)
    done = workspace.click("ana", workspace.messages("ana")[-1], "go")
    assert done == {"ok": False, "error": "no_interactivity"}
    assert app.actions() == []


def test_a_command_that_is_not_there(app: SmallApp, workspace: Workspace) -> None:
    workspace.lacks(command=True)
    assert workspace.command("ana", "/concord help")["error"] == "unknown_command"
    assert workspace.app["command"] is None
    workspace.lacks(command=False)
    assert workspace.command("ana", "/concord help")["ok"]


@pytest.mark.parametrize("seconds", [0, 600, -86_400])
def test_the_clock_of_the_workspace_may_be_another(workspace: Workspace, seconds: int) -> None:
    before = parsedate_to_datetime(ask(workspace, "api.test").headers["date"])
    workspace.lacks(clock_seconds=seconds)
    after = parsedate_to_datetime(ask(workspace, "api.test").headers["date"])
    assert abs((after - before).total_seconds() - seconds) < 60  # what a loaded machine may take between the two
    assert len(ask(workspace, "api.test").headers.getlist("date")) == 1


def test_unknown_lacks_are_refused_and_a_reset_gives_everything_back(workspace: Workspace) -> None:
    for wrong in ({"scope": ["x"]}, {"scopes": "x"}, {"home_tab": "yes"}, {"token": "tired"}):
        assert workspace.post("/sandbox/lacks", **wrong)["ok"] is False
    workspace.lacks(scopes=["chat:write"], token="token_revoked", home_tab=True, clock_seconds=9)
    workspace.reset()
    lacks = workspace.get("/sandbox/lacks")["lacks"]
    assert not any(lacks.values())
    assert workspace.call("auth.test")["ok"]


def test_bots_info(workspace: Workspace) -> None:
    me = workspace.call("auth.test")
    bot = workspace.call("bots.info", form=True, bot=me["bot_id"])["bot"]
    assert (bot["user_id"], bot["app_id"], bot["deleted"]) == (me["user_id"], workspace.app["id"], False)
    assert workspace.call("bots.info", form=True, bot="B0")["error"] == "bot_not_found"
