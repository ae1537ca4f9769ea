"""People who go on clicking while the bot is killed and started again, and who remember what was acknowledged."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.demo.person import Desk, NoAnswerError, Person
from tests.house import seen

Json = dict[str, Any]
PATIENCE = 3.0
PAUSE = 0.02


@dataclass
class Memory:
    """What was acknowledged: labels by place in the order of the clicks, flags, rulings, digests; and all attempts."""

    labels: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    flags: set[int] = field(default_factory=set)
    flags_sent: Counter[int] = field(default_factory=Counter)
    rulings: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    digest_presses: set[str] = field(default_factory=set)
    acknowledged: int = 0
    unacknowledged: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, answer: Json) -> bool:
        """Whether a click was acknowledged."""
        with self.lock:
            if answer.get("ok"):
                self.acknowledged += 1
            elif answer.get("error") in ("timeout", "no_connection"):
                self.unacknowledged += 1
        return bool(answer.get("ok"))


@dataclass
class Worker:
    """Somebody at work until told to finish; ``finished`` once their batch is done."""

    desk: Desk
    user: str
    memory: Memory
    chance: random.Random
    finishing: threading.Event
    finished: bool = False

    def __post_init__(self) -> None:
        self.person = Person(self.desk, self.user)

    def look(self, see: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What there is to see, if it comes in time."""
        try:
            return self.person.wait_for(see, "answer", seconds)
        except NoAnswerError:
            return None

    def modal(self) -> Json | None:
        """The modal on top."""
        modals = self.desk.get("/client/view", user=self.user)["modals"]
        return modals[-1]["view"] | {"id": modals[-1]["id"]} if modals else None

    def close_modals(self) -> None:
        """Close what is open."""
        if (view := self.modal()) is not None:
            self.desk.post("/client/close", {"user": self.user, "view_id": view["id"], "all": True})

    def press(self, message: Json, title: str) -> bool:
        """Press a button; whether it was acknowledged."""
        block, element, more = seen.control(message, title)
        where = {"channel": message["channel"], "ts": message["ts"], "block_id": block["block_id"]}
        ask = {"user": self.user, **where, "action_id": element["action_id"], **more}
        return self.memory.count(self.desk.post("/client/click", ask))

    def submit(self, view: Json, values: Json) -> bool:
        """Send a modal, again while nobody acknowledges; whether it was taken."""
        state = {block: {block: value} for block, value in values.items()}
        for _ in range(20):
            done = self.desk.post("/client/submit", {"user": self.user, "view_id": view["id"], "state": state})
            if self.memory.count(done):
                return True
            if done.get("error") not in ("timeout", "no_connection"):
                return False
            time.sleep(0.3)
        return False


class Annotator(Worker):
    """Labels; now and then goes back and changes an answer."""

    def run(self) -> None:
        """Work until told to finish, and then until the batch is done."""
        while not self.finished:
            card = self.card()
            if card is None:
                self.finished = self.finishing.is_set()
                if not self.finished:
                    self.ask()
                continue
            self.act(card)
            self.wait_until_moved(card)

    def card(self) -> Json | None:
        """The card of a batch that is not done yet."""
        channel = self.person.direct_channel()
        for message in reversed(self.person.messages(channel, 10) if channel else []):
            if seen.is_card(message, "head"):
                return message
            if seen.is_card(message, "done"):
                return None
        return None

    def wait_until_moved(self, card: Json) -> None:
        """Wait until the card shows something else, if it does."""

        def moved() -> bool:
            now = next((m for m in self.person.messages(card["channel"], 10) if m["ts"] == card["ts"]), None)
            return now is None or now["blocks"] != card["blocks"]

        self.look(moved)

    def ask(self) -> None:
        """Ask for a batch in Home, and wait for its card."""
        self.close_modals()
        self.desk.post("/client/home", {"user": self.user})
        view = self.look(lambda: self.desk.get("/client/view", user=self.user)["home"]["view"])
        if view is None:
            return
        try:
            acknowledged = self.memory.count(self.person.click_home(view, "get_batch"))
        except LookupError:
            return
        if acknowledged:
            self.look(lambda: self.card() or self.modal())
        else:
            time.sleep(PAUSE * 10)

    def act(self, card: Json) -> None:
        """Press something on the card."""
        titles = seen.titles(card)
        if "Back" in titles and self.chance.random() < 0.1 and not self.finishing.is_set():
            self.press(card, "Back")
        elif "Yes" in titles:
            self.label(card, self.chance.choice(("Yes", "No")))
        else:
            # A closed place that the card still shows: going on is all one can do.
            self.press(card, "Forward" if "Forward" in titles else "Skip" if "Skip" in titles else "Back")
        time.sleep(PAUSE)

    def label(self, card: Json, title: str) -> None:
        """Press a label and remember it, if it was acknowledged."""
        _, element, _ = seen.control(card, title)
        place, value = map(int, element["value"].split(":"))
        # A card may still show what was flagged, if the bot died before it could say so: such a label is refused.
        if self.press(card, title) and place not in self.memory.flags_sent:
            self.memory.labels[place].append(value)


class Flagger(Annotator):
    """Finds every second item unclear."""

    def act(self, card: Json) -> None:
        """Flag or label."""
        if "Unclear" not in seen.titles(card) or self.finishing.is_set() or self.chance.random() < 0.5:
            super().act(card)
            return
        _, element, _ = seen.control(card, "Unclear")
        place = int(element["value"])
        self.close_modals()
        if not self.press(card, "Unclear"):
            return
        view = self.look(self.modal)
        reason = {"reason": {"selected_option": {"value": "other"}}, "note": {"value": f"place {place}"}}
        if view is not None:
            self.memory.flags_sent[place] += 1
            if self.submit(view, reason):
                self.memory.flags.add(place)


class Reviewer(Worker):
    """Rules on whatever waits in the review channel."""

    channel: str = ""
    ruled: int = 0

    def run(self) -> None:
        """Rule until told to finish."""
        while not self.finishing.is_set():
            waiting = [m for m in self.person.messages(self.channel, 50) if "Yes" in seen.titles(m)]
            if not waiting:
                time.sleep(PAUSE * 5)
                continue
            case = self.chance.choice(waiting)
            self.close_modals()
            if not self.press(case, self.chance.choice(("Yes", "No"))):
                time.sleep(PAUSE * 5)
                continue
            if (view := self.look(self.modal)) is not None:
                self.ruled += 1
                why = f"ruling {self.ruled}"
                if self.submit(view, {"rationale": {"value": why}}):
                    self.memory.rulings.add(why)
        self.finished = True


class Lead(Worker):
    """Asks for the digest and posts it."""

    channel: str = ""

    def run(self) -> None:
        """Ask and post until told to finish."""
        while not self.finishing.is_set():
            self.person.command(self.channel, "/concord digest rte")
            shown = self.look(self.whisper)
            if shown is not None:
                # One answer is posted once, however often its button is pressed.
                self.memory.digest_presses.add(shown["ts"])
                if self.press(shown, "Post to the leads channel"):
                    self.memory.digests.add(shown["ts"])
            self.finishing.wait(1.0)
        self.finished = True

    def whisper(self) -> Json | None:
        """The newest digest that only the lead sees."""
        for message in reversed(self.person.messages(self.channel, 20)):
            if message["ephemeral"] and "Post to the leads channel" in seen.titles(message):
                return message
        return None
