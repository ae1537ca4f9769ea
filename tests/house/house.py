"""Concord running in this process on a workspace of its own, and the people in it."""

import csv
import io
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import SQLModel, col

from bot import process
from bot.answers.pace import Pace
from bot.process import Concord, Connection
from bot.sender.settings import Rate, SenderSettings
from bot.slack.client import web_client
from bot.slack.directory import read_directory
from jobs import directory, upkeep
from storage.engine import Store, open_store
from storage.tables import LabelValue, Outbox, OutboxState, Person
from tests.house import seen
from tests.sandbox_fixtures import Workspace, wait_for
from workflow import intake, projects
from workflow.project_spec import ProjectSpec
from workflow.views.batch import batch_version

T = TypeVar("T")
Json = dict[str, Any]

PATIENCE = 30.0
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


def until(predicate: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What ``predicate`` returns once it is true; the machine may be busy."""
    found = wait_for(predicate, seconds)
    assert found is not None
    return found


def once(look: Callable[[], T], true: Callable[[T], Any], seconds: float = PATIENCE) -> T:
    """What ``look`` finds, once ``true`` holds of it."""
    return until(lambda: (found,) if true(found := look()) else None, seconds)[0]


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

    def someone(self, name: str) -> "Someone":
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

    def start(self) -> Concord:
        """Run Concord as ``concord run`` does."""
        space = self.workspace
        self._concord = process.start(
            open_store(self.url, pool_size=10),
            Connection(space.bot_token, space.api_url, space.app_token),
            clock=self.clock,
            sender_settings=self.settings,
            answer_pace=PACE,
        )
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
        waiting = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)
        until(lambda: self.count(Outbox, col(Outbox.state).in_(waiting)) == 0)

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


@dataclass(frozen=True)
class Someone:
    """Somebody in the workspace, doing what its page lets people do."""

    house: House
    name: str

    @property
    def id(self) -> str:
        return self.house.ids[self.name]

    @property
    def space(self) -> Workspace:
        return self.house.workspace

    # -- seeing --------------------------------------------------------------------------------------------------

    def messages(self, channel: str | None = None) -> list[Json]:
        """What they see, in their DM with Concord unless a channel is named; each with its channel."""
        try:
            place = self.space.channel(channel) if channel else self.space.dm(self.name)
        except StopIteration:
            return []
        return self._in(place)

    def _in(self, place: str) -> list[Json]:
        return [{**one, "channel": place} for one in self.space.messages(self.name, place, limit=500)]

    def cards(self) -> list[Json]:
        """Their batches' cards, oldest first."""
        return [message for message in self.messages() if seen.is_card(message)]

    def card(self) -> Json:
        """The newest card."""
        return until(self.cards)[-1]

    def see(self, ts: str, channel: str | None = None) -> Json:
        """A message as it is now."""
        return next(message for message in self.messages(channel) if message["ts"] == ts)

    def modal(self) -> Json:
        """The modal on top, once there is one."""
        return until(lambda: self.space.modals(self.name))[-1]

    def close_modals(self) -> None:
        for view in reversed(self.space.modals(self.name)):
            self.space.close(self.name, view["id"])

    def home(self) -> Json:
        """Open App Home and wait until it was published anew."""
        before = self.space.view(self.name)["home"]["hash"]
        self.space.open_home(self.name)
        return until(lambda: self._home_after(before))

    def _home_after(self, before: str | None) -> Json | None:
        shown = self.space.view(self.name)["home"]
        view: Json | None = shown["view"]
        return view if view is not None and shown["hash"] != before else None

    # -- doing ---------------------------------------------------------------------------------------------------

    def press(self, shown: Json, title: str) -> Json:
        """Press what carries this title, on a message, a modal or Home; what the workspace says once it was acked."""
        block, element, more = seen.control(shown, title)
        where: Json = {"block_id": block["block_id"], "action_id": element["action_id"], **more}
        if shown.get("type") == "home":
            where["home"] = True
        elif shown.get("type") == "modal":
            where["view_id"] = shown["id"]
        else:
            where |= {"channel": shown["channel"], "ts": shown["ts"]}
        done: Json = self.space.post("/client/click", user=self.name, **where)
        if done.get("error") == "no_such_element" and "ts" in shown:
            # The card was replaced under the finger: press what stands there now.
            now = next(message for message in self._in(shown["channel"]) if message["ts"] == shown["ts"])
            same = now["blocks"] != shown["blocks"] and seen.quoted(now) == seen.quoted(shown)
            return self.press(now, title) if same else done
        return done

    def press_ok(self, shown: Json, title: str) -> None:
        done = self.press(shown, title)
        assert done == {"ok": True}, (title, done)

    def get_batch(self) -> Json:
        """Press the button in Home; the new card."""
        before = {card["ts"] for card in self.cards()}
        home = self.home()
        self.press_ok(home, "Get a batch" if "Get a batch" in seen.titles(home) else "Show my batch")
        return until(lambda: [card for card in self.cards() if card["ts"] not in before])[0]

    def answer(self, title: str, card: Json | None = None) -> Json:
        """Press something on a card (the newest unless given) and wait until it shows what came of it."""
        card = card or self.card()
        self.press_ok(card, title)
        return self.changed(card)

    def changed(self, card: Json) -> Json:
        """The card once it shows another version than this: the one that is in the store."""
        before, batch = seen.version(card), seen.subject(card)

        def is_true(now: Json) -> bool:
            return before != seen.version(now) == self.house.card_version(batch)

        return once(lambda: self.see(card["ts"]), is_true)

    def flag(self, note: str = "", reason: str = "several_fit", card: Json | None = None) -> Json:
        """*Unclear*, with the form filled in; the card afterwards."""
        card = card or self.card()
        self.press_ok(card, "Unclear")
        done = self.submit(self.modal(), {"reason": reason, "note": note})
        assert done["ok"], done
        return self.changed(card)

    def submit(self, view: Json, values: Mapping[str, Any]) -> Json:
        """Send a modal, its fields filled in by block id."""
        state: Json = {}
        for block, element in seen.elements(view):
            if block["type"] == "input" and block["block_id"] in values:
                filled = _filled(element, values[block["block_id"]])
                state.setdefault(block["block_id"], {})[element["action_id"]] = filled
        return self.space.submit(self.name, view["id"], state)

    def rule(self, title: str, why: str, case: Json) -> None:
        """Press a label on a case's card and give the reason."""
        self.press_ok(case, title)
        done = self.submit(self.modal(), {"rationale": why})
        assert done["ok"], done

    def command(self, text: str, channel: str | None = None) -> Json:
        place = self.space.channel(channel) if channel else self.space.dm(self.name)
        return self.space.command(self.name, text, place)

    def hears(self, act: Callable[[], Any], part: str, channel: str | None = None) -> str:
        """What is said to them alone after ``act``, by an ephemeral message or a small modal, with ``part`` in it."""
        before = {shown["ts"] for shown in self._whispers(channel)} | {v["id"] for v in self.space.modals(self.name)}
        done = act()
        assert not isinstance(done, dict) or done.get("ok"), done

        def look() -> str | None:
            said = [(one["ts"], seen.words(one)) for one in self._whispers(channel)]
            said += [(view["id"], seen.words(view)) for view in self.space.modals(self.name)]
            return next((text for key, text in said if key not in before and part in text), None)

        return until(look)

    def _whispers(self, channel: str | None) -> list[Json]:
        return [message for message in self.messages(channel) if message["ephemeral"]]


def _filled(element: Json, value: Any) -> Json:
    match element["type"]:
        case "static_select":
            return {"selected_option": {"value": value}}
        case "checkboxes":
            return {"selected_options": [{"value": one} for one in value]}
        case "users_select":
            return {"selected_user": value}
        case "multi_users_select":
            return {"selected_users": value}
        case _:
            return {"value": value}


def all_at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Do things at the same moment, each in a thread; what came of each, in order."""
    listed = list(acts)
    results: list[Any] = [None] * len(listed)
    gate = threading.Barrier(len(listed))

    def run(at: int) -> None:
        gate.wait()
        results[at] = listed[at]()

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(listed))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
