"""Reading a client request: its JSON, and the person, conversation, message and view it speaks of."""

import json
from typing import Any

from starlette.requests import Request

from sandbox.simulator import Simulator
from sandbox.things import Channel, Message, User, View

Json = dict[str, Any]


class RefusedError(Exception):
    """A request that cannot be met: an error in Slack's manner, and the HTTP status."""

    def __init__(self, error: str, status: int = 404) -> None:
        super().__init__(error)
        self.error, self.status = error, status


async def body(request: Request) -> Json:
    """The JSON object sent; only with the JSON content type, so that no foreign form can send it."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise RefusedError("json_required", 415)
    try:
        read = json.loads(await request.body())
    except ValueError:
        raise RefusedError("invalid_json", 400) from None
    if not isinstance(read, dict):
        raise RefusedError("invalid_json", 400)
    return read


def person(sim: Simulator, who: Any, *, active: bool = False) -> User:
    """Somebody by id or name."""
    found = sim.workspace.user_named(who) if isinstance(who, str) else None
    if found is None:
        raise RefusedError("user_not_found")
    if active and found.deleted:
        raise RefusedError("user_disabled", 403)
    return found


def place(sim: Simulator, user: User, channel: Any) -> Channel:
    """A conversation, by id or name, that this person is in."""
    found = sim.workspace.channel_named(channel) if isinstance(channel, str) else None
    if found is None or user.id not in found.members:
        raise RefusedError("channel_not_found")
    return found


def open_place(sim: Simulator, user: User, channel: Any) -> Channel:
    """A conversation where this person may write."""
    found = place(sim, user, channel)
    if found.is_archived:
        raise RefusedError("is_archived", 403)
    if sim.lacks.messages_tab and found.kind == "im" and sim.workspace.bot.user_id in found.members:
        raise RefusedError("messages_tab_disabled", 403)
    return found


def message(sim: Simulator, user: User, channel: Any, ts: Any) -> Message:
    """A message that this person sees."""
    found = sim.workspace.find_message(place(sim, user, channel).id, str(ts), user.id)
    if found is None:
        raise RefusedError("message_not_found")
    return found


def view(sim: Simulator, user: User, ask: Json) -> View:
    """This person's Home (``home``) or open modal (``view_id``)."""
    key = sim.workspace.homes.get(user.id) if ask.get("home") else ask.get("view_id")
    found = sim.workspace.views.get(str(key))
    if found is None or found.user != user.id:
        raise RefusedError("view_not_found")
    return found
