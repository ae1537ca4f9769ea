"""What becomes of an answer: queued at once, drawn and sent on other threads, never lost without a word in the log."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.answers import cards, say, views
from bot.answers.addresses import Addresses
from bot.answers.drawing import Drawing
from bot.answers.hashes import Hashes
from bot.answers.lines import Job, Lines
from bot.answers.pace import Pace
from bot.answers.shown import Shown
from bot.answers.tools import CARDS, TRIGGERS, WEB, Tools
from bot.answers.turns import Turns
from bot.answers.wire import Wire
from bot.in_hand import InHand
from handlers.answer import Answer, OpenView, Reply, Say, ShowCard, ShowHome, UpdateView
from storage.engine import Store

log = structlog.get_logger()


class Carrier:
    """Carries out answers; implements ``handlers.answer.Answers``.

    Three sets of threads share one set of connections: cards go over ``response_url``; what holds a trigger never waits
    behind them; the rest of the Web API, which may be slow or limited, never keeps either of them waiting.
    """

    def __init__(
        self,
        store: Store,
        wire: Wire,
        drawing: Drawing,
        *,
        clock: Callable[[], datetime],
        nudge: Callable[[], None],
        pace: Pace | None = None,
        in_hand: InHand | None = None,
    ) -> None:
        pace = pace or Pace()
        threads = {CARDS: pace.card_threads, TRIGGERS: pace.trigger_threads, WEB: pace.web_threads}
        lines = Lines(threads)
        shown = Shown(store, clock, self._write_later)
        turns = Turns(pace.drawn_at_once, pace.gives_way, in_hand or InHand())
        self._tools = Tools(store, wire, drawing, lines, Addresses(pace), Hashes(), shown, pace, clock, nudge, turns)

    def submit(self, answer: Answer, reply: Reply) -> None:
        """Take an answer on; returns at once."""
        tools = self._tools
        if reply.response_url:
            message = (reply.channel, reply.ts) if reply.channel and reply.ts else None
            tools.addresses.add(reply.response_url, message)
        match answer:
            case ShowCard():
                cards.submit(tools, answer, reply)
            case Say():
                say.submit(tools, answer, reply)
            case OpenView():
                views.open_view(tools, answer, reply)
            case UpdateView():
                views.update_view(tools, answer, reply)
            case ShowHome():
                views.show_home(tools, answer, reply)
            case _:
                log.error("not an answer to carry out", kind=type(answer).__name__)

    def view(self, template: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Draw a modal now: for an acknowledgement that carries it."""
        with self._tools.store.read() as session:
            return self._tools.drawing.draw_view(session, template, context)

    def nudge_sender(self) -> None:
        """There may be something new in the outbox."""
        self._tools.nudge()

    @property
    def in_flight(self) -> int:
        """How many messages and views are being drawn or sent, or will be tried again."""
        return self._tools.lines.count

    def close(self, seconds: float = 10.0) -> bool:
        """Finish what is under way, for at most ``seconds``; whether all of it was finished."""
        done = self._tools.lines.close(seconds)
        self._tools.shown.write()
        self._tools.wire.close()
        return done

    def _write_later(self, write: Callable[[], None]) -> None:
        self._tools.lines.put_later(self._tools.pace.write_down, "shown", Job(WEB, write))
