"""Concord running in this process on a workspace of its own, and the people in it."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import SQLModel, col

from bot import process
from bot.answers.pace import Pace
from bot.listening import Address
from bot.process import Concord, Connection
from bot.sender.settings import Rate, SenderSettings
from bot.slack.client import web_client
from bot.slack.directory import read_directory
from jobs import directory, upkeep
from jobs.drops import DropSettings
from storage.engine import Store, open_store
from storage.tables import LabelValue, Outbox, OutboxState, Person
from tests.house import seen
from tests.house.someone import Someone
from tests.house.waiting import until
from tests.sandbox_fixtures import Workspace
from workflow import intake, projects
from workflow.project_spec import ProjectSpec
from workflow.views.batch import batch_version

T = TypeVar("T")
Json = dict[str, Any]

SENDER = SenderSettings(
    poll=0.1,
    breath=0.005,
    call_timeout=5.0,
    late_effect=1.0,
    lease=20.0,
    retry_base=0.05,
    retry_cap=0.5,
    mend_every=0.5,
    explain_every=1.0,
    picture_poll=0.05,
    place=Rate(0.0),
    rates={},
)
# So seldom a tick that what is not told of a file at once fails.
DROPS = DropSettings(tick=300.0, beat=0.02, poll=0.02, retry_base=0.05, retry_cap=0.2)
PACE = Pace(timeout=5.0, settle=1.0, backoff=(0.02, 0.05, 0.1), write_down=0.02)
TEAM: dict[str, list[str]] = {
    "ana": ["annotator"],
    "ben": ["annotator"],
    "cem": ["annotator"],
    "rita": ["reviewer"],
    "odo": ["auditor"],
    "lea": ["lead"],
    "max": ["manager"],
}


@dataclass
class Clock:
    """The wall clock, and how far a test has moved it on."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **by: float) -> None:
        """Move on."""
        self.ahead += timedelta(**by)


@dataclass
class House:
    """A project on real tables, Concord on it, and a workspace with its people."""

    workspace: Workspace
    url: str
    folder: Path
    clock: Clock = field(default_factory=Clock)
    settings: SenderSettings = SENDER
    drops: DropSettings = DROPS
    http: Address | None = None
    """Where Concord takes the workspace's requests; by Socket Mode without it."""
    project_id: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    _concord: Concord | None = None
    _store: Store | None = None

    @property
    def store(self) -> Store:
        """The tests' own way to the store, which a restart of Concord leaves open."""
        if self._store is None:
            self._store = open_store(self.url, pool_size=5)
        return self._store

    @property
    def concord(self) -> Concord:
        assert self._concord is not None, "Concord is not running"
        return self._concord

    def someone(self, name: str) -> Someone:
        """A person by name."""
        return Someone(self, name)

    ana = property(lambda self: self.someone("ana"))
    ben = property(lambda self: self.someone("ben"))
    cem = property(lambda self: self.someone("cem"))
    rita = property(lambda self: self.someone("rita"))
    odo = property(lambda self: self.someone("odo"))
    lea = property(lambda self: self.someone("lea"))
    max = property(lambda self: self.someone("max"))

    # -- building ------------------------------------------------------------------------------------------------

    def make_project(self, items: Iterable[Mapping[str, str]], **spec: Any) -> int:
        """A project with its items, as the command line makes it; names of people and channels resolved."""
        roles: Mapping[str, list[str]] = spec.pop("people", TEAM)
        guideline = spec.pop("guideline", "# Rules\n\nBe careful.")
        described = {
            "name": "rte",
            "question": "Does the text imply the hypothesis?",
            "labels": [{"value": "yes", "title": "Yes"}, {"value": "no", "title": "No"}],
            "overlap": 2,
            "batch_size": 25,
            "channels": {"team": "#rte", "review": "#rte-review", "leads": "#rte-leads"},
            "people": [{"user": f"@{name}", "roles": given} for name, given in roles.items()],
            **spec,
        }
        made = ProjectSpec.model_validate(described).with_guideline(guideline)
        project_id = self.store.transact(lambda session: projects.create(session, made, self.clock(), None)).project_id
        if rows := list(items):
            self.bring_in(project_id, rows)
        self.resolve()
        self.project_id = self.project_id or project_id
        return project_id

    def bring_in(self, project_id: int, rows: Sequence[Mapping[str, str]]) -> None:
        """Import items from a CSV file."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        path = self.folder / f"items-{project_id}-{len(list(self.folder.iterdir()))}.csv"
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        intake.import_file(self.store, project_id, path, self.clock, lambda _done: None, None)

    def resolve(self) -> None:
        """What the clock does first: find people and channels in Slack."""
        client = web_client(self.workspace.bot_token, base_url=self.workspace.api_url)
        directory.refresh(self.store, lambda: read_directory(client), self.clock())
        self.ids = {one["name"]: one["id"] for one in self.workspace.get("/client/bootstrap")["users"]}

    # -- running -------------------------------------------------------------------------------------------------

    def start(self, who_makes: str = "anybody") -> Concord:
        """Run Concord as ``concord run`` does."""
        space = self.workspace
        self._concord = process.start(
            open_store(self.url, pool_size=10),
            Connection(space.bot_token, space.api_url, space.app_token, space.signing_secret, self.http),
            clock=self.clock,
            sender_settings=self.settings,
            answer_pace=PACE,
            drop_settings=replace(self.drops, folder=self.folder / "drops"),
            who_makes=who_makes,
        )
        if self.http is None:
            until(self.workspace.connections)
        return self._concord

    def stop(self) -> None:
        """Stop Concord; the workspace and the store stay."""
        if self._concord is not None:
            self._concord.stop()
            self._concord = None
            # The next one would lose what the workspace still sends to this one's socket.
            until(lambda: self.workspace.connections() == 0)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        if self._store is not None:
            self._store.close()

    def upkeep(self) -> None:
        """What the clock does every 20 seconds."""
        upkeep.keep_up(self.store, self.clock(), self.concord.sender.nudge)

    # -- looking -------------------------------------------------------------------------------------------------

    def rows(self, statement: Any) -> list[Any]:
        with self.store.read() as session:
            return list(session.execute(statement).all())

    def one(self, statement: Any) -> Any:
        with self.store.read() as session:
            return session.execute(statement).one()

    def count(self, table: type[SQLModel], *where: Any) -> int:
        with self.store.read() as session:
            return len(session.execute(select(table).where(*where)).all())

    def dump(self, *without: str) -> dict[str, list[str]]:
        """Every row of every table, as text; what a refused click must not change."""
        found = {}
        with self.store.read() as session:
            for table in SQLModel.metadata.sorted_tables:
                if table.name not in without:
                    rows = session.execute(select(table)).mappings()
                    found[table.name] = sorted(json.dumps(dict(row), default=str, sort_keys=True) for row in rows)
        return found

    def person(self, name: str) -> int:
        """The row of a person."""
        row = self.one(select(col(Person.id)).where(col(Person.slack_id) == self.ids[name]))
        return int(row.id)

    def person_row(self, name: str) -> Any:
        return self.one(select(col(Person.active), col(Person.dm)).where(col(Person.slack_id) == self.ids[name]))

    def values(self) -> dict[int, str]:
        """Label values by the ids of their rows."""
        return {row.id: row.value for row in self.rows(select(col(LabelValue.id), col(LabelValue.value)))}

    def quiet(self) -> None:
        """Wait until the outbox is empty."""
        until(self.is_quiet)

    def is_quiet(self) -> bool:
        """Whether the outbox is empty."""
        waiting = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)
        return self.count(Outbox, col(Outbox.state).in_(waiting)) == 0

    def hurry(self, look: Callable[[], T | None]) -> T:
        """What ``look`` finds once it is true, the clock moved on over every wait of the sender.

        What a look-up may look back on has to grow with it: ``settings`` with another ``clock_skew``.
        """

        def move_on() -> T | None:
            if found := look():
                return found
            self.clock.forward(seconds=0.5)
            self.concord.sender.nudge()
            return None

        return until(move_on)

    def card_version(self, batch_id: int) -> int | None:
        """The version that a batch's card should show."""
        with self.store.read() as session:
            return batch_version(session, batch_id)

    def posts(self, name: str, channel: str | None = None) -> list[Json]:
        """Messages of the app that everybody in a conversation sees: in a channel, or in somebody's DM."""
        found = self.workspace.messages(name, channel and self.workspace.channel(channel), limit=500)
        return [message for message in found if message["bot"] and not message["ephemeral"]]

    def keys(self, name: str, channel: str | None = None) -> list[str]:
        """The keys by which the sender knows the messages of a conversation."""
        return [
            json.dumps(message["metadata"]["event_payload"], sort_keys=True) for message in self.posts(name, channel)
        ]

    def case_cards(self, channel: str = "rte-review", sees: str = "rita") -> list[Json]:
        return [message for message in self.posts(sees, channel) if seen.is_card(message, "case")]
