"""A scene for tests of the answers: a Slack that does as it is told, and cards whose versions a test moves."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlmodel import Session

from bot.answers import Carrier, Drawn, Pace
from bot.answers.wire import Wire
from bot.in_hand import InHand
from handlers.answer import Reply
from storage.engine import Store

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
QUICK = Pace(timeout=2.0, settle=0.3, backoff=(0.01, 0.01), write_down=0.01)
CHANNEL, TS, USER = "D1", "1700000000.000100", "U1"


@dataclass
class Play:
    """How the next call of a path is answered. ``wait`` holds the answer back, before or after the effect."""

    status: int = 200
    body: Any = field(default_factory=lambda: {"ok": True})
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: threading.Event | None = None
    effect: bool = True
    reset: bool = False
    then: Callable[[], None] | None = None


@dataclass(frozen=True)
class Call:
    path: str
    body: dict[str, Any]
    connection: int


class FakeSlack:
    """Keeps what it was sent, in the order in which it took effect."""

    def __init__(self) -> None:
        self.plays: dict[str, deque[Play]] = defaultdict(deque)
        self.always: dict[str, Play] = {}
        self.begun: list[Call] = []
        self.took_effect: list[Call] = []
        self._lock = threading.Lock()
        scene = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                scene._answer(self, Call(self.path, body, self.client_address[1]))

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def play(self, path: str, *plays: Play) -> None:
        """How the next calls of a path go."""
        self.plays[path].extend(plays)

    def effects(self, path: str) -> list[dict[str, Any]]:
        """The bodies that took effect at a path."""
        with self._lock:
            return [call.body for call in self.took_effect if call.path == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler, call: Call) -> None:
        with self._lock:
            self.begun.append(call)
            plays = self.plays[call.path]
            play = plays.popleft() if plays else self.always.get(call.path, Play())
        if play.wait is not None:
            play.wait.wait(10)
        if play.effect and (play.status == 200 or play.reset):
            with self._lock:
                self.took_effect.append(call)
        if play.then is not None:
            play.then()
        if play.reset:
            handler.close_connection = True
            handler.connection.close()
            return
        data = play.body if isinstance(play.body, bytes) else json.dumps(play.body).encode()
        handler.send_response(play.status)
        for name, value in play.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


class Toy:
    """Cards that show nothing but their version."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], int] = defaultdict(int)
        self.drawn = 0

    def click(self, kind: str = "batch", subject_id: int = 7) -> int:
        self.versions[kind, subject_id] += 1
        return self.versions[kind, subject_id]

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn:
        self.drawn += 1
        subject = context.get("id", 0)
        version = self.versions[template, subject]
        return Drawn(f"{template} {context.get('message', version)}", [], version)

    def draw_view(self, session: Session, template: str, context: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "modal", "title": f"{template} {self.versions[template, 0]}"}

    def version(self, session: Session, kind: str, subject_id: int) -> int | None:
        return self.versions[kind, subject_id]


@dataclass
class Scene:
    """A carrier between a store, a toy and a fake Slack."""

    store: Store
    slack: FakeSlack = field(default_factory=FakeSlack)
    toy: Toy = field(default_factory=Toy)
    pace: Pace = QUICK
    nudges: list[int] = field(default_factory=list)
    in_hand: InHand = field(default_factory=InHand)

    def __post_init__(self) -> None:
        self.wire = Wire("xoxb-test", base_url=self.slack.url + "api/", timeout=self.pace.timeout)
        self.carrier = Carrier(
            self.store,
            self.wire,
            self.toy,
            clock=lambda: NOW,
            nudge=lambda: self.nudges.append(1),
            pace=self.pace,
            in_hand=self.in_hand,
        )

    def reply(self, url: str | None = "/actions/1", **more: Any) -> Reply:
        """Where the answers to a click on the toy card go."""
        fields: dict[str, Any] = {"user_id": USER, "channel": CHANNEL, "ts": TS, "us": 1, **more}
        return Reply(response_url=self.slack.url.rstrip("/") + url if url else None, **fields)

    def close(self) -> None:
        self.carrier.close(5)
        self.slack.close()
