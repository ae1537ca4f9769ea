"""A Slack inside the test: what was posted, on a clock that the test turns, with every way of failing.

The SDK's own encoding and error handling run; only the socket is replaced.
"""

import io
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message as Headers
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import Request

from slack_sdk import WebClient

Json = dict[str, Any]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class KilledError(BaseException):
    """The process dies here. No handler of exceptions sees it."""


@dataclass
class Clock:
    """Stands still until it is turned."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Fault:
    """``kind``: 429, 500, an error's name, reset or killed, each with ``_after`` for after the effect; late; slow."""

    method: str
    kind: str
    times: int = 1
    skip: int = 0
    seconds: float = 5.0


@dataclass
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[Json]
    metadata: Json
    thread_ts: str | None
    history: list[str]


@dataclass
class FakeSlack:
    clock: Callable[[], datetime]
    turn: Callable[[float], None]
    file_seconds: float = 2.0
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Json] = field(default_factory=list)
    files: dict[str, Json] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    pinned: list[tuple[str, str]] = field(default_factory=list)
    most_pins: int = 100
    calls: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    after_post: Callable[[], None] | None = None
    last: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- what tests look at --

    def texts(self, channel: str | None = None) -> list[str]:
        """What everybody sees, oldest first."""
        self.catch_up()
        shown = [message for message in self.messages if channel in (None, message.channel)]
        return [message.text for message in sorted(shown, key=lambda message: message.ts)]

    def count(self, method: str) -> int:
        return Counter(name for _, name, _ in self.calls)[method]

    def client(self, timeout: float = 10.0) -> WebClient:
        return Client(self, timeout)

    # -- the wire --

    def web(self, method: str, args: Json, timeout: float) -> Json:
        with self.lock:
            self.catch_up()
            self.calls.append((self.clock(), method, args.get("channel")))
            fault = self._fault(method)
        if gate := self.gates.get(str(args.get("channel"))):
            gate.wait(10)
        with self.lock:
            if fault is None:
                return self._effect(method, args)
            return self._fail(method, args, timeout, fault)

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in (method, "*") and fault.times > 0:
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def _fail(self, method: str, args: Json, timeout: float, fault: Fault) -> Json:
        if fault.kind == "late":
            self.late.append(
                (self.clock() + timedelta(seconds=timeout + fault.seconds), lambda: self._effect(method, args))
            )
            self.turn(timeout)
            raise TimeoutError("timed out")
        kind = fault.kind.removesuffix("_after")
        if fault.kind.endswith("_after"):
            self._effect(method, args)
        if kind == "killed":
            raise KilledError
        if kind == "reset":
            raise ConnectionResetError(104, "Connection reset by peer")
        if kind.isdigit():
            headers = Headers()
            if kind == "429":
                headers["Retry-After"] = str(int(fault.seconds))
            body = b'{"ok": false, "error": "ratelimited"}' if kind == "429" else b"Internal Server Error"
            raise HTTPError(method, int(kind), "fault", headers, io.BytesIO(body))
        return {"ok": False, "error": kind}

    def catch_up(self) -> None:
        """Calls that nobody waits for any more take effect."""
        due = [effect for at, effect in self.late if at <= self.clock()]
        self.late = [(at, effect) for at, effect in self.late if at > self.clock()]
        for effect in due:
            effect()

    # -- the methods --

    def _effect(self, method: str, args: Json) -> Json:
        if (error := self.refused.get(f"{method} {args.get('channel') or args.get('users')}")) is not None:
            return {"ok": False, "error": error, "needed": "chat:write"}
        answer: Json = getattr(self, method.replace(".", "_"))(args)
        return {"ok": True, **answer} if "error" not in answer else {"ok": False, **answer}

    def _ts(self) -> str:
        self.last = max(self.last + 1, int(self.clock().timestamp() * 1_000_000))
        return f"{self.last // 1_000_000}.{self.last % 1_000_000:06d}"

    def chat_postMessage(self, args: Json) -> Json:
        for block in args.get("blocks") or []:
            if "slack_file" in block and not self._mimetype(block["slack_file"]["id"]):
                return {
                    "error": "invalid_blocks",
                    "response_metadata": {"messages": ["invalid slack file [/blocks/0]"]},
                }
        message = Message(
            args["channel"], self._ts(), args["text"], args.get("blocks") or [], args.get("metadata") or {},
            args.get("thread_ts"), [args["text"]],
        )  # fmt: skip
        self.messages.append(message)
        if self.after_post is not None:
            self.after_post()
        return {"channel": message.channel, "ts": message.ts}

    def chat_update(self, args: Json) -> Json:
        for message in self.messages:
            if (message.channel, message.ts) == (args["channel"], args["ts"]):
                message.text = args["text"]
                message.history.append(message.text)
                return {"channel": message.channel, "ts": message.ts}
        return {"error": "message_not_found"}

    def chat_postEphemeral(self, args: Json) -> Json:
        self.ephemerals.append(args)
        return {"message_ts": self._ts()}

    def pins_add(self, args: Json) -> Json:
        pin = (args["channel"], args["timestamp"])
        if pin not in [(message.channel, message.ts) for message in self.messages]:
            return {"error": "message_not_found"}
        if pin in self.pinned:
            return {"error": "already_pinned"}
        if len(self.pinned) >= self.most_pins:
            return {"error": "too_many_pins"}
        self.pinned.append(pin)
        return {}

    def pins_remove(self, args: Json) -> Json:
        pin = (args["channel"], args["timestamp"])
        if pin not in self.pinned:
            return {"error": "no_pin"}
        self.pinned.remove(pin)
        return {}

    def conversations_open(self, args: Json) -> Json:
        return {"channel": {"id": f"D{args['users']}"}}

    def conversations_history(self, args: Json) -> Json:
        return self._page(args, [message for message in self.messages if message.thread_ts is None])

    def conversations_replies(self, args: Json) -> Json:
        return self._page(args, [message for message in self.messages if args["ts"] in (message.thread_ts, message.ts)])

    def _page(self, args: Json, messages: list[Message]) -> Json:
        assert args["include_all_metadata"] == "1"
        here = [m for m in messages if m.channel == args["channel"] and float(m.ts) >= float(args["oldest"])]
        here.sort(key=lambda m: m.ts, reverse=True)
        start, limit = int(args.get("cursor") or 0), int(args["limit"])
        shown = [{"ts": m.ts, "text": m.text, "metadata": m.metadata} for m in here[start : start + limit]]
        following = str(start + limit) if start + limit < len(here) else ""
        return {"messages": shown, "response_metadata": {"next_cursor": following}}

    def files_getUploadURLExternal(self, args: Json) -> Json:
        file_id = f"F{len(self.files)}"
        self.files[file_id] = {"length": int(args["length"]), "data": None, "done": None}
        return {"file_id": file_id, "upload_url": f"https://upload.example/{file_id}"}

    def upload(self, args: Json) -> Json:
        file = self.files[args["file"]]
        assert file["length"] == len(args["data"])
        file["data"] = args["data"]
        return {}

    def files_completeUploadExternal(self, args: Json) -> Json:
        for row in json.loads(args["files"]):
            file = self.files.get(row["id"])
            if file is None or file["data"] is None:
                return {"error": "file_not_found"}
            file["done"] = self.clock()
            if channel := args.get("channel_id"):
                file["shown"] = {"channel": channel, "ts": self._ts(), "thread": args.get("thread_ts")}
        return {"files": []}

    def files_info(self, args: Json) -> Json:
        file = self.files.get(args["file"])
        if file is None or file["done"] is None:
            return {"error": "file_not_found"}
        told: Json = {"id": args["file"], "mimetype": self._mimetype(args["file"])}
        if told["mimetype"] and "shown" in file:
            told["shares"] = {"public": {file["shown"]["channel"]: [{"ts": file["shown"]["ts"]}]}}
        return {"file": told}

    def _mimetype(self, file_id: str) -> str:
        file = self.files.get(file_id)
        ready = file and file["done"] and self.clock() - file["done"] >= timedelta(seconds=self.file_seconds)
        return "image/png" if ready else ""


class Client(WebClient):
    """The SDK's client up to the socket."""

    def __init__(self, slack: FakeSlack, timeout: float) -> None:
        super().__init__("xoxb-1", timeout=timeout, retry_handlers=[])  # type: ignore[arg-type]
        self.slack = slack

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> Json:
        body = req.data if isinstance(req.data, bytes) else b""
        if str(req.get_header("Content-type")).startswith("application/json"):
            args = json.loads(body)
        else:
            args = dict(parse_qsl(body.decode()))
        answer = self.slack.web(url.rsplit("/", 1)[1], args, float(self.timeout))
        return {"status": 200, "headers": Headers(), "body": json.dumps(answer)}


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""


@dataclass
class Pool:
    """Takes the bytes of uploads."""

    slack: FakeSlack
    timeout: float = 10.0

    def request(self, _verb: str, url: str, *, body: bytes | IO[bytes], headers: dict[str, str]) -> Answer:
        assert headers["Content-Type"] == "application/octet-stream"
        data = body if isinstance(body, bytes) else body.read()
        assert headers["Content-Length"] == str(len(data))
        try:
            answer = self.slack.web("upload", {"file": url.rsplit("/", 1)[1], "data": data}, self.timeout)
        except HTTPError as error:
            return Answer(error.code, dict(error.headers.items()), error.read())
        return Answer(200 if answer["ok"] else 500)


AFTER_EFFECT = ["reset_after", "500_after", "internal_error_after", "fatal_error_after", "killed_after", "late"]
BEFORE_EFFECT = ["429", "500", "internal_error", "fatal_error", "reset", "killed"]


def random_faults(chance: random.Random, methods: list[str], many: int) -> list[Fault]:
    """A schedule of faults, spread over the first calls of each method."""

    faults = []
    for _ in range(many):
        method = chance.choice(methods)

        kind = chance.choice(AFTER_EFFECT + BEFORE_EFFECT)
        faults.append(Fault(method, kind, skip=chance.randrange(6), seconds=chance.choice([1, 3, 5])))
    return faults
