"""Reactions, pins and bookmarks."""

import re
import time
from typing import Any

from sandbox import ids
from sandbox.api import places
from sandbox.api.registry import SlackError, method, need
from sandbox.simulator import Simulator
from sandbox.things import Message

Json = dict[str, Any]
PINS = BOOKMARKS = 100


def _message(sim: Simulator, args: Json) -> Message:
    channel, ts = need(args, "channel", "timestamp")
    place = places.joined(sim, channel)
    message = sim.workspace.find_message(place.id, str(ts))
    if message is None:
        raise SlackError("message_not_found")
    return message


@method("reactions.add", scope="reactions:write", tier=3)
def add_reaction(sim: Simulator, args: Json) -> Json:
    """The bot reacts to a message, once per emoji."""
    (name,) = need(args, "name")
    if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", str(name)):
        raise SlackError("invalid_name")
    message = _message(sim, args)
    bot = sim.workspace.bot.user_id
    known = next((one for one in message.reactions if one["name"] == name), None)
    if known and bot in known["users"]:
        raise SlackError("already_reacted")
    if known:
        known["users"].append(bot)
        known["count"] += 1
    else:
        message.reactions.append({"name": name, "users": [bot], "count": 1})
    sim.workspace.save_message(message)
    _tell(sim, message)
    return {}


@method("pins.add", scope="pins:write", tier=2)
def add_pin(sim: Simulator, args: Json) -> Json:
    """A message is pinned to its channel."""
    message = _message(sim, args)
    if message.pinned:
        raise SlackError("already_pinned")
    if len(sim.workspace.pins[message.channel]) >= PINS:
        raise SlackError("too_many_pins")
    sim.workspace.pin(message, pinned=True)
    _tell(sim, message)
    return {}


@method("pins.remove", scope="pins:write", tier=2)
def remove_pin(sim: Simulator, args: Json) -> Json:
    """A message is not pinned any more."""
    message = _message(sim, args)
    if not message.pinned:
        raise SlackError("no_pin")
    sim.workspace.pin(message, pinned=False)
    _tell(sim, message)
    return {}


def _tell(sim: Simulator, message: Message) -> None:
    place = sim.workspace.channels[message.channel]
    sim.live.tell(place.members, "message", channel=message.channel, ts=message.ts, thread_ts=message.thread_ts)


@method("bookmarks.add", scope="bookmarks:write", tier=2)
def add_bookmark(sim: Simulator, args: Json) -> Json:
    """A link at the top of a channel."""
    channel, title, kind = need(args, "channel_id", "title", "type")
    place = places.joined(sim, channel)
    if kind != "link":
        raise SlackError("invalid_bookmark_type")
    (link,) = need(args, "link")
    if not re.match(r"https?://\S+$", str(link)):
        raise SlackError("invalid_link")
    if sum(row["channel_id"] == place.id for row in sim.workspace.bookmarks) >= BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    row = {
        "id": ids.fresh("Bk"),
        "channel_id": place.id,
        "title": title,
        "link": link,
        "emoji": args.get("emoji"),
        "type": "link",
        "date_created": int(time.time()),
        "app_id": sim.workspace.bot.id,
    }
    sim.workspace.bookmarks.append(row)
    sim.workspace.save("bookmark", row["id"], row)
    return {"bookmark": row}


@method("bookmarks.list", scope="bookmarks:read", tier=3)
def list_bookmarks(sim: Simulator, args: Json) -> Json:
    """The links of a channel."""
    (channel,) = need(args, "channel_id")
    place = places.known(sim, channel)
    return {"bookmarks": [row for row in sim.workspace.bookmarks if row["channel_id"] == place.id]}
