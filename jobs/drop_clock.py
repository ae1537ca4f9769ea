"""The thread that works on dropped files: it looks every few seconds, and at once when it is told of one."""

import threading

import structlog

from jobs import drops
from jobs.drops import Clerk

log = structlog.get_logger()


class DropClock:
    """Any number of these may run on one database: a file is claimed before it is worked on."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="drops", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def nudge(self) -> None:
        """There may be a new file: look at once. Costs nothing to call."""
        self._wake.set()

    def stop(self, timeout: float = 30.0) -> bool:
        """Interrupt what is under way: an import is undone, and taken up again by the next start. Whether it ended."""
        self._clerk.stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while not self._clerk.stopping.is_set():
            self._wake.clear()
            rest = self._clerk.settings.tick
            try:
                drops.work_off(self._clerk)
                rest = drops.rest(self._clerk)
            except Exception as error:
                # A lease brings back what was in hand.
                log.error("dropped files could not be worked on", error=type(error).__name__)
            self._wake.wait(rest)
