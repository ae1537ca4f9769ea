"""Who looks at the page, and telling them what changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any


class Live:
    """One queue per open page; a page that falls 500 events behind is told to look at everything again."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[dict[str, Any]]]] = defaultdict(set)

    def join(self, user: str) -> "asyncio.Queue[dict[str, Any]]":
        """A queue of what changes for this person."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=500)
        self._queues[user].add(queue)
        return queue

    def leave(self, user: str, queue: "asyncio.Queue[dict[str, Any]]") -> None:
        """The page was closed."""
        self._queues[user].discard(queue)

    def tell(self, users: Iterable[str], kind: str, **fields: Any) -> None:
        """Something changed for these people."""
        event = {"type": kind, **fields}
        for user in users:
            for queue in self._queues.get(user, ()):
                if queue.full():
                    while not queue.empty():
                        queue.get_nowait()
                    queue.put_nowait({"type": "channels"})
                queue.put_nowait(event)

    def tell_all(self, kind: str, **fields: Any) -> None:
        """Something changed for everybody."""
        self.tell(list(self._queues), kind, **fields)
