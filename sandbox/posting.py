"""Putting a message into a conversation, changing it, taking it away; telling pages and the app."""

from typing import Any

from sandbox import delivery, ids, shapes
from sandbox.simulator import Simulator
from sandbox.things import Channel, Message

Json = dict[str, Any]


def channel_type(place: Channel) -> str:
    """``im``, ``channel`` or ``group``, as message events say it."""
    if place.kind == "im":
        return "im"
    return "group" if place.is_private else "channel"


def post(sim: Simulator, message: Message) -> Message:
    """Keep a new message and tell whoever should know."""
    sim.workspace.add_message(message)
    place = sim.workspace.channels[message.channel]
    if message.only_for:
        sim.live.tell([message.only_for], "ephemeral", channel=message.channel, ts=message.ts)
        return message
    sim.live.tell(place.members, "message", channel=message.channel, ts=message.ts, thread_ts=message.thread_ts)
    if _hears(sim, message):
        _tell_app(sim, place, message, shapes.message(sim.workspace, message))
    bot = sim.workspace.bot
    if place.kind == "channel" and not message.bot and f"<@{bot.user_id}>" in message.text:
        mention = shapes.message(sim.workspace, message) | {"type": "app_mention", "channel": place.id}
        if bot.user_id in place.members:
            delivery.tell(sim, mention)
    return message


def change(sim: Simulator, message: Message, before: Json | None) -> None:
    """Keep a changed message; ``before`` comes from ``before_change``."""
    sim.workspace.save_message(message)
    place = sim.workspace.channels[message.channel]
    if message.only_for:
        sim.live.tell([message.only_for], "ephemeral", channel=message.channel, ts=message.ts)
        return
    sim.live.tell(place.members, "message", channel=message.channel, ts=message.ts, thread_ts=message.thread_ts)
    if before is not None:
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": shapes.message(sim.workspace, message),
            "previous_message": before,
            "ts": sim.workspace.clock.next(),
        }
        _tell_app(sim, place, message, event)


def before_change(sim: Simulator, message: Message) -> Json | None:
    """What the app saw until now, for ``change``; None when it will not hear of it."""
    return shapes.message(sim.workspace, message) if _hears(sim, message) else None


def remove(sim: Simulator, message: Message) -> None:
    """Take a message away."""
    place = sim.workspace.channels[message.channel]
    before = before_change(sim, message)
    sim.workspace.drop_message(message)
    readers = [message.only_for] if message.only_for else place.members
    sim.live.tell(readers, "message_deleted", channel=message.channel, ts=message.ts, thread_ts=message.thread_ts)
    if before is not None:
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "deleted_ts": message.ts,
            "previous_message": before,
            "ts": sim.workspace.clock.next(),
        }
        _tell_app(sim, place, message, event)


def _hears(sim: Simulator, message: Message) -> bool:
    app = sim.workspace.bot
    place = sim.workspace.channels[message.channel]
    own = message.bot and not app.own_messages
    return not message.only_for and not own and app.user_id in place.members and sim.hears(_subscription(place))


def _subscription(place: Channel) -> str:
    return {"im": "message.im", "channel": "message.channels", "group": "message.groups"}[channel_type(place)]


def _tell_app(sim: Simulator, place: Channel, message: Message, event: Json) -> None:
    if not _hears(sim, message):
        return
    extra = {"channel": place.id, "channel_type": channel_type(place), "event_ts": event["ts"]}
    if event.get("subtype") in {"message_changed", "message_deleted"}:
        extra["hidden"] = True
    delivery.tell(sim, event | extra, _subscription(place))


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with an id for every block and interactive element that came without one, as Slack gives."""
    out = []
    for block in blocks:
        made = {"type": block["type"], "block_id": block.get("block_id") or ids.block_id(), **_rest(block)}
        if made["type"] == "actions":
            made["elements"] = [_with_action_id(element) for element in made["elements"]]
        for name in ("accessory", "element"):
            if isinstance(made.get(name), dict) and made[name].get("type") != "image":
                made[name] = _with_action_id(made[name])
        out.append(made)
    return out


def _rest(block: Json) -> Json:
    return {name: value for name, value in block.items() if name not in {"type", "block_id"}}


def _with_action_id(element: Json) -> Json:
    return element if element.get("action_id") else {**element, "action_id": ids.block_id()}


def fallback(blocks: list[Json]) -> str:
    """The text Slack builds for readers and notifications when a message has blocks only."""
    said: list[str] = []
    for block in blocks:
        _gather(block, said)
    return " ".join(said)[:3000]


def _gather(value: Any, said: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _gather(item, said)
    elif isinstance(value, dict) and value.get("type") not in {"actions", "input"}:
        if isinstance(value.get("text"), str) and value["text"].strip():
            said.append(value["text"])
        for name, item in value.items():
            if isinstance(item, dict | list) and name != "accessory":
                _gather(item, said)
