"""How long the answers wait for things. Settings, so that tests use hundredths of a second."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """All in seconds, but for the counts.

    ``timeout`` is for connecting and for each read; a call that it ends may still take effect, so ``settle`` later
    (longer than anything can be under way) the card is looked at once more. ``backoff`` is the wait before each new try.
    A ``response_url`` takes ``url_uses`` posts in ``url_life``. ``write_down`` is how long shown versions are gathered
    before they are written in one transaction. ``drawn_at_once`` stays under the store's connections and leaves the
    interpreter to the clicks: answers wait for Slack most of their time, but draw in no time. Drawing lets clicks that
    wait to be acknowledged go first, for ``gives_way`` at most.
    """

    timeout: float = 10.0
    settle: float = 20.0
    backoff: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0)
    longest_wait: float = 60.0
    url_uses: int = 5
    url_life: float = 29 * 60.0
    write_down: float = 0.1
    card_threads: int = 64
    trigger_threads: int = 16
    web_threads: int = 16
    drawn_at_once: int = 2
    gives_way: float = 0.2

    @property
    def threads(self) -> int:
        """All that may call Slack at once."""
        return self.card_threads + self.trigger_threads + self.web_threads
