"""Did a message arrive? Its key is in its metadata, and the channel's history shows that."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from slack_sdk.web.slack_response import SlackResponse

from bot.sender.delivery import Delivery
from bot.sender.job import Job

EVENT = "concord_message"


def metadata(key: str) -> dict[str, Any]:
    """What a message carries. The whole workspace can read it: the key is opaque."""
    return {"event_type": EVENT, "event_payload": {"key": opaque(key)}}


def opaque(key: str) -> str:
    """A row's key as a message shows it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def find(delivery: Delivery, job: Job, place: str) -> str | None:
    """The ts of the row's message among all that came since shortly before the attempt; None where it did not arrive.

    Raises CallFailedError where Slack does not let us look.
    """
    if job.sending_since is None:
        return None
    thread = delivery.thread(job, place)
    since = job.sending_since - timedelta(seconds=delivery.settings.clock_skew)
    arguments: dict[str, Any] = {
        "channel": place,
        "oldest": f"{since.timestamp():.6f}",
        "inclusive": True,
        "include_all_metadata": True,
        "limit": delivery.settings.history_page,
    }
    client = delivery.client
    method = "conversations.history"
    send: Callable[..., SlackResponse] = client.conversations_history
    if thread is not None:
        method, send = "conversations.replies", client.conversations_replies
        arguments["ts"] = thread
    wanted, cursor = opaque(job.key), None
    while True:
        page = delivery.call(job, method, send, cursor=cursor, **arguments)
        for message in page["messages"]:
            if _key(message) == wanted:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None


def _key(message: dict[str, Any]) -> str | None:
    carried = message.get("metadata") or {}
    if carried.get("event_type") != EVENT:
        return None
    key = (carried.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None
