"""The manifest: within Slack's limits, asking for what Concord's code needs and for nothing else."""

import ast
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
from bot.slack.methods import EVENTS as NEEDED_BY_EVENTS
from bot.slack.methods import METHODS
from handlers import everything
from handlers.answer import Answers
from handlers.command import HELP
from handlers.desk import Desk
from storage.engine import open_store
from tests.builders import NOW

ROOT = Path(__file__).parents[2]

FAMILIES = (
    "admin|api|apps|auth|bookmarks|bots|canvases|chat|conversations|dnd|files|pins|reactions|team|usergroups"
    "|users|views"
)
BY_NAME = re.compile(rf"(?:{FAMILIES})(?:\.[a-zA-Z]+)+")
# The client spells these otherwise than by replacing dots.
SPELLED = {
    "files_getUploadURLExternal": "files.getUploadURLExternal",
    "files_completeUploadExternal": "files.completeUploadExternal",
}
CLIENT = {name: name.replace("_", ".") for name in dir(WebClient) if re.match(rf"(?:{FAMILIES})_", name)} | SPELLED
ROOMS = ("bot", "handlers", "jobs", "workflow")


def methods_in_the_code() -> dict[str, set[str]]:
    """Every Web API method that is named, or called through the SDK's client, and the files in which it is."""
    found: dict[str, set[str]] = {}
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        if path == ROOT / "bot" / "slack" / "methods.py" or path.is_relative_to(ROOT / "bot" / "demo"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = None
            if isinstance(node, ast.Attribute):
                name = CLIENT.get(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and BY_NAME.fullmatch(node.value):
                name = node.value
            if name is not None:
                found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def desk_of_everything(tmp_path: Path) -> Desk:
    """Every handler, registered."""
    installation = Installation("T1", "Team", "B1", "UBOT", "xoxb-1")
    app = build_app(installation, _Silent())
    desk = Desk(app, open_store(f"sqlite:///{tmp_path}/x.db"), _Silent(), lambda: NOW)
    everything.register(desk)
    return desk


def test_every_method_that_is_called_has_its_scopes_in_the_table() -> None:
    called = methods_in_the_code()
    for name in called.keys() - METHODS:
        pytest.fail(f"{name} is called in {called[name]}: add it with its scopes to METHODS in bot/slack/methods.py")
    for name in METHODS.keys() - called:
        pytest.fail(f"nothing calls {name} any more: take it out of METHODS in bot/slack/methods.py")


def test_the_scan_finds_what_is_certainly_there() -> None:
    called = methods_in_the_code()
    assert "bot/sender/kinds.py" in called["chat.update"]
    assert called["apps.connections.open"] >= {"bot/socket_mode.py"}
    assert called["auth.test"] >= {"bot/app.py"}


def test_every_scope_is_needed_and_every_needed_scope_is_asked_for() -> None:
    needed: dict[str, set[str]] = {"commands": {"the slash command"}}
    for name, scopes in (METHODS | NEEDED_BY_EVENTS).items():
        for scope in scopes:
            needed.setdefault(scope, set()).add(name)
    for scope in needed.keys() - SCOPES:
        pytest.fail(f"{needed[scope]} needs {scope}: add it with its purpose to SCOPES in bot/manifest.py")
    for scope in SCOPES.keys() - needed:
        pytest.fail(f"nothing needs {scope} any more: take it out of SCOPES in bot/manifest.py")
    assert manifest()["oauth_config"] == {"scopes": {"bot": sorted(SCOPES)}}


def test_what_the_manifest_announces_is_handled_and_the_other_way_round(tmp_path: Path) -> None:
    desk = desk_of_everything(tmp_path)
    announced = manifest()
    events = set(announced["settings"]["event_subscriptions"]["bot_events"])
    for name in desk._events.keys() - events:
        pytest.fail(f"the event {name} is handled: add it with its scopes to EVENTS in bot/slack/methods.py")
    for name in events - desk._events.keys():
        pytest.fail(f"nobody handles the event {name}: take it out of EVENTS in bot/slack/methods.py")
    assert set(desk._commands) == {command["command"] for command in announced["features"]["slash_commands"]}
    # Shortcuts have no place at the desk: one that is added there belongs into the manifest, and here.
    assert "shortcuts" not in announced["features"]
    assert not [name for name in vars(desk) if "shortcut" in name]


def test_the_committed_manifest_is_the_one_that_is_printed() -> None:
    committed = (ROOT / "manifest.json").read_text(encoding="utf-8")
    ran = CliRunner().invoke(cli.app, ["manifest"])
    assert committed == ran.stdout, "run: concord manifest > manifest.json"


def test_by_http_only_the_addresses_and_socket_mode_differ() -> None:
    url = f"https://concord.example.com{PATH}"
    ran = CliRunner().invoke(cli.app, ["manifest", "--request-url", url])
    assert json.loads(ran.stdout) == manifest(request_url=url)

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            left = {name: without(one) for name, one in value.items()}
            return {name: one for name, one in left.items() if one != url and name != "socket_mode_enabled"}
        return [without(one) for one in value] if isinstance(value, list) else value

    assert without(manifest(request_url=url)) == without(manifest())


def test_the_slack_cli_finds_the_manifest_and_the_start() -> None:
    hooks = json.loads((ROOT / ".slack" / "hooks.json").read_text(encoding="utf-8"))
    assert hooks["config"]["sdk-managed-connection-enabled"] is True
    for hook, command in (("get-manifest", "manifest"), ("start", "run")):
        program, called = hooks["hooks"][hook].split()
        assert (program, called) == (".venv/bin/concord", command)
        assert called in {one.name for one in cli.app.registered_commands}


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


def test_the_hint_of_the_command_names_every_word_of_its_help() -> None:
    words = set(re.findall(r"/concord (\w+)", HELP))
    [command] = manifest()["features"]["slash_commands"]
    assert words <= set(re.findall(r"\w+", command["usage_hint"]))


def test_by_socket_mode_no_address_is_named_and_by_http_everywhere() -> None:
    assert "https://" not in json.dumps(manifest())
    assert manifest()["settings"]["socket_mode_enabled"]
    url = f"https://concord.example.com{PATH}"
    found = manifest(request_url=url)
    assert not found["settings"]["socket_mode_enabled"]
    assert found["settings"]["event_subscriptions"]["request_url"] == url
    assert found["settings"]["interactivity"]["request_url"] == url
    assert [command["url"] for command in found["features"]["slash_commands"]] == [url]


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
