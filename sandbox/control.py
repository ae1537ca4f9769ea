"""Steering the sandbox itself: faults, deliveries, settings, the log, a fresh start."""

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import JsonAnswer
from sandbox.client import asking
from sandbox.client.asking import RefusedError
from sandbox.lacks import Lacks
from sandbox.simulator import Simulator
from sandbox.sockets import Delivery

Json = dict[str, Any]
_SETTABLE = {
    "ack_seconds": float,
    "trigger_seconds": float,
    "hook_seconds": float,
    "file_seconds": float,
    "rate_limits": bool,
}


async def faults(request: Request) -> Response:
    """Set a fault (POST), list them (GET), clear them (DELETE)."""
    sim: Simulator = request.app.state.sim
    if request.method == "GET":
        return JsonAnswer({"faults": sim.faults.listed()})
    if request.method == "DELETE":
        sim.faults.clear()
        return JsonAnswer({"ok": True})
    try:
        sim.faults.add(await asking.body(request))
    except (ValueError, TypeError) as error:
        raise RefusedError(str(error), 400) from error
    return JsonAnswer({"ok": True})


async def lacks(request: Request) -> Response:
    """What the installation lacks: some of it set (POST), shown (GET), nothing any more (DELETE)."""
    sim: Simulator = request.app.state.sim
    if request.method == "DELETE":
        sim.lacks = Lacks()
    elif request.method == "POST":
        try:
            sim.lacks.change(await asking.body(request))
        except (ValueError, TypeError) as error:
            raise RefusedError(str(error), 400) from error
    if sim.lacks.socket_mode:
        await sim.sockets.disconnect("link_disabled", close=True)
    sim.live.tell_all("users")
    return JsonAnswer({"ok": True, "lacks": sim.lacks.shown()})


async def delivery(request: Request) -> Response:
    """How badly envelopes travel: ``duplicate``, ``shuffle``, ``window``, ``drop_acks``, ``seed``."""
    sim: Simulator = request.app.state.sim
    ways = sim.sockets.delivery
    if request.method == "POST":
        ask = await asking.body(request)
        if set(ask) - {"duplicate", "shuffle", "window", "drop_acks", "seed"}:
            raise RefusedError("unknown_field", 400)
        ways.duplicate, ways.shuffle = bool(ask.get("duplicate")), bool(ask.get("shuffle"))
        ways.window, ways.drop_acks = float(ask.get("window", 0.2)), int(ask.get("drop_acks", 0))
        ways.chance.seed(int(ask.get("seed", 0)))
    shown = {name: getattr(ways, name) for name in ("duplicate", "shuffle", "window", "drop_acks")}
    return JsonAnswer({"ok": True, **shown})


async def settings(request: Request) -> Response:
    """Times, rate limits, event retries, scopes and subscriptions, changed while it runs."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    for name, value in ask.items():
        if name in _SETTABLE:
            setattr(sim.settings, name, _SETTABLE[name](value))
        elif name == "event_retries":
            sim.settings.event_retries = tuple(float(wait) for wait in value)
        elif name in {"scopes", "events", "own_messages", "escape"}:
            setattr(sim.workspace.bot, name, value)
            sim.workspace.save("app", "app", sim.workspace.bot)
        else:
            raise RefusedError(f"unknown setting {name}", 400)
    sim.limits.clear()
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True})


async def log(request: Request) -> Response:
    """The last calls of the app, oldest first; ``?method=`` narrows."""
    sim: Simulator = request.app.state.sim
    return JsonAnswer({"calls": sim.log.listed(request.query_params.get("method"))})


async def connections(request: Request) -> Response:
    """How many connections the app has (GET), or a ``disconnect`` envelope to all of them (POST)."""
    sim: Simulator = request.app.state.sim
    if request.method == "GET":
        return JsonAnswer({"open": len(sim.sockets), "kept_events": len(sim.sockets.kept)})
    ask = await asking.body(request)
    reason = str(ask.get("reason") or "refresh_requested")
    told = await sim.sockets.disconnect(reason, close=bool(ask.get("close", reason != "warning")))
    return JsonAnswer({"ok": True, "told": told})


async def reset(request: Request) -> Response:
    """Messages, views and files gone; people, channels and the app as they were; nothing set to fail."""
    sim: Simulator = request.app.state.sim
    await asking.body(request)
    sim.workspace.clear()
    sim.faults.clear()
    sim.lacks = Lacks()
    sim.log.clear()
    sim.limits.clear()
    sim.triggers.clear()
    sim.suggestions.clear()
    sim.sockets.kept.clear()
    sim.sockets.delivery = Delivery()
    sim.live.tell_all("channels")
    sim.live.tell_all("home")
    return JsonAnswer({"ok": True})


async def state(request: Request) -> Response:
    """Who the app is, which settings hold, how many envelopes wait for an answer: for a look from outside."""
    sim: Simulator = request.app.state.sim
    shown = {name: value for name, value in asdict(sim.settings).items() if name in (*_SETTABLE, "event_retries")}
    waiting = sim.sockets.unacknowledged
    app, team = asdict(sim.workspace.bot), sim.workspace.team
    return JsonAnswer({"settings": shown, "app": app, "team": team, "unacknowledged": waiting})
