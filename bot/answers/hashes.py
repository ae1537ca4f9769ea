"""The hash of every view as Slack last told it, so that nothing newer is written over."""

import threading
from collections import OrderedDict

MOST = 20_000


class Hashes:
    """By view id; for Home by user id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, str] = OrderedDict()

    def learn(self, view: str, told: str | None) -> None:
        """Slack told this hash. An older one that comes late (in a click made before) does not replace it."""
        with self._lock:
            if told is None or _moment(told) < _moment(self._known.get(view, "")):
                return
            self._known[view] = told
            self._known.move_to_end(view)
            while len(self._known) > MOST:
                self._known.popitem(last=False)

    def forget(self, view: str) -> None:
        """What was known is not true any more."""
        with self._lock:
            self._known.pop(view, None)

    def get(self, view: str) -> str | None:
        """The hash to send, if there is one."""
        with self._lock:
            return self._known.get(view)


def _moment(told: str) -> float:
    # Slack's hashes begin with the moment of their view; one that does not is taken as it comes.
    try:
        return float(told.partition(".")[0])
    except ValueError:
        return float("inf") if told else 0.0
