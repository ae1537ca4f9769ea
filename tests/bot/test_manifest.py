"""The manifest: within Slack's limits, asking for what Concord's code needs and for nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from typer.testing import CliRunner

from bot import cli
from bot.app import Installation, build_app
from bot.demo import project
from bot.http_mode import PATH
from bot.manifest import EVENTS, SCOPES, manifest
from bot.process import missing_scopes
from handlers import everything
from handlers.answer import Answers
from handlers.desk import Desk
from storage.engine import open_store
from tests.builders import NOW

ROOT = Path(__file__).parents[2]

# What Slack's method pages ask of a bot token. Conversations of several kinds: public and private channels, DMs.
SCOPES_OF = {
    "auth.test": (),
    "apps.connections.open": (),  # the app-level token
    "views.open": (),
    "views.push": (),
    "views.publish": (),
    "views.update": (),
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.open": ("im:write",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.info": ("files:read",),
    "users.list": ("users:read", "users:read.email"),
}
SCOPES_OF_EVENTS = {"app_home_opened": (), "user_change": ("users:read",)}
FAMILIES = (
    "admin|api|apps|auth|bookmarks|canvases|chat|conversations|dnd|files|pins|reactions|team|usergroups|users|views"
)
BY_NAME = re.compile(rf'"((?:{FAMILIES})(?:\.\w+)+)"')
BY_METHOD = re.compile(rf"\.((?:{FAMILIES})_\w+)\b")


def methods_in_the_code() -> set[str]:
    """Every Web API method that the bot names, or calls through the SDK's client."""
    real = {name for name in dir(WebClient) if not name.startswith("_")}
    spelled = {"files_getUploadURLExternal", "files_completeUploadExternal"}
    found = set()
    for path in sorted((ROOT / "bot").rglob("*.py")):
        if path.is_relative_to(ROOT / "bot" / "demo"):
            continue
        source = path.read_text(encoding="utf-8")
        found |= set(BY_NAME.findall(source))
        found |= {name.replace("_", ".") for name in BY_METHOD.findall(source) if name in real | spelled}
    return found


def test_every_method_that_is_called_is_known_here() -> None:
    assert methods_in_the_code() == set(SCOPES_OF)


def test_every_scope_is_needed_and_every_needed_scope_is_there() -> None:
    by_methods = {scope for method in methods_in_the_code() for scope in SCOPES_OF[method]}
    by_events = {scope for event in EVENTS for scope in SCOPES_OF_EVENTS[event]}
    assert by_methods | by_events | {"commands"} == set(SCOPES)
    assert manifest()["oauth_config"] == {"scopes": {"bot": sorted(SCOPES)}}


def test_what_the_manifest_announces_is_handled_and_the_other_way_round(tmp_path: Path) -> None:
    installation = Installation("T1", "Team", "B1", "UBOT", "xoxb-1")
    app = build_app(installation, _Silent())
    desk = Desk(app, open_store(f"sqlite:///{tmp_path}/x.db"), _Silent(), lambda: NOW)
    everything.register(desk)
    announced = manifest()
    assert set(desk._events) == set(announced["settings"]["event_subscriptions"]["bot_events"])
    assert set(desk._commands) == {command["command"] for command in announced["features"]["slash_commands"]}
    assert "shortcuts" not in announced["features"]


class _Silent(Answers):
    def submit(self, answer: Any, reply: Any) -> None: ...
    def nudge_sender(self) -> None: ...
    def view(self, template: str, context: Any) -> Any: ...


@pytest.mark.parametrize("request_url", [None, f"https://concord.example.com{PATH}"])
def test_the_manifest_keeps_to_slacks_limits(request_url: str | None) -> None:
    found = manifest(request_url=request_url)
    about, features = found["display_information"], found["features"]
    assert 1 <= len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert "long_description" not in about
    assert re.fullmatch(r"#[0-9a-f]{6}", about["background_color"])
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", features["bot_user"]["display_name"])
    assert features["app_home"]["home_tab_enabled"]
    assert features["app_home"]["messages_tab_enabled"]
    assert not features["app_home"]["messages_tab_read_only_enabled"]
    assert len(features["slash_commands"]) <= 50
    for command in features["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert 1 <= len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
        assert command["should_escape"], "people are read from <@U1|name>"
    assert len(found["settings"]["event_subscriptions"]["bot_events"]) <= 100
    assert found["settings"]["interactivity"]["is_enabled"]
    assert json.loads(json.dumps(found)) == found


def test_by_socket_mode_no_address_is_named_and_by_http_everywhere() -> None:
    assert "https://" not in json.dumps(manifest())
    assert manifest()["settings"]["socket_mode_enabled"]
    url = f"https://concord.example.com{PATH}"
    found = manifest(request_url=url)
    assert not found["settings"]["socket_mode_enabled"]
    assert found["settings"]["event_subscriptions"]["request_url"] == url
    assert found["settings"]["interactivity"]["request_url"] == url
    assert [command["url"] for command in found["features"]["slash_commands"]] == [url]


def test_the_command_prints_it() -> None:
    ran = CliRunner().invoke(cli.app, ["manifest"])
    assert ran.exit_code == 0
    assert json.loads(ran.stdout) == manifest()


@pytest.mark.parametrize("url", ["http://concord.example.com/slack/events", "concord.example.com"])
def test_an_address_that_slack_never_calls_is_refused(url: str) -> None:
    ran = CliRunner().invoke(cli.app, ["manifest", "--request-url", url])
    assert ran.exit_code != 0
    assert "https://" in str(ran.exception)


def test_the_workspace_on_this_machine_grants_what_the_manifest_asks_for() -> None:
    app = project.seed()["app"]
    assert (app["scopes"], app["events"], app["command"]) == (sorted(SCOPES), EVENTS, "/concord")


def test_scopes_that_the_token_lacks_are_named_with_what_they_are_for() -> None:
    def granted(*scopes: str) -> Installation:
        return Installation("T1", "Team", "B1", "UBOT", "xoxb-1", scopes=frozenset(scopes))

    assert missing_scopes(Installation("T1", "Team", "B1", "UBOT", "xoxb-1")) == []
    assert missing_scopes(granted(*SCOPES, "app_mentions:read")) == []
    [words] = missing_scopes(granted(*set(SCOPES) - {"im:write"}))
    assert words.startswith("The app lacks the scope im:write (write to people directly). Add it (OAuth & Permissions)")


def test_the_documentation_names_every_scope() -> None:
    table = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8").partition("| scope | why |")[2]
    named = set(re.findall(r"`([a-z_]+(?::[a-z.]+)?)`", table.partition("\n\n")[0].replace("`/concord`", "")))
    assert named == set(SCOPES)
