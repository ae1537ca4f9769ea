"""Changing who there is and what there is: seeds, people, channels, members."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import conversing, delivery, ids, seed, shapes
from sandbox.answers import JsonAnswer
from sandbox.client import asking
from sandbox.client.asking import RefusedError
from sandbox.simulator import Simulator
from sandbox.things import Channel

Json = dict[str, Any]


async def apply_seed(request: Request) -> Response:
    """Make what a seed names and is missing."""
    sim: Simulator = request.app.state.sim
    for person in seed.apply(sim.workspace, await asking.body(request)):
        delivery.tell(sim, {"type": "team_join", "user": shapes.user(sim.workspace, person)})
    sim.live.tell_all("users")
    sim.live.tell_all("channels")
    return JsonAnswer({"ok": True})


async def user(request: Request) -> Response:
    """Deactivate somebody, or take them back; ``user_change`` tells the app."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    person = asking.person(sim, ask.get("user"))
    for name in ("real_name", "email", "tz", "title"):
        if isinstance(ask.get(name), str):
            setattr(person, name, ask[name])
    person.deleted = bool(ask.get("deleted", person.deleted))
    sim.workspace.save_user(person)
    shown = shapes.user(sim.workspace, person)
    delivery.tell(sim, {"type": "user_change", "user": shown, "cache_ts": int(time.time())})
    sim.live.tell_all("users")
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True})


async def channel(request: Request) -> Response:
    """A new channel; the bot is in it only when ``bot`` is true."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    name = str(ask.get("name") or "").removeprefix("#")
    if not name or sim.workspace.channel_named(name):
        raise RefusedError("name_taken" if name else "invalid_name", 400)
    members = [asking.person(sim, who).id for who in ask.get("members") or []]
    made = Channel(ids.fresh("C"), name, is_private=bool(ask.get("is_private")), members=members)
    made.created = int(time.time())
    made.is_archived = bool(ask.get("is_archived"))
    sim.workspace.save_channel(made)
    if ask.get("bot"):
        conversing.join(sim, made, sim.workspace.bot.user_id)
    sim.live.tell_all("channels", channel=made.id)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True, "channel": made.id})


async def members(request: Request) -> Response:
    """People and the bot come into a channel and leave it; ``archived``, ``name`` and ``new_id`` change the channel."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    place = sim.workspace.channel_named(str(ask.get("channel") or ""))
    if place is None:
        raise RefusedError("channel_not_found")
    for person in [asking.person(sim, who) for who in ask.get("add") or []]:
        conversing.join(sim, place, person.id)
    for person in [asking.person(sim, who) for who in ask.get("remove") or []]:
        conversing.leave(sim, place, person.id)
    if "archived" in ask:
        by = next((one for one in place.members if not sim.workspace.is_bot(one)), "")
        conversing.archive(sim, place, by, archived=bool(ask["archived"]))
    if ask.get("name"):
        conversing.rename(sim, place, str(ask["name"]))
    if ask.get("new_id"):
        conversing.change_id(sim, place)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True, "channel": place.id})
