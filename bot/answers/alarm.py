"""Calling something later without keeping a thread for each wait."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Alarm:
    """One thread that calls back at the right moment. What it calls returns at once."""

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._closed = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def call(self, seconds: float, back: Callable[[], None]) -> None:
        """Call ``back`` in ``seconds``."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), back))
            self._changed.notify()

    def close(self) -> None:
        """Forget what is not due yet."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while (back := self._next()) is not None:
            try:
                back()
            except Exception:
                log.exception("alarm failed")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None
