"""Where the app brings and fetches bytes: upload addresses and ``url_private``."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox import file_shapes, incoming
from sandbox.api import files
from sandbox.api.call import Abrupt, play
from sandbox.client.files import content_of
from sandbox.simulator import Simulator
from sandbox.things import File

SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in to see this file.</body></html>"
)
GONE = "<!DOCTYPE html><html><head><title>Not found | Slack</title></head><body>This file was deleted.</body></html>"


async def take(request: Request) -> Response:
    """The address of ``files.getUploadURLExternal``: raw bytes, or a form with one file."""
    sim: Simulator = request.app.state.sim
    struck = sim.faults.take("upload", None)
    if stop := await play(sim, "upload", None, [fault for fault in struck if fault.before]):
        return stop
    kept = files.awaited(sim, request.path_params["ticket"])
    came = kept is not None and await _bytes(sim, request, kept)
    sim.workspace.store.flush()
    sim.log.add("upload", None, "ok" if came else "refused", effect=came)
    if stop := await play(sim, "upload", None, [fault for fault in struck if not fault.before], logged=True):
        return stop
    if kept is None or not came:
        return Response("failed", status_code=400)
    return Response(f"OK - {kept.size}", media_type="text/plain")


async def _bytes(sim: Simulator, request: Request, kept: File) -> bool:
    """Put what comes into the place of the file; whether it is as long as was said before."""
    path = sim.workspace.file_path(kept)
    try:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            async with request.form() as form:
                sent = next((one for one in form.values() if isinstance(one, UploadFile)), None)
                size = await incoming.from_form(path, sent.file) if sent else 0
        else:
            size = await incoming.from_stream(path, request.stream(), kept.size)
    except incoming.TooLargeError:
        return False
    if size != kept.size:
        path.unlink(missing_ok=True)
        return False
    await incoming.look(sim, kept)
    return True


async def give(request: Request) -> Response:
    """``url_private``: the bytes for a token with ``files:read``; for all others a sign-in page, with status 200.

    Faults of the method ``download``: before the first byte, or after it, where half of the file arrives and no more.
    """
    sim: Simulator = request.app.state.sim
    struck = sim.faults.take("download", None)
    if stop := await play(sim, "download", None, [fault for fault in struck if fault.before]):
        return stop
    kept = sim.workspace.files.get(request.path_params["key"].rsplit("-", 1)[-1])
    if not _may_read(sim, request) or (kept is not None and kept.external):
        sim.log.add("download", None, "sign_in", effect=False)
        return HTMLResponse(SIGN_IN)
    if kept is None or kept.deleted or not kept.received or not file_shapes.seen_by_app(sim.workspace, kept):
        sim.log.add("download", None, "not_found", effect=False)
        return HTMLResponse(GONE, status_code=404)
    sim.log.add("download", None, "ok", effect=True)
    if any(fault.kind == "reset_after" for fault in struck):
        return _Cut(sim.workspace.file_path(kept))
    if stop := await play(sim, "download", None, [fault for fault in struck if not fault.before], logged=True):
        return stop
    return content_of(sim, kept)


def _may_read(sim: Simulator, request: Request) -> bool:
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return token == sim.settings.bot_token and not sim.lacks.token and "files:read" in sim.scopes


class _Cut(Response):
    """The first half of a file, then a reset connection."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the half, then drop the connection."""
        size = self._path.stat().st_size
        headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        left = size // 2
        with self._path.open("rb") as file:
            while left > 0 and (piece := await asyncio.to_thread(file.read, min(left, 65_536))):
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0.05)  # what was written leaves before the reset does
        await Abrupt()(scope, receive, send)
