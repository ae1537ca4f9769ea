"""The scheduler: it ticks, and what is due is computed from the store, so that nothing is lost while nobody ticks."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs import digests, directory, guidelines, upkeep
from storage.engine import Store
from workflow.directory import Directory

TICK_SECONDS = 20
JITTER_SECONDS = 5
DIRECTORY_SECONDS = 600


GUIDELINES = "guidelines"


@dataclass(frozen=True)
class Ticking:
    """The scheduler, and a way to have it look at guidelines at once."""

    scheduler: BackgroundScheduler
    _asked: threading.Event = field(default_factory=threading.Event)

    def look_at_guidelines(self) -> None:
        """Do not wait for the next tick; one that is running looks once more."""
        self._asked.set()
        self.scheduler.modify_job(GUIDELINES, next_run_time=datetime.now(UTC))

    def until_nobody_asks(self, work: Callable[[], object]) -> None:
        """Do the work, and again where somebody asked meanwhile."""
        again = True
        while again:
            self._asked.clear()
            work()
            again = self._asked.is_set()


def make_clock(
    store: Store, clock: Callable[[], datetime], nudge: Callable[[], None], read_directory: Callable[[], Directory]
) -> Ticking:
    """A clock that is not ticking yet, with threads of its own. Any number of replicas may tick: what is due is claimed in
    the store.
    """
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )

    def tick(job: Callable[[Store, datetime, Callable[[], None]], int]) -> Callable[[], None]:
        def run() -> None:
            job(store, clock(), nudge)

        return run

    ticking = Ticking(scheduler)
    every = {"trigger": "interval", "seconds": TICK_SECONDS, "jitter": JITTER_SECONDS}
    scheduler.add_job(tick(digests.post_due), id="digests", **every)
    scheduler.add_job(tick(upkeep.keep_up), id="upkeep", **every)
    look = tick(guidelines.keep_up)
    scheduler.add_job(lambda: ticking.until_nobody_asks(look), id=GUIDELINES, **every)
    scheduler.add_job(
        lambda: directory.refresh(store, read_directory, clock()),
        "interval",
        seconds=DIRECTORY_SECONDS,
        jitter=60,
        next_run_time=clock(),
        id="directory",
    )
    scheduler.add_job(lambda: directory.refresh_if_new(store, read_directory, clock()), id="newcomers", **every)
    return ticking
