"""conversations.*: which there are, who is in them, what was said."""

from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from typing import Any

from sandbox import conversing, shapes
from sandbox.api import places
from sandbox.api.registry import SlackError, flag, method, need, need_scope, page, whole
from sandbox.simulator import Simulator
from sandbox.things import Channel, Message

Json = dict[str, Any]


@method("conversations.open", scope="im:write", tier=3)
def open_conversation(sim: Simulator, args: Json) -> Json:
    """The direct message with one person."""
    if args.get("channel"):
        return {"channel": {"id": places.known(sim, args["channel"]).id}}
    users = args.get("users")
    names = users if isinstance(users, list) else [name for name in str(users or "").split(",") if name]
    if not names:
        raise SlackError("users_list_not_supplied")
    if len(names) > 1:
        raise SlackError("invalid_arguments", "[ERROR] the sandbox opens no group messages")
    person = sim.workspace.users.get(str(names[0]).strip())
    if person is None:
        raise SlackError("user_not_found")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    if person.deleted:
        raise SlackError("user_disabled")
    place = sim.workspace.dm(sim.workspace.bot.user_id, person.id)
    shown = shapes.channel(sim.workspace, place) if flag(args, "return_im") else {"id": place.id}
    return {"channel": shown, "no_op": True, "already_open": True}


@method("conversations.info", tier=3, form_only=True)
def info(sim: Simulator, args: Json) -> Json:
    """One conversation."""
    need(args, "channel")
    place = places.known(sim, args["channel"])
    need_scope(sim, places.scope_for(place, "read"))
    return {"channel": shapes.channel(sim.workspace, place)}


@method("conversations.list", tier=2)
def list_conversations(sim: Simulator, args: Json) -> Json:
    """The conversations of some types, by pages."""
    types = str(args.get("types") or "public_channel").split(",")
    needed = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}
    for kind in types:
        if kind.strip() not in needed:
            raise SlackError("invalid_types")
        need_scope(sim, needed[kind.strip()])
    bot = sim.workspace.bot.user_id
    rows = [
        place
        for place in sim.workspace.channels.values()
        if _type(place) in {kind.strip() for kind in types}
        and (_type(place) == "public_channel" or bot in place.members)
        and not (flag(args, "exclude_archived") and place.is_archived)
    ]
    shown, following = page(rows, args, 100, 1000)
    channels = [shapes.channel(sim.workspace, place) for place in shown]
    return {"channels": channels, "response_metadata": {"next_cursor": following}}


def _type(place: Channel) -> str:
    if place.kind == "im":
        return "im"
    return "private_channel" if place.is_private else "public_channel"


@method("conversations.members", tier=4)
def members(sim: Simulator, args: Json) -> Json:
    """Who is in a conversation, by pages."""
    need(args, "channel")
    place = places.known(sim, args["channel"])
    need_scope(sim, places.scope_for(place, "read"))
    shown, following = page(place.members, args, 100, 1000)
    return {"members": shown, "response_metadata": {"next_cursor": following}}


@method("conversations.join", scope="channels:join", tier=3)
def join(sim: Simulator, args: Json) -> Json:
    """The bot joins a public channel."""
    need(args, "channel")
    place = places.known(sim, args["channel"])
    if place.kind == "im" or place.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if place.is_archived:
        raise SlackError("is_archived")
    bot = sim.workspace.bot.user_id
    already = bot in place.members
    conversing.join(sim, place, bot)
    out: Json = {"channel": shapes.channel(sim.workspace, place)}
    return out | ({"warning": "already_in_channel"} if already else {})


@method("conversations.history", tier=3)
def history(sim: Simulator, args: Json) -> Json:
    """What was said in a conversation, newest first, threads left out."""
    need(args, "channel")
    place = places.joined(sim, args["channel"])
    need_scope(sim, places.scope_for(place, "history"))
    listed = _between(sim.workspace.order.get(place.id, []), args)
    if args.get("cursor"):
        listed = listed[: bisect_right(listed, _read_cursor(str(args["cursor"])))]
    limit = whole(args, "limit", 100, 999)
    shown = listed[-limit:]
    rows = [sim.workspace.messages[place.id][ts] for ts in reversed(shown)]
    following = _cursor(listed[-limit - 1]) if len(listed) > limit else ""
    return _said(sim, rows, args, following)


@method("conversations.replies", tier=3)
def replies(sim: Simulator, args: Json) -> Json:
    """A thread: its first message, then the replies, oldest first."""
    need(args, "channel", "ts")
    place = places.joined(sim, args["channel"])
    need_scope(sim, places.scope_for(place, "history"))
    found = sim.workspace.find_message(place.id, str(args["ts"]))
    if found is None:
        raise SlackError("thread_not_found")
    root = sim.workspace.find_message(place.id, found.thread_ts or found.ts) or found
    inside = _between(sim.workspace.threads.get((place.id, root.ts), []), args)
    shown, following = page([root.ts, *inside], args, 100, 999)
    rows = [sim.workspace.messages[place.id][ts] for ts in shown]
    return _said(sim, rows, args, following)


def _between(listed: list[str], args: Json) -> list[str]:
    """The timestamps from ``oldest`` to ``latest``."""
    inclusive = flag(args, "inclusive")
    low = bisect_left if inclusive else bisect_right
    high = bisect_right if inclusive else bisect_left
    start = low(listed, _ts(args, "oldest")) if args.get("oldest") else 0
    end = high(listed, _ts(args, "latest")) if args.get("latest") not in (None, "", "now") else len(listed)
    return listed[start:end]


def _ts(args: Json, name: str) -> str:
    """A bound as timestamps are written, so that they compare as text."""
    try:
        return f"{float(args[name]):.6f}"
    except (TypeError, ValueError):
        raise SlackError(f"invalid_ts_{name}") from None


def _cursor(ts: str) -> str:
    return b64encode(f"next_ts:{ts}".encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        kind, _, ts = b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:
        kind, ts = "", ""
    if kind != "next_ts":
        raise SlackError("invalid_cursor")
    return ts


def _said(sim: Simulator, rows: list[Message], args: Json, following: str) -> Json:
    metadata = flag(args, "include_all_metadata")
    out: Json = {
        "messages": [shapes.message(sim.workspace, message, metadata=metadata) for message in rows],
        "has_more": bool(following),
        "pin_count": sum(message.pinned for message in rows),
    }
    return out | ({"response_metadata": {"next_cursor": following}} if following else {})
