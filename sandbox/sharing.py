"""Files in conversations: shown with a message, told to the app, taken away."""

from typing import Any

from sandbox import delivery, posting
from sandbox.simulator import Simulator
from sandbox.things import File, Message

Json = dict[str, Any]


def share(sim: Simulator, kept: list[File], message: Message) -> Message:
    """Put files into a conversation with this message; the app hears ``file_shared`` of each where it is a member."""
    message.files = [file.id for file in kept]
    message.subtype = "file_share"
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    for file in kept:
        file.shares.append({"channel": message.channel, "ts": message.ts, "user": message.user, **thread})
        sim.workspace.save_file(file)
    posting.post(sim, message)
    place = sim.workspace.channels[message.channel]
    if sim.workspace.bot.user_id in place.members:
        for file in kept:
            event = {"type": "file_shared", "file_id": file.id, "user_id": message.user, "channel_id": place.id}
            delivery.tell(sim, event | {"file": {"id": file.id}})
    return message


def delete(sim: Simulator, kept: File) -> None:
    """The bytes go, the messages show a tombstone, the app hears ``file_deleted`` of what it could see."""
    bot = sim.workspace.bot.user_id
    places = [sim.workspace.channels[share["channel"]] for share in kept.shares]
    kept.deleted = True
    sim.workspace.file_path(kept).unlink(missing_ok=True)
    sim.workspace.save_file(kept)
    for share in kept.shares:
        _redraw(sim, share)
    if any(bot in place.members for place in places):
        delivery.tell(sim, {"type": "file_deleted", "file_id": kept.id, "channel_ids": [place.id for place in places]})


def _redraw(sim: Simulator, share: Json) -> None:
    message = sim.workspace.find_message(share["channel"], share["ts"])
    if message is not None:
        members = sim.workspace.channels[message.channel].members
        sim.live.tell(members, "message", channel=message.channel, ts=message.ts, thread_ts=message.thread_ts)
