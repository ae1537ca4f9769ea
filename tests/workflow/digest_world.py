"""A small world whose digests and labels have known times."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from jobs import digests
from storage.engine import Store
from storage.tables import Digest, Project
from tests.builders import World, build
from workflow import assignment, flags, labelling, rulings
from workflow.flags import FlagReason

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
MOMENTS = itertools.count(1_000_000)


def utc(text: str) -> datetime:
    """``2024-04-25 22:00`` or with seconds, in UTC."""
    return datetime.fromisoformat(text + "+00:00")


class Days(World):
    """A world with a clock in the test's hand."""

    def schedule(self, zone: str, at: str, made: datetime | None = None) -> None:
        """Change the project's zone and the time of its digest; and when it was made."""
        values: dict[str, Any] = {"time_zone": zone, "digest_at": at} | ({"created_at": made} if made else {})
        with self.store.write() as session:
            session.execute(update(Project).where(col(Project.id) == self.project_id).values(**values))

    def give(self, now: datetime, *names: str) -> None:
        """A batch for some people, or for the three annotators."""
        for person in [self.people[name] for name in names or ("ana", "ben", "cem")]:
            self.store.transact(lambda s, it=person: assignment.next_batch(s, self.project_id, it, now))  # type: ignore[misc]

    def label(self, name: str, item: int, value: str, at: datetime) -> bool:
        """A click on a label."""
        place, us = self.place(name, self.items[item]), next(MOMENTS)
        value_id = self.values[value]
        return self.store.transact(
            lambda s: labelling.record(s, self.slack_id(name), place.id, value_id, us, at)
        ).changed

    def flag(self, name: str, item: int, at: datetime) -> None:
        """*Unclear*; a label that was given is withdrawn."""
        place, us = self.place(name, self.items[item]), next(MOMENTS)
        self.store.transact(lambda s: flags.flag(s, self.slack_id(name), place.id, FlagReason.OTHER, "?", us, at))

    def send_back(self, name: str, case_id: int, version: int, at: datetime) -> None:
        """The reviewer returns a flagged item."""
        self.store.transact(lambda s: rulings.send_back(s, self.slack_id(name), case_id, version, "Read it again.", at))

    def tick(self, now: datetime, store: Store | None = None) -> int:
        """What the clock does; how many digests it made."""
        return digests.post_due(store or self.store, now)

    def digests(self, *, scheduled: bool = True) -> list[Any]:
        """The kept digests, in the order in which they were made."""
        return self.rows(
            select(col(Digest.id), col(Digest.local_date), col(Digest.from_at), col(Digest.to_at), col(Digest.numbers))
            .where(col(Digest.scheduled) == scheduled)
            .order_by(col(Digest.id))
        )

    def dates(self) -> list[str]:
        """The local dates of the scheduled digests."""
        return [str(row.local_date) for row in self.digests()]


def world(store: Store, zone: str, at: str, made: datetime, **spec: Any) -> Days:
    """A project made at a moment, with a digest at a local time."""
    built = build(store, **spec)
    days = Days(**vars(built))
    days.schedule(zone, at, made)
    return days
