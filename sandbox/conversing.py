"""What becomes of channels: who comes and goes, new names, archives; the app is told as Slack tells it."""

from typing import Any

from sandbox import delivery, ids
from sandbox.simulator import Simulator
from sandbox.things import Channel

Json = dict[str, Any]


def join(sim: Simulator, place: Channel, user_id: str, inviter: str | None = None) -> None:
    """Somebody, or the bot, comes into a channel: ``member_joined_channel``, the bot's own coming included."""
    if user_id in place.members:
        return
    place.members.append(user_id)
    sim.workspace.save_channel(place)
    sim.live.tell_all("channels", channel=place.id)
    event = {"type": "member_joined_channel", "user": user_id, **_where(sim, place)}
    _tell(sim, place, event | ({"inviter": inviter} if inviter else {}))


def leave(sim: Simulator, place: Channel, user_id: str) -> None:
    """Somebody leaves (``member_left_channel``), or the bot is taken out (``channel_left``, ``group_left``)."""
    if user_id not in place.members:
        return
    if sim.workspace.is_bot(user_id):
        event: Json = {"type": "group_left" if place.is_private else "channel_left", "channel": place.id}
        _tell(sim, place, event | {"actor_id": user_id})
    else:
        _tell(sim, place, {"type": "member_left_channel", "user": user_id, **_where(sim, place)})
    place.members.remove(user_id)
    sim.workspace.save_channel(place)
    sim.live.tell_all("channels", channel=place.id)


def archive(sim: Simulator, place: Channel, user_id: str, *, archived: bool) -> None:
    """A channel is closed for good, or opened again: ``channel_archive``, ``group_unarchive`` and their kin."""
    if place.is_archived == archived:
        return
    place.is_archived = archived
    sim.workspace.save_channel(place)
    sim.live.tell_all("channels", channel=place.id)
    name = f"{_kind(place)}_{'archive' if archived else 'unarchive'}"
    _tell(sim, place, {"type": name, "channel": place.id, "user": user_id})


def rename(sim: Simulator, place: Channel, name: str) -> None:
    """A channel gets another name: ``channel_rename`` or ``group_rename``."""
    place.name = name
    sim.workspace.save_channel(place)
    sim.live.tell_all("channels", channel=place.id)
    shown = {"id": place.id, "name": name, "created": place.created}
    _tell(sim, place, {"type": f"{_kind(place)}_rename", "channel": shown})


def change_id(sim: Simulator, place: Channel) -> str:
    """A private channel gets another id, as when it is shared with another organisation; what was said moves along."""
    old, new = place.id, ids.fresh("C")
    sim.workspace.rename_channel(place, new)
    sim.live.tell_all("channels")
    _tell(sim, place, {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new})
    return new


def _kind(place: Channel) -> str:
    return "group" if place.is_private else "channel"


def _where(sim: Simulator, place: Channel) -> Json:
    return {"channel": place.id, "channel_type": "G" if place.is_private else "C", "team": sim.workspace.team["id"]}


def _tell(sim: Simulator, place: Channel, event: Json) -> None:
    """Only what happens where the bot is reaches the app."""
    if sim.workspace.bot.user_id in place.members:
        delivery.tell(sim, event)
