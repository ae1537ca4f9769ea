"""Waiting for what must come true, however busy the machine is."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tests.sandbox_fixtures import wait_for

T = TypeVar("T")
PATIENCE = 30.0


def until(predicate: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What ``predicate`` returns once it is true; the machine may be busy."""
    found = wait_for(predicate, seconds)
    assert found is not None
    return found


def once(look: Callable[[], T], true: Callable[[T], Any], seconds: float = PATIENCE) -> T:
    """What ``look`` finds, once ``true`` holds of it."""
    return until(lambda: (found,) if true(found := look()) else None, seconds)[0]


def all_at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do things at the same moment, each in a thread; what came of each, in order."""
    listed = list(acts)
    results: list[Any] = [None] * len(listed)
    gate = threading.Barrier(len(listed))

    def run(at: int) -> None:
        gate.wait()
        results[at] = listed[at]()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(listed))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
