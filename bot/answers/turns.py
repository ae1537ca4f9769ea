"""Whose turn it is to draw: few at once, and none while a click waits to be acknowledged.

A click has three seconds and a person who looks at its button; a card that is drawn a little later is drawn as newer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from bot.in_hand import InHand


class Turns:
    """``count`` draw at once. Each gives way to the clicks in hand, for so many seconds at most."""

    def __init__(self, count: int, gives_way: float, in_hand: InHand) -> None:
        self._places = BoundedSemaphore(count)
        self._gives_way = gives_way
        self._in_hand = in_hand

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, and have it meanwhile."""
        with self._places:
            self._in_hand.wait_for_none(self._gives_way)
            yield
