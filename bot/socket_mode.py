"""Socket Mode: what happens in Slack comes in over WebSockets that we open.

The SDK's own client reads frames recursively and loses a whole burst (200 clicks of 4 KB at one moment end in
RecursionError; seen in slack-sdk 3.48), replaces a connection before what came over it is acknowledged, and leaves
Nagle's algorithm on. Here ``websockets`` does the frames; each connection has a reader, a few workers do all handlers
(two to four are best: more only fight for the interpreter and for SQLite's one writer), and an acknowledgement goes back
over the connection that brought the envelope.
"""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.app import NotConnectedError
from bot.in_hand import InHand
from bot.one_request import OnAck, kind_of, one_request
from bot.slack.client import ssl_context
from bot.slack.errors import BROKEN, Remedy, judge

log = structlog.get_logger()

PING_SECONDS = 10
SILENT_SECONDS = 20
LINGER_SECONDS = 30
LONGEST_WAIT = 30.0
LARGEST = 16 * 1024 * 1024
WORDS = {
    "link_disabled": "Socket Mode was switched off for the app. Switch it on again (Socket Mode in the app's settings).",
    "too_many_websockets": "The app has too many connections: is another Concord running with the same SLACK_APP_TOKEN?",
}


class SocketMode:
    """Keeps connections to Slack open and brings every envelope to the app.

    Slack delivers each envelope over one of the connections; a second one bridges the moments in which Slack renews them.
    """

    def __init__(
        self,
        app: App,
        client: WebClient,
        app_token: str,
        *,
        connections: int = 1,
        workers: int = 4,
        in_hand: InHand | None = None,
        on_ack: OnAck | None = None,
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._connections = connections
        self._workers = ThreadPoolExecutor(workers, "socket-worker")
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._open: list[ClientConnection] = []
        self._greeted = 0
        self._in_hand = in_hand or InHand()
        self._on_ack = on_ack

    @property
    def trouble(self) -> str | None:
        """Why nothing comes in now; None while it does."""
        return None if self._open and not self._stopping.is_set() else "there is no connection to Slack"

    def start(self, seconds: float = 30.0) -> None:
        """Connect; returns once Slack has said hello. Raises NotConnectedError with words where it does not."""
        first = self._ask_url(patient=False)
        for number in range(self._connections):
            target = (first,) if number == 0 else (None,)
            threading.Thread(target=self._keep, args=target, name=f"socket-{number}", daemon=True).start()
        with self._changed:
            if not self._changed.wait_for(lambda: self._greeted > 0, seconds):
                raise NotConnectedError("Slack gave an address for Socket Mode, but nothing answers there.")

    def stop(self, seconds: float = 10.0) -> bool:
        """Take no more envelopes, finish those in hand for at most ``seconds``, hang up; whether all was finished."""
        self._stopping.set()
        done = self._in_hand.wait_for_none(seconds)
        with self._changed:
            connections = list(self._open)
        for connection in connections:
            connection.close()
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done

    def _keep(self, url: str | None) -> None:
        attempt = 0
        while not self._stopping.is_set():
            try:
                connection = _connect(url or self._ask_url())
                reason = self._read(connection)
            except (OSError, WebSocketException, NotConnectedError) as error:
                words = str(error) if isinstance(error, NotConnectedError) else None
                log.warning("no connection to Slack", error=type(error).__name__, words=words)
                reason = "error"
            url = None
            attempt = attempt + 1 if reason in ("error", *WORDS) else 0
            if attempt:
                wait = min(0.5 * 2**attempt, LONGEST_WAIT)
                self._stopping.wait(random.uniform(wait / 2, wait))  # noqa: S311 - no secret

    def _ask_url(self, *, patient: bool = True) -> str:
        while True:
            try:
                return str(self._client.apps_connections_open(app_token=self._app_token)["url"])
            except (SlackApiError, *BROKEN) as error:
                trouble = judge(error)
            if trouble.remedy is not Remedy.WAIT or not patient:
                raise NotConnectedError(words_for_app_token(trouble.code, trouble.words))
            self._stopping.wait(trouble.retry_after or 1.0)

    def _read(self, connection: ClientConnection) -> str:
        """Read until the connection ends, or until Slack asks to leave it: then its last envelopes are read aside."""
        with self._changed:
            self._open.append(connection)
        try:
            for text in connection:
                message = json.loads(text)
                if message.get("type") == "disconnect":
                    return self._leave(connection, str(message.get("reason")))
                self._take(connection, message)
        except ConnectionClosed as closed:
            log.info("connection lost", error=type(closed).__name__)
        self._forget(connection)
        return "closed"

    def _leave(self, connection: ClientConnection, reason: str) -> str:
        if reason in WORDS:
            log.error("Slack disconnects", reason=reason, what_to_do=WORDS[reason])
        else:
            log.info("Slack disconnects", reason=reason)
        threading.Thread(target=self._read_out, args=(connection,), name="socket-rest", daemon=True).start()
        return reason

    def _read_out(self, connection: ClientConnection) -> None:
        end = time.monotonic() + LINGER_SECONDS
        try:
            while not self._stopping.is_set() and (left := end - time.monotonic()) > 0:
                self._take(connection, json.loads(connection.recv(timeout=min(left, 1.0), decode=False)))
        except TimeoutError:
            pass
        except ConnectionClosed:
            pass
        finally:
            self._forget(connection)
            connection.close()

    def _forget(self, connection: ClientConnection) -> None:
        with self._changed:
            self._open.remove(connection)

    def _take(self, connection: ClientConnection, message: dict[str, Any]) -> None:
        if message.get("type") == "hello":
            log.info("connected to Slack", connections=message.get("num_connections"))
            with self._changed:
                self._greeted += 1
                self._changed.notify_all()
        elif "envelope_id" in message and not self._stopping.is_set():
            self._in_hand.begin()
            self._workers.submit(self._handle, connection, message, time.monotonic())

    def _handle(self, connection: ClientConnection, envelope: dict[str, Any], began: float) -> None:
        kind = kind_of(envelope.get("payload") or {})
        with one_request(kind, self._on_ack, began=began, name=envelope["envelope_id"]) as request:
            try:
                answer = acknowledgement(self._app, envelope)
                if answer is not None:
                    request.acked = self._send(connection, answer)
            except Exception:
                log.exception("envelope failed", sort=envelope.get("type"))
            finally:
                self._in_hand.end()

    def _send(self, connection: ClientConnection, answer: str) -> bool:
        with self._changed:
            others = [other for other in self._open if other is not connection]
        for way in (connection, *others):
            try:
                way.send(answer)
                return True
            except ConnectionClosed:
                continue
        # Slack tells the person that it did not work, or sends the event again: both find everything done.
        log.warning("acknowledgement lost", why="no connection")
        return False


def greeted(url: str, seconds: float = 10.0) -> str | None:
    """Connect until Slack says hello, and hang up: None, or why Slack does not want the connection.

    Raises what ``websockets`` raises, TimeoutError where nothing is said in time.
    """
    with _connect(url) as connection:
        message = json.loads(connection.recv(timeout=seconds))
        while message.get("type") not in ("hello", "disconnect"):
            message = json.loads(connection.recv(timeout=seconds))
    return None if message["type"] == "hello" else str(message.get("reason"))


def _connect(url: str) -> ClientConnection:
    return connect(
        url,
        ssl=ssl_context() if url.startswith("wss:") else None,
        compression=None,
        max_size=LARGEST,
        max_queue=256,
        ping_interval=PING_SECONDS,
        ping_timeout=SILENT_SECONDS,
        close_timeout=1,
    )


def acknowledgement(app: App, envelope: dict[str, Any]) -> str | None:
    """Let the app handle an envelope; the acknowledgement to send, None where there is to be none."""
    retries = {"x-slack-retry-num": envelope.get("retry_attempt"), "x-slack-retry-reason": envelope.get("retry_reason")}
    headers: dict[str, Any] = {name: str(value) for name, value in retries.items() if value is not None}
    response = app.dispatch(BoltRequest(mode="socket_mode", body=envelope.get("payload") or {}, headers=headers))
    if response.status != 200:
        return None
    answer: dict[str, Any] = {"envelope_id": envelope["envelope_id"]}
    if response.body:
        kind = response.first_headers().get("content-type", "")
        answer["payload"] = json.loads(response.body) if "json" in kind else {"text": response.body}
    return json.dumps(answer)


def words_for_app_token(code: str, words: str) -> str:
    """What to tell an operator whose app-level token Slack refused; ``words`` where that is not the reason."""
    if code in ("invalid_auth", "not_authed", "token_revoked", "not_allowed_token_type", "account_inactive"):
        return "Slack does not accept SLACK_APP_TOKEN. It begins with xapp- and needs the scope connections:write."
    if code in ("missing_scope", "no_permission"):
        return "SLACK_APP_TOKEN lacks the scope connections:write. Make a new app-level token with it."
    return words
