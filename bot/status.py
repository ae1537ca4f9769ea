"""How it goes, for whoever runs Concord and for what watches it: alive, ready, in numbers.

``/healthz`` answers while the process does. ``/readyz`` says 503 and why where people would notice: no database, no sender,
nothing that comes in from Slack. ``/metrics`` is for Prometheus.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.metrics import CONTENT_TYPE, Metrics
from storage.engine import Store

log = structlog.get_logger()

T = TypeVar("T")
PATIENCE = 5.0
Look = Callable[[], str | None]
"""What is wrong, in words; None where nothing is."""


def routes(looks: Mapping[str, Look], metrics: Metrics) -> list[Route]:
    """The three pages; ``looks`` by what each looks at."""

    threads = ThreadPoolExecutor(4, "status")

    async def told(ask: Callable[[], T]) -> T:
        # A database that is gone may keep a thread for minutes; who asks is answered all the same.
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(threads, ask), PATIENCE)

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        try:
            wrong = await told(lambda: troubles(looks))
        except TimeoutError:
            wrong = [f"nothing was found out within {PATIENCE:.0f} seconds"]
        return PlainTextResponse("\n".join(wrong) + "\n", 503) if wrong else PlainTextResponse("ready\n")

    async def numbers(_: Request) -> Response:
        try:
            said = await told(metrics.text)
        except Exception as error:
            log.warning("metrics not read", error=type(error).__name__)
            return PlainTextResponse("the database does not answer\n", 503)
        return Response(said, media_type=CONTENT_TYPE)

    return [Route("/healthz", health), Route("/readyz", ready), Route("/metrics", numbers)]


def troubles(looks: Mapping[str, Look]) -> list[str]:
    """Everything that is wrong now; a look that fails is wrong itself."""
    found = []
    for name, look in looks.items():
        try:
            words = look()
        except Exception as error:
            log.warning("a look failed", of=name, error=type(error).__name__)
            words = f"it could not be looked at ({type(error).__name__})"
        if words:
            found.append(f"{name}: {words}")
    return found


def database(store: Store) -> Look:
    """Whether the database answers."""

    def look() -> str | None:
        try:
            with store.read() as session:
                session.execute(text("SELECT 1"))
        except Exception as error:
            log.warning("the database does not answer", error=type(error).__name__)
            return "it does not answer"
        return None

    return look
