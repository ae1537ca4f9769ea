"""What happened, read back: in the order of time, from all that keeps it, in words, without holding it all."""

import itertools
import tracemalloc
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Assignment, History, ItemState, Label, Place, Role
from tests.builders import NOW, World, add_person, build
from workflow import assignment, escalation, flags, history, labelling, membership, rulings, skips
from workflow.flags import FlagReason
from workflow.history_events import Event
from workflow.history_reading import AT_ONCE, Wanted, events, item_called
from workflow.history_words import SENTENCES, sentence

MINUTE = timedelta(minutes=1)


class Past:
    """A project whose clock moves a minute with everything that somebody does."""

    def __init__(self, store: Store, **spec: Any) -> None:
        self.world = build(store, **spec)
        self.store = store
        self.clock = itertools.count(1)
        self.now = NOW

    def tick(self) -> datetime:
        self.now = NOW + next(self.clock) * MINUTE
        return self.now

    def us(self) -> int:
        return int(self.now.timestamp() * 1_000_000)

    def give(self, *names: str) -> None:
        for name in names:
            person, now = self.world.people[name], self.tick()
            self.store.transact(lambda s, it=(person, now): assignment.next_batch(s, self.world.project_id, *it))  # type: ignore[misc]

    def label(self, name: str, item: int, value: str) -> None:
        now, place, value_id = self.tick(), self.world.place(name, self.world.items[item]), self.world.values[value]
        self.store.transact(
            lambda s: labelling.record(s, self.world.slack_id(name), place.id, value_id, self.us(), now)
        )

    def flag(self, name: str, item: int, note: str) -> None:
        now, place = self.tick(), self.world.place(name, self.world.items[item])
        reason = FlagReason.SEVERAL_FIT
        self.store.transact(lambda s: flags.flag(s, self.world.slack_id(name), place.id, reason, note, self.us(), now))

    def skip(self, name: str, item: int) -> None:
        now, place = self.tick(), self.world.place(name, self.world.items[item])
        self.store.transact(lambda s: skips.skip(s, self.world.slack_id(name), place.id, self.us(), now))

    def rule(self, name: str, item: int, value: str, why: str) -> None:
        from tests.workflow.clicks import Clicks

        now, case = self.tick(), Clicks(self.world).case(item)
        slack_id, value_id = self.world.slack_id(name), self.world.values[value]
        self.store.transact(lambda s: escalation.see_labels(s, slack_id, case.id, now))
        self.store.transact(lambda s: rulings.rule(s, slack_id, case.id, case.version, value_id, why, now))

    def read(self, **wanted: Any) -> list[Event]:
        with self.store.read() as session:
            return list(events(session, self.world.project_id, Wanted(**wanted)))

    def told(self, item: str | None = None, **wanted: Any) -> list[str]:
        return [sentence(event, item) for event in self.read(**wanted)]


@pytest.fixture
def past(store: Store) -> Past:
    """Item i0 is disputed and ruled, i1 flagged, i2 skipped, a label changed; then Ben leaves."""
    past = Past(store, items=4, overlap=2, annotators=("ana", "ben"))
    past.give("ana", "ben")
    past.label("ana", 0, "yes")
    past.label("ana", 0, "no")
    past.label("ben", 0, "yes")
    past.flag("ben", 1, "both 🙂 fit")
    past.skip("ana", 2)
    past.rule("rita", 0, "yes", "See page 3.")
    with store.write() as session:
        membership.remove(session, past.world.project_id, past.world.people["ben"], past.tick(), None)
    return past


def test_everything_is_told_in_the_order_of_time(past: Past) -> None:
    assert past.told() == [
        "Ana was given 4 items",
        "Ben was given 4 items",
        "Ana labelled i0 “yes”",
        "Ana changed i0 from “yes” to “no”",
        "Ben labelled i0 “yes”; the item is escalated",
        "Ben found i1 unclear (several fit): both 🙂 fit",
        "i1 waits for a ruling: unclear",
        "Ana skipped i2",
        "i2 waits for a ruling: nobody left",
        "Rita looked at the labels of i0",
        "Rita ruled i0 “yes”: See page 3.",
        "Ben left (was annotator)",
        "2 items went back: who held it left",
    ]
    moments = [event.at for event in past.read()]
    assert moments == sorted(moments)
    assert all(moment.utcoffset() == timedelta(0) for moment in moments)


def test_the_story_of_one_item_begins_with_its_import(past: Past) -> None:
    assert past.told("i0", item_id=past.world.items[0]) == [
        f"i0 came with items.csv (lot {past.world.lot_id})",
        "Ana was given i0, one of 4 items",
        "Ben was given i0, one of 4 items",
        "Ana labelled i0 “yes”",
        "Ana changed i0 from “yes” to “no”",
        "Ben labelled i0 “yes”; the item is escalated",
        "Rita looked at the labels of i0",
        "Rita ruled i0 “yes”: See page 3.",
    ]
    story = past.told("i3", item_id=past.world.items[3])
    assert story[-1] == "i3 went back: who held it left"
    assert len(story) == 4
    with past.store.read() as session:
        assert item_called(session, past.world.project_id, "i3") == past.world.items[3]
        assert item_called(session, past.world.project_id, "none") is None


def test_an_item_is_not_mistaken_for_one_whose_number_holds_its_own(store: Store) -> None:
    """Item 1 is not among items 10 and 11."""
    past = Past(store, items=12, overlap=1, annotators=("ana",), batch_size=1)
    past.give("ana")
    past.label("ana", 0, "yes")
    for item in range(1, 12):
        past.give("ana")
        past.label("ana", item, "no")
    story = past.told("i0", item_id=past.world.items[0])
    assert story[1:] == ["Ana was given i0", "Ana labelled i0 “yes”; the item is accepted"]


def test_what_one_person_did_and_what_was_done_to_them(past: Past) -> None:
    ben = past.told(person_id=past.world.people["ben"])
    assert ben == [
        "Ben was given 4 items",
        "Ben labelled i0 “yes”; the item is escalated",
        "Ben found i1 unclear (several fit): both 🙂 fit",
        "i1 waits for a ruling: unclear",
        "Ben left (was annotator)",
    ]
    assert past.told(person_id=past.world.people["rita"]) == [
        "Rita looked at the labels of i0",
        "Rita ruled i0 “yes”: See page 3.",
    ]


def test_times_and_kinds_narrow_it_down(past: Past) -> None:
    assert [event.action for event in past.read(action="item.ruled")] == ["item.ruled"]
    assert [event.action for event in past.read(action="label")] == ["label.given", "label.changed", "label.given"]
    assert [event.action for event in past.read(action="label.changed")] == ["label.changed"]
    assert {event.action.partition(".")[0] for event in past.read(action="item")} == {"item"}
    assert past.read(action="ite") == past.read(action="labels.seen.") == []
    third, fifth = NOW + 3 * MINUTE, NOW + 5 * MINUTE
    assert past.told(since=third, until=fifth) == ["Ana labelled i0 “yes”", "Ana changed i0 from “yes” to “no”"]
    assert past.read(since=past.now + MINUTE) == []


def test_an_event_says_from_which_value_to_which(past: Past) -> None:
    (changed,) = past.read(action="label.changed")
    assert (changed.who, changed.what, changed.before, changed.after) == (
        "Ana",
        "i0",
        {"value": "yes"},
        {"value": "no"},
    )
    given = past.read(action="batch")[0]
    assert given.after["items"] == ["i0", "i1", "i2", "i3"]
    assert given.after["person"] == "Ana"


def test_another_project_is_another_story(past: Past) -> None:
    other = build(past.store, name="other", annotators=(), reviewers=(), items=0)
    with past.store.read() as session:
        assert list(events(session, other.project_id, Wanted())) == []
    before = past.told()
    with past.store.write() as session:
        eve = World(past.store, project_id=other.project_id, people={})
        person = add_person(session, eve, "eve", Role.ANNOTATOR)
        history.note(session, NOW, "person.deactivated", "person", person, before={"active": True})
        membership.add(session, other.project_id, "UEVE", [Role.REVIEWER], NOW, None)
    assert past.told() == before
    with past.store.read() as session:
        mine = [sentence(event) for event in events(session, other.project_id, Wanted())]
    assert mine == ["Slack deactivated Eve", "Eve is annotator, reviewer now (was annotator)"]


def test_what_nobody_has_words_for_is_told_by_its_own(past: Past) -> None:
    with past.store.write() as session:
        history.note(
            session, past.tick(), "drop.mapped", "file_drop", 7, project_id=past.world.project_id,
            actor_id=past.world.people["rita"], before={"text": "a"}, after={"text": "b", "columns": list("abcdefg")},
        )  # fmt: skip
    assert past.told()[-1] == "file drop 7: drop mapped (text a → b, columns 7 of them), by Rita"


def test_a_row_that_was_written_otherwise_stops_nothing(past: Past) -> None:
    for action in SENTENCES:
        assert sentence(Event(NOW, action, "Ana", "i0", {"x": 1}, {"y": None}))
    with past.store.write() as session:
        session.execute(update(History).where(col(History.action) == "batch.given").values(after={"items": 4}))
    assert past.told()[0] == "batch 1: batch given (items 4), by Ana"


def crowd(past: Past, labels: int) -> None:
    """A label every second, and a note of the history every hundred, in an order that is not that of time."""
    world = past.world
    with past.store.write() as session:
        place = {"project_id": world.project_id, "item_id": world.items[0], "person_id": world.people["ana"]}
        session.execute(insert(Assignment), [{**place, "state": Place.LABELLED, "given_at": NOW}])
    assignment_id = world.place("ana", world.items[0]).id
    order = [(number * 7919) % labels for number in range(labels)]
    for start in range(0, labels, 1000):
        rows = [
            {
                **place, "assignment_id": assignment_id, "value_id": world.values["yes"], "item_from": ItemState.OPEN,
                "item_to": ItemState.OPEN, "at": NOW + timedelta(seconds=number),
            }
            for number in order[start : start + 1000]
        ]  # fmt: skip
        with past.store.write() as session:
            session.execute(insert(Label), rows)
            for row in rows[::100]:
                history.note(session, row["at"], "item.skipped", "item", world.items[0], project_id=world.project_id)


def peak(past: Past) -> tuple[int, int]:
    """How many events there are, and the most memory that reading them one by one took."""
    with past.store.read() as session:
        tracemalloc.start()
        try:
            last, count = NOW, 0
            for event in events(session, past.world.project_id, Wanted()):
                assert event.at >= last
                last, count = event.at, count + 1
            return count, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_ten_times_the_labels_take_no_more_memory(store: Store) -> None:
    few = Past(store, items=1, annotators=("ana",), reviewers=())
    many = Past(store, name="many", items=1, annotators=("cem",), reviewers=())
    many.world.people["ana"] = many.world.people["cem"]
    crowd(few, 2 * AT_ONCE)
    crowd(many, 20 * AT_ONCE)
    peak(few)
    (some, small), (all_of_them, large) = peak(few), peak(many)
    assert (some, all_of_them) == (2 * AT_ONCE * 101 // 100, 20 * AT_ONCE * 101 // 100)
    assert large < 2 * small


def test_a_flag_and_what_it_did_keep_their_order(store: Store) -> None:
    past = Past(store, items=1, annotators=("ana",))
    past.give("ana")
    past.flag("ana", 0, "")
    assert [event.action for event in past.read()][-2:] == ["item.flagged", "item.escalated"]
