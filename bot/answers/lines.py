"""Order without waiting: one job of a line at a time, many lines at once, and of the jobs that wait only the newest."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars

from bot.answers.alarm import Alarm

log = structlog.get_logger()


@dataclass(frozen=True)
class Later:
    """The job is not done: go on with ``job`` in ``seconds``, unless a newer one waits then."""

    seconds: float
    job: "Job"


@dataclass(frozen=True)
class Job:
    """Something to do in a line, on the threads named ``pool``. Its log goes on with what its maker's was bound to."""

    pool: str
    run: Callable[[], Later | None]
    context: Mapping[str, Any] = field(default_factory=get_contextvars, compare=False)


class Lines:
    """Lines of jobs by key. A job never overlaps another one of its line; a waiting job gives way to a newer one."""

    def __init__(self, threads: Mapping[str, int]) -> None:
        self._pools = {name: ThreadPoolExecutor(count, f"answers-{name}") for name, count in threads.items()}
        self._alarm = Alarm("answers-alarm")
        self._changed = threading.Condition()
        # A key is here while its line is at work; the value is the job that waits for its turn.
        self._waiting: dict[Hashable, Job | None] = {}
        self._closed = False

    def put(self, key: Hashable, job: Job) -> None:
        """Add a job to a line; returns at once."""
        with self._changed:
            if self._closed:
                log.warning("answer dropped", why="closed")
                return
            busy = key in self._waiting
            self._waiting[key] = job
            if not busy:
                self._start(key)

    def put_later(self, seconds: float, key: Hashable, job: Job) -> None:
        """Add a job to a line in ``seconds``; forgotten when the lines close before."""
        self._alarm.call(seconds, lambda: self.put(key, job))

    @property
    def count(self) -> int:
        """How many lines are at work, or wait for their next try."""
        return len(self._waiting)

    def newer_waits(self, key: Hashable) -> bool:
        """Whether another job waits behind the one at work."""
        with self._changed:
            return self._waiting.get(key) is not None

    def close(self, seconds: float) -> bool:
        """Finish what is under way, for at most ``seconds``, then take nothing new; whether all was finished."""
        deadline = time.monotonic() + seconds
        with self._changed:
            # What is under way may still put something into another line.
            done = self._changed.wait_for(lambda: not self._waiting, max(deadline - time.monotonic(), 0))
            self._closed = True
            if not done:
                log.warning("answers left undone", count=len(self._waiting))
        self._alarm.close()
        for pool in self._pools.values():
            pool.shutdown(wait=done, cancel_futures=True)
        return done

    def _start(self, key: Hashable) -> None:
        with self._changed:
            job = self._waiting.get(key)
            if job is not None and not self._closed:
                self._pools[job.pool].submit(self._serve, key)

    def _serve(self, key: Hashable) -> None:
        with self._changed:
            job = self._waiting[key]
            self._waiting[key] = None
        later = self._attempt(job) if job is not None else None
        with self._changed:
            if self._waiting[key] is None:
                if later is None:
                    del self._waiting[key]
                    self._changed.notify_all()
                    return
                self._waiting[key] = later.job
            if later is not None and later.seconds > 0:
                self._alarm.call(later.seconds, lambda: self._start(key))
            else:
                self._start(key)

    def _attempt(self, job: Job) -> Later | None:
        with bound_contextvars(**job.context):
            try:
                return job.run()
            except Exception:
                log.exception("answer failed")
                return None
