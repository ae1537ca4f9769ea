"""The sender: one thread that chooses what goes next, and workers that call Slack."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
import urllib3
from slack_sdk import WebClient

from bot.sender import due, rows, waiting
from bot.sender.delivery import Delivery
from bot.sender.drawing import Draw, VersionOf
from bot.sender.due import Candidate, Free
from bot.sender.job import Job
from bot.sender.kinds import RULES
from bot.sender.pace import Pace
from bot.sender.settings import SenderSettings
from bot.sender.work import work
from bot.slack.client import http_pool
from storage.engine import Store
from storage.tables import Lane, OutboxState

log = structlog.get_logger()


class Sender:
    """Drains the outbox. Any number of them may run on one database: a row is claimed before it is sent.

    ``client`` must time out no later than ``settings.call_timeout``, and never try again by itself: otherwise a message
    could arrive after it was looked for.
    """

    def __init__(
        self,
        store: Store,
        client: WebClient,
        draw: Draw,
        clock: Callable[[], datetime],
        settings: SenderSettings | None = None,
        *,
        version_of: VersionOf | None = None,
        pool: urllib3.PoolManager | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._settings = settings or SenderSettings()
        if client.timeout > self._settings.call_timeout or client.retry_handlers:
            raise ValueError("the client waits longer than the sender knows, or tries again by itself")
        self._delivery = Delivery(
            store=store,
            client=client,
            pool=pool or http_pool(toward=client.base_url, timeout=self._settings.call_timeout),
            draw=draw,
            version_of=version_of,
            clock=clock,
            settings=self._settings,
            pace=Pace(self._settings),
            chance=chance or random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self._at_work: dict[int, Candidate] = {}
        self._tended: datetime | None = None
        self._explained: datetime | None = None
        self._workers = ThreadPoolExecutor(self._settings.workers, thread_name_prefix="sender")
        self._thread = threading.Thread(target=self._loop, name="sender", daemon=True)

    def start(self) -> None:
        """Begin to send, in threads of its own."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it looks at the outbox."""
        return self._thread.is_alive() and not self._stopping.is_set()

    def nudge(self) -> None:
        """There may be something new in the outbox: look at once. Costs nothing to call."""
        self._wake.set()

    def stop(self, timeout: float = 15.0) -> bool:
        """Take nothing new and finish what is in flight; False where that took longer than ``timeout`` seconds.

        What is in flight even then is found by its lease: it is looked up before it is sent again.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        with self._changed:
            done = self._changed.wait_for(lambda: not self._at_work, max(deadline - time.monotonic(), 0.0))
        self._workers.shutdown(wait=done, cancel_futures=True)
        return done

    def run_due(self) -> int:
        """Send what may go now, one row after the other in this thread; how many rows were worked on."""
        self._tend()
        worked = 0
        while (job := next(self._take(limit=1), None)) is not None:
            worked += 1
            try:
                work(self._delivery, job)
            finally:
                self._finished(job)
        return worked

    # -- choosing ------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._tend()
                for job in self._take(limit=self._settings.workers):
                    self._workers.submit(self._run, job)
            except Exception as error:
                log.error("the sender could not look at the outbox", error=type(error).__name__)
            self._wake.wait(self._rest())
            # A storm of nudges is one look.
            self._stopping.wait(self._settings.breath)

    def _tend(self) -> None:
        """Take over what dead senders left, and say why rows wait."""
        store, now = self._delivery.store, self._delivery.clock()
        if self._tended is not None and now - self._tended < timedelta(seconds=self._settings.poll):
            return
        self._tended = now
        with store.read() as session:
            left = rows.any_over(session, now)
        if left:
            log.info("took over", rows=store.transact(lambda session: rows.take_over(session, now)))
        if self._explained is None or now - self._explained >= timedelta(seconds=self._settings.explain_every):
            self._explained = now
            with store.read() as session:
                reasons = waiting.unexplained(session, now)
            if reasons:
                store.transact(lambda session: waiting.explain(session, reasons))

    def _take(self, limit: int) -> Iterator[Job]:
        """Claim what may go now, in order, as far as there are workers for its lane."""
        claimed = True
        while claimed and not self._stopping.is_set():
            claimed = False
            now = self._delivery.clock()
            with self._delivery.store.read() as session:
                found = due.candidates(session, now, self._free(now), limit)
            for row in found:
                if self._room(Lane(row.lane)) > 0 and (job := self._claim(row)) is not None:
                    claimed = True
                    yield job

    def _claim(self, row: Candidate) -> Job | None:
        now = self._delivery.clock()
        method = _first_call(row)
        if self._is_busy(row) or not self._may_call(method, now):
            return None
        until = now + timedelta(seconds=self._settings.lease)
        job = self._delivery.store.transact(lambda session: rows.claim(session, row, now, until))
        if job is None:
            return None
        if method is not None:
            self._delivery.pace.spend(method, now.timestamp())
            job.reserved = method
        with self._changed:
            self._at_work[job.id] = row
        return job

    def _room(self, lane: Lane) -> int:
        """Workers that this lane may still take: bulk never more than half, and some are kept for each lane before it."""
        workers = self._settings.workers
        most = {Lane.WAITED_FOR: workers, Lane.URGENT: workers - workers // 4, Lane.BULK: workers // 2}[lane]
        with self._changed:
            lanes = [row.lane for row in self._at_work.values()]
        return min(workers - len(lanes), most - sum(busy >= lane for busy in lanes))

    def _free(self, now: datetime) -> Free:
        """What the pace and the rows at work let go now."""
        with self._changed:
            at_work = list(self._at_work.values())
        return Free(
            lanes=[lane for lane in Lane if self._room(lane) > 0],
            send=[kind for kind, rule in RULES.items() if self._may_call(rule.method, now)],
            settle=[kind for kind, rule in RULES.items() if self._may_call(rule.looks_with, now)],
            may_open=self._may_call("conversations.open", now),
            busy_places=self._delivery.pace.busy_places(now.timestamp()) | {row.place for row in at_work if row.place},
            busy_people={row.person_id for row in at_work if row.person_id is not None},
        )

    def _may_call(self, method: str | None, now: datetime) -> bool:
        return method is None or self._delivery.pace.method_at(method) <= now.timestamp()

    def _is_busy(self, row: Candidate) -> bool:
        """Whether a row chosen a moment before goes to the same place: both came in one list."""
        with self._changed:
            at_work = list(self._at_work.values())
        return any(
            (row.place is not None and row.place == other.place)
            or (row.place is None and row.person_id is not None and row.person_id == other.person_id)
            for other in at_work
        )

    def _rest(self) -> float:
        now = self._delivery.clock().timestamp()
        change = self._delivery.pace.next_change(now)
        return self._settings.poll if change is None else min(self._settings.poll, change - now)

    # -- working -------------------------------------------------------------------------------------------------

    def _run(self, job: Job) -> None:
        try:
            work(self._delivery, job)
        except Exception as error:
            # The row is left to its lease: what is not known is looked up.
            log.error("a row was left to its lease", row=job.id, error=type(error).__name__)
        finally:
            self._finished(job)
            self._wake.set()

    def _finished(self, job: Job) -> None:
        with self._changed:
            self._at_work.pop(job.id, None)
            self._changed.notify_all()


def _first_call(row: Candidate) -> str | None:
    """The method that working on a row calls first, or, where pictures and DMs come before, has to be free all the same."""
    rule = RULES[row.kind]
    if row.state is OutboxState.UNKNOWN:
        return rule.looks_with
    return rule.method if row.place is not None else "conversations.open"
