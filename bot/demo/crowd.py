"""The crowd: the people who labelled the demo's data label it again, each their own recorded labels, by clicking.

A plan gives each the items that they labelled. Then each asks for batches in App Home and answers card after card, as
people do: what is recorded goes through Slack, the handlers and the store like anybody's click.
"""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bot.demo.person import Desk, NoAnswerError, Person
from bot.demo.project import recorded
from storage.engine import Store
from storage.tables import Role
from workflow import membership, projects
from workflow.intake.steps import standardise
from workflow.plan import Planned, plan

log = structlog.get_logger()

Json = dict[str, Any]
PROJECT = "rte"
FOR_VISITORS = 50
CHUNK = 1000


@dataclass
class Script:
    """What each person of the crowd will answer: their recorded labels by the text of the item."""

    answers: dict[str, dict[tuple[str, ...], str]]
    titles: dict[str, str]

    @property
    def labels(self) -> int:
        """How many labels that is."""
        return sum(len(own) for own in self.answers.values())


@dataclass
class Progress:
    """What was clicked so far."""

    clicked: int = 0
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    def add(self) -> int:
        """One more label."""
        with self.lock:
            self.clicked += 1
            return self.clicked


def enlist(store: Store, desk: Desk, labels: list[Json], now: datetime) -> list[Json]:
    """Make the crowd annotators and plan for each the items that they labelled; the labels whose places were still free."""
    users = desk.users()
    with store.read() as session:
        project_id = projects.by_name(session, PROJECT)
    names = sorted({row["annotator"] for row in labels})

    def join(session: Any) -> None:
        for name in names:
            membership.add(session, project_id, users[name], [Role.ANNOTATOR], now, None)

    store.transact(join)
    rows = [Planned(line, row["item_id"], users[row["annotator"]]) for line, row in enumerate(labels, start=2)]
    taken: set[int] = set()
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        refused = store.transact(lambda session, part=chunk: plan(session, project_id, part, now))  # type: ignore[misc]
        taken |= {row.line for row in refused}
    if taken:
        log.info("places were taken already", count=len(taken))
    return [label for line, label in enumerate(labels, start=2) if line not in taken]


def script(items: list[Json], labels: list[Json], titles: dict[str, str]) -> Script:
    """Each person's answers, found again by what a card shows: the item's normalised texts."""
    texts = {item["id"]: (standardise(item["text"])[0], standardise(item["hypothesis"])[0]) for item in items}
    answers: defaultdict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for row in labels:
        answers[row["annotator"]][texts[row["item_id"]]] = row["label"]
    return Script(dict(answers), titles)


def run(
    desk: Desk, acts: Script, *, speed: float, people_at_once: int, progress: Progress, each: Callable[[int], None]
) -> None:
    """Let everybody work until they have nothing left, ``speed`` labels a second in all (0: as fast as it goes)."""
    users = desk.users()
    pace = Pace(speed, progress.stop)
    names = sorted(acts.answers)
    random.Random(1).shuffle(names)  # noqa: S311

    def work(name: str) -> None:
        try:
            for _ in _labels_of(Person(desk, users[name]), acts, name, pace, progress):
                each(progress.add())
        except (NoAnswerError, LookupError) as error:
            with progress.lock:
                progress.lost.append(f"{name}: {error}")

    with ThreadPoolExecutor(people_at_once) as pool:
        list(pool.map(work, names))


@dataclass
class Pace:
    """Lets labels through at an even rate."""

    speed: float
    stop: threading.Event
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_at: float = 0.0

    def wait(self) -> bool:
        """Wait for one's turn; False once all shall stop."""
        if self.speed > 0:
            with self.lock:
                at = max(self.next_at, time.monotonic())
                self.next_at = at + 1 / self.speed
            self.stop.wait(max(0.0, at - time.monotonic()))
        return not self.stop.is_set()


def _labels_of(person: Person, acts: Script, name: str, pace: Pace, progress: Progress) -> Iterator[None]:
    """Work through one person's batches, yielding after each label."""
    left, answered = dict(acts.answers[name]), set[tuple[str, ...]]()
    done: set[str] = set()
    while left and not progress.stop.is_set():
        person.click_home(person.open_home(), "get_batch")
        card = _new_card(person, done)
        if card is None:
            return
        while (texts := texts_of(card)) is not None:
            if texts in answered:
                # Two who write one card: it may show an older state for a moment.
                card = _changed(person, card)
                continue
            if not pace.wait():
                return
            label = left.pop(texts, None)
            if label is None:
                raise LookupError("a card shows an item that this person never labelled")
            card = _answer(person, card, acts.titles[label])
            answered.add(texts)
            yield
        done.add(card["ts"])


def _answer(person: Person, card: Json, title: str) -> Json:
    """Press the label and wait until the card shows what comes after it."""
    value = next(
        element["value"]
        for block in card["blocks"]
        for element in block.get("elements", [])
        if element.get("type") == "button"
        and str(element.get("action_id")).startswith("label:")
        and element["text"]["text"] == title
    )
    for _ in range(5):
        if person.click(card, "label", value).get("ok"):
            break
        time.sleep(0.5)
    return _changed(person, card)


def _changed(person: Person, card: Json) -> Json:
    """The card once it shows something else."""
    before = card["blocks"][0]["block_id"]

    def changed() -> Json | None:
        shown = next((m for m in person.messages(card["channel"], 3) if m["ts"] == card["ts"]), None)
        return shown if shown and shown["blocks"][0]["block_id"] != before else None

    found: Json = person.wait_for(changed, "change of the card")
    return found


def _new_card(person: Person, done: set[str]) -> Json | None:
    """The batch's card once it has come; None where the person was told that there is nothing."""

    def look() -> Json | str | None:
        channel = person.direct_channel()
        if channel is None:
            return None
        for message in reversed(person.messages(channel, 5)):
            if message["ts"] in done:
                continue
            if texts_of(message) is not None:
                return message
        modals = person.desk.get("/client/view", user=person.user)["modals"]
        return "nothing" if modals else None

    found = person.wait_for(look, "batch")
    return found if isinstance(found, dict) else None


def texts_of(message: Json) -> tuple[str, ...] | None:
    """The item's texts on a card; None on a card without an item."""
    quoted = [
        element["text"]
        for block in message.get("blocks") or []
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_quote"
        for element in part["elements"]
    ]
    labelled = any(str(b.get("block_id", "")).startswith("label:") for b in message.get("blocks") or [])
    return tuple(quoted) if quoted and labelled else None


def data(limit: int | None = None, *, leave: int = 0) -> tuple[list[Json], list[Json]]:
    """Items and labels of the demo, the first ``limit`` items of it, without the last ``leave``."""
    import csv

    from bot.demo.project import ITEMS

    with ITEMS.open(encoding="utf-8", newline="") as file:
        items: list[Json] = list(csv.DictReader(file))
    kept = items[: len(items) - leave][:limit]
    ids = {item["id"] for item in kept}
    return kept, [dict(row) for row in recorded() if row["item_id"] in ids]
