"""What every kind of delivery needs: calls that are paced and judged, recipients, threads, drawings, the lease."""

import random
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
import urllib3
from slack_sdk import WebClient
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from bot.sender import rows
from bot.sender.drawing import Draw, Drawn, VersionOf
from bot.sender.job import Job, NotNowError, PointlessError, UndeliverableError
from bot.sender.pace import Pace
from bot.sender.settings import SenderSettings
from bot.slack.errors import Remedy, Trouble, judge
from storage.engine import Store
from storage.tables import Channel, Outbox, OutboxState, Person
from workflow import outbox

T = TypeVar("T")
log = structlog.get_logger()


class CallFailedError(Exception):
    """A call to Slack did not go well; ``trouble`` says what to do."""

    def __init__(self, method: str, trouble: Trouble) -> None:
        super().__init__(f"{method}: {trouble.code}")
        self.method = method
        self.trouble = trouble


@dataclass(frozen=True)
class Delivery:
    """The sender's tools; one for all its workers."""

    store: Store
    client: WebClient
    pool: urllib3.PoolManager
    draw: Draw
    version_of: VersionOf | None
    clock: Callable[[], datetime]
    settings: SenderSettings
    pace: Pace
    chance: random.Random

    def call(self, job: Job, method: str, send: Callable[..., T], **arguments: Any) -> T:
        """Call Slack. Raises CallFailedError; a method that Slack wants fewer calls of rests for all rows."""
        now = self.clock().timestamp()
        if job.reserved == method:
            job.reserved = None
        else:
            self.pace.spend(method, now)
        try:
            return send(**arguments)
        except Exception as error:
            trouble = judge(error)
            if trouble.remedy is Remedy.WAIT:
                self.pace.pause(method, self.clock().timestamp() + self.rest(trouble))
            log.info("slack call failed", method=method, code=trouble.code, remedy=trouble.remedy, row=job.id)
            raise CallFailedError(method, trouble) from error

    def rest(self, trouble: Trouble) -> float:
        """How long a method rests, in seconds."""
        return self.settings.mend_every if trouble.retry_after is None else trouble.retry_after

    def backoff(self, base: float, attempts: int, cap: float) -> float:
        """A wait that doubles with every attempt, a random half of it left out, so that senders do not march in step."""
        longest: float = min(cap, base * 2 ** min(attempts, 30))
        return longest * self.chance.uniform(0.5, 1.0)

    def begin(self, job: Job, *, place: str | None = None, file_id: str | None = None) -> None:
        """Commit that the call which cannot be taken back comes now."""
        now = self.clock()
        until = now + timedelta(seconds=self.settings.lease)
        self.store.transact(lambda session: rows.begin(session, job, now, until, place=place, file_id=file_id))
        job.sending_since, job.lease_until = now, until
        job.sent_channel = place or job.sent_channel

    def drawn(self, job: Job, context: Mapping[str, Any]) -> Drawn:
        """The message as the store has it now."""
        drawn = self.drawing(job, lambda session: self.draw.draw(session, job.template, context))
        if drawn is None:
            raise PointlessError("There is nothing to say any more.")
        return drawn

    def drawing(self, job: Job, work: Callable[[Session], T]) -> T:
        """Draw in a session for reading. What fails there fails again, unless it is the database's fault."""
        try:
            with self.store.read() as session:
                return work(session)
        except DBAPIError as error:
            raise NotNowError(None) from error
        except Exception as error:
            # Its text may hold an item's: the log gets the place, not the words.
            at = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            log.error("not drawn", row=job.id, template=job.template, error=kind, at=f"{at.filename}:{at.lineno}")
            raise UndeliverableError(
                f"Concord could not draw this message (template {job.template}, {kind}). The log says where."
            ) from error

    def place(self, job: Job) -> str:
        """The Slack channel that a row goes to; a person's DM is opened once, and remembered for everybody."""
        if job.channel:
            return job.channel
        if job.purpose:
            return self._channel(job)
        if job.person_id is None:
            raise UndeliverableError("The message names no recipient.")
        person = self.person(job)
        return person.dm or self._open(job, person)

    def person(self, job: Job) -> Person:
        """Whom the row is for. Raises where Slack has deactivated them, or not shown them yet."""
        with self.store.read() as session:
            person = session.get(Person, job.person_id)
        if person is None:
            raise UndeliverableError("The message names no recipient.")
        if person.forgotten_at is not None:
            raise PointlessError("Whom this was for asked to be forgotten.")
        if not person.active:
            raise UndeliverableError(f"{person.name} is deactivated in Slack.")
        if person.slack_id is None:
            raise NotNowError(f"Slack has not shown Concord {person.name} yet.", self.settings.mend_every)
        return person

    def thread(self, job: Job, place: str) -> str | None:
        """The ts of the thread's head; None where the head never came, or is in another channel: better said outside."""
        if job.thread_key is None:
            return None
        if (foreign := outbox.thread_of(job.thread_key)) is not None:
            return foreign.ts if foreign.channel == place else None
        head = select(col(Outbox.sent_ts)).where(
            col(Outbox.key) == job.thread_key,
            col(Outbox.state) == OutboxState.SENT,
            col(Outbox.sent_channel) == place,
        )
        with self.store.read() as session:
            return session.execute(head).scalar_one_or_none()

    def _channel(self, job: Job) -> str:
        with self.store.read() as session:
            statement = select(col(Channel.slack_id)).where(
                col(Channel.project_id) == job.project_id, col(Channel.purpose) == job.purpose
            )
            found: str | None = session.execute(statement).scalar_one_or_none()
        if found is None:
            raise NotNowError(None, self.settings.poll)
        return found

    def _open(self, job: Job, person: Person) -> str:
        answer = self.call(job, "conversations.open", self.client.conversations_open, users=person.slack_id)
        place: str = answer["channel"]["id"]
        still = (col(Person.id) == person.id, col(Person.dm).is_(None), col(Person.forgotten_at).is_(None))
        remember = update(Person).where(*still).values(dm=place)
        self.store.transact(lambda session: session.execute(remember))
        return place
