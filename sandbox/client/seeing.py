"""What a person sees: the workspace, their conversations with unread counts, messages, Home and modals."""

import bisect
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import JsonAnswer
from sandbox.client import asking, files
from sandbox.simulator import Simulator
from sandbox.things import Channel, Message, User, View

Json = dict[str, Any]


async def bootstrap(request: Request) -> Response:
    """The team, the app, the people and the page's buttons."""
    sim: Simulator = request.app.state.sim
    app, team = sim.workspace.bot, sim.workspace.team
    people = [
        {
            "id": user.id,
            "name": user.name,
            "real_name": user.real_name,
            "title": user.title,
            "featured": user.featured,
            "deleted": user.deleted,
            "color": user.color,
        }
        for user in sim.workspace.users.values()
        if not user.is_bot
    ]
    return JsonAnswer(
        {
            "team": {"name": team["name"], "domain": team["domain"]},
            "app": {
                "id": app.id,
                "name": app.name,
                "user_id": app.user_id,
                "handle": app.display_name,
                "command": None if sim.lacks.command else app.command,
                "home_tab": not sim.lacks.home_tab,
                "messages_tab": not sim.lacks.messages_tab,
            },
            "users": people,
            "page_buttons": app.page_buttons,
        }
    )


async def overview(request: Request) -> Response:
    """Conversations with unread counts, Home and open modals of ``user``."""
    sim: Simulator = request.app.state.sim
    user = asking.person(sim, request.query_params.get("user"))
    mine = [place for place in sim.workspace.channels.values() if user.id in place.members]
    home = sim.workspace.views.get(sim.workspace.homes.get(user.id, ""))
    modals = [sim.workspace.views[key] for key in sim.workspace.modals.get(user.id, [])]
    return JsonAnswer(
        {
            "channels": [_channel(sim, user, place) for place in mine if place.kind == "channel"],
            "dms": [_dm(sim, user, place) for place in mine if place.kind == "im"],
            "home": {"view": view(home) if home else None, "hash": home.hash if home else None},
            "modals": [{"id": one.id, "view": view(one), "root": one.root} for one in modals],
        }
    )


def _last(sim: Simulator, place: Channel) -> str | None:
    listed = sim.workspace.order.get(place.id)
    return listed[-1] if listed else None


def _channel(sim: Simulator, user: User, place: Channel) -> Json:
    fresh = sim.workspace.unread(user.id, place.id)
    calls = (f"<@{user.id}", "<!channel", "<!here", "<!everyone")
    return {
        "id": place.id,
        "name": place.name,
        "is_private": place.is_private,
        "is_archived": place.is_archived,
        "bot": sim.workspace.bot.user_id in place.members,
        "pins": len(sim.workspace.pins.get(place.id, ())),
        "unread": len(fresh),
        "mention": any(call in message.text for message in fresh for call in calls),
        "last_ts": _last(sim, place),
    }


def _dm(sim: Simulator, user: User, place: Channel) -> Json:
    other = sim.workspace.users[place.other(user.id)]
    return {
        "id": place.id,
        "user": {"id": other.id, "name": other.name, "real_name": other.real_name, "is_bot": other.is_bot},
        "unread": len(sim.workspace.unread(user.id, place.id)),
        "last_ts": _last(sim, place),
    }


def view(shown: View) -> Json:
    """A view for the page: the blocks as the app sent them, and the state of the inputs."""
    state = {"values": shown.inputs}
    return {"id": shown.id, **shown.body, "type": shown.kind, "hash": shown.hash, "state": state}


async def messages(request: Request) -> Response:
    """Messages of a conversation or thread, oldest first, ephemerals of ``user`` among them."""
    sim: Simulator = request.app.state.sim
    ask = request.query_params
    user = asking.person(sim, ask.get("user"))
    place = asking.place(sim, user, ask.get("channel"))
    limit = min(max(int(ask.get("limit") or 50), 1), 500) if (ask.get("limit") or "50").isdigit() else 50
    thread, before = ask.get("thread_ts"), ask.get("before")
    if thread:
        listed = [thread, *sim.workspace.threads.get((place.id, thread), [])]
    else:
        listed = sim.workspace.order.get(place.id, [])
    end = bisect.bisect_left(listed, before) if before else len(listed)
    chosen = listed[max(0, end - limit) : end]
    known = sim.workspace.messages[place.id]
    rows = [known[ts] for ts in chosen if ts in known]
    low = chosen[0] if end > limit else ""
    own = sim.workspace.ephemerals.get((place.id, user.id), {}).values()
    rows += [one for one in own if one.thread_ts == thread and one.ts >= low and (not before or one.ts < before)]
    rows.sort(key=lambda one: one.ts)
    shown = [message(sim, user, one) for one in rows]
    return JsonAnswer({"messages": shown, "has_more": end > limit})


async def pins(request: Request) -> Response:
    """The pinned messages of a conversation, the newest first."""
    sim: Simulator = request.app.state.sim
    user = asking.person(sim, request.query_params.get("user"))
    place = asking.place(sim, user, request.query_params.get("channel"))
    known = sim.workspace.messages[place.id]
    pinned = sorted(sim.workspace.pins.get(place.id, ()), reverse=True)
    return JsonAnswer({"messages": [message(sim, user, known[ts]) for ts in pinned]})


def message(sim: Simulator, user: User, said: Message) -> Json:
    """A message for the page: the blocks as the app sent them (``rich_text`` verbatim, the rest with entities)."""
    replies = sim.workspace.threads.get((said.channel, said.ts), [])
    out: Json = {
        "ts": said.ts,
        "user": said.user,
        "bot": said.bot,
        "text": said.text,
        "blocks": said.blocks,
        "files": [files.shown(sim.workspace.files[key]) for key in said.files if key in sim.workspace.files],
        "thread_ts": said.thread_ts,
        "reply_count": len(replies),
        "edited": bool(said.edited),
        "ephemeral": bool(said.only_for),
        "reactions": said.reactions,
        "pinned": said.pinned,
        "state": said.state.get(user.id, {}),
    }
    return out | ({"metadata": said.metadata} if said.metadata else {})
