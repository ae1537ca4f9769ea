"""A ring of what the app called, for tests and for whoever looks for a fault."""

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class LoggedCall:
    """One Web API, upload or response_url call. ``effect``: whether the workspace was changed or read by it."""

    at: float
    method: str
    channel: str | None
    outcome: str
    effect: bool
    ts: str | None = None


class CallLog:
    """The last 20,000 calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=20_000)

    def add(self, method: str, channel: str | None, outcome: str, *, effect: bool, ts: str | None = None) -> None:
        """Note a call; ``outcome`` is ``ok``, a Slack error or the fault that was played."""
        self._calls.append(LoggedCall(time.time(), method, channel, outcome, effect, ts))

    def listed(self, method: str | None = None) -> list[dict[str, Any]]:
        """The calls as JSON values."""
        return [asdict(call) for call in self._calls if method in (None, call.method)]

    def clear(self) -> None:
        """Forget them."""
        self._calls.clear()
