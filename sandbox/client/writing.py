"""What somebody types, as Slack's client sends it: no markup but mentions of people and channels that there are."""

import re

from sandbox.api.places import thread_of
from sandbox.simulator import Simulator
from sandbox.things import Channel, Message, User


def written(sim: Simulator, user: User, place: Channel, text: str, thread_ts: str | None) -> Message:
    """A message of this person."""
    return Message(
        channel=place.id,
        ts=sim.workspace.clock.next(),
        user=user.id,
        text=linked(sim, _entities(text)),
        thread_ts=thread_of(sim, place, thread_ts),
    )


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
