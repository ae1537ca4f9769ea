"""What a person does: reading, writing, clicking, submitting, commanding."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import delivery, interactions, posting, shapes
from sandbox.answers import JsonAnswer
from sandbox.choices import NotOfferedError
from sandbox.client import asking, files
from sandbox.client.asking import RefusedError
from sandbox.client.writing import linked, written
from sandbox.simulator import Simulator
from sandbox.things import Message, View

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
    place = asking.open_place(sim, user, ask.get("channel"))
    text = str(ask.get("text") or "")
    kept = files.waiting(sim, user, ask.get("files"))
    if not text.strip() and not kept:
        raise RefusedError("no_text", 400)
    said = written(sim, user, place, text, ask.get("thread_ts") or None)
    if kept:
        files.show(sim, user, kept, said)
    else:
        posting.post(sim, said)
        sim.workspace.mark_read(user.id, place.id)
    return _done(sim, {"ok": True, "ts": said.ts})


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
