"""A version changes the labels: what was labelled is brought over, and what was given stays as it was given."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Guideline,
    Item,
    ItemState,
    Label,
    LabelMove,
    LabelValue,
    Level,
    Lot,
    LotState,
    Pattern,
    Project,
)
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks
from workflow import digest, history_reading, labelling, project_settings
from workflow.errors import RefusedError
from workflow.guidelines.labels import applying, carrying, label_changes
from workflow.history_words import sentence
from workflow.intake import screening
from workflow.project_yaml import described
from workflow.views import schema

EFFECT = NOW + timedelta(hours=1)
LATER = EFFECT + timedelta(minutes=1)


def change(world: World, *lines: str, major: int = 2, at: Any = EFFECT) -> int:
    """A version that comes into effect with label changes."""

    def work(session: Any) -> int:
        row = {"project_id": world.project_id, "major": major, "minor": 0, "markdown": "# Rules", "at": at}
        made: int = session.execute(insert(Guideline).values(**row).returning(col(Guideline.id))).scalar_one()
        mine = col(Project.id) == world.project_id
        session.execute(update(Project).where(mine).values(guideline_id=made))
        applying.apply(session, world.project_id, label_changes.parse(lines), made, at)
        return made

    return world.store.transact(work)


def labels(world: World) -> dict[str, int]:
    """The labels that people choose from, in order, with their ids."""
    with world.store.read() as session:
        version = session.execute(select(col(Project.version))).scalar_one()
        return {choice.value: choice.id for choice in schema.choices(session, world.project_id, version)}


def in_force(world: World) -> list[tuple[str | None, str | None, str | None]]:
    """Of every item the labels in force, the final value, and the gold answer."""
    names = {row.id: row.value for row in world.rows(select(col(LabelValue.id), col(LabelValue.value)))}
    found: list[tuple[str | None, str | None, str | None]] = []
    for item_id in world.items:
        item = world.item(item_id)
        places = select(col(Assignment.value_id)).where(
            col(Assignment.item_id) == item_id, col(Assignment.value_id).is_not(None)
        )
        given = " ".join(names[row.value_id] for row in world.rows(places.order_by(col(Assignment.id))))
        found.append((given, names.get(item.final_value_id or 0), item.gold))
    return found


def give(world: World, clicks: Clicks, *given: str) -> None:
    """Labels of Ana, Ben and Cem on the items, one after the other."""
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
    for item, values in enumerate(given):
        for name, value in zip(("ana", "ben", "cem"), values.split(), strict=False):
            clicks.label(name, item, value)


def gold(world: World, *values: str) -> None:
    with world.store.write() as session:
        for item_id, value in zip(world.items, values, strict=False):
            session.execute(update(Item).where(col(Item.id) == item_id).values(gold=value))


def kept(world: World) -> list[Any]:
    """Everything that says what people gave at the time."""
    given = world.rows(select(col(Label.id), col(Label.value_id), col(Label.item_id)).order_by(col(Label.id)))
    patterns = world.rows(select(col(Pattern.item_id), col(Pattern.pattern)).order_by(col(Pattern.item_id)))
    counted = world.rows(select(col(Assignment.id), col(Assignment.counted_id)).order_by(col(Assignment.id)))
    return [given, patterns, counted]


def test_what_was_labelled_goes_where_the_lines_say(store: Store) -> None:
    world = build(store, values=("yes", "no", "maybe", "other"), items=4)
    give(world, clicks := Clicks(world), "yes yes no", "maybe maybe other", "no maybe other", "yes no")
    gold(world, "yes", "maybe", "other")
    before = kept(world)
    assert world.item(world.items[2]).state is ItemState.ESCALATED
    change(world, "rename yes = entails | Entails", "merge no, maybe = no", "split other = hard, odd; stays")
    assert labels(world) == {
        "entails": world.values["yes"],
        "no": world.values["no"],
        **{value: labels(world)[value] for value in ("hard", "odd")},
    }
    assert carrying.carry_over(store, EFFECT) == 0, "a click that saw the old labels may still be on its way"
    assert carrying.carry_over(store, LATER) == 3
    assert in_force(world) == [
        ("entails entails no", "entails", "entails"),
        ("no no other", "no", "no"),
        ("no no other", "no", "other"),
        ("entails no", None, None),
    ]
    assert world.item(world.items[2]).state is ItemState.ACCEPTED, "two of three say the same now"
    assert kept(world) == before, "labels, patterns and what counts stay as they were given"
    assert carrying.carry_over(store, LATER) == 0
    assert all(row.done_at for row in world.rows(select(col(LabelMove.done_at))))
    with store.read() as session:
        told = [sentence(one) for one in history_reading.events(session, world.project_id, history_reading.Wanted())]
        of_one = history_reading.events(session, world.project_id, history_reading.Wanted(item_id=world.items[2]))
        about = [one.action for one in of_one]
    assert any("“maybe” became “no”" in words and words.endswith("on 2 items, with guideline 2.0") for words in told)
    assert any("rename yes = entails | Entails" in words for words in told)
    assert {"item.accepted", "labels.carried"} <= set(about)
    with pytest.raises(RefusedError, match="“Maybe” is no label any more"):
        clicks.label("cem", 3, "maybe")
    clicks.label("cem", 3, "yes")
    assert world.item(world.items[3]).final_value_id == world.values["yes"]


def test_labels_that_take_each_others_names_do_so_in_pieces_and_after_a_crash(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(store, values=("a", "b", "c"), items=5, overlap=1)
    give(world, Clicks(world), "a", "b", "c", "a", "b")
    gold(world, "a", "b", "c", "b", "a")
    monkeypatch.setattr(carrying, "ITEMS_AT_ONCE", 2)
    change(world, "rename a = b", "rename b = a", "retire c = b")
    assert list(labels(world).values()) == [world.values["a"], world.values["b"]]
    for _ in range(2):
        # What comes after each of these transactions may be another process.
        store.transact(lambda session: carrying.carry_some(session, world.project_id, LATER))
    change(world, "merge a, b = ab", "add other", major=3, at=LATER)
    carrying.carry_over(store, LATER + timedelta(minutes=1))
    assert in_force(world) == [("ab", "ab", "ab")] * 5


def test_gold_that_comes_later_keeps_its_name_and_an_import_under_way_is_waited_for(store: Store) -> None:
    world = build(store, values=("a", "b", "c"), items=2, overlap=1)
    gold(world, "a", "a")
    with store.write() as session:
        row = {"project_id": world.project_id, "file_name": "later.csv", "sha256": "1" * 64, "seen_at": NOW}
        lot = insert(Lot).values(started_at=LATER, state=LotState.COMPLETE, **row).returning(col(Lot.id))
        later = session.execute(lot).scalar_one()
        session.execute(update(Item).where(col(Item.id) == world.items[1]).values(lot_id=later))
        running = insert(Lot).values(started_at=NOW, state=LotState.RUNNING, **row).returning(col(Lot.id))
        running_id = session.execute(running).scalar_one()
    change(world, "rename a = x", "add a", "retire c = stays")
    assert carrying.carry_over(store, LATER) == 0
    with store.write() as session:
        session.execute(update(Lot).where(col(Lot.id) == running_id).values(state=LotState.UNDONE))
    assert carrying.carry_over(store, LATER) == 1
    assert [row[2] for row in in_force(world)] == ["x", "a"]


def test_a_label_that_comes_back_keeps_what_is_given_from_then_on(store: Store) -> None:
    world = build(store, values=("a", "b", "c"), items=2, overlap=1)
    give(world, Clicks(world), "c")
    change(world, "retire c = b")
    change(world, "add c | C again", major=3, at=LATER)
    assert labels(world) == world.values
    held = world.place("ana", world.items[1])
    with store.write() as session:
        labelling.record(session, "UANA", held.id, world.values["c"], 10**15, LATER)
    carrying.carry_over(store, LATER + timedelta(minutes=1))
    assert [row[0] for row in in_force(world)] == ["b", "c"]


def test_a_scale_keeps_its_order_for_agreement_under_earlier_versions(store: Store) -> None:
    world = build(store, values=("1", "2", "3", "4"), items=2)
    with store.write() as session:
        session.execute(update(Project).values(level=Level.ORDINAL))
    give(world, Clicks(world), "1 2 4", "3 4 4")
    change(world, "merge 2, 3 = 2.5 | Middling")
    every = world.rows(select(col(LabelValue.value), col(LabelValue.position)).order_by(col(LabelValue.position)))
    assert [row.value for row in every] == ["1", "2", "3", "2.5", "4"]
    assert len({row.position for row in every}) == 5
    numbers = select(col(LabelValue.number)).where(col(LabelValue.retired_at).is_(None))
    assert [row.number for row in world.rows(numbers.order_by(col(LabelValue.position)))] == [1, 2, 3]
    with store.read() as session:
        found = digest.agreement_numbers(session, world.project_id, "ordinal")
        assert [share["title"] for share in found["shares"]] == []
        assert described(session, world.project_id)["labels"][1] == {"value": "2.5", "title": "Middling"}
        rules = screening.rules(session, world.project_id)
    given = [{"value": value, "title": f"Title {value}"} for value in ("1", "2.5", "4")]
    store.transact(lambda s: project_settings.change(s, world.project_id, {"labels": given}, LATER, None))
    titled = world.rows(select(col(LabelValue.title), col(LabelValue.position)).order_by(col(LabelValue.position)))
    assert [row.title for row in titled] == ["Title 1", "2", "3", "Title 2.5", "Title 4"]
    assert len({row.position for row in titled}) == 5
    assert rules.former == {"2": "it goes by 2.5 now", "3": "it goes by 2.5 now"}
