"""A project, a few people, and a sender on a Slack inside the test."""

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import urllib3
from sqlalchemy import select, update
from sqlmodel import Session, col

from bot.sender import Attachment, Drawn, Picture, Sender, SenderSettings
from storage.engine import Store
from storage.tables import Card, Channel, Lane, Outbox, OutboxKind, OutboxState, Person, Project, Purpose, SkipRule
from tests.bot.fake_slack import START, Clock, FakeSlack, KilledError, Pool
from workflow import outbox
from workflow.outbox import To

OPEN = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


def version_of(session: Session, _kind: str, subject_id: int) -> int | None:
    """The thing that test cards show is the project."""
    statement = select(col(Project.version)).where(col(Project.id) == subject_id).with_for_update(read=True)
    return session.execute(statement).scalar_one_or_none()


@dataclass
class FakeDraw:
    """Draws the text in the context; a card's text is the version of the project. ``during`` runs while it draws."""

    during: Callable[[], None] | None = None
    pictures: int = 0

    def draw(self, session: Session, template: str, context: Mapping[str, Any]) -> Drawn | None:
        if template == "broken":
            raise KeyError("a text that belongs to an item")
        if template == "nothing":
            return None
        if template == "card":
            version = session.execute(select(col(Project.version)).where(col(Project.id) == context["id"])).scalar_one()
            if self.during:
                during, self.during = self.during, None
                during()
            return Drawn(f"v{version}", [{"type": "divider"}], version)
        blocks: list[dict[str, Any]] = [{"type": "divider"}]
        if "file_id" in context:
            blocks = [{"type": "image", "slack_file": {"id": context["file_id"]}, "alt_text": "a chart"}]
        return Drawn(context["text"], blocks)

    def picture(self, _session: Session, _template: str, context: Mapping[str, Any]) -> Picture:
        self.pictures += 1
        return Picture(b"\x89PNG" + context["text"].encode(), "a chart", "chart.png")

    def attachment(self, _session: Session, _template: str, context: Mapping[str, Any]) -> Attachment | None:
        if context.get("empty"):
            return None
        data = context["text"].encode()
        return Attachment(io.BytesIO(data), len(data), "rows.csv", f"Rows of {context['text']}")


@dataclass
class Rig:
    """The test's hands. Time stands still but for ``run``."""

    store: Store
    clock: Clock = field(default_factory=Clock)
    settings: SenderSettings = field(default_factory=SenderSettings)
    draw: FakeDraw = field(default_factory=FakeDraw)
    slack: FakeSlack = field(init=False)
    sender: Sender = field(init=False)
    project_id: int = field(init=False)
    ana: int = field(init=False)
    ben: int = field(init=False)
    killed: int = 0

    def __post_init__(self) -> None:
        self.slack = FakeSlack(self.clock, self.clock.turn)
        self.sender = self.new_sender()
        with self.store.write() as session:
            project, ana, ben = a_project(), Person(name="Ana", slack_id="U1"), Person(name="Ben", slack_id="U2")
            session.add_all([project, ana, ben])
            session.flush()
            self.project_id, self.ana, self.ben = project.id or 0, ana.id or 0, ben.id or 0
            for purpose, slack_id in ((Purpose.TEAM, "C1"), (Purpose.REVIEW, "C2"), (Purpose.LEADS, None)):
                session.add(Channel(project_id=self.project_id, purpose=purpose, name=f"#{purpose}", slack_id=slack_id))

    def new_sender(self) -> Sender:
        return Sender(
            self.store,
            self.slack.client(self.settings.call_timeout),
            self.draw,
            self.clock,
            self.settings,
            version_of=version_of,
            pool=cast("urllib3.PoolManager", Pool(self.slack)),
            chance=random.Random(1),
        )

    def put(self, key: str, to: To | None = None, template: str = "text", **more: Any) -> None:
        """Put a row whose text is its key."""
        context = more.pop("context", {"text": key})
        with self.store.write() as session:
            outbox.put(session, self.clock(), key, template, to or To(channel="C1"), context, **more)

    def put_card(self, key: str = "card", to: To | None = None) -> None:
        self.put(key, to, "card", context={"id": self.project_id}, card=("project", self.project_id))

    def move(self) -> None:
        """The thing changes, and its cards are to be rewritten."""
        with self.store.write() as session:
            statement = update(Project).where(col(Project.id) == self.project_id).values(version=Project.version + 1)
            version = session.execute(statement.returning(col(Project.version))).scalar_one()
            outbox.rewrite(session, self.clock(), "project", self.project_id, version, "card")

    def run(self, seconds: float = 900.0, step: float = 1.0) -> None:
        """Let time pass until nothing is on its way, or for so many seconds; empty stretches are jumped over."""
        end = self.clock() + timedelta(seconds=seconds)
        idle = 0
        while True:
            idle = 0 if self.sender_after_a_kill() else idle + 1
            rows = self.open_rows()
            if not rows or self.clock() >= end:
                break
            later = [at for row in rows if (at := row.lease_until or row.due_at) > self.clock()]
            self.clock.now = min(later) if later and idle > 1 else self.clock() + timedelta(seconds=step)
            self.clock.now = min(end, self.clock())
        # What is still on its way to Slack arrives.
        self.clock.turn(60)
        self.slack.catch_up()

    def sender_after_a_kill(self) -> int:
        """Send what may go now, and how much that was; where it kills the sender, another one is there afterwards."""
        try:
            return self.sender.run_due()
        except KilledError:
            self.killed += 1
            self.sender = self.new_sender()
            return 1

    def rows(self) -> dict[str, Outbox]:
        with self.store.read() as session:
            return {row.key: row for row in session.execute(select(Outbox).order_by(col(Outbox.id))).scalars()}

    def open_rows(self) -> list[Outbox]:
        return [row for row in self.rows().values() if row.state in OPEN]

    def cards(self) -> list[Card]:
        with self.store.read() as session:
            return list(session.execute(select(Card).order_by(col(Card.id))).scalars())


def a_project(name: str = "rte") -> Project:
    return Project(
        name=name,
        question="?",
        fields=["text"],
        overlap=1,
        batch_size=5,
        accept="majority",
        skip=SkipRule.OTHERS,
        hold_seconds=60,
        time_zone="UTC",
        digest_at="09:00",
        created_at=START,
    )


__all__ = ["FakeDraw", "Lane", "OutboxKind", "OutboxState", "Rig", "To", "a_project", "version_of"]
