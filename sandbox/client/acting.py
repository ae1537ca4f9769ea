"""What a person does: reading, writing, clicking, submitting, commanding, uploading."""

import re
import secrets
import time
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from sandbox import delivery, ids, interactions, posting, shapes
from sandbox.answers import JsonAnswer
from sandbox.api import files
from sandbox.api.call import play
from sandbox.choices import NotOfferedError
from sandbox.client import asking
from sandbox.client.asking import RefusedError
from sandbox.simulator import Simulator
from sandbox.things import File, Message, User, View

Json = dict[str, Any]


def _done(sim: Simulator, result: Json) -> Response:
    sim.workspace.store.flush()
    return JsonAnswer(result)


async def read(request: Request) -> Response:
    """The person has seen a conversation."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"))
    place = asking.place(sim, user, ask.get("channel"))
    sim.workspace.mark_read(user.id, place.id)
    sim.live.tell([user.id], "channels", channel=place.id)
    return _done(sim, {"ok": True})


async def message(request: Request) -> Response:
    """The person writes a message."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    place = asking.place(sim, user, ask.get("channel"))
    text = str(ask.get("text") or "")
    if not text.strip():
        raise RefusedError("no_text", 400)
    said = Message(
        channel=place.id,
        ts=sim.workspace.clock.next(),
        user=user.id,
        text=linked(sim, _entities(text)),
        thread_ts=ask.get("thread_ts") or None,
    )
    posting.post(sim, said)
    sim.workspace.mark_read(user.id, place.id)
    return _done(sim, {"ok": True, "ts": said.ts})


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def linked(sim: Simulator, text: str, *, command: bool = False) -> str:
    """``@name`` and ``#channel`` as Slack's client sends them, where there is such a person or channel."""

    def who(match: re.Match[str]) -> str:
        name = match.group(1)
        if not command and name in {"here", "channel", "everyone"}:
            return f"<!{name}>"
        found = next((user for user in sim.workspace.users.values() if user.name == name), None)
        if found is None:
            return match.group()
        return f"<@{found.id}|{name}>" if command else f"<@{found.id}>"

    def where(match: re.Match[str]) -> str:
        found = next((one for one in sim.workspace.channels.values() if one.name and one.name == match.group(1)), None)
        return f"<#{found.id}|{found.name}>" if found else match.group()

    return re.sub(r"(?<!\S)#([\w-]+)", where, re.sub(r"(?<!\S)@([\w.-]+)", who, text))


async def command(request: Request) -> Response:
    """The person runs a slash command."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    place = asking.place(sim, user, ask.get("channel"))
    text = str(ask.get("text") or "")
    if sim.workspace.bot.escape:
        text = linked(sim, text, command=True)
    return _done(sim, await interactions.command(sim, user, place.id, text))


async def click(request: Request) -> Response:
    """The person uses an element of a message, a modal or their Home; answered once the app has acked."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    try:
        if ask.get("home") or ask.get("view_id"):
            result = await interactions.click_view(sim, user, asking.view(sim, user, ask), ask)
        else:
            found = asking.message(sim, user, ask.get("channel"), ask.get("ts"))
            result = await interactions.click_message(sim, user, found, ask)
    except NotOfferedError as error:
        raise RefusedError(str(error), 400) from error
    return _done(sim, result)


async def options(request: Request) -> Response:
    """What an external select offers for the typed ``value``."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    where: Message | View
    if ask.get("home") or ask.get("view_id"):
        where = asking.view(sim, user, ask)
    else:
        where = asking.message(sim, user, ask.get("channel"), ask.get("ts"))
    try:
        return _done(sim, await interactions.suggest(sim, user, where, ask))
    except NotOfferedError as error:
        raise RefusedError(str(error), 400) from error


async def submit(request: Request) -> Response:
    """The person submits a modal."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    view = asking.view(sim, user, ask)
    if view.kind != "modal":
        raise RefusedError("view_not_found")
    try:
        return _done(sim, await interactions.submit(sim, user, view, ask.get("state")))
    except NotOfferedError as error:
        raise RefusedError(str(error), 400) from error


async def close(request: Request) -> Response:
    """The person closes a modal, or with ``all`` the whole stack."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"))
    view = asking.view(sim, user, ask)
    return _done(sim, await interactions.close(sim, user, view, everything=bool(ask.get("all"))))


async def home(request: Request) -> Response:
    """The person opens the app's Home tab."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"), active=True)
    place = sim.workspace.dm(sim.workspace.bot.user_id, user.id)
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": place.id, "tab": ask.get("tab") or "home"}
    view = sim.workspace.views.get(sim.workspace.homes.get(user.id, ""))
    if view and event["tab"] == "home":
        event["view"] = shapes.view(sim.workspace, view)
    delivery.tell(sim, event)
    return _done(sim, {"ok": True})


async def upload(request: Request) -> Response:
    """The person drops a file into a conversation."""
    sim: Simulator = request.app.state.sim
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise RefusedError("multipart_required", 415)
    async with request.form(max_part_size=64 * 1024 * 1024) as form:
        user = asking.person(sim, form.get("user"), active=True)
        place = asking.place(sim, user, form.get("channel"))
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise RefusedError("no_file", 400)
        content, name = await sent.read(), sent.filename or "file"
    kept = _keep(sim, user, name, content)
    said = files.share_in(sim, [kept], place, {}, user=user.id)
    sim.workspace.mark_read(user.id, place.id)
    return _done(sim, {"ok": True, "file_id": kept.id, "ts": said.ts})


def _keep(sim: Simulator, user: User, name: str, content: bytes) -> File:
    kept = File(
        id=ids.fresh("F"),
        name=name.replace("/", "_"),
        user=user.id,
        size=len(content),
        ticket=secrets.token_urlsafe(16),
        title=name,
        created=int(time.time()),
        received=True,
        completed=True,
        ready_at=time.time(),
    )
    path = sim.workspace.file_path(kept)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    sim.workspace.save_file(kept)
    return kept


async def forge(request: Request) -> Response:
    """An interactive payload of any content, as if it came from Slack; for tests of forged ids."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    user = asking.person(sim, ask.get("user"))
    payload = ask.get("payload")
    if not isinstance(payload, dict):
        raise RefusedError("invalid_payload", 400)
    payload.setdefault("user", {"id": user.id, "username": user.name, "name": user.name})
    payload.setdefault("team", {"id": sim.workspace.team["id"], "domain": sim.workspace.team["domain"]})
    payload.setdefault("trigger_id", sim.trigger(user.id))
    kind = str(ask.get("kind") or "interactive")
    answer, error = await interactions.bring(sim, kind, payload, answerable=True)
    return _done(sim, {"ok": error is None, "error": error, "answer": answer})


async def upload_bytes(request: Request) -> Response:
    """The address of ``files.getUploadURLExternal``: raw bytes, or a form with one file."""
    sim: Simulator = request.app.state.sim
    struck = sim.faults.take("upload", None)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            sent = next((one for one in form.values() if isinstance(one, UploadFile)), None)
            content = await sent.read() if sent else b""
    else:
        content = await request.body()
    if stop := await play(sim, "upload", None, [fault for fault in struck if fault.before]):
        return stop
    words = files.receive(sim, request.path_params["ticket"], content)
    sim.workspace.store.flush()
    sim.log.add("upload", None, "ok" if words else "refused", effect=bool(words))
    if stop := await play(sim, "upload", None, [fault for fault in struck if not fault.before], logged=True):
        return stop
    if words is None:
        return Response("failed", status_code=400)
    return Response(words, media_type="text/plain")
