"""Slack's rate limits: a tier per method, and one message a second in a channel. Off unless switched on."""

import math
from collections import defaultdict, deque

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
BURST = 3
POSTS_A_MINUTE = 300


class Limits:
    """Counts calls in a sliding minute and posts in a leaking bucket per channel."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._buckets: dict[str, tuple[float, float]] = {}

    def call(self, method: str, tier: int, now: float) -> int | None:
        """Count a call; seconds to wait when the tier is used up, else None."""
        return self._minute(method, TIERS[tier], now)

    def post(self, channel: str, now: float, *, response_url: bool = False) -> int | None:
        """Count a post; seconds to wait when the channel or the workspace has had enough, else None."""
        level, since = self._buckets.get(channel, (0.0, now))
        level = max(0.0, level - (now - since))
        if level + 1 > BURST:
            return max(1, math.ceil(level + 1 - BURST))
        wait = None if response_url else self._minute("post", POSTS_A_MINUTE, now)
        if wait is None:
            self._buckets[channel] = (level + 1, now)
        return wait

    def _minute(self, key: str, most: int, now: float) -> int | None:
        calls = self._calls[key]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return None

    def clear(self) -> None:
        """Start counting anew."""
        self._calls.clear()
        self._buckets.clear()
