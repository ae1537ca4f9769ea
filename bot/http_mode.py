"""HTTP: what happens in Slack comes in as signed requests to ``/slack/events``.

What is too large, not signed, stale or here for the second time is turned away at the door, before anything reads it.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.in_hand import InHand
from bot.listening import Address, WebServer
from bot.one_request import OnAck, kind_of, one_request
from bot.replays import Replays

log = structlog.get_logger()

PATH = "/slack/events"
# A view has 250 KB at most and a form more than doubles them; Concord's own are a tenth of that.
LARGEST = 1024 * 1024
READ_SECONDS = 10.0


class _TurnedAwayError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Door:
    """Lets in what Slack signed a moment ago, once; handlers run on ``workers``, never on the event loop."""

    def __init__(
        self,
        app: App,
        signing_secret: str,
        workers: ThreadPoolExecutor,
        in_hand: InHand,
        *,
        on_ack: OnAck | None = None,
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._workers = workers
        self._in_hand = in_hand
        self._on_ack = on_ack
        self._replays = Replays()

    async def receive(self, request: Request) -> Response:
        """One request of Slack's; its answer says whether it was carried out."""
        began = time.monotonic()
        try:
            body = await _read(request)
            if _is_ssl_check(body):
                return PlainTextResponse("")
            signature = self._signature(request, body)
        except _TurnedAwayError as refused:
            log.warning("request turned away", status=refused.status, why=refused.why)
            return PlainTextResponse(refused.why, refused.status)
        # Read only now: it is known who sent it.
        headers: dict[str, Any] = dict(request.headers)
        asked = BoltRequest(body=body.decode("utf-8"), query=dict(request.query_params), headers=headers)
        with self._in_hand.one():
            answer = await asyncio.get_running_loop().run_in_executor(self._workers, self._dispatch, asked, began)
        if answer.status != 200:
            self._replays.give_back(signature)
        return to_starlette_response(answer)

    def _signature(self, request: Request, body: bytes) -> str:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not stamp.isascii() or not stamp.isdecimal() or not self._is_valid(body, stamp, signature):
            raise _TurnedAwayError(401, "not signed by Slack, or not just now")
        if not self._replays.take(signature, time.monotonic()):
            raise _TurnedAwayError(409, "this request was taken before")
        return signature

    def _is_valid(self, body: bytes, stamp: str, signature: str) -> bool:
        try:
            return self._verifier.is_valid(body, stamp, signature)
        except (UnicodeDecodeError, TypeError, ValueError, OverflowError):
            return False

    def _dispatch(self, asked: BoltRequest, began: float) -> BoltResponse:
        with one_request(kind_of(asked.body), self._on_ack, began=began) as request:
            answer: BoltResponse = self._app.dispatch(asked)
            request.acked = answer.status == 200
            return answer


async def _read(request: Request) -> bytes:
    """The body as it came, no more than ``LARGEST`` of it, within ``READ_SECONDS``."""
    too_large = _TurnedAwayError(413, f"larger than {LARGEST} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdecimal() or int(length) > LARGEST:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    raise too_large
    except TimeoutError:
        raise _TurnedAwayError(408, "the request did not arrive in time") from None
    except ClientDisconnect:
        raise _TurnedAwayError(400, "the request broke off") from None
    return bytes(body)


def _is_ssl_check(body: bytes) -> bool:
    """Slack looks whether the certificate is good, without a signature and without anything to do."""
    return body.startswith(b"ssl_check=1") and set(parse_qs(body.decode("latin-1"))) <= {"ssl_check", "token"}


class HttpMode:
    """Serves Slack's requests from a thread of its own, and ``more`` routes beside them."""

    def __init__(
        self,
        app: App,
        signing_secret: str,
        address: Address,
        *,
        workers: int = 4,
        in_hand: InHand | None = None,
        on_ack: OnAck | None = None,
        more: Sequence[BaseRoute] = (),
    ) -> None:
        self._workers = ThreadPoolExecutor(workers, "http-worker")
        door = Door(app, signing_secret, self._workers, in_hand or InHand(), on_ack=on_ack)
        web = Starlette(routes=[Route(PATH, door.receive, methods=["POST"]), *more])
        self._server = WebServer(web, address, "http")
        self.port: int | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing comes in now; None while it does."""
        return None if self._server.serving else "HTTP requests are not taken"

    def start(self) -> int:
        """Serve; the port on which it listens. Raises OSError where it cannot."""
        port = self._server.start()
        log.info("waiting for Slack", port=port, path=PATH)
        self.port = port
        return port

    def stop(self, seconds: float = 10.0) -> bool:
        """Take no more requests, finish those in hand for at most ``seconds``; whether all was finished."""
        done = self._server.stop(seconds)
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done
