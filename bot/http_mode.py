"""HTTP: what happens in Slack comes in as signed requests to ``/slack/events``."""

import asyncio
import threading
import time
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

log = structlog.get_logger()

PATH = "/slack/events"


def web_app(app: App, workers: ThreadPoolExecutor) -> Starlette:
    """The web application; handlers run on ``workers``, never on the event loop."""

    async def receive(request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        headers: dict[str, Any] = dict(request.headers)
        asked = BoltRequest(body=body, query=dict(request.query_params), headers=headers)
        return to_starlette_response(await asyncio.get_running_loop().run_in_executor(workers, app.dispatch, asked))

    return Starlette(routes=[Route(PATH, receive, methods=["POST"])])


class HttpMode:
    """Serves Slack's requests from a thread of its own."""

    def __init__(self, app: App, host: str, port: int, *, workers: int = 4) -> None:
        self._workers = ThreadPoolExecutor(workers, "http-worker")
        config = uvicorn.Config(
            web_app(app, self._workers), host=host, port=port, log_config=None, access_log=False, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self, seconds: float = 10.0) -> int:
        """Serve; returns the port once it listens. Raises OSError where it cannot."""
        self._thread.start()
        end = time.monotonic() + seconds
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise OSError(f"cannot listen on {self._server.config.host}:{self._server.config.port}")
            time.sleep(0.01)
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        log.info("waiting for Slack", port=port, path=PATH)
        return port

    def stop(self, seconds: float = 10.0) -> bool:
        """Take no more requests, finish those in hand for at most ``seconds``; whether all was finished."""
        self._server.config.timeout_graceful_shutdown = max(1, round(seconds))
        self._server.should_exit = True
        self._thread.join(seconds)
        done = not self._thread.is_alive()
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done
