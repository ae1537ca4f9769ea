"""The ``workspace`` fixture: a sandbox of its own as a real process, with a small seed, and a client for it.

One process serves all tests of a module; each test begins with an empty workspace (``/sandbox/reset``).
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import urllib3

T = TypeVar("T")
Json = dict[str, Any]

PEOPLE = {
    "ana": "Ana Annotator",
    "ben": "Ben Annotator",
    "cem": "Cem Annotator",
    "rita": "Rita Reviewer",
    "odo": "Odo Auditor",
    "lea": "Lea Lead",
    "max": "Max Manager",
}
SEED: Json = {
    "team": {"name": "Test House", "domain": "test-house"},
    "app": {"name": "Concord", "display_name": "concord", "command": "/concord"},
    "users": [{"name": name, "real_name": real, "email": f"{name}@example.com"} for name, real in PEOPLE.items()],
    "channels": [
        {"name": "rte", "members": list(PEOPLE), "bot": True},
        {"name": "rte-review", "members": ["rita", "odo", "lea"], "bot": True},
        {"name": "rte-leads", "members": ["lea", "max"], "is_private": True, "bot": True},
    ],
}
FAST = ["--file-delay", "0.05", "--event-retries", "0,0.2,0.4"]


class Workspace:
    """A running sandbox, seen by the people in it and by whoever steers it."""

    def __init__(self, directory: Path, process: "subprocess.Popen[str]") -> None:
        said = json.loads((directory / "sandbox.json").read_text())
        self.directory, self.process = directory, process
        self.url: str = said["url"]
        self.api_url: str = said["api_url"]
        self.bot_token: str = said["bot_token"]
        self.app_token: str = said["app_token"]
        self.signing_secret: str = said["signing_secret"]
        self.http = urllib3.PoolManager(maxsize=32, retries=False)

    # -- the wire ----------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """GET a client or control address."""
        fields = {name: str(value) for name, value in query.items() if value is not None}
        return self.http.request("GET", self.url + path, fields=fields).json()

    def post(self, path: str, **body: Any) -> Any:
        """POST JSON to a client or control address."""
        return self.http.request("POST", self.url + path, json=body).json()

    def call(self, method: str, *, token: str | None = None, form: bool = False, **args: Any) -> Any:
        """A Web API call as the app; ``form`` sends fields instead of JSON."""
        headers = {"Authorization": f"Bearer {token or self.bot_token}"}
        if form:
            answer = self.http.request(
                "POST", self.api_url + method, fields=args, encode_multipart=False, headers=headers
            )
        else:
            answer = self.http.request("POST", self.api_url + method, json=args, headers=headers)
        return answer.json()

    # -- who and where -----------------------------------------------------------------------------------------

    def user(self, name: str) -> str:
        """The id of somebody."""
        return next(str(one["id"]) for one in self.get("/client/bootstrap")["users"] if one["name"] == name)

    @property
    def app(self) -> Json:
        """What the page knows of the app: id, name, user_id, command."""
        known: Json = self.get("/client/bootstrap")["app"]
        return known

    def channel(self, name: str) -> str:
        """The id of a channel, by any member's sight of it."""
        for person in PEOPLE:
            for one in self.view(person)["channels"]:
                if one["name"] == name.removeprefix("#"):
                    return str(one["id"])
        raise LookupError(name)

    def dm(self, name: str) -> str:
        """The id of the direct message between the app and somebody."""
        return next(str(one["id"]) for one in self.view(name)["dms"] if one["user"]["is_bot"])

    # -- seeing ------------------------------------------------------------------------------------------------

    def view(self, user: str) -> Json:
        """Conversations, Home and modals of somebody."""
        seen: Json = self.get("/client/view", user=user)
        return seen

    def messages(self, user: str, channel: str | None = None, **more: Any) -> list[Json]:
        """Messages somebody sees, oldest first; in their direct message with the app unless a channel is named."""
        found = self.get("/client/messages", user=user, channel=channel or self.dm(user), **more)
        if "messages" not in found:
            raise LookupError(found)
        return list(found["messages"])

    def home(self, user: str) -> Json | None:
        """The Home tab of somebody."""
        shown: Json | None = self.view(user)["home"]["view"]
        return shown

    def modals(self, user: str) -> list[Json]:
        """The open modals of somebody, the top one last."""
        return [one["view"] for one in self.view(user)["modals"]]

    # -- doing -------------------------------------------------------------------------------------------------

    def click(
        self, user: str, message: Json | None, action_id: str, *, channel: str | None = None, **more: Any
    ) -> Json:
        """Use the element with this action_id in a message, or with ``home=True`` or ``view_id`` in a view."""
        if "block_id" not in more:
            more["block_id"] = self._block_of(user, message, action_id, more)
        where: Json = {} if message is None else {"channel": channel or self.dm(user), "ts": message["ts"]}
        done: Json = self.post("/client/click", user=user, action_id=action_id, **where, **more)
        return done

    def _block_of(self, user: str, message: Json | None, action_id: str, more: Json) -> str:
        if message is not None:
            blocks = message["blocks"]
        elif more.get("home"):
            blocks = (self.home(user) or {"blocks": []})["blocks"]
        else:
            blocks = next(view["blocks"] for view in self.modals(user) if view["id"] == more["view_id"])
        for block in blocks:
            for element in (*block.get("elements", []), block.get("accessory"), block.get("element")):
                if isinstance(element, dict) and element.get("action_id") == action_id:
                    return str(block["block_id"])
        raise LookupError(action_id)

    def submit(self, user: str, view_id: str, state: Json | None = None) -> Json:
        """Submit a modal with {block_id: {action_id: {...}}}."""
        done: Json = self.post("/client/submit", user=user, view_id=view_id, state=state or {})
        return done

    def close(self, user: str, view_id: str, **more: Any) -> Json:
        """Close a modal."""
        done: Json = self.post("/client/close", user=user, view_id=view_id, **more)
        return done

    def command(self, user: str, text: str, channel: str | None = None) -> Json:
        """Run a slash command, in the direct message with the app unless a channel is named."""
        done: Json = self.post("/client/command", user=user, channel=channel or self.dm(user), text=text)
        return done

    def say(self, user: str, text: str, channel: str | None = None, **more: Any) -> Json:
        """Write a message."""
        done: Json = self.post("/client/message", user=user, channel=channel or self.dm(user), text=text, **more)
        return done

    def read(self, user: str, channel: str) -> None:
        """Look at a conversation."""
        self.post("/client/read", user=user, channel=channel)

    def open_home(self, user: str) -> None:
        """Open the app's Home."""
        self.post("/client/home", user=user)

    def options(self, user: str, **ask: Any) -> Json:
        """What an external select offers."""
        found: Json = self.post("/client/options", user=user, **ask)
        return found

    def drop_file(self, user: str, channel: str, name: str, content: bytes, **more: str) -> Json:
        """Drop a file into a conversation as somebody; ``text``, ``thread_ts``, ``external`` (Slack Connect)."""
        fields: Any = {"user": user, "channel": channel, "file": (name, content), **more}
        found: Json = self.http.request("POST", self.url + "/client/file", fields=fields).json()
        return found

    def delete_file(self, file_id: str, user: str | None = None) -> Json:
        """A file is deleted, by whoever uploaded it or by the workspace itself."""
        done: Json = self.post("/client/file_change", file=file_id, deleted=True, user=user)
        return done

    def forge(self, user: str, payload: Json) -> Json:
        """Send any interactive payload."""
        done: Json = self.post("/client/forge", user=user, payload=payload)
        return done

    def set_user(self, user: str, **fields: Any) -> None:
        """Deactivate somebody (``deleted=True``), take them back, change their profile."""
        self.post("/client/user", user=user, **fields)

    def new_channel(self, name: str, members: list[str], **fields: Any) -> str:
        """Make a channel; its id. The app is in it with ``bot=True``."""
        made = self.post("/client/channel", name=name, members=members, **fields)
        return str(made["channel"])

    def members(self, channel: str, **change: Any) -> Json:
        """``add`` and ``remove`` people, ``archived``."""
        done: Json = self.post("/client/members", channel=channel, **change)
        return done

    # -- steering ----------------------------------------------------------------------------------------------

    def faults(self, method: str | None = None, kind: str | None = None, **more: Any) -> list[Json]:
        """Set a fault; without arguments, the faults and how often each fired."""
        if method is not None:
            done = self.post("/sandbox/faults", method=method, kind=kind, **more)
            if not done["ok"]:
                raise ValueError(done)
        return list(self.get("/sandbox/faults")["faults"])

    def clear_faults(self) -> None:
        """Let everything work again."""
        self.http.request("DELETE", self.url + "/sandbox/faults")

    def delivery(self, **ways: Any) -> None:
        """Deliver envelopes twice, out of order, lose acks."""
        self.post("/sandbox/delivery", **ways)

    def settings(self, **changed: Any) -> None:
        """Change times, limits, scopes, events."""
        done = self.post("/sandbox/settings", **changed)
        if not done["ok"]:
            raise ValueError(done)

    def lacks(self, **lacking: Any) -> Json:
        """What the installation lacks (``scopes=[...]``, ``home_tab=True``, ...); ``reset`` gives everything back."""
        done = self.post("/sandbox/lacks", **lacking)
        if not done["ok"]:
            raise ValueError(done)
        return dict(done["lacks"])

    def log(self, method: str | None = None) -> list[Json]:
        """Calls of the app, oldest first."""
        return list(self.get("/sandbox/log", method=method)["calls"])

    def connections(self) -> int:
        """How many sockets the app has open."""
        return int(self.get("/sandbox/connections")["open"])

    def reset(self) -> None:
        """Empty it, keeping people and channels."""
        self.post("/sandbox/reset")
        self.settings(
            file_seconds=0.05, event_retries=[0, 0.2, 0.4], ack_seconds=3, trigger_seconds=3, rate_limits=False
        )

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)
        self.http.clear()


def wait_for(predicate: Callable[[], T], timeout: float = 5.0) -> T:
    """What ``predicate`` returns once it is true in Python's sense; fails after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while True:
        found = predicate()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {predicate}")
        time.sleep(0.01)


def start(directory: Path, seed: Json | None = None, *more: str) -> Workspace:
    """Start a sandbox on a free port; stop it with ``.stop()``."""
    directory.mkdir(parents=True, exist_ok=True)
    sown = directory / "seed.json"
    sown.write_text(json.dumps(SEED if seed is None else seed))
    command = [sys.executable, "-m", "sandbox", "--dir", str(directory), "--seed", str(sown), *FAST, *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("http"):
        process.kill()
        raise RuntimeError(f"the sandbox did not start: {line!r}")
    return Workspace(directory, process)


@pytest.fixture(scope="module")
def _serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    running = start(tmp_path_factory.mktemp("workspace"))
    yield running
    running.stop()


@pytest.fixture
def workspace(_serving: Workspace) -> Workspace:
    """An empty workspace: people, channels, the app; nothing said yet."""
    _serving.reset()
    return _serving
