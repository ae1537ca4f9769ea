"""What every click needs, once: parse, one transaction, commit, acknowledge, answer.

A handler is ``(session, click) -> answers``. It runs inside the transaction and may run twice where the database asks
for that, so it has no effect outside its session. Only after the commit is the click acknowledged: an acknowledged click
is never lost, and an exception means no acknowledgement, so that Slack tells the person that it did not work.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack, App
from sqlmodel import Session

from handlers import click as clicks
from handlers.answer import Answer, Answers, Errors, OpenView, Reply, Say, UpdateView
from handlers.click import Click
from storage.engine import Store
from workflow import drops, outbox, waiting
from workflow.errors import RefusedError

__all__ = ["Click", "Desk", "EventHandler", "Handler"]

log = structlog.get_logger()

Handler = Callable[[Session, Click], Answer | Iterable[Answer] | None]
EventHandler = Callable[[Session, Mapping[str, Any], datetime], Answer | Iterable[Answer] | None]
ANY = re.compile("")


@dataclass(frozen=True)
class Desk:
    """Takes every interaction from Bolt and gives it to its handler, each in the same wrapper.

    Bolt sees one listener of each sort: it asks its listeners one after the other, and sixty cost half a millisecond of
    every click.
    """

    app: App
    store: Store
    answers: Answers
    clock: Callable[[], datetime]
    nudge_drops: Callable[[], None] = lambda: None
    nudge_clock: Callable[[], None] = lambda: None
    _actions: dict[str, Handler] = field(default_factory=dict)
    _patterns: list[tuple[re.Pattern[str], Handler]] = field(default_factory=list)
    _submissions: dict[str, Handler] = field(default_factory=dict)
    _commands: dict[str, Handler] = field(default_factory=dict)
    _events: dict[str, EventHandler] = field(default_factory=dict)
    _wanted: dict[str, Callable[[Mapping[str, Any]], bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app.action(ANY)(self._on_action)
        self.app.view(ANY)(self._on_submission)
        self.app.command(ANY)(self._on_command)
        self.app.event(ANY)(self._on_event)

    def action(self, name: str | re.Pattern[str], handler: Handler) -> None:
        """A button or a select, in a message, a modal or Home; a pattern is for the whole action id."""
        if isinstance(name, str):
            _once(self._actions, name, handler)
        else:
            self._patterns.append((name, handler))

    def submission(self, callback_id: str, handler: Handler) -> None:
        """A modal that is sent. What the handler answers decides what becomes of the modal:

        ``Errors`` keeps it and shows them, ``UpdateView`` puts another in its place, ``OpenView`` puts one on top of it;
        otherwise it closes. A refusal is shown in it. The other answers are carried out afterwards, as ever.
        """
        _once(self._submissions, callback_id, handler)

    def command(self, name: str, handler: Handler) -> None:
        """A slash command."""
        _once(self._commands, name, handler)

    def event(
        self, name: str, handler: EventHandler, *, wanted: Callable[[Mapping[str, Any]], bool] | None = None
    ) -> None:
        """An event; its answers go to the user that the event names. Acknowledged after the commit, else it comes again.

        The name is that of the subscription. What is not ``wanted`` is acknowledged without a look into the store.
        """
        _once(self._events, name, handler)
        if wanted is not None:
            self._wanted[name] = wanted

    def _on_action(self, body: dict[str, Any], ack: Ack) -> None:
        click = clicks.of_action(body, self.clock())
        handler = self._actions.get(click.action) or self._matching(click.action)
        if handler is None:
            # A link button, or a button of an older version of Concord.
            log.debug("no handler", action=click.action)
            ack()
            return
        answers = self._work(handler, click, _refusal)
        ack()
        self._answer([_spoken(answer) for answer in answers], click.reply)

    def _on_submission(self, body: dict[str, Any], ack: Ack) -> None:
        click = clicks.of_submission(body, self.clock())
        handler = self._submissions.get(click.action)
        if handler is None:
            log.warning("no handler", view=click.action)
            ack()
            return
        answers = self._work(handler, click, lambda refused: _refusal_in_modal(body, refused))
        shaping = next((answer for answer in answers if isinstance(answer, Errors | UpdateView | OpenView)), None)
        ack(**self._modal_response(shaping))
        self._answer([answer for answer in answers if answer is not shaping], click.reply)

    def _on_command(self, body: dict[str, Any], ack: Ack) -> None:
        click = clicks.of_command(body, self.clock())
        handler = self._commands.get(click.action)
        if handler is None:
            log.warning("no handler", command=click.action)
            ack()
            return
        answers = self._work(handler, click, _refusal)
        ack()
        self._answer([_spoken(answer) for answer in answers], click.reply)

    def _on_event(self, event: dict[str, Any], ack: Ack) -> None:
        name = clicks.subscription(event)
        handler, wanted = self._events.get(name), self._wanted.get(name)
        if handler is not None and (wanted is None or wanted(event)):
            now = self.clock()
            try:
                answers = self._commit(lambda session: handler(session, event, now))
            except RefusedError as refused:
                log.info("refused", event_type=event["type"], kind=type(refused).__name__)
                answers = []
            ack()
            reply = clicks.of_event(event)
            self._answer(answers if reply else [], reply or Reply(""))
        else:
            ack()

    def _matching(self, action: str) -> Handler | None:
        return next((handler for pattern, handler in self._patterns if pattern.fullmatch(action)), None)

    def _work(self, handler: Handler, click: Click, refuse: Callable[[RefusedError], Answer]) -> list[Answer]:
        try:
            return self._commit(lambda session: handler(session, click))
        except RefusedError as refused:
            log.info("refused", action=click.action, user=click.user_id, kind=type(refused).__name__)
            return [refuse(refused)]

    def _commit(self, work: Callable[[Session], Answer | Iterable[Answer] | None]) -> list[Answer]:
        """One transaction; afterwards the sender looks, and the clock, where there is something for them."""

        def whole(session: Session) -> tuple[list[Answer], bool, bool, bool]:
            answers = _listed(work(session))
            return answers, outbox.said(session), drops.waits(session), waiting.waits(session)

        answers, said, dropped, guideline = self.store.transact(whole)
        if said:
            self.answers.nudge_sender()
        if dropped:
            self.nudge_drops()
        if guideline:
            self.nudge_clock()
        return answers

    def _modal_response(self, shaping: Errors | UpdateView | OpenView | None) -> dict[str, Any]:
        match shaping:
            case Errors(by_block):
                return {"response_action": "errors", "errors": dict(by_block)}
            case UpdateView(template, context) | OpenView(template, context):
                action = "update" if isinstance(shaping, UpdateView) else "push"
                try:
                    return {"response_action": action, "view": dict(self.answers.view(template, context))}
                except Exception:
                    # What was asked for is done and committed: it is acknowledged whatever the picture.
                    log.exception("view not drawn", template=template)
        return {}

    def _answer(self, answers: Iterable[Answer], reply: Reply) -> None:
        for answer in answers:
            self.answers.submit(answer, reply)


def _once(handlers: dict[str, Any], name: str, handler: Any) -> None:
    if name in handlers:
        raise ValueError(f"{name!r} has two handlers")
    handlers[name] = handler


def _listed(answers: Answer | Iterable[Answer] | None) -> list[Answer]:
    if answers is None:
        return []
    return list(answers) if isinstance(answers, Iterable) else [answers]


def _refusal(refused: RefusedError) -> Answer:
    return Say("refused", {"message": str(refused)})


def _refusal_in_modal(body: Mapping[str, Any], refused: RefusedError) -> Answer:
    block_id = clicks.first_input(body)
    if block_id is None:
        return UpdateView("refused", {"message": str(refused)})
    return Errors({block_id: str(refused)})


def _spoken(answer: Answer) -> Answer:
    """Errors belong to a modal that is sent; to any other click they are said."""
    if isinstance(answer, Errors):
        return Say("refused", {"message": "\n".join(answer.by_block.values())})
    return answer
