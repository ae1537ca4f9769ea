"""How fast the sender may call: a rate per method, one message a second per channel, and Slack's ``Retry-After``."""

import threading

from bot.sender.settings import Rate, SenderSettings

MOST_PLACES = 1_000
# Seconds since the epoch are exact to a fraction of a microsecond only.
ROUNDING = 1e-6


class Pace:
    """When a method may be called next, and in which channel. ``now`` is in seconds since the epoch, on any one clock.

    A call within another (a second page, an upload's steps) is counted without waiting, and makes the next one wait.
    """

    def __init__(self, settings: SenderSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._methods: dict[str, float] = {}
        self._places: dict[str, float] = {}
        self._paused: dict[str, float] = {}

    def method_at(self, method: str) -> float:
        """The earliest moment for the next call of a method."""
        with self._lock:
            rate = self._settings.rates.get(method)
            free = _free_at(self._methods.get(method, 0.0), rate) if rate else 0.0
            return max(free, self._paused.get(method, 0.0))

    def place_at(self, place: str) -> float:
        """The earliest moment for the next message in a channel."""
        with self._lock:
            return _free_at(self._places.get(place, 0.0), self._settings.place)

    def spend(self, method: str, now: float) -> None:
        """A method is called."""
        with self._lock:
            if rate := self._settings.rates.get(method):
                self._methods[method] = max(self._methods.get(method, 0.0), now) + rate.interval

    def give_back(self, method: str) -> None:
        """A turn was taken, and the method not called."""
        with self._lock:
            if (rate := self._settings.rates.get(method)) and method in self._methods:
                self._methods[method] -= rate.interval

    def spend_place(self, place: str, now: float) -> None:
        """A message goes to a channel."""
        with self._lock:
            if len(self._places) > MOST_PLACES:
                self._places = {key: full for key, full in self._places.items() if full > now}
            self._places[place] = max(self._places.get(place, 0.0), now) + self._settings.place.interval

    def pause(self, method: str, until: float) -> None:
        """Slack asked for it: this method rests, the others do not."""
        with self._lock:
            self._paused[method] = max(self._paused.get(method, 0.0), until)

    def busy_places(self, now: float) -> set[str]:
        """The channels that had a message just now."""
        with self._lock:
            return {place for place, full in self._places.items() if _free_at(full, self._settings.place) > now}

    def next_change(self, now: float) -> float | None:
        """When something that has to wait now may go on."""
        with self._lock:
            free = [_free_at(full, self._settings.rates.get(method)) for method, full in self._methods.items()]
            free += [_free_at(full, self._settings.place) for full in self._places.values()]
            free += self._paused.values()
        return min((moment for moment in free if moment > now), default=None)


def _free_at(full: float, rate: Rate | None) -> float:
    """``full`` is when the bucket will be full again; a call needs room for one."""
    return full - (rate.burst - 1) * rate.interval - ROUNDING if rate else 0.0
