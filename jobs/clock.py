"""The scheduler: it ticks, and what is due is computed from the store, so that nothing is lost while nobody ticks."""

from collections.abc import Callable
from datetime import datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from jobs import digests, directory, upkeep
from storage.engine import Store
from workflow.directory import Directory

TICK_SECONDS = 20
JITTER_SECONDS = 5
DIRECTORY_SECONDS = 600


def start_clock(
    store: Store, clock: Callable[[], datetime], nudge: Callable[[], None], read_directory: Callable[[], Directory]
) -> BackgroundScheduler:
    """Start ticking, in threads of the scheduler's own. Any number of replicas may: what is due is claimed in the store."""
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
    scheduler.add_job(
        lambda: directory.refresh(store, read_directory, clock()),
        "interval",
        seconds=DIRECTORY_SECONDS,
        jitter=60,
        next_run_time=clock(),
        id="directory",
    )
    scheduler.add_job(lambda: directory.refresh_if_new(store, read_directory, clock()), id="newcomers", **every)
    scheduler.start()
    return scheduler
