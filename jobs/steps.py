"""Work of the clock in steps, one after the other; what fails leaves the others alone."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from storage.engine import Store

log = structlog.get_logger()

Step = Callable[[Store, datetime], int]
"""Does what is due, each thing in a transaction of its own of at most 1,000 rows; how many things it did."""


def take(steps: Sequence[Step], store: Store, now: datetime, nudge: Callable[[], None]) -> int:
    """Take every step; how much was done. ``nudge`` has the sender look where that was anything."""
    done = 0
    for step in steps:
        try:
            done += step(store, now)
        except Exception:
            log.exception("step failed", step=f"{step.__module__}.{step.__name__}")
    if done:
        nudge()
    return done
