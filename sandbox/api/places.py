"""Which conversation an argument means, and whether the bot may act in it."""

import re
from typing import Any

from sandbox.api.registry import SlackError
from sandbox.simulator import Simulator
from sandbox.things import Channel

_CONVERSATION = re.compile(r"[CGD][A-Z0-9]+")


def to_post(sim: Simulator, channel: Any) -> Channel:
    """Where a new message goes: C, G or D; a person's id means their direct message with the app."""
    if isinstance(channel, str) and channel in sim.workspace.users:
        if sim.workspace.users[channel].is_bot:
            raise SlackError("cannot_dm_bot")
        if sim.lacks.messages_tab:
            raise SlackError("messages_tab_disabled")
        return sim.workspace.dm(sim.workspace.bot.user_id, channel)
    place = known(sim, channel)
    if place.kind == "im" and sim.lacks.messages_tab:
        raise SlackError("messages_tab_disabled")
    if place.is_archived:
        raise SlackError("is_archived")
    if sim.workspace.bot.user_id not in place.members and "chat:write.public" not in sim.scopes:
        raise SlackError("not_in_channel")
    return place


def known(sim: Simulator, channel: Any) -> Channel:
    """A conversation the bot can see, by id and never by name or person; else ``channel_not_found``."""
    place = sim.workspace.channels.get(channel) if isinstance(channel, str) else None
    if place is None or not _CONVERSATION.fullmatch(place.id):
        raise SlackError("channel_not_found")
    hidden = place.is_private or place.kind == "im"
    if hidden and sim.workspace.bot.user_id not in place.members:
        raise SlackError("channel_not_found")
    return place


def joined(sim: Simulator, channel: Any) -> Channel:
    """A conversation the bot is in; else ``not_in_channel``."""
    place = known(sim, channel)
    if sim.workspace.bot.user_id not in place.members:
        raise SlackError("not_in_channel")
    return place


def thread_of(sim: Simulator, place: Channel, ts: Any) -> str | None:
    """The first message of the thread that a message lies in; ``ts`` itself where there is no such message."""
    found = sim.workspace.find_message(place.id, str(ts)) if ts else None
    return (found.thread_ts or found.ts) if found else str(ts) if ts else None


def scope_for(place: Channel, action: str) -> str:
    """``channels:read`` and its kin: the scope for this kind of conversation."""
    kind = "im" if place.kind == "im" else "groups" if place.is_private else "channels"
    return f"{kind}:{action}"
