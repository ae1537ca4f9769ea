"""The HTTP and WebSocket front of the sandbox: routes, the guard at the door, start and stop."""

import asyncio
import importlib.util
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol

import sandbox.api  # noqa: F401 - registers the methods
from sandbox import control, delivery, file_doors, hooks
from sandbox.answers import JsonAnswer
from sandbox.api.call import web_api
from sandbox.client import acting, arranging, files, seeing
from sandbox.client.asking import RefusedError
from sandbox.simulator import Simulator


class Protocol(H11Protocol):
    """HTTP that lets a handler reach its connection, so that a fault can reset it."""

    def connection_made(self, transport: Any) -> None:
        """Remember the transport in the state every request sees."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Guard:
    """Refuses what another web page would send: a foreign Host (DNS rebinding) or a foreign Origin."""

    def __init__(self, app: ASGIApp, sim: Simulator) -> None:
        self._app, self._sim = app, sim
        url = sim.settings.url
        self._port = urlsplit(url).port
        self._hosts = {f"{name}:{self._port}" for name in ("127.0.0.1", "localhost")} | {urlsplit(url).netloc}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request from here, refuse others."""
        if scope["type"] in {"http", "websocket"} and not self._from_here(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            refused = JsonAnswer({"ok": False, "error": "cross_site_request"}, status_code=403)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, _dated(self._sim, send))

    def _from_here(self, scope: Scope) -> bool:
        host = origin = None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        # the SDK's Socket Mode client leaves the port out of Host; a browser's Origin always has it
        known = host in self._hosts or f"{host}:{self._port}" in self._hosts
        return known and (origin is None or urlsplit(origin).netloc in self._hosts)


def _dated(sim: Simulator, send: Send) -> Send:
    """Answers say what time it is by the clock of this workspace, which may be wrong (``clock_seconds``)."""

    async def dated(message: Any) -> None:
        if message["type"] == "http.response.start":
            now = formatdate(time.time() + sim.lacks.clock_seconds, usegmt=True)
            message = {**message, "headers": [*message.get("headers", []), (b"date", now.encode())]}
        await send(message)

    return dated


async def link(socket: WebSocket) -> None:
    """Socket Mode."""
    sim: Simulator = socket.app.state.sim
    if not sim.sockets.admit(socket.query_params.get("ticket", "")):
        await socket.close(code=1008)
        return
    if sim.lacks.socket_mode:
        await socket.accept()
        await socket.send_text(json.dumps({"type": "disconnect", "reason": "link_disabled"}))
        await socket.close()
        return
    sim.live.tell_all("connection", open=len(sim.sockets) + 1)
    serving = asyncio.create_task(sim.sockets.serve(socket, sim.workspace.bot.id))
    await sim.sockets.arrived.wait()
    delivery.tell_kept(sim)
    try:
        await serving
    finally:
        sim.live.tell_all("connection", open=len(sim.sockets))


async def live(socket: WebSocket) -> None:
    """What changes for one person, pushed to their page."""
    sim: Simulator = socket.app.state.sim
    user = sim.workspace.user_named(socket.query_params.get("user", ""))
    if user is None:
        await socket.close(code=1008)
        return
    await socket.accept()
    queue = sim.live.join(user.id)
    reader = asyncio.create_task(_until_closed(socket))
    try:
        await socket.send_text(json.dumps({"type": "connection", "open": len(sim.sockets)}))
        while not reader.done():
            getter = asyncio.create_task(queue.get())
            await asyncio.wait({getter, reader}, return_when=asyncio.FIRST_COMPLETED)
            if not getter.done():
                getter.cancel()
                break
            await socket.send_text(json.dumps(getter.result()))
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        reader.cancel()
        sim.live.leave(user.id, queue)


async def _until_closed(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


async def _refused(request: Request, error: Exception) -> Response:
    fault = error if isinstance(error, RefusedError) else RefusedError("internal_error", 500)
    return JsonAnswer({"ok": False, "error": fault.error}, status_code=fault.status)


def _routes() -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/actions/{team}/{number}/{key}", hooks.receive, methods=["POST"]),
        Route("/client/click", acting.click, methods=["POST"]),
        Route("/api/{method}", web_api, methods=["GET", "POST"]),
        Route("/commands/{team}/{number}/{key}", hooks.receive, methods=["POST"]),
        Route("/upload/v1/{ticket}", file_doors.take, methods=["POST"]),
        Route("/files-pri/{key}/download/{name}", file_doors.give),
        Route("/files-pri/{key}/{name}", file_doors.give),
        WebSocketRoute("/link/", link),
        WebSocketRoute("/client/live", live),
        Route("/client/file/{id}/{name}", files.bytes_for_page),
        Route("/client/file", files.drop, methods=["POST"]),
        Route("/client/upload", files.upload, methods=["POST"]),
        Route("/client/file_change", files.change, methods=["POST"]),
    ]
    seen = {"bootstrap": seeing.bootstrap, "view": seeing.overview, "messages": seeing.messages, "pins": seeing.pins}
    routes += [Route(f"/client/{name}", run) for name, run in seen.items()]
    for name in ("read", "message", "command", "submit", "close", "home", "options", "forge"):
        routes.append(Route(f"/client/{name}", getattr(acting, name), methods=["POST"]))
    arranged = {"seed": arranging.apply_seed} | {n: getattr(arranging, n) for n in ("user", "channel", "members")}
    routes += [Route(f"/client/{name}", run, methods=["POST"]) for name, run in arranged.items()]
    routes += [
        Route("/sandbox/faults", control.faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/lacks", control.lacks, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/delivery", control.delivery, methods=["GET", "POST"]),
        Route("/sandbox/settings", control.settings, methods=["POST"]),
        Route("/sandbox/state", control.state),
        Route("/sandbox/log", control.log),
        Route("/sandbox/connections", control.connections, methods=["GET", "POST"]),
        Route("/sandbox/reset", control.reset, methods=["POST"]),
    ]
    return routes + _page()


def _page() -> list[BaseRoute]:
    if importlib.util.find_spec("sandbox.page") is None:
        return []
    page = importlib.import_module("sandbox.page")
    return list(page.routes)


def application(sim: Simulator, directory: Path) -> ASGIApp:
    """The whole sandbox as an ASGI app; writes ``sandbox.json`` while it runs."""
    address = directory / "sandbox.json"

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        _announce(sim, address)
        yield
        address.unlink(missing_ok=True)
        sim.workspace.store.close()

    app = Starlette(routes=_routes(), lifespan=lifespan, exception_handlers={RefusedError: _refused})
    app.state.sim = sim
    return Guard(app, sim)


def _announce(sim: Simulator, address: Path) -> None:
    said = {
        "url": sim.settings.url,
        "pid": os.getpid(),
        "api_url": f"{sim.settings.url}/api/",
        "bot_token": sim.settings.bot_token,
        "app_token": sim.settings.app_token,
        "signing_secret": sim.settings.signing_secret,
    }
    fresh = address.with_suffix(".new")
    fresh.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    fresh.replace(address)
    sys.stdout.write(f"{sim.settings.url}\n")
    sys.stdout.flush()
