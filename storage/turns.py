"""Whose turn it is to write into SQLite, in this process: one at a time, and no long writer over and over.

Python's locks go to whoever asks first after a release, which is nearly always who released it: an import that writes one
chunk after the other kept clicks waiting for seconds.
"""

import threading
import time
from types import TracebackType

LONG_SECONDS = 0.005
GIVES_WAY_SECONDS = 0.05
PAUSE_SECONDS = 0.0005


class Turns:
    """A lock that may be taken again by its holder. Who had it for long lets those who wait go first, for a moment."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._count = threading.Lock()
        self._waiting = 0
        self._depth = 0
        self._since = 0.0

    def __enter__(self) -> None:
        with self._count:
            self._waiting += 1
        self._lock.acquire()
        with self._count:
            self._waiting -= 1
        self._depth += 1
        if self._depth == 1:
            self._since = time.monotonic()

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        over = self._depth == 0
        long = over and time.monotonic() - self._since > LONG_SECONDS
        self._lock.release()
        if long and self._waiting:
            self._give_way()

    def _give_way(self) -> None:
        end = time.monotonic() + GIVES_WAY_SECONDS
        while self._waiting and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS)
