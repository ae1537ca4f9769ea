"""What every click needs, once: parse, one transaction, commit, acknowledge, answer.

A handler is ``(session, click) -> answers``. It runs inside the transaction and may run twice where the database asks
for that, so it has no effect outside its session. Only after the commit is the click acknowledged: an acknowledged click
is never lost, and an exception means no acknowledgement, so that Slack tells the person that it did not work.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack, App
from sqlmodel import Session

from handlers.answer import Answer, Answers, Errors, Reply, Say
from storage.engine import Store
from workflow.errors import RefusedError

log = structlog.get_logger()


@dataclass(frozen=True)
class Click:
    """One interaction, as far as it can be trusted: ids to look up, never facts.

    ``action`` is the action or callback id; ``value`` what was chosen; ``state`` a modal's fields as ``{block_id: text}``
    (lists of texts where several can be chosen); ``data`` a modal's private metadata; ``text`` a slash command's words.
    """

    user_id: str
    now: datetime
    us: int
    action: str
    value: str = ""
    text: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    reply: Reply = field(default_factory=lambda: Reply(""))


Handler = Callable[[Session, Click], Answer | Iterable[Answer] | None]


@dataclass(frozen=True)
class Desk:
    """Registers handlers with Bolt, each in the same wrapper."""

    app: App
    store: Store
    answers: Answers
    clock: Callable[[], datetime]

    def action(self, name: str | re.Pattern[str], handler: Handler) -> None:
        """A button or a select, in a message, a modal or Home."""
        self.app.action(name)(self._listener(handler, _click))

    def submission(self, callback_id: str, handler: Handler) -> None:
        """A modal that is sent."""
        self.app.view(callback_id)(self._listener(handler, _submission))

    def command(self, name: str, handler: Handler) -> None:
        """A slash command."""
        self.app.command(name)(self._listener(handler, _command))

    def event(
        self, name: str, handler: Callable[[Session, Mapping[str, Any], datetime], Iterable[Answer] | None]
    ) -> None:
        """An event; its answers go to the user that the event names."""

        def listen(event: dict[str, Any]) -> None:
            now = self.clock()
            answers = self.store.transact(lambda session: handler(session, event, now))
            user = event.get("user")
            for answer in answers or ():
                self.answers.submit(answer, Reply(user["id"] if isinstance(user, dict) else str(user)))
            self.answers.nudge_sender()

        self.app.event(name)(listen)

    def _listener(self, handler: Handler, parse: Callable[[dict[str, Any], datetime], Click]) -> Callable[..., None]:
        def listen(body: dict[str, Any], ack: Ack) -> None:
            click = parse(body, self.clock())
            answers = self._work(handler, click)
            errors = [answer for answer in answers if isinstance(answer, Errors)]
            if errors:
                ack(response_action="errors", errors=dict(errors[0].by_block))
            else:
                ack()
            for answer in answers:
                if not isinstance(answer, Errors):
                    self.answers.submit(answer, click.reply)
            self.answers.nudge_sender()

        return listen

    def _work(self, handler: Handler, click: Click) -> list[Answer]:
        try:
            answers = self.store.transact(lambda session: _listed(handler(session, click)))
        except RefusedError as refused:
            log.info("refused", action=click.action, user=click.user_id, kind=type(refused).__name__)
            return [Say("refused", {"message": str(refused)})]
        return answers


def _listed(answers: Answer | Iterable[Answer] | None) -> list[Answer]:
    if answers is None:
        return []
    return list(answers) if isinstance(answers, Iterable) else [answers]


def _click(body: dict[str, Any], now: datetime) -> Click:
    action = body["actions"][0]
    container = body.get("container", {})
    view = body.get("view") or {}
    us = microseconds(action.get("action_ts", "0"))
    reply = Reply(
        user_id=body["user"]["id"],
        us=us,
        channel=container.get("channel_id"),
        ts=container.get("message_ts"),
        response_url=body.get("response_url"),
        trigger_id=body.get("trigger_id"),
        view_id=view.get("id") if view.get("type") == "modal" else None,
        in_modal=view.get("type") == "modal",
        ephemeral=bool(container.get("is_ephemeral")),
    )
    return Click(
        user_id=reply.user_id,
        now=now,
        us=us,
        action=action["action_id"],
        value=_chosen(action) or "",
        state=_state(view.get("state") or body.get("state") or {}),
        data=view.get("private_metadata", ""),
        reply=reply,
    )


def _submission(body: dict[str, Any], now: datetime) -> Click:
    view = body["view"]
    reply = Reply(user_id=body["user"]["id"], trigger_id=body.get("trigger_id"), view_id=view["id"])
    return Click(
        user_id=reply.user_id,
        now=now,
        us=int(now.timestamp() * 1_000_000),
        action=view["callback_id"],
        state=_state(view.get("state") or {}),
        data=view.get("private_metadata", ""),
        reply=reply,
    )


def _command(body: dict[str, Any], now: datetime) -> Click:
    reply = Reply(
        user_id=body["user_id"],
        channel=body.get("channel_id"),
        response_url=body.get("response_url"),
        trigger_id=body.get("trigger_id"),
    )
    return Click(
        user_id=reply.user_id,
        now=now,
        us=int(now.timestamp() * 1_000_000),
        action=body["command"],
        text=body.get("text", ""),
        reply=replace(reply, us=int(now.timestamp() * 1_000_000)),
    )


def _state(state: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for block_id, actions in (state.get("values") or {}).items():
        for element in actions.values():
            values[block_id] = _chosen(element)
    return values


def _chosen(element: Mapping[str, Any]) -> Any:
    """What a person chose or typed in an element, whatever its kind."""
    for single in ("selected_option",):
        if element.get(single):
            return element[single]["value"]
    if "selected_options" in element:
        return [option["value"] for option in element["selected_options"] or ()]
    for plain in ("value", "selected_user", "selected_users", "selected_conversation", "selected_channel"):
        if element.get(plain) is not None:
            return element[plain]
    return None


def microseconds(ts: str) -> int:
    """Slack's ``seconds.micros`` as a whole number of microseconds; 0 for what is not a time."""
    seconds, _, micros = ts.partition(".")
    if not (seconds.isdigit() and (micros.isdigit() or not micros)):
        return 0
    return int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6] or 0)
