"""Which ``response_url`` to use for a message, and whether it still has a use left."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from bot.answers.pace import Pace

Message = tuple[str, str]
MOST = 20_000


@dataclass
class _Address:
    left: int
    until: float


class Addresses:
    """The addresses that clicks brought. Any click on a message may replace it, but only answer its own person.

    An address is a secret: it is never logged.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Address] = OrderedDict()
        self._newest: OrderedDict[Message, str] = OrderedDict()

    def add(self, url: str, message: Message | None) -> None:
        """Remember a click's address; ``message`` is (channel, ts) where it can replace one."""
        with self._lock:
            if url not in self._known:
                self._known[url] = _Address(self._pace.url_uses, time.monotonic() + self._pace.url_life)
            if message is not None:
                self._newest[message] = url
                self._newest.move_to_end(message)
            for kept in (self._known, self._newest):
                while len(kept) > MOST:
                    kept.popitem(last=False)

    def for_message(self, message: Message) -> str | None:
        """Take one use of the newest address of a message; None where there is none left."""
        with self._lock:
            url = self._newest.get(message)
            return url if url is not None and self._take(url) else None

    def take(self, url: str) -> bool:
        """Take one use of an address; False where it has none left."""
        with self._lock:
            return self._take(url)

    def give_back(self, url: str) -> None:
        """The use that was taken did not happen."""
        with self._lock:
            if url in self._known:
                self._known[url].left += 1

    def dead(self, url: str) -> None:
        """Slack will not take this address any more."""
        with self._lock:
            if url in self._known:
                self._known[url].left = 0

    def _take(self, url: str) -> bool:
        known = self._known.get(url)
        if known is None or known.left <= 0 or known.until <= time.monotonic():
            return False
        known.left -= 1
        return True
