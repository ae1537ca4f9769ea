"""Reviewers at work in a small world."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import BackTo, Project, Review
from tests.builders import NOW, build
from tests.workflow.clicks import Clicks
from workflow.cases.decision import Details
from workflow.quality_rules import QualityRules, ReviewRules, kept
from workflow.review import claiming, deciding, picking, runs

LATER = NOW + timedelta(minutes=1)
WHY = Details(reason_code="misread")


class Reviewers(Clicks):
    """People who label and people who review, in a project that has things reviewed."""

    def __init__(self, store: Store, rules: ReviewRules, **how: Any) -> None:
        world = build(store, **how)
        super().__init__(world)
        self.allow(rules)

    def allow(self, rules: ReviewRules) -> None:
        quality = kept(QualityRules(review=rules))
        mine = col(Project.id) == self.world.project_id
        with self.world.store.write() as session:
            session.execute(update(Project).where(mine).values(quality=quality))

    def labelled(self, *values: str, item: int = 0) -> None:
        """An item gets these labels, of the annotators in their order; who has no batch yet takes one."""
        for name, value in zip(("ana", "ben", "cem"), values, strict=False):
            if self.world.place(name, self.world.items[item]) is None:
                self.batch(name)
            self.label(name, item, value)

    def pick(self, now: datetime = LATER) -> int:
        return picking.pick(self.world.store, now)

    def review(self, item: int = 0) -> Any:
        """The newest review of an item."""
        columns = Review.__table__.c  # type: ignore[attr-defined]
        mine = select(*columns).where(columns.item_id == self.world.items[item])
        found = self.world.rows(mine.order_by(columns.id.desc()).limit(1))
        return found[0] if found else None

    def next(self, name: str = "rita", now: datetime = LATER, about: str | None = None) -> int | None:
        about_id = self.world.people[about] if about else None
        return self.world.store.transact(
            lambda s: claiming.next_review(s, self.world.slack_id(name), self.world.project_id, now, about_id=about_id)
        )

    def accept(
        self, name: str = "rita", item: int = 0, now: datetime = LATER, version: int | None = None
    ) -> str | None:
        review = self.review(item)
        seen = review.version if version is None else version
        return self.world.store.transact(lambda s: deciding.accept(s, self.world.slack_id(name), review.id, seen, now))

    def correct(
        self, value: str, name: str = "rita", item: int = 0, now: datetime = LATER, version: int | None = None,
        details: Details = WHY,
    ) -> str | None:  # fmt: skip
        review = self.review(item)
        seen = review.version if version is None else version
        return self.world.store.transact(
            lambda s: deciding.correct(
                s, self.world.slack_id(name), review.id, seen, self.world.values[value], details, now
            )
        )

    def back(
        self, mode: BackTo, whose: str | None = None, name: str = "rita", item: int = 0, version: int | None = None
    ) -> str | None:
        review = self.review(item)
        seen = review.version if version is None else version
        to = self.world.people[whose] if whose else None
        return self.world.store.transact(
            lambda s: deciding.send_back(
                s, self.world.slack_id(name), review.id, seen, mode, to, WHY, LATER, note="Look."
            )
        )

    def pass_up(self, name: str = "rita", item: int = 0) -> str | None:
        review = self.review(item)
        return self.world.store.transact(
            lambda s: deciding.pass_up(s, self.world.slack_id(name), review.id, review.version, "Unsure.", LATER)
        )

    def undo(self, name: str = "rita", item: int = 0, now: datetime = LATER) -> str | None:
        review = self.review(item)
        return self.world.store.transact(lambda s: deciding.undo(s, self.world.slack_id(name), review.id, now))

    def run(self, item: int = 0) -> list[int]:
        review = self.review(item)
        with self.world.store.read() as session:
            return runs.of(session, review.id)
