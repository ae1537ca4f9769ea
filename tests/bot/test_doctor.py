"""``concord doctor``: whatever an installation lacks is named, with what to do; it writes nothing and tells no secret."""

import json
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, text, update
from sqlmodel import SQLModel, col
from typer.testing import CliRunner

from bot import cli, process
from bot.doctor import incoming, machine, tokens
from bot.doctor.check import Check, State, looked
from bot.doctor.examining import examine
from bot.listening import Address
from bot.manifest import SCOPES
from bot.process import Connection
from bot.settings import Settings
from storage import schema
from storage.engine import Store, open_store
from storage.tables import Channel, Lot, LotState, Outbox, OutboxState, Person, Project
from storage.tables import Workspace as WorkspaceRow
from tests.builders import build
from tests.databases import Databases
from tests.house.house import PACE, SENDER
from tests.sandbox_fixtures import Workspace, wait_for
from workflow import outbox

pytestmark = pytest.mark.slack
TOKENS = ("slack_bot_token", "slack_app_token", "slack_signing_secret")


def settings(**given: Any) -> Settings:
    """Settings as the environment would give them, of this test alone."""
    secret = {name: SecretStr(value) for name, value in given.items() if name in (*TOKENS, "concord_database_url")}
    return Settings(_env_file=None, **{**given, **secret})


class Installed:
    """An installation that is well, and its doctor."""

    def __init__(self, workspace: Workspace, url: str, home: Path) -> None:
        self.workspace, self.url, self.home = workspace, url, home
        self.store = open_store(url, pool_size=2)
        schema.upgrade(self.store)
        world = build(self.store, items=1)
        self.project_id = world.project_id
        bound = workspace.get("/sandbox/state")["team"]
        with self.store.write() as session:
            for purpose, name in (("team", "rte"), ("review", "rte-review"), ("leads", "rte-leads")):
                mine = (col(Channel.project_id) == world.project_id, col(Channel.purpose) == purpose)
                values = {"name": f"#{name}", "slack_id": workspace.channel(name), "problem": None}
                session.execute(update(Channel).where(*mine).values(**values))
            for name in world.people:
                known = col(Person.id) == world.people[name]
                session.execute(update(Person).where(known).values(slack_id=workspace.user(name), name=name))
            row = {"team_id": bound["id"], "name": bound["name"], "seen_at": datetime.now(UTC)}
            session.execute(insert(WorkspaceRow).values(**row))

    def settings(self, **changed: Any) -> Settings:
        space = self.workspace
        known: dict[str, Any] = {
            "concord_home": self.home,
            "concord_database_url": self.url,
            "slack_api_url": space.api_url,
            "slack_bot_token": space.bot_token,
            "slack_app_token": space.app_token,
        }
        return settings(**{name: value for name, value in (known | changed).items() if value is not None})

    def doctor(self, person: str | None = None, **changed: Any) -> list[Check]:
        return examine(self.settings(**changed), datetime.now(UTC), person)

    def set(self, statement: Any) -> None:
        with self.store.write() as session:
            session.execute(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def installed(
    request: pytest.FixtureRequest, workspace: Workspace, databases: Databases, tmp_path: Path
) -> Iterator[Installed]:
    workspace.settings(scopes=sorted(SCOPES))
    made = Installed(workspace, databases.url(request.param), tmp_path / "home")
    yield made
    made.store.close()


@pytest.fixture
def here(workspace: Workspace, databases: Databases, tmp_path: Path) -> Iterator[Installed]:
    """On SQLite only: where the database makes no difference."""
    workspace.settings(scopes=sorted(SCOPES))
    made = Installed(workspace, databases.url("sqlite"), tmp_path / "home")
    yield made
    made.store.close()


def wrong(checks: list[Check]) -> dict[str, str]:
    """Faults and warnings by their name."""
    bad = [check for check in checks if check.state in (State.FAULT, State.WARNING)]
    return {check.name: f"{check.state}: {check.words} -> {check.fix}" for check in bad}


def contents(store: Store) -> str:
    with store.read() as session:
        tables = {table.name: session.execute(table.select()).all() for table in SQLModel.metadata.sorted_tables}
    return repr(tables)


def test_an_installation_that_is_well_has_no_faults_and_is_left_as_it_is(installed: Installed) -> None:
    before, calls = contents(installed.store), len(installed.workspace.log())
    found = installed.doctor()
    assert wrong(found) == {}
    names = [check.name for check in found]
    for name in ("bot token", "scopes", "clock", "app token", "database", "workspace", "channels", "messages"):
        assert name in names
    assert contents(installed.store) == before
    called = {call["method"] for call in installed.workspace.log()[calls:]}
    assert called == {"auth.test", "apps.connections.open", "conversations.info"}
    assert not installed.home.exists()


LACKS: list[tuple[dict[str, Any], str, str]] = [
    *(({"scopes": [scope]}, "scopes", f"fault: The app lacks the scope {scope} (") for scope in sorted(SCOPES)),
    ({"app_scopes": ["connections:write"]}, "app token", "fault: SLACK_APP_TOKEN lacks the scope connections:write"),
    ({"token": "token_revoked"}, "bot token", "fault: Slack does not accept the bot token"),
    ({"token": "account_inactive"}, "bot token", "fault: Slack does not accept the bot token"),
    ({"app_token": "invalid_auth"}, "app token", "fault: Slack does not accept SLACK_APP_TOKEN"),
    ({"app_token": "token_revoked"}, "app token", "fault: Slack does not accept SLACK_APP_TOKEN"),
    ({"clock_seconds": 600.0}, "clock", "clock is 600 seconds behind Slack's"),
    ({"clock_seconds": -90.0}, "clock", "seconds ahead of Slack's. Requests look stale"),
]


@pytest.mark.parametrize(("lacking", "name", "words"), LACKS, ids=lambda value: str(value)[:40])
def test_what_the_app_lacks_is_named(here: Installed, lacking: dict[str, Any], name: str, words: str) -> None:
    here.workspace.lacks(**lacking)
    found = wrong(here.doctor())
    said = found[name].replace(" 599 ", " 600 ").replace(" 601 ", " 600 ")
    assert words in said
    assert said.startswith("fault:")
    if name not in ("bot token", "app token") and lacking.get("scopes") not in (["channels:read"], ["groups:read"]):
        assert set(found) == {name}, "and nothing else is wrong"


@pytest.mark.parametrize(
    ("lacking", "name", "words"),
    [
        ({"home_tab": True}, "home tab", "The app has no Home tab. Turn it on (App Home)"),
        ({"messages_tab": True}, "messages", "The app may not write to people. Turn on its Messages tab"),
        ({"socket_mode": True}, "socket mode", "Socket Mode was switched off for the app"),
    ],
)
def test_what_can_only_be_tried_is_tried_with_somebody_who_agreed(
    here: Installed, lacking: dict[str, Any], name: str, words: str
) -> None:
    assert wrong(here.doctor(here.workspace.user("ana"))) == {}
    assert here.workspace.home("ana")
    assert "messages arrive" in here.workspace.messages("ana")[-1]["text"]
    here.workspace.lacks(**lacking)
    assert wrong(here.doctor()) == {}, "nothing of it can be asked"
    found = wrong(here.doctor(here.workspace.user("ana")))
    assert set(found) == {name}
    assert found[name].startswith(f"fault: {words}")


def test_nobody_of_that_name_is_said(here: Installed) -> None:
    assert "zoe" in wrong(here.doctor("@zoe"))["trying"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"channel": "rte-review", "remove": ["concord"]},
            "fault: Concord is not in #rte-review (of rte). -> Invite it",
        ),
        ({"channel": "rte-leads", "remove": ["concord"]}, "fault: Slack shows Concord no channel #rte-leads (of rte)"),
        ({"channel": "rte", "archived": True}, "fault: #rte (of rte) is archived. -> Unarchive it"),
    ],
)
def test_channels_that_cannot_be_used_are_named(here: Installed, change: dict[str, Any], words: str) -> None:
    here.workspace.post("/client/members", **change)
    try:
        assert wrong(here.doctor())["channels"].startswith(words)
    finally:
        undo = {"archived": False} if "archived" in change else {"add": ["concord"]}
        here.workspace.post("/client/members", channel=change["channel"], **undo)
    assert wrong(here.doctor()) == {}


def test_a_channel_that_was_not_found_is_told_with_its_reason(installed: Installed) -> None:
    of = col(Channel.purpose) == "leads"
    installed.set(update(Channel).where(of).values(slack_id=None, problem="Concord sees no channel #x: create it."))
    assert "is not found. Concord sees no channel #x: create it." in wrong(installed.doctor())["channels"]
    installed.set(update(Channel).where(of).values(problem=None))
    assert "was not looked up yet" in wrong(installed.doctor())["channels"]


def test_people_and_zones_that_are_not_known_are_named(installed: Installed) -> None:
    problem = "Slack knows nobody called @ana: check the spelling, or invite them to the workspace."
    installed.set(update(Person).where(col(Person.name) == "ana").values(problem=problem))
    installed.set(update(Project).values(time_zone="Mars/Olympus"))
    found = wrong(installed.doctor())
    assert problem in found["people"]
    assert found["time zones"].startswith("fault: Projects are in Mars/Olympus")


def test_messages_that_are_stuck_are_told_with_their_reason(installed: Installed) -> None:
    now = datetime.now(UTC)

    def put(key: str, state: OutboxState, error: str | None, age: timedelta) -> None:
        with installed.store.write() as session:
            outbox.put(session, now - age, key, "said", outbox.To(project_id=installed.project_id), {})
            session.execute(update(Outbox).where(col(Outbox.key) == key).values(state=state, error=error))

    put("fresh", OutboxState.WAITING, None, timedelta(seconds=5))
    assert wrong(installed.doctor()) == {}
    put("a", OutboxState.WAITING, "Concord is not in the channel.", timedelta(hours=3))
    found = wrong(installed.doctor())["messages"]
    assert found.startswith("warning: 2 messages not sent, the oldest for 3 hours. “Concord is not in the channel.”")
    put("b", OutboxState.FAILED, "gone", timedelta(days=3))
    both = [check.words for check in installed.doctor() if check.name == "messages"]
    assert both[0] == "1 message could not be delivered."
    assert len(both) == 2


def test_an_import_that_died_and_one_that_runs_are_told_apart(installed: Installed) -> None:
    now = datetime.now(UTC)
    lot = {"project_id": installed.project_id, "file_name": "a.csv", "sha256": "0", "started_at": now, "seen_at": now}
    installed.set(insert(Lot).values(**lot, state=LotState.RUNNING))
    [running] = [check for check in installed.doctor() if check.name == "imports"]
    assert (running.state, running.words) == (State.NOTE, "1 import under way: a.csv.")
    installed.set(update(Lot).values(seen_at=now - timedelta(hours=1)))
    assert wrong(installed.doctor())["imports"].startswith("warning: 1 import stopped half-way: a.csv.")


def test_the_store_of_another_workspace_is_named(installed: Installed) -> None:
    installed.set(update(WorkspaceRow).values(team_id="T0", name="Elsewhere"))
    assert "The store belongs to Elsewhere (T0), and the bot token to" in wrong(installed.doctor())["workspace"]


def test_a_database_behind_or_ahead_or_changed_by_hand_is_named(installed: Installed) -> None:
    before = schema.newest()
    installed.set(text("UPDATE alembic_version SET version_num = 'from the future'"))
    assert "a newer Concord wrote it" in wrong(installed.doctor())["database"]
    installed.set(text(f"UPDATE alembic_version SET version_num = '{schema.revisions()[-2]}'"))
    assert "concord db upgrade" in wrong(installed.doctor())["database"]
    installed.set(text(f"UPDATE alembic_version SET version_num = '{before}'"))
    installed.set(text("ALTER TABLE person DROP COLUMN problem"))
    assert "add_column person.problem" in wrong(installed.doctor())["database"]
    assert "people" not in {check.name for check in installed.doctor()}, "what it would be looked for in is not whole"


def test_a_database_that_does_not_answer_is_named_without_its_password(here: Installed) -> None:
    found = wrong(here.doctor(concord_database_url="postgresql://concord:hunter2@127.0.0.1:9/none"))
    assert found["database"].startswith("fault: postgresql://[secret]@127.0.0.1:9/none does not answer")
    assert "hunter2" not in str(found)


def test_a_file_that_is_no_database_and_one_of_somebody_else_are_named(here: Installed, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("not a database, but long enough to be looked into by anybody" * 30)
    found = wrong(here.doctor(concord_database_url=f"sqlite:///{tmp_path}/note.txt"))
    assert "file is not a database" in found["database"]
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE theirs (id INTEGER)")
    other.close()
    found = wrong(here.doctor(concord_database_url=f"sqlite:///{tmp_path}/other.db"))
    assert "tables that Concord did not make (theirs)" in found["database"]
    found = wrong(here.doctor(concord_database_url="mysql://x"))
    assert "CONCORD_DATABASE_URL cannot be used" in found["database"]


def test_a_store_that_is_not_there_is_not_made(here: Installed, tmp_path: Path) -> None:
    found = here.doctor(concord_database_url=f"sqlite:///{tmp_path}/none/concord.db")
    assert wrong(found) == {}
    assert ("database", State.NOTE) in {(check.name, check.state) for check in found}
    assert not (tmp_path / "none").exists()


def test_a_store_without_its_journal_is_named_and_left_so(here: Installed, tmp_path: Path) -> None:
    path = Path(str(here.store.engine.url.database))
    here.store.close()
    copy = tmp_path / "a copy, 100 % and é.db"
    shutil.copy(path, copy)
    raw = sqlite3.connect(copy)
    raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()
    before = copy.read_bytes()
    found = wrong(here.doctor(concord_database_url=f"sqlite:///{copy}"))
    assert set(found) == {"journal"}
    assert "SQLite's journal is delete" in found["journal"]
    assert copy.read_bytes() == before


def test_files_that_may_not_be_written_are_named(here: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, _mode: not str(path).endswith(".db"))
    assert wrong(here.doctor())["files"].startswith("fault: This account may not write to ")


@pytest.mark.parametrize(
    ("free", "state"), [(50_000_000, State.FAULT), (500_000_000, State.WARNING), (5_000_000_000, State.OK)]
)
def test_a_disk_that_is_full_is_named(free: int, state: State, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, free))
    [check] = machine.room(tmp_path / "not" / "there")
    assert (check.name, check.state) == ("disk", state)


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert next(machine.room(tmp_path / "file" / "home")).state is State.FAULT


SWAPPED = [
    ({}, "settings", State.NOTE),
    ({"slack_app_token": "xapp-1"}, "bot token", State.FAULT),
    ({"slack_bot_token": "xoxb-1"}, "app token", State.FAULT),
    ({"slack_bot_token": "xapp-1", "slack_app_token": "xoxb-1"}, "bot token", State.FAULT),
    ({"slack_bot_token": "xoxp-1", "slack_app_token": "xapp-1"}, "bot token", State.FAULT),
    ({"slack_bot_token": "'xoxb-1'", "slack_app_token": "xapp-1"}, "bot token", State.FAULT),
    ({"slack_bot_token": "xoxb-1", "slack_signing_secret": "a" * 32}, "signing secret", State.NOTE),
    ({"slack_bot_token": "xoxb-1", "concord_http": "h:1"}, "signing secret", State.FAULT),
    (
        {"slack_bot_token": "xoxb-1", "concord_http": "h:1", "slack_signing_secret": "a"},
        "signing secret",
        State.WARNING,
    ),
    (
        {"slack_bot_token": "xoxb-1", "concord_http": "h:1", "slack_signing_secret": "a" * 32},
        "signing secret",
        State.OK,
    ),
]


@pytest.mark.parametrize(("given", "name", "state"), SWAPPED)
def test_settings_that_do_not_look_right_are_named(given: dict[str, str], name: str, state: State) -> None:
    assert (name, state) in {(check.name, check.state) for check in tokens.settings(settings(**given))}


def test_tokens_of_two_apps_are_told_apart(here: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.doctor import slack

    client = here_client(here)
    signed_in = slack.sign_in(client, datetime.now(UTC))
    monkeypatch.setattr(type(client), "apps_connections_open", lambda *_args, **_more: {"url": "wss://"})
    ours = here.workspace.app["id"]
    [theirs] = slack.app_token(client, "xapp-1-A0000OTHER-55-ffee", signed_in)
    assert theirs.words == f"It is of another app than the bot token: A0000OTHER and {ours}."
    [same] = slack.app_token(client, f"xapp-1-{ours}-55-ffee", signed_in)
    assert same.state is State.OK


def here_client(here: Installed) -> Any:
    from bot.slack.client import web_client

    return web_client(here.workspace.bot_token, base_url=here.workspace.api_url)


def test_slack_that_cannot_be_reached_is_said_and_the_rest_is_looked_at(here: Installed) -> None:
    found = here.doctor(slack_api_url="http://127.0.0.1:9/api/")
    assert "Slack cannot be reached" in wrong(found)["bot token"]
    assert ("database", State.OK) in {(check.name, check.state) for check in found}


def test_a_look_that_breaks_off_is_a_fault_of_its_own_and_tells_no_secret() -> None:
    def breaks() -> Iterator[Check]:
        yield Check("x", State.OK, "xoxb-1-secret and postgresql://a:hunter2@h/d")
        raise LookupError("xoxb-1-secret")

    def tells() -> Iterator[Check]:
        yield Check("x", State.OK, "xoxb-1-secret and postgresql://a:hunter2@h/d")

    assert [check.state for check in looked("x", breaks)] == [State.FAULT]
    assert "secret and" in looked("x", tells)[0].words.replace("[secret]", "secret")
    assert "xoxb" not in str(looked("x", tells) + looked("x", breaks))
    assert "hunter2" not in str(looked("x", tells))


# -- what comes in, as a running Concord counts it ---------------------------------------------------------------------


def test_what_never_came_in_is_named_while_concord_runs(here: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    space = here.workspace
    running = process.start(
        open_store(here.url),
        Connection(space.bot_token, space.api_url, space.app_token, status=Address("127.0.0.1", 0)),
        sender_settings=SENDER,
        answer_pace=PACE,
    )
    address = f"127.0.0.1:{running.status_port}"

    def found() -> dict[str, str]:
        return wrong(here.doctor(concord_status=address))

    def noted() -> set[str]:
        looks = here.doctor(concord_status=address)
        return {
            check.name for check in looks if check.state is State.NOTE and "since Concord was started" in check.words
        }

    try:
        assert (found(), noted()) == ({}, {"buttons", "command", "events"}), "at first it means nothing"
        monkeypatch.setattr(incoming, "QUIET_SECONDS", -1.0)
        assert set(found()) == {"buttons", "command", "events"}
        monkeypatch.undo()
        space.lacks(events=["app_home_opened"], interactivity=True)
        space.open_home("ana")
        assert space.command("ana", "/concord help")["ok"]
        wait_for(lambda: set(found()) == {"buttons", "events"})
        assert "look at Interactivity & Shortcuts in the app's settings" in found()["buttons"]
        assert "look at Event Subscriptions" in found()["events"]
        space.lacks(events=[], interactivity=False, command=True)
        space.open_home("ana")
        assert not space.command("ana", "/concord help")["ok"]
        wait_for(lambda: set(found()) == {"buttons"})
        assert any(check.words.startswith("Concord runs and is ready") for check in here.doctor(concord_status=address))
        space.lacks(socket_mode=True)
        wait_for(lambda: "there is no connection to Slack" in found().get("running", ""))
    finally:
        space.lacks(socket_mode=False)
        running.stop()
    stopped = here.doctor(concord_status=address)
    assert any("Concord does not run there" in check.words for check in stopped)


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(here: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    for name in ("CONCORD_STATUS", "CONCORD_HTTP", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONCORD_HOME", str(here.home))
    monkeypatch.setenv("CONCORD_DATABASE_URL", here.url)
    monkeypatch.setenv("SLACK_API_URL", here.workspace.api_url)
    monkeypatch.setenv("SLACK_BOT_TOKEN", here.workspace.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", here.workspace.app_token)
    return lambda *arguments: CliRunner().invoke(cli.app, ["doctor", *arguments])


def test_the_command_prints_a_line_for_each_and_ends_with_0_or_1(run: Callable[..., Any], here: Installed) -> None:
    well = run()
    assert well.exit_code == 0, well.output
    assert well.stdout.endswith("0 faults, 0 warnings.\n")
    here.workspace.lacks(scopes=["im:write"], clock_seconds=20.0)
    ill = run()
    assert ill.exit_code == 1
    assert "fault    scopes" in ill.stdout
    assert "-> Add it (OAuth & Permissions" in ill.stdout
    assert ill.stdout.endswith("1 fault, 1 warning.\n")


def test_as_json_it_is_one_object_and_shows_no_token(run: Callable[..., Any], here: Installed) -> None:
    here.workspace.lacks(app_token="invalid_auth")
    ran = run("--json")
    told = json.loads(ran.stdout)
    assert (ran.exit_code, told["ok"]) == (1, False)
    assert all(set(check) == {"name", "state", "words", "fix"} for check in told["checks"])
    assert {check["state"] for check in told["checks"]} <= {"ok", "note", "warning", "fault"}
    assert here.workspace.bot_token not in ran.output
    assert here.workspace.app_token not in ran.output


def test_the_workspace_on_this_machine_is_looked_at_like_any_other(
    run: Callable[..., Any], here: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL"):
        monkeypatch.delenv(name)
    assert "The workspace on this machine does not run." in run().stdout
    folder = here.home / "sandbox"
    folder.mkdir(parents=True)
    (folder / "sandbox.json").write_text((here.workspace.directory / "sandbox.json").read_text())
    ran = run()
    assert ran.exit_code == 0, ran.output
    assert "The workspace on this machine runs at" in ran.stdout
    assert "ok       bot token" in ran.stdout
    here.workspace.lacks(token="token_revoked")
    assert run().exit_code == 1
