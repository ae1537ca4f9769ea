"""HTTP: what happens in Slack comes in as signed requests to ``/slack/events``."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
import uvicorn
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.starlette.handler import to_starlette_response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.in_hand import InHand

log = structlog.get_logger()

PATH = "/slack/events"


def web_app(app: App, workers: ThreadPoolExecutor, in_hand: InHand) -> Starlette:
    """The web application; handlers run on ``workers``, never on the event loop."""

    async def receive(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        headers: dict[str, Any] = dict(request.headers)
        asked = BoltRequest(body=body, query=dict(request.query_params), headers=headers)
        with in_hand.one():
            response = await asyncio.get_running_loop().run_in_executor(workers, app.dispatch, asked)
        return to_starlette_response(response)

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


class HttpMode:
    """Serves Slack's requests from a thread of its own."""

    def __init__(self, app: App, host: str, port: int, *, workers: int = 4, in_hand: InHand | None = None) -> None:
        self._where = host, port
        self._workers = ThreadPoolExecutor(workers, "http-worker")
        web = web_app(app, self._workers, in_hand or InHand())
        config = uvicorn.Config(web, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def start(self) -> int:
        """Serve; the port on which it listens. Raises OSError where it cannot."""
        listener = _listen(*self._where)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="http", daemon=True
        )
        self._thread.start()
        port: int = listener.getsockname()[1]
        log.info("waiting for Slack", port=port, path=PATH)
        return port

    def stop(self, seconds: float = 10.0) -> bool:
        """Take no more requests, finish those in hand for at most ``seconds``; whether all was finished."""
        self._server.config.timeout_graceful_shutdown = max(1, round(seconds))
        self._server.should_exit = True
        done = True
        if self._thread is not None:
            self._thread.join(seconds)
            done = not self._thread.is_alive()
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Where the protocol is named, asyncio switches Nagle's algorithm off: else an answer may wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener
