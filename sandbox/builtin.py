"""Slack's own slash commands, as far as they are needed here: people and the app come and go, channels change."""

import re
from collections.abc import Callable

from sandbox import conversing
from sandbox.simulator import Simulator
from sandbox.things import Channel, User

Words = str | None
NAME = re.compile(r"[^\s.,/\\A-Z#@!?'\"]{1,80}")


def run(sim: Simulator, user: User, place: Channel, name: str, rest: str) -> tuple[bool, Words]:
    """Whether Slack itself knows this command, and what it says to the person (None: nothing)."""
    act = COMMANDS.get(name)
    return (False, None) if act is None else (True, act(sim, user, place, rest))


def _invite(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    if place.kind == "im":
        return "Nobody can be invited into a direct message."
    if place.is_archived:
        return "This channel is archived: nobody can be invited."
    people = _named(sim, rest)
    if isinstance(people, str):
        return people
    there = [person for person in people if person.id in place.members]
    for person in people:
        conversing.join(sim, place, person.id, user.id)
    return " ".join(f"{person.real_name} is in this channel already." for person in there) or None


def _remove(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    people = _named(sim, rest)
    if isinstance(people, str):
        return people
    away = [person for person in people if person.id not in place.members or place.kind == "im"]
    for person in people:
        if place.kind != "im":
            conversing.leave(sim, place, person.id)
    return " ".join(f"{person.real_name} is not in this channel." for person in away) or None


def _named(sim: Simulator, rest: str) -> list[User] | str:
    """The people named, or what to say where there are none."""
    words = [word.strip("<>@").split("|")[0] for word in rest.split()]
    found = [sim.workspace.user_named(word) for word in words]
    if not words:
        return "Say whom: with @ and a name."
    missing = [word for word, person in zip(words, found, strict=True) if person is None]
    return f"There is nobody called {missing[0]} here." if missing else [person for person in found if person]


def _archive(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    if place.kind == "im":
        return "A direct message cannot be archived."
    conversing.archive(sim, place, user.id, archived=True)
    return None


def _unarchive(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    conversing.archive(sim, place, user.id, archived=False)
    return None


def _rename(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    name = rest.strip().removeprefix("#")
    if place.kind == "im" or not NAME.fullmatch(name):
        return "A channel's name has up to 80 small letters, digits, - and _."
    if sim.workspace.channel_named(name):
        return f"There is a channel #{name} already."
    conversing.rename(sim, place, name)
    return None


def _leave(sim: Simulator, user: User, place: Channel, rest: str) -> Words:
    if place.kind == "im":
        return "A direct message cannot be left."
    conversing.leave(sim, place, user.id)
    return None


COMMANDS: dict[str, Callable[[Simulator, User, Channel, str], Words]] = {
    "/invite": _invite,
    "/remove": _remove,
    "/kick": _remove,
    "/archive": _archive,
    "/unarchive": _unarchive,
    "/rename": _rename,
    "/leave": _leave,
}
