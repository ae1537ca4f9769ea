"""How many clicks are in hand: brought by Slack and not acknowledged yet. Whatever is less pressing lets them go first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class InHand:
    """Counts what is in hand, for the door that takes clicks in and for those who wait for a lull."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """So many now."""
        return self._count

    def begin(self) -> None:
        """One more has come."""
        with self._changed:
            self._count += 1

    def end(self) -> None:
        """One is acknowledged, or never will be."""
        with self._changed:
            self._count -= 1
            if self._count == 0:
                self._changed.notify_all()

    @contextmanager
    def one(self) -> Iterator[None]:
        """One is in hand meanwhile."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def wait_for_none(self, seconds: float) -> bool:
        """Wait until nothing is in hand, for so long at most; whether that came."""
        if self._count == 0:
            return True
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
