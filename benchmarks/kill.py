"""Kill the bot at random moments under full load, start it again, and compare what was acknowledged with what is stored.

    python -m benchmarks.kill --kills 20

Everybody clicks through a workspace of their own: annotators label, some flag, a reviewer rules, a lead posts digests.
Afterwards: no acknowledged label, flag, ruling or digest is missing, none is there twice, no message was posted twice,
and everybody can finish their batch. Exits with 1 where that does not hold.
"""

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from benchmarks.kill_people import Annotator, Flagger, Lead, Memory, Reviewer, Worker
from bot.demo.person import Desk
from storage import schema
from storage.engine import Store, open_store
from storage.tables import Digest, Flag, Label, Outbox, OutboxKind, OutboxState, Ruling
from tests import sandbox_fixtures
from tests.sandbox_fixtures import Workspace
from workflow import intake, projects
from workflow.project_spec import ProjectSpec

Json = dict[str, Any]
LABELLERS, FLAGGERS = 10, 3
START_SECONDS = 60.0
FINISH_SECONDS = 300.0


@dataclass
class Outcome:
    """What came of it; each list names what is wrong."""

    kills: int = 0
    seconds: float = 0.0
    memory: Memory = field(default_factory=Memory)
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    posted_twice: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    messages: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.doubled or self.posted_twice or self.unsent or self.stuck)


# -- the world ----------------------------------------------------------------------------------------------------


def seed(labellers: int) -> Json:
    """The workspace."""
    names = [f"p{number:02}" for number in range(labellers)] + [f"f{number}" for number in range(FLAGGERS)]
    channels = ("rte", "rte-review", "rte-leads")
    everybody = [*names, "rita", "lea"]
    return {
        "team": {"name": "Kill House", "domain": "kill-house"},
        "app": {"name": "Concord", "display_name": "concord", "command": "/concord"},
        "users": [{"name": name, "real_name": name.title()} for name in everybody],
        "channels": [{"name": name, "members": everybody, "bot": True} for name in channels],
    }


def make_projects(store: Store, folder: Path, people: Json, items: int) -> None:
    """One project to label, three people an item; one in which nobody but the flagger has a place on an item."""
    labellers = [name for name in people if name.startswith("p")]
    flaggers = [name for name in people if name.startswith("f")]
    for name, overlap, team in (("rte", 3, labellers), ("odd", 1, flaggers)):
        roles = [{"user": people[one], "roles": ["annotator"]} for one in team]
        spec = ProjectSpec.model_validate(
            {
                "name": name,
                "question": "Does it?",
                "labels": [{"value": "yes", "title": "Yes"}, {"value": "no", "title": "No"}],
                "overlap": overlap,
                "batch_size": 10,
                "channels": {"team": "#rte", "review": "#rte-review", "leads": "#rte-leads"},
                "people": [
                    *roles,
                    {"user": people["rita"], "roles": ["reviewer"]},
                    {"user": people["lea"], "roles": ["lead"]},
                ],
            }
        )
        made = store.transact(lambda session, spec=spec: projects.create(session, spec, now(), None))  # type: ignore[misc]
        path = folder / f"{name}.csv"
        path.write_text("id,text\n" + "".join(f"{n},{name} text {n}\n" for n in range(items)), encoding="utf-8")
        intake.import_file(store, made.project_id, path, now, lambda _done: None, None)


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass
class Bot:
    """The bot as a process that can be killed."""

    workspace: Workspace
    url: str
    folder: Path
    quick: bool
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it and wait until Slack has it."""
        space = self.workspace
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "CONCORD_DATABASE_URL": self.url,
            "SLACK_BOT_TOKEN": space.bot_token,
            "SLACK_APP_TOKEN": space.app_token,
            "SLACK_API_URL": space.api_url,
        }
        quick = ["-m", "benchmarks.kill_bot", self.url, space.api_url, space.bot_token, space.app_token]
        command = [sys.executable, *(quick if self.quick else ["-m", "bot.cli", "run"])]
        with (self.folder / "bot.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)
        self.wait_connected()

    def wait_connected(self) -> None:
        """Wait until it has a socket open. Raises RuntimeError where it does not come."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.workspace.connections() > 0:
                return
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the bot did not start: {(self.folder / 'bot.log').read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + START_SECONDS
        while self.workspace.connections() > 0 and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        """End it in peace."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


# -- the run ------------------------------------------------------------------------------------------------------


def run(
    folder: Path, *, kills: int, quick: bool, url: str | None = None, labellers: int = LABELLERS, seeded: int = 1,
    up: tuple[float, float] = (0.3, 3.0), items: int = 3000, tell: Any = lambda _line: None,
) -> Outcome:  # fmt: skip
    """Work, kill, start again, ``kills`` times; then let everybody finish, and compare. ``up`` is in seconds."""
    chance = random.Random(seeded)
    outcome = Outcome()
    with _workspace(folder, labellers) as workspace:
        url = url or f"sqlite:///{folder / 'concord.db'}"
        store = open_store(url)
        schema.upgrade(store)
        desk = Desk(workspace.url)
        people = desk.users()
        make_projects(store, folder, people, items)
        bot = Bot(workspace, url, folder, quick)
        finishing = threading.Event()
        workers = _workers(desk, people, workspace, outcome.memory, chance, finishing)
        threads = [threading.Thread(target=worker.run, daemon=True) for worker in workers]  # type: ignore[attr-defined]
        begun = time.monotonic()
        bot.start()
        try:
            for thread in threads:
                thread.start()
            for number in range(1, kills + 1):
                _wait_for_work(outcome.memory)
                time.sleep(chance.uniform(*up))
                bot.kill()
                outcome.kills = number
                memory = outcome.memory
                tell(f"kill {number:>3}: {memory.acknowledged:>6} acknowledged, {memory.unacknowledged:>4} not")
                bot.start()
            finishing.set()
            end = time.monotonic() + FINISH_SECONDS
            for thread in threads:
                thread.join(max(0.1, end - time.monotonic()))
            outcome.stuck = [worker.user for worker in workers if not worker.finished]
            _drain(store, end)
            outcome.seconds = time.monotonic() - begun
            compare(store, desk, people, outcome)
        finally:
            bot.stop()
            store.close()
    return outcome


def _wait_for_work(memory: Memory) -> None:
    """Wait until somebody's click was acknowledged again, so that there is something to interrupt."""
    before, end = memory.acknowledged, time.monotonic() + START_SECONDS
    while memory.acknowledged == before and time.monotonic() < end:
        time.sleep(0.01)


@contextmanager
def _workspace(folder: Path, labellers: int) -> Iterator[Workspace]:
    running = sandbox_fixtures.start(folder / "workspace", seed(labellers))
    try:
        yield running
    finally:
        running.stop()


def _workers(
    desk: Desk, people: Json, workspace: Workspace, memory: Memory, chance: random.Random, finishing: threading.Event
) -> list[Worker]:
    sees = desk.get("/client/view", user=people["lea"])["channels"]
    channels = {channel["name"]: channel["id"] for channel in sees}
    workers: list[Worker] = []
    for name, user in people.items():
        kinds = {"p": Annotator, "f": Flagger, "r": Reviewer, "l": Lead}
        worker = kinds[name[0]](desk, user, memory, random.Random(chance.random()), finishing)
        if isinstance(worker, Reviewer):
            worker.channel = channels["rte-review"]
        if isinstance(worker, Lead):
            worker.channel = channels["rte-leads"]
        workers.append(worker)
    return workers


UNDER_WAY = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


def _drain(store: Store, end: float) -> None:
    """Wait until everything that is to be said was said."""
    waiting = select(func.count()).select_from(Outbox).where(col(Outbox.state).in_(UNDER_WAY))
    while time.monotonic() < end:
        with store.read() as session:
            if session.execute(waiting).scalar_one() == 0:
                return
        time.sleep(0.1)


# -- comparing ----------------------------------------------------------------------------------------------------


def compare(store: Store, desk: Desk, people: Json, outcome: Outcome) -> None:
    """What was acknowledged against what is stored, click by click; what is stored against what was posted."""
    _compare_labels(store, outcome)
    _compare_others(store, outcome)
    _compare_messages(store, desk, people, outcome)


def _compare_labels(store: Store, outcome: Outcome) -> None:
    stored: dict[int, list[int]] = {}
    with store.read() as session:
        rows = session.execute(select(col(Label.assignment_id), col(Label.value_id)).order_by(col(Label.id)))
        for place, value in rows:
            stored.setdefault(place, []).append(value)
    for place, values in stored.items():
        if any(first == second for first, second in itertools.pairwise(values)):
            outcome.doubled.append(f"label of place {place}: {values}")
    for place, clicked in outcome.memory.labels.items():
        wanted = [value for at, value in enumerate(clicked) if at == 0 or clicked[at - 1] != value]
        left = iter(stored.get(place, []))
        if not all(value in left for value in wanted):
            outcome.missing.append(f"labels of place {place}: clicked {clicked}, stored {stored.get(place)}")


def _compare_others(store: Store, outcome: Outcome) -> None:
    memory = outcome.memory
    with store.read() as session:
        flags = Counter(session.execute(select(col(Flag.assignment_id))).scalars())
        rulings = Counter(session.execute(select(col(Ruling.rationale))).scalars())
        digests = session.execute(select(func.count()).select_from(Digest)).scalar_one()
    outcome.missing += [f"flag of place {place}" for place in memory.flags if not flags[place]]
    outcome.missing += [why for why in memory.rulings if not rulings[why]]
    # Somebody whose card still shows what they have flagged may flag it once more: that is another click.
    outcome.doubled += [f"flag of place {place}" for place, count in flags.items() if count > memory.flags_sent[place]]
    outcome.doubled += [why for why, count in rulings.items() if count > 1]
    if digests < len(memory.digests):
        outcome.missing.append(f"digests: {len(memory.digests)} acknowledged, {digests} stored")
    if digests > len(memory.digest_presses):
        outcome.doubled.append(f"digests: {len(memory.digest_presses)} pressed, {digests} stored")


def _compare_messages(store: Store, desk: Desk, people: Json, outcome: Outcome) -> None:
    keys: Counter[tuple[str, str]] = Counter()
    for user in people.values():
        view = desk.get("/client/view", user=user)
        for place in {place["id"] for place in (*view["channels"], *view["dms"])}:
            if place.startswith("C") and user != people["lea"]:
                continue
            for message in _all_messages(desk, user, place):
                if message.get("metadata"):
                    keys[place, str(message["metadata"]["event_payload"])] += 1
    outcome.messages = sum(keys.values())
    outcome.posted_twice = [f"{place}: {key}" for (place, key), count in keys.items() if count > 1]
    with store.read() as session:
        posts = (col(Outbox.kind).in_((OutboxKind.POST, OutboxKind.CHART)),)
        sent = select(func.count()).select_from(Outbox).where(*posts, col(Outbox.state) == OutboxState.SENT)
        if (count := session.execute(sent).scalar_one()) != len(keys):
            outcome.unsent.append(f"{count} posts are marked as sent, {len(keys)} messages are there")
        other = select(col(Outbox.key), col(Outbox.state)).where(
            *posts, col(Outbox.state).not_in((OutboxState.SENT, OutboxState.DROPPED))
        )
        outcome.unsent += [f"{row.key}: {row.state}" for row in session.execute(other)]


def _all_messages(desk: Desk, user: str, place: str) -> Iterator[Json]:
    before: dict[str, str] = {}
    while True:
        page = desk.get("/client/messages", user=user, channel=place, limit="500", **before)
        yield from (message for message in page["messages"] if not message["ephemeral"])
        if not page["has_more"]:
            return
        before = {"before": page["messages"][0]["ts"]}


# -- the command --------------------------------------------------------------------------------------------------


def report(outcome: Outcome) -> str:
    """The table."""
    memory = outcome.memory
    labels = sum(map(len, memory.labels.values()))
    rows = [
        ("kills", outcome.kills),
        ("seconds", round(outcome.seconds)),
        ("clicks acknowledged", memory.acknowledged),
        ("clicks not acknowledged", memory.unacknowledged),
        ("labels acknowledged", labels),
        ("flags, rulings, digests acknowledged", f"{len(memory.flags)}, {len(memory.rulings)}, {len(memory.digests)}"),
        ("acknowledged and missing", len(outcome.missing)),
        ("stored twice", len(outcome.doubled)),
        ("messages posted", outcome.messages),
        ("messages posted twice", len(outcome.posted_twice)),
        ("messages not posted", len(outcome.unsent)),
        ("people stuck", len(outcome.stuck)),
    ]
    lines = [f"{name:<38}{value:>14}" for name, value in rows]
    wrong = (outcome.missing, outcome.doubled, outcome.posted_twice, outcome.unsent, outcome.stuck)
    return "\n".join([*lines, *(f"  {line}" for found in wrong for line in found[:10])])


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=LABELLERS)
    parser.add_argument("--database", default=None, help="an SQLAlchemy URL of an empty database; default: SQLite")
    parser.add_argument("--quick", action="store_true", help="waits of tenths of a second, instead of `concord run`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="concord-kill-") as folder:
        outcome = run(
            Path(folder), kills=given.kills, quick=given.quick, url=given.database, labellers=given.people,
            seeded=given.seed, tell=lambda line: print(line, flush=True),
        )  # fmt: skip
    print(report(outcome))
    sys.exit(0 if outcome.good else 1)


if __name__ == "__main__":
    main()
