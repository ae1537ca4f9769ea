"""Files as people handle them: chosen, uploaded, shown with a message, looked at, deleted."""

import secrets
import time
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from sandbox import file_shapes, ids, incoming, sharing
from sandbox.answers import JsonAnswer
from sandbox.client import asking
from sandbox.client.asking import RefusedError
from sandbox.client.writing import written
from sandbox.filetypes import PREVIEW_LINES
from sandbox.simulator import Simulator
from sandbox.things import File, User

Json = dict[str, Any]


async def upload(request: Request) -> Response:
    """The bytes of one file (``?user=&name=``, the body is the file), to be shown with a message later."""
    sim: Simulator = request.app.state.sim
    user = asking.person(sim, request.query_params.get("user"), active=True)
    if not request.headers.get("content-type", "").startswith("application/octet-stream"):
        raise RefusedError("octet_stream_required", 415)
    kept = _begun(user, request.query_params.get("name") or "file")
    path = sim.workspace.file_path(kept)
    try:
        kept.size = await incoming.from_stream(path, request.stream(), incoming.MOST_BYTES)
    except incoming.TooLargeError:
        raise RefusedError("file_too_large", 413) from None
    await incoming.look(sim, kept)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True, "file_id": kept.id})


async def drop(request: Request) -> Response:
    """A form with one ``file`` or several, ``user``, ``channel`` and perhaps ``text`` and ``thread_ts``: all at once."""
    sim: Simulator = request.app.state.sim
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RefusedError("multipart_required", 415)
    async with request.form(max_files=20) as form:
        user = asking.person(sim, form.get("user"), active=True)
        place = asking.open_place(sim, user, form.get("channel"))
        kept = [await _from_form(sim, user, sent) for sent in _sent(form)]
        text, thread = str(form.get("text") or ""), str(form.get("thread_ts") or "")
    if form.get("external"):
        for file in kept:
            file.external = True
    said = show(sim, user, kept, written(sim, user, place, text, thread or None))
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True, "file_id": kept[0].id, "file_ids": [file.id for file in kept], "ts": said})


def _sent(form: FormData) -> list[UploadFile]:
    sent = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
    if not sent:
        raise RefusedError("no_file", 400)
    return sent


async def _from_form(sim: Simulator, user: User, sent: UploadFile) -> File:
    kept = _begun(user, sent.filename or "file")
    kept.size = await incoming.from_form(sim.workspace.file_path(kept), sent.file)
    await incoming.look(sim, kept)
    return kept


def _begun(user: User, name: str) -> File:
    made = File(ids.fresh("F"), name.replace("/", "_")[:255], user.id, 0, ticket=secrets.token_urlsafe(16))
    made.title, made.created = made.name, int(time.time())
    return made


def waiting(sim: Simulator, user: User, keys: Any) -> list[File]:
    """Files that this person uploaded and has not shown yet."""
    found = [sim.workspace.files.get(str(key)) for key in keys] if isinstance(keys, list) else []
    kept = [file for file in found if file and file.user == user.id and file.received and not file.completed]
    if len(kept) != len(found) or len({file.id for file in kept}) != len(found):
        raise RefusedError("file_not_found")
    return kept


def show(sim: Simulator, user: User, kept: list[File], message: Any) -> str:
    """Put uploaded files into a conversation with a message; its ts."""
    for file in kept:
        file.completed, file.ready_at = True, time.time() + sim.settings.file_seconds
    said = sharing.share(sim, kept, message)
    sim.workspace.mark_read(user.id, said.channel)
    return said.ts


async def change(request: Request) -> Response:
    """A file is deleted (by whoever uploaded it, or by the workspace itself without a ``user``), or becomes ``external``."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    kept = sim.workspace.files.get(str(ask.get("file")))
    if kept is None or kept.deleted:
        raise RefusedError("file_not_found")
    if ask.get("user") and asking.person(sim, ask["user"], active=True).id != kept.user:
        raise RefusedError("cant_delete_file", 403)
    kept.external = bool(ask.get("external", kept.external))
    if ask.get("deleted"):
        sharing.delete(sim, kept)
    sim.workspace.save_file(kept)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True})


def shown(kept: File) -> Json:
    """A file for the page."""
    if kept.deleted:
        return {"id": kept.id, "name": kept.name, "deleted": True}
    kind = file_shapes.kind(kept)
    out = {
        "id": kept.id,
        "name": kept.name,
        "title": kept.title,
        "user": kept.user,
        "mimetype": kind.mimetype,
        "filetype": kind.filetype,
        "pretty_type": kind.pretty,
        "size": kept.size,
        "url": f"/client/file/{kept.id}/{file_shapes.slug(kept.name)}",
        "alt": kept.alt,
        "external": kept.external,
    }
    if not kind.text or not kept.preview:
        return out
    return out | {"preview": kept.preview, "lines_more": kept.lines_more, "preview_lines": PREVIEW_LINES}


async def bytes_for_page(request: Request) -> Response:
    """The bytes of a file, for the page."""
    sim: Simulator = request.app.state.sim
    kept = sim.workspace.files.get(request.path_params["id"])
    if kept is None or not kept.received or kept.deleted:
        raise RefusedError("file_not_found")
    return content_of(sim, kept)


def content_of(sim: Simulator, kept: File) -> Response:
    """The bytes from disk; only pictures are shown, everything else is saved."""
    kind = file_shapes.kind(kept).mimetype
    return FileResponse(
        sim.workspace.file_path(kept),
        media_type=kind,
        filename=kept.name,
        content_disposition_type="inline" if kind in file_shapes.PICTURES else "attachment",
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"},
    )
