"""``concord run`` as an operator meets it: what it says and with which exit code, never a stack trace."""

import contextlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest
import urllib3
from sqlalchemy import func, select, text
from sqlmodel import col

from bot import cli, sandbox
from bot.cli import running
from bot.demo.crowd import texts_of
from bot.demo.person import Desk, Person
from storage import schema
from storage.engine import open_store
from storage.tables import Label
from storage.tables import Person as PersonRow
from tests.sandbox_fixtures import Workspace, start
from workflow import membership, projects

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_API_URL",
    "CONCORD_DATABASE_URL",
    "CONCORD_HTTP",
    "CONCORD_STATUS",
    "CONCORD_LOG",
    "CONCORD_LOG_LEVEL",
)


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Concord = Callable[..., Ran]


@pytest.fixture
def concord(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Concord]:
    """Runs a command in this process, in a folder of its own; settings are given by name. A run is stopped at once."""
    monkeypatch.chdir(tmp_path)
    for name in (*SETTINGS, "CONCORD_HOME", "CONCORD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    logged, level = logging.getLogger().handlers[:], logging.getLogger().level

    def told() -> SimpleQueue[int]:
        heard: SimpleQueue[int] = SimpleQueue()
        heard.put(signal.SIGINT)
        return heard

    monkeypatch.setattr(running, "_listen_to_signals", told)

    def run(*arguments: str, **settings: str) -> Ran:
        with monkeypatch.context() as setting:
            for name, value in settings.items():
                setting.setenv(name, value)
            setting.setattr(sys, "argv", ["concord", *arguments])
            code = 0
            try:
                cli.main()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else int(left.code is not None)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert "should not have" not in err
        return Ran(code, out, err)

    yield run
    logging.getLogger().handlers[:] = logged
    logging.getLogger().setLevel(level)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def tokens(workspace: Workspace) -> dict[str, str]:
    """What connects to the workspace as to any Slack."""
    return {
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
    }


def test_a_workspace_with_tokens_is_connected_and_left_in_order(concord: Concord, tokens: dict[str, str]) -> None:
    ran = concord("run", **tokens)
    assert ran.code == 0
    assert "concord.db (brought to revision" in ran.out
    assert f"Slack: {tokens['SLACK_API_URL']} (SLACK_API_URL)" in ran.out
    assert "Connected to Test House. Press Ctrl-C to stop." in ran.out
    assert "Finishing what is in flight" in ran.out
    assert '"event": "stopped"' in ran.err
    assert not Path(".concord", "sandbox").exists()


def test_an_address_without_its_last_slash_is_the_same(concord: Concord, tokens: dict[str, str]) -> None:
    assert concord("run", **{**tokens, "SLACK_API_URL": tokens["SLACK_API_URL"].rstrip("/")}).code == 0


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"SLACK_APP_TOKEN": "xapp-1"}, 2, "SLACK_BOT_TOKEN is missing"),
        ({"SLACK_SIGNING_SECRET": "s"}, 2, "SLACK_BOT_TOKEN is missing"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_API_URL": "slack.example.com"},
            2,
            "SLACK_API_URL is 'slack.example.com'",
        ),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_API_URL": "http://127.0.0.1:9/api/"}, 1, "Slack cannot be reached"),
    ],
)
def test_settings_that_cannot_be_are_named(concord: Concord, settings: dict[str, str], code: int, said: str) -> None:
    ran = concord("run", **settings)
    assert (ran.code, said in ran.err) == (code, True), ran.err


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "Slack does not accept the bot token"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "Slack does not accept SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is missing, which Socket Mode needs. For HTTP"),
    ],
)
def test_tokens_that_slack_refuses_are_named(
    concord: Concord, tokens: dict[str, str], changed: dict[str, str], said: str
) -> None:
    ran = concord("run", **tokens | changed)
    assert ran.code == 1
    assert f"Concord could not start: {said}" in ran.err
    for secret in (*changed.values(), tokens["SLACK_BOT_TOKEN"]):
        assert not secret or secret not in ran.out + ran.err


def test_a_scope_that_is_missing_is_named_at_the_start(
    concord: Concord, tokens: dict[str, str], workspace: Workspace
) -> None:
    assert "lacks the scope" not in concord("run", **tokens).err
    workspace.post("/client/seed", app={"scopes": ["chat:write", "commands", "users:read"]})
    try:
        ran = concord("run", **tokens)
    finally:
        workspace.post("/client/seed", app={"scopes": sorted({*running_scopes(), "im:read"})})
    assert ran.code == 0
    assert "Warning: The app lacks the scope im:write (write to people directly)." in ran.err
    assert "scope chat:write" not in ran.err


def running_scopes() -> list[str]:
    from bot.manifest import SCOPES

    return list(SCOPES)


def test_a_port_that_is_taken_is_said(concord: Concord, tokens: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        by_http = {**tokens, "SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "s"}
        ran = concord("run", "--http", f"127.0.0.1:{port}", **by_http)
        assert ran.code == 1
        assert f"Concord could not start: cannot listen on 127.0.0.1:{port}: Address already in use" in ran.err
        watched = concord("run", "--status", f"127.0.0.1:{port}", **tokens)
        assert (watched.code, "cannot listen on 127.0.0.1" in watched.err) == (1, True)
        here = concord("run", "--no-demo", "--port", port)
        assert here.code == 1
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in here.err
        assert "`--port 0` takes any free port" in here.err
    assert concord("run", "--port", "65536").code == 2


def test_by_http_it_says_where_it_listens(concord: Concord, tokens: dict[str, str]) -> None:
    ran = concord("run", "--http", "127.0.0.1:0", "--status", "127.0.0.1:0", **tokens, SLACK_SIGNING_SECRET="s")
    assert ran.code == 0
    assert re.search(r"Slack's requests: http://127\.0\.0\.1:[1-9]\d*/slack/events\n", ran.out)
    assert re.search(r"Status: http://127\.0\.0\.1:[1-9]\d*/readyz\n", ran.out)
    assert "connected to Slack" not in ran.err, "an app token opens no socket where HTTP is asked for"


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "said"),
    [
        (["--http", "3000"], {}, 2, "--http: '3000' is no address to listen on: HOST:PORT is needed"),
        (["--http", "h:65536"], {}, 2, "--http: 'h:65536' is no address"),
        ([], {"CONCORD_STATUS": ":9"}, 2, "--status: ':9' is no address"),
        (["--http", "127.0.0.1:0"], {}, 1, "SLACK_SIGNING_SECRET is missing"),
        (["--http", "127.0.0.1:0"], {"SLACK_BOT_TOKEN": ""}, 2, "SLACK_BOT_TOKEN is missing"),
        ([], {"CONCORD_LOG": "xml"}, 2, "CONCORD_LOG"),
    ],
)
def test_addresses_that_are_none_are_named(
    concord: Concord, tokens: dict[str, str], arguments: list[str], settings: dict[str, str], code: int, said: str
) -> None:
    ran = concord("run", *arguments, **tokens | settings)
    assert (ran.code, said in ran.err) == (code, True), ran.err


def test_the_database_of_another_workspace_is_refused(concord: Concord, tokens: dict[str, str]) -> None:
    assert concord("run", **tokens).code == 0
    store = open_store(f"sqlite:///{Path('.concord/concord.db').absolute()}")
    with store.write() as session:
        session.execute(text("UPDATE workspace SET team_id = 'T0', name = 'Elsewhere'"))
    store.close()
    ran = concord("run", **tokens)
    assert ran.code == 1
    assert "This database belongs to the workspace Elsewhere, and the token to Test House." in ran.err


def test_a_database_of_a_newer_concord_is_refused(concord: Concord, tokens: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/newer.db"
    store = open_store(url)
    schema.upgrade(store)
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'abcdefabcdef'"))
    store.close()
    ran = concord("run", **tokens, CONCORD_DATABASE_URL=url)
    assert (ran.code, ran.out) == (1, "")
    assert "revision abcdefabcdef" in ran.err
    assert "Install that version" in ran.err


# -- the workspace on this machine ----------------------------------------------------------------------------------


def address(home: Path, **changed: Any) -> None:
    (home / "sandbox").mkdir(parents=True, exist_ok=True)
    said = {
        "url": "http://127.0.0.1:9",
        "api_url": "http://127.0.0.1:9/api/",
        "bot_token": "b",
        "app_token": "a",
        "pid": 1,
    }
    (home / "sandbox" / "sandbox.json").write_text(json.dumps(said | changed))


def test_an_address_is_believed_only_while_its_workspace_lives(workspace: Workspace, tmp_path: Path) -> None:
    alive = {"url": workspace.url, "api_url": workspace.api_url, "pid": workspace.process.pid}
    assert sandbox.find(tmp_path) is None
    address(tmp_path, **alive)
    assert sandbox.find(tmp_path) == sandbox.Address(workspace.url, workspace.api_url, "b", "a", workspace.process.pid)
    # Killed: its process is gone, and another workspace has its port by now.
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    address(tmp_path, **{**alive, "pid": gone.pid})
    assert sandbox.find(tmp_path) is None
    # Another program has the port.
    address(tmp_path, **{**alive, "url": workspace.url + "/client"})
    assert sandbox.find(tmp_path) is None
    address(tmp_path)
    assert sandbox.find(tmp_path) is None
    for broken in ("", "{", "[]", "{}", '{"url": 3}', "null"):
        (tmp_path / "sandbox" / "sandbox.json").write_text(broken)
        assert sandbox.find(tmp_path) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say which: --crowd for a live crowd, or --replay"),
        (("--crowd", "--replay"), "Say which: --crowd for a live crowd, or --replay"),
        (("--crowd",), "There is no workspace on this machine yet: start `concord run`"),
        (("--crowd", "--people", "0"), "--people"),
        (("--crowd", "--speed", "-1"), "--speed"),
        (("--replay", "--items", "0"), "--items"),
    ],
)
def test_a_crowd_that_cannot_come_says_why(concord: Concord, arguments: tuple[str, ...], said: str) -> None:
    ran = concord("demo", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_crowd_without_concord_says_so(
    concord: Concord, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.demo.CONNECTION_SECONDS", 0.1)
    address(Path(".concord"), url=workspace.url, pid=workspace.process.pid)
    ran = concord("demo", "--crowd")
    assert (ran.code, ran.out) == (2, "")
    assert "Concord is not running there: start `concord run`" in ran.err


# -- as a process ---------------------------------------------------------------------------------------------------


def spawn(folder: Path) -> tuple["subprocess.Popen[str]", str]:
    """``concord run`` in a folder, once its page is there; and the page's address."""
    kept = {name: value for name, value in os.environ.items() if name not in (*SETTINGS, "CONCORD_HOME")}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "run", "--port", "0"],
        cwd=folder, env={**kept, "PYTHONPATH": str(ROOT)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.strip().startswith("Open http"):
            return process, line.split()[1]
    raise AssertionError("".join(lines))


def ended(process: "subprocess.Popen[str]", number: int) -> tuple[int, str]:
    """Send a signal; the exit code, and what was said after it."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


class Clicking(threading.Thread):
    """Somebody who presses one label after the other, as fast as the card shows the next item; counts what was acked."""

    def __init__(self, person: Person) -> None:
        super().__init__(daemon=True)
        self.person, self.acked, self.failed = person, 0, 0

    def run(self) -> None:
        with contextlib.suppress(Exception):
            self.person.click_home(self.person.open_home(), "get_batch")
            channel = self.person.wait_for(self.person.direct_channel, "DM")
            seen: set[str] = set()
            while True:
                card = self.person.wait_for(lambda: self._fresh(channel, seen), "card", 20)
                seen.add(card["blocks"][0]["block_id"])
                if self.person.click(card, "label").get("ok"):
                    self.acked += 1
                else:
                    self.failed += 1

    def _fresh(self, channel: str, seen: set[str]) -> Any:
        shown = [one for one in self.person.messages(channel, 3) if texts_of(one)]
        return shown[-1] if shown and shown[-1]["blocks"][0]["block_id"] not in seen else None


@pytest.mark.slow
def test_a_run_ends_in_order_while_people_click_and_the_workspace_lives_on(tmp_path: Path) -> None:
    process, url = spawn(tmp_path)
    home = tmp_path / ".concord"
    first = sandbox.find(home)
    assert first is not None
    try:
        assert first.url == url
        desk = Desk(url)
        store = open_store(f"sqlite:///{home / 'concord.db'}")
        names = ["w001", "w002", "w003", "w004", "w005", "w006"]
        join(store, desk, names)
        people = [Clicking(Person(desk, desk.users()[name])) for name in names]
        for one in people:
            one.start()
        until(lambda: sum(one.acked for one in people) >= 30)
        code, said = ended(process, signal.SIGTERM)
        assert code == 0, said
        assert "Finishing what is in flight" in said
        assert "Traceback" not in said
        acked = sum(one.acked for one in people)
        with store.read() as session:
            stored = session.execute(select(func.count()).select_from(Label)).scalar_one()
        # A label may have been stored whose ack found nobody any more; none that was acked is missing.
        assert acked <= stored <= acked + len(people)
        store.close()
        assert sandbox.find(home) == first
        again, same = spawn(tmp_path)
        assert same == url
        code, said = ended(again, signal.SIGINT)
        assert (code, "Traceback" in said) == (0, False), said
        assert sandbox.find(home) == first
    finally:
        process.kill()
        os.kill(first.pid, signal.SIGTERM)


def join(store: Any, desk: Desk, names: list[str]) -> None:
    from datetime import UTC, datetime

    from storage.tables import Role

    users = desk.users()

    def add(session: Any) -> None:
        project_id = projects.by_name(session, "rte")
        for name in names:
            membership.add(session, project_id, users[name], [Role.ANNOTATOR], datetime.now(UTC), None)

    store.transact(add)
    with store.read() as session:
        assert session.execute(select(func.count()).where(col(PersonRow.slack_id).in_(users.values()))).scalar_one()


def until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


class Pressing(threading.Thread):
    """Somebody who asks for a digest again and again; counts what was acknowledged and what was not."""

    def __init__(self, space: Workspace, name: str) -> None:
        super().__init__(daemon=True)
        self.space, self.name_, self.acked, self.failed = space, name, 0, 0

    def run(self) -> None:
        while self.failed == 0:
            if self.space.command(self.name_, "/concord help").get("ok"):
                self.acked += 1
            else:
                self.failed += 1


@pytest.mark.slow
def test_by_http_a_run_ends_in_order_while_requests_come_in(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    space = start(tmp_path / "workspace", None, "--request-url", f"http://127.0.0.1:{port}/slack/events")
    kept = {name: value for name, value in os.environ.items() if name not in (*SETTINGS, "CONCORD_HOME")}
    asked = {
        "SLACK_API_URL": space.api_url,
        "SLACK_BOT_TOKEN": space.bot_token,
        "SLACK_SIGNING_SECRET": space.signing_secret,
        "CONCORD_LOG": "json",
        "CONCORD_LOG_LEVEL": "debug",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "bot.cli", "run", "--http", f"127.0.0.1:{port}"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=kept | asked, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        until(lambda: is_ready(port))
        people = [Pressing(space, name) for name in ("ana", "ben", "cem", "lea")]
        for one in people:
            one.start()
        until(lambda: sum(one.acked for one in people) >= 40)
        code, said = ended(process, signal.SIGTERM)
        assert (code, "Finishing what is in flight" in said) == (0, True), said
        for one in people:
            one.join(60)
        told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
        assert told[-1]["event"] == "stopped"
        handled = [line for line in told if line["event"] == "request" and line["kind"] == "command"]
        assert all(line["acked"] for line in handled)
        # Nothing that was begun was given up; an answer may have met a connection that was being closed.
        assert 0 <= len(handled) - sum(one.acked for one in people) <= len(people)
    finally:
        process.kill()
        process.wait()
        space.stop()


def is_ready(port: int) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/readyz", timeout=2.0, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False
