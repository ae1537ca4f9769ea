"""What every kind of answer is carried out with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.answers.addresses import Addresses
from bot.answers.drawing import Drawing
from bot.answers.hashes import Hashes
from bot.answers.lines import Lines
from bot.answers.pace import Pace
from bot.answers.shown import Shown
from bot.answers.turns import Turns
from bot.answers.wire import Wire
from bot.slack.errors import Remedy, Trouble
from storage.engine import Store

CARDS, TRIGGERS, WEB = "cards", "triggers", "web"
# The click was brought twice, or a call of unknown outcome had its effect: what was to open is open.
TRIGGER_USED = {"exchanged_trigger_id", "trigger_exchanged"}


@dataclass(frozen=True)
class Tools:
    """One set for a running bot. ``nudge`` tells the sender that there is something in the outbox."""

    store: Store
    wire: Wire
    drawing: Drawing
    lines: Lines
    addresses: Addresses
    hashes: Hashes
    shown: Shown
    pace: Pace
    clock: Callable[[], datetime]
    nudge: Callable[[], None]
    turns: Turns

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for drawing, once it is our turn."""
        with self.turns.one(), self.store.read() as session:
            yield session

    @contextmanager
    def read_at_once(self) -> Iterator[Session]:
        """A session for drawing what a trigger opens: that lives for three seconds, so it waits for no turn."""
        with self.store.read() as session:
            yield session

    def outbox(self, write: Callable[[Session, datetime], None]) -> None:
        """Hand something over to the sender, in a transaction of its own."""
        now = self.clock()
        self.store.transact(lambda session: write(session, now))
        self.nudge()

    def wait(self, trouble: Trouble, attempt: int) -> float | None:
        """Seconds until a call that may be repeated is tried again; None when it has been tried enough.

        A wait that Slack asks for does not count, unless it is so long that somebody would think us dead.
        """
        if trouble.remedy is Remedy.WAIT:
            seconds = trouble.retry_after if trouble.retry_after is not None else 1.0
            return seconds if seconds <= self.pace.longest_wait else None
        if trouble.remedy in (Remedy.AGAIN, Remedy.LOOK) and attempt < len(self.pace.backoff):
            return self.pace.backoff[attempt]
        return None


def counted(trouble: Trouble, attempt: int) -> int:
    """The attempts so far: being told to wait is none."""
    return attempt if trouble.remedy is Remedy.WAIT else attempt + 1
