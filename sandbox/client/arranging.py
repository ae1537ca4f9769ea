"""Changing who there is and what there is: seeds, people, channels, members."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import delivery, ids, seed, shapes
from sandbox.answers import JsonAnswer
from sandbox.api.conversations import joined
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
        made.members.append(sim.workspace.bot.user_id)
        joined(sim, made, sim.workspace.bot.user_id)
    sim.live.tell_all("channels", channel=made.id)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True, "channel": made.id})


async def members(request: Request) -> Response:
    """People come into a channel and leave it; ``archived`` closes or reopens it."""
    sim: Simulator = request.app.state.sim
    ask = await asking.body(request)
    place = sim.workspace.channel_named(str(ask.get("channel") or ""))
    if place is None:
        raise RefusedError("channel_not_found")
    for person in [asking.person(sim, who) for who in ask.get("add") or []]:
        if person.id not in place.members:
            place.members.append(person.id)
            joined(sim, place, person.id)
    for person in [asking.person(sim, who) for who in ask.get("remove") or []]:
        if person.id in place.members:
            _left(sim, place, person.id)
    place.is_archived = bool(ask.get("archived", place.is_archived))
    sim.workspace.save_channel(place)
    sim.live.tell_all("channels", channel=place.id)
    sim.workspace.store.flush()
    return JsonAnswer({"ok": True})


def _left(sim: Simulator, place: Channel, user_id: str) -> None:
    if sim.workspace.bot.user_id in place.members and not sim.workspace.is_bot(user_id):
        kind = "G" if place.is_private else "C"
        event = {"type": "member_left_channel", "user": user_id, "channel": place.id, "channel_type": kind}
        delivery.tell(sim, event | {"team": sim.workspace.team["id"]})
    place.members.remove(user_id)
