"""Which signed requests were taken already: one that comes a second time within its five minutes is somebody else's."""

import threading
from collections import OrderedDict

# A timestamp may be five minutes off either way, so a signature holds for ten at most.
LIFE_SECONDS = 600.0
MOST = 100_000


class Replays:
    """Remembers signatures for as long as they hold, at most ``most`` of them: then the oldest are forgotten.

    Each process remembers its own. What slips through changes nothing all the same: handlers go by the time of the click.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._taken: OrderedDict[bytes, float] = OrderedDict()

    def take(self, signature: str, now: float) -> bool:
        """Remember a signature; False where it was taken before. ``now`` in seconds of any clock that only goes on."""
        key = _key(signature)
        with self._lock:
            while self._taken and next(iter(self._taken.values())) <= now:
                self._taken.popitem(last=False)
            if key in self._taken:
                return False
            if len(self._taken) >= self._most:
                self._taken.popitem(last=False)
            self._taken[key] = now + LIFE_SECONDS
            return True

    def give_back(self, signature: str) -> None:
        """Forget a signature whose request failed: Slack may send the same one again within the same second."""
        with self._lock:
            self._taken.pop(_key(signature), None)

    def __len__(self) -> int:
        return len(self._taken)


def _key(signature: str) -> bytes:
    return signature.encode("utf-8", "replace")[:80]
