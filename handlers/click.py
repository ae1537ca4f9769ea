"""What a person did, read from Slack's payload as far as it can be trusted: ids to look up, never facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from handlers.answer import Reply
from workflow.errors import RefusedError

Json = Mapping[str, Any]
LARGEST_ID = 2**63 - 1
MESSAGES_IN = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


@dataclass(frozen=True)
class Click:
    """One interaction.

    ``key`` is the same when the same interaction comes a second time, and of no other of this person's.
    ``action`` is the action or callback id; ``value`` what was chosen; ``state`` a modal's fields as ``{block_id: text}``
    (lists of texts where several can be chosen); ``data`` a modal's private metadata; ``text`` a slash command's words.
    """

    user_id: str
    now: datetime
    us: int
    action: str
    key: str = ""
    value: str = ""
    text: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    reply: Reply = field(default_factory=lambda: Reply(""))

    @property
    def subject_id(self) -> int:
        """The id that ``value`` is. Raises RefusedError where it is none."""
        return as_id(self.value)

    def about(self, subject_id: int) -> "Click":
        """The same click, with another subject as its value."""
        return replace(self, value=str(subject_id))


def as_id(text: str) -> int:
    """A row's id from a payload. Raises RefusedError for what cannot be one."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    if not 0 < number <= LARGEST_ID:
        raise RefusedError("This does not belong to anything that Concord knows. Nothing was changed.")
    return number


def of_action(body: Json, now: datetime) -> Click:
    """A button or a select that was used: in a message, an ephemeral one (which has no ``message``), a modal or Home."""
    action = body["actions"][0]
    container = body.get("container") or {}
    view = body.get("view") or {}
    modal, home = view.get("type") == "modal", view.get("type") == "home"
    us = microseconds(str(action.get("action_ts", "")))
    reply = Reply(
        user_id=body["user"]["id"],
        us=us,
        channel=container.get("channel_id") or (body.get("channel") or {}).get("id"),
        ts=container.get("message_ts"),
        response_url=body.get("response_url"),
        trigger_id=body.get("trigger_id"),
        view_id=view.get("id") if modal else None,
        view_hash=view.get("hash") if modal else None,
        home_hash=view.get("hash") if home else None,
        in_modal=modal,
        ephemeral=bool(container.get("is_ephemeral")),
    )
    chosen = _chosen(action)
    return Click(
        user_id=reply.user_id,
        now=now,
        us=us,
        action=action["action_id"],
        key=str(us or ""),
        value=chosen if isinstance(chosen, str) else "",
        state=_state(view.get("state") or body.get("state") or {}),
        data=view.get("private_metadata") or "",
        reply=reply,
    )


def of_submission(body: Json, now: datetime) -> Click:
    """A modal that was sent. Its trigger opens a new modal; the sent one is gone, unless the acknowledgement keeps it."""
    view = body["view"]
    us = round(now.timestamp() * 1_000_000)
    return Click(
        user_id=body["user"]["id"],
        now=now,
        us=us,
        action=view["callback_id"],
        key=view["id"],
        state=_state(view.get("state") or {}),
        data=view.get("private_metadata") or "",
        reply=Reply(user_id=body["user"]["id"], us=us, trigger_id=body.get("trigger_id"), view_id=view["id"]),
    )


def of_command(body: Json, now: datetime) -> Click:
    """A slash command."""
    us = round(now.timestamp() * 1_000_000)
    reply = Reply(
        user_id=body["user_id"],
        us=us,
        channel=body.get("channel_id"),
        response_url=body.get("response_url"),
        trigger_id=body.get("trigger_id"),
    )
    key, text = clean(body.get("trigger_id") or ""), clean(body.get("text") or "")
    return Click(reply.user_id, now, us, body["command"], key, text=text, reply=reply)


def of_event(event: Json) -> Reply | None:
    """Where the answers to an event go: to the user whom it names, if it names one."""
    user = event.get("user")
    user_id = user.get("id") if isinstance(user, Mapping) else user
    if not isinstance(user_id, str):
        return None
    view = event.get("view") or {}
    return Reply(user_id=user_id, home_hash=view.get("hash") if view.get("type") == "home" else None)


def subscription(event: Json) -> str:
    """What an app subscribes to in order to hear of an event: of messages it depends on where they are written."""
    if event["type"] != "message":
        return str(event["type"])
    return MESSAGES_IN.get(str(event.get("channel_type")), "message")


def first_input(body: Json) -> str | None:
    """The first block of a sent modal that an error can be shown at."""
    blocks = body["view"].get("blocks") or ()
    return next((block["block_id"] for block in blocks if block.get("type") == "input"), None)


def clean(text: str) -> str:
    """Without what a database cannot keep: NUL, and halves of surrogate pairs (shown as U+FFFD)."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def microseconds(ts: str) -> int:
    """Slack's ``seconds.micros`` as a whole number of microseconds; 0 for what is not a time."""
    seconds, _, micros = ts.partition(".")
    if not (ts.isascii() and seconds.isdecimal() and (micros.isdecimal() or not micros)) or len(seconds) > 12:
        return 0
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6])


def _state(state: Json) -> dict[str, Any]:
    return {
        block_id: _chosen(element)
        for block_id, elements in (state.get("values") or {}).items()
        for element in elements.values()
    }


def _chosen(element: Json) -> Any:
    """What a person chose or typed in an element, whatever its kind; None for nothing."""
    option = element.get("selected_option")
    if option:
        return clean(option["value"])
    if "selected_options" in element:
        return [clean(option["value"]) for option in element["selected_options"] or ()]
    for name, value in element.items():
        if value is not None and (name == "value" or name.startswith("selected_")):
            return [clean(one) for one in value] if isinstance(value, list) else clean(str(value))
    return None
