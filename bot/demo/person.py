"""A person of the workspace on this machine, clicking as its page does: over the page's own HTTP interface."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import urllib3

Json = dict[str, Any]


class NoAnswerError(Exception):
    """The workspace or the bot did not answer in time."""


@dataclass
class Desk:
    """Connections to the workspace, shared by everybody who clicks; counts what clicks cost."""

    url: str
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(maxsize=64, retries=False))
    acks: list[float] = field(default_factory=list)

    def get(self, path: str, **query: str) -> Json:
        """Ask the page's interface."""
        answer: Json = self.pool.request("GET", self.url + path, fields=query, timeout=10.0).json()
        return answer

    def post(self, path: str, body: Json) -> Json:
        """Act through the page's interface."""
        answer: Json = self.pool.request("POST", self.url + path, json=body, timeout=10.0).json()
        return answer

    def users(self) -> dict[str, str]:
        """Slack id by name."""
        return {user["name"]: user["id"] for user in self.get("/client/bootstrap")["users"]}


@dataclass
class Person:
    """Somebody with a Slack id."""

    desk: Desk
    user: str

    def open_home(self) -> Json:
        """Open App Home; the view once it was published."""
        self.desk.post("/client/home", {"user": self.user})
        view: Json = self.wait_for(lambda: self.desk.get("/client/view", user=self.user)["home"]["view"], "Home")
        return view

    def click_home(self, view: Json, action_id: str) -> Json:
        """Press a button of Home."""
        block, element = find(view["blocks"], action_id)
        return self._click({"home": True, "block_id": block["block_id"], "action_id": element["action_id"]}, element)

    def click(self, message: Json, action_id: str, value: str | None = None) -> Json:
        """Press a button of a message: the one with that action id, or of several the one with that value."""
        block, element = find(message["blocks"], action_id, value)
        where = {"channel": message["channel"], "ts": message["ts"]}
        return self._click({**where, "block_id": block["block_id"], "action_id": element["action_id"]}, element)

    def _click(self, target: Json, element: Json) -> Json:
        begun = time.perf_counter()
        answer = self.desk.post("/client/click", {"user": self.user, **target, "value": element.get("value")})
        if answer.get("ok"):
            self.desk.acks.append(time.perf_counter() - begun)
        return answer

    def command(self, channel: str, text: str) -> Json:
        """Say a slash command."""
        return self.desk.post("/client/command", {"user": self.user, "channel": channel, "text": text})

    def direct_channel(self) -> str | None:
        """The person's DM with the bot, once there is one."""
        for dm in self.desk.get("/client/view", user=self.user)["dms"]:
            if dm["user"]["is_bot"]:
                return str(dm["id"])
        return None

    def messages(self, channel: str, limit: int = 5) -> list[Json]:
        """The newest messages of a channel that the person sees, oldest first."""
        found = self.desk.get("/client/messages", user=self.user, channel=channel, limit=str(limit))
        return [{**message, "channel": channel} for message in found["messages"]]

    @staticmethod
    def wait_for(look: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
        """Look until there is something, ever less often. Raises NoAnswerError."""
        end, pause = time.monotonic() + seconds, 0.01
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        raise NoAnswerError(f"no {what} within {seconds:.0f} s")


def find(blocks: list[Json], action_id: str, value: str | None = None) -> tuple[Json, Json]:
    """The block and the element with an action id (up to its colon) and, if given, a value. Raises LookupError."""
    for block in blocks:
        for element in [*block.get("elements", []), block.get("accessory") or {}]:
            named = str(element.get("action_id", ""))
            if (named == action_id or named.partition(":")[0] == action_id) and value in (None, element.get("value")):
                return block, element
    raise LookupError(f"no {action_id} here")
