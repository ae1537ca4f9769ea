"""The scheduler: it ticks, and what is due is computed from the store, so that nothing is lost while nobody ticks."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs import digests, directory, guidelines, quality, upkeep
from storage.engine import Store
from workflow.directory import Directory

TICK_SECONDS = 20
JITTER_SECONDS = 5
DIRECTORY_SECONDS = 600
LOOKS = {"guidelines": guidelines.keep_up, "quality": quality.keep_up}
"""What clicks leave work for."""


@dataclass(frozen=True)
class Asked:
    """Work that can be asked for at once, by its job's id."""

    job: str
    again: threading.Event = field(default_factory=threading.Event)

    def until_nobody_asks(self, work: Callable[[], object]) -> None:
        """Do the work, and again where somebody asked meanwhile."""
        again = True
        while again:
            self.again.clear()
            work()
            again = self.again.is_set()


@dataclass(frozen=True)
class Ticking:
    """The scheduler, and a way to have it look at once at what clicks leave for it."""

    scheduler: BackgroundScheduler
    asked: tuple[Asked, ...]

    def look(self) -> None:
        """Do not wait for the next tick; one that is running looks once more."""
        for asked in self.asked:
            asked.again.set()
            self.scheduler.modify_job(asked.job, next_run_time=datetime.now(UTC))


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

    every = {"trigger": "interval", "seconds": TICK_SECONDS, "jitter": JITTER_SECONDS}
    scheduler.add_job(tick(digests.post_due), id="digests", **every)
    scheduler.add_job(tick(upkeep.keep_up), id="upkeep", **every)
    asked = []
    for name, job in LOOKS.items():
        asked.append(Asked(name))
        scheduler.add_job(partial(asked[-1].until_nobody_asks, tick(job)), id=name, **every)
    scheduler.add_job(
        lambda: directory.refresh(store, read_directory, clock()),
        "interval",
        seconds=DIRECTORY_SECONDS,
        jitter=60,
        next_run_time=clock(),
        id="directory",
    )
    scheduler.add_job(lambda: directory.refresh_if_new(store, read_directory, clock()), id="newcomers", **every)
    return Ticking(scheduler, tuple(asked))
