"""What a label click costs in the handler's transaction: at most seven statements, and no entity is ever loaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlmodel import SQLModel, col

from handlers.click import Click
from handlers.labelling import choose_label
from storage.engine import Store
from storage.tables import Acknowledgement, Guideline, Item, ItemState, Label, Pattern, Place, Project
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks, state_of
from tests.workflow.reviewers import Reviewers
from tests.workflow.test_rulings import add_card
from workflow import upkeep
from workflow.quality_rules import ReviewRules

MOST = 7
LAST_MOMENT = 9_000_000_000


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Every statement that reaches the database; BEGIN and COMMIT do not pass here."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


@contextmanager
def loaded_entities() -> Iterator[list[str]]:
    """Every entity that the ORM makes of a row, or reads again."""
    loaded: list[str] = []

    def note(target: Any, *_: Any) -> None:
        loaded.append(type(target).__name__)

    entities = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    assert len(entities) > 20
    for kind in entities:
        event.listen(kind, "load", note)
        event.listen(kind, "refresh", note)
    try:
        yield loaded
    finally:
        for kind in entities:
            event.remove(kind, "load", note)
            event.remove(kind, "refresh", note)


def everybody_takes(world: World, *names: str) -> Clicks:
    clicks = Clicks(world)
    for name in names:
        clicks.batch(name)
    return clicks


def plain(store: Store) -> World:
    world = build(store, items=1)
    everybody_takes(world, "ana")
    return world


def last_that_agrees(store: Store) -> World:
    world = build(store, items=1)
    clicks = everybody_takes(world, "ana", "ben", "cem")
    clicks.label("ben", 0, "yes")
    clicks.label("cem", 0, "yes")
    return world


def last_that_disagrees(store: Store) -> World:
    world = build(store, items=1, accept="unanimous")
    clicks = everybody_takes(world, "ana", "ben", "cem")
    clicks.label("ben", 0, "no")
    clicks.label("cem", 0, "no")
    return world


def changed_while_open(store: Store) -> World:
    world = plain(store)
    Clicks(world).label("ana", 0, "no", us=5)
    return world


def changed_once_accepted(store: Store) -> World:
    world = last_that_agrees(store)
    Clicks(world).label("ana", 0, "no", us=5)
    return world


def changed_so_that_it_is_disputed(store: Store) -> World:
    world = last_that_disagrees(store)
    Clicks(world).label("ana", 0, "no", us=5)
    return world


def settling_a_dispute(store: Store) -> World:
    world = build(store, items=1, accept="unanimous")
    clicks = everybody_takes(world, "ana", "ben", "cem")
    for name, value in (("ana", "no"), ("ben", "yes"), ("cem", "yes")):
        clicks.label(name, 0, value)
    for number in range(3):
        add_card(world, "escalation", clicks.case(0).id, number)
    return world


def in_a_dispute_that_goes_on(store: Store) -> World:
    world = build(store, items=1, accept="unanimous")
    clicks = everybody_takes(world, "ana", "ben", "cem")
    for name, value in (("ana", "no"), ("ben", "yes"), ("cem", "no")):
        clicks.label(name, 0, value)
    return world


def late_and_taken_again(store: Store) -> World:
    world = plain(store)
    store.transact(lambda s: upkeep.expire(s, NOW + timedelta(days=2)))
    return world


def late_and_the_last_that_disagrees(store: Store) -> World:
    world = last_that_disagrees(store)
    store.transact(lambda s: upkeep.expire(s, NOW + timedelta(days=2)))
    return world


def with_nobody_left(store: Store) -> World:
    world = build(store, items=1, annotators=("ana", "ben"))
    everybody_takes(world, "ana", "ben").label("ben", 0, "yes")
    return world


def held_while_it_waits_for_a_ruling(store: Store) -> World:
    world = build(store, items=1)
    everybody_takes(world, "ana", "ben").flag("ben", 0)
    return world


def first_after_a_ruling(store: Store) -> World:
    world = held_while_it_waits_for_a_ruling(store)
    Clicks(world).rule("rita", 0, "no")
    return world


def changed_after_a_ruling(store: Store) -> World:
    world = in_a_dispute_that_goes_on(store)
    Clicks(world).rule("rita", 0, "no")
    return world


def in_review(store: Store, accept: str) -> World:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1, accept=accept)
    shop.labelled(*(("no", "yes", "yes") if accept == "majority" else ("no", "no", "no")))
    shop.pick()
    shop.next()
    return shop.world


def changed_in_review(store: Store) -> World:
    return in_review(store, "majority")


def changed_in_review_so_that_it_is_disputed(store: Store) -> World:
    return in_review(store, "unanimous")


def everybody_reads_a_new_guideline(world: World) -> None:
    """2.0 is in force and acknowledged, while the batches are those of 1.0."""
    with world.store.write() as session:
        guideline_id = session.execute(
            insert(Guideline)
            .values(project_id=world.project_id, major=2, minor=0, markdown="# Anew", at=NOW, held_from=NOW)
            .returning(col(Guideline.id))
        ).scalar_one()
        session.execute(update(Project).where(col(Project.id) == world.project_id).values(guideline_id=guideline_id))
        read = {"project_id": world.project_id, "guideline_id": guideline_id, "asked_at": NOW, "acknowledged_at": NOW}
        rows = [
            {**read, "person_id": person, "wrong": 0, "reminders": 0, "version": 0} for person in world.people.values()
        ]
        session.execute(insert(Acknowledgement), rows)


def changed_under_a_new_guideline(store: Store) -> World:
    world = last_that_disagrees(store)
    Clicks(world).label("ana", 0, "no", us=5)
    everybody_reads_a_new_guideline(world)
    return world


def late_and_the_last_that_disagrees_under_a_new_guideline(store: Store) -> World:
    world = late_and_the_last_that_disagrees(store)
    everybody_reads_a_new_guideline(world)
    return world


CLICKS: list[tuple[Callable[[Store], World], ItemState]] = [
    (plain, ItemState.OPEN),
    (last_that_agrees, ItemState.ACCEPTED),
    (last_that_disagrees, ItemState.ESCALATED),
    (changed_while_open, ItemState.OPEN),
    (changed_once_accepted, ItemState.ACCEPTED),
    (changed_so_that_it_is_disputed, ItemState.ESCALATED),
    (settling_a_dispute, ItemState.ACCEPTED),
    (in_a_dispute_that_goes_on, ItemState.ESCALATED),
    (late_and_taken_again, ItemState.OPEN),
    (late_and_the_last_that_disagrees, ItemState.ESCALATED),
    (with_nobody_left, ItemState.ESCALATED),
    (held_while_it_waits_for_a_ruling, ItemState.ESCALATED),
    (first_after_a_ruling, ItemState.RULED),
    (changed_after_a_ruling, ItemState.RULED),
    (changed_in_review, ItemState.ACCEPTED),
    (changed_in_review_so_that_it_is_disputed, ItemState.ESCALATED),
    (changed_under_a_new_guideline, ItemState.ESCALATED),
    (late_and_the_last_that_disagrees_under_a_new_guideline, ItemState.ESCALATED),
]


def yes(world: World, us: int = LAST_MOMENT) -> Click:
    """Ana presses *Yes*."""
    place = world.place("ana", world.items[0])
    return Click(world.slack_id("ana"), NOW, us, "label:0", value=f"{place.id}:{world.values['yes']}")


def press(store: Store, click: Click) -> int:
    """Press a button; how many statements it took."""
    with statements(store) as seen, store.write() as session:
        choose_label(session, click)
    return len(seen)


@pytest.mark.parametrize(("prepare", "ends"), CLICKS, ids=lambda value: getattr(value, "__name__", None))
def test_a_label_click_takes_at_most_seven_statements_and_loads_no_entity(
    store: Store, prepare: Callable[[Store], World], ends: ItemState
) -> None:
    world = prepare(store)
    before = len(world.rows(select(col(Label.id))))
    click = yes(world)
    with loaded_entities() as loaded, statements(store) as seen, store.write() as session:
        choose_label(session, click)
    assert len(seen) <= MOST, "\n".join(seen)
    assert loaded == []
    after = world.place("ana", world.items[0])
    assert (after.state, after.value_id) == (Place.LABELLED, world.values["yes"])
    assert len(world.rows(select(col(Label.id)))) == before + 1
    assert state_of(world, 0) is ends


def test_the_commonest_click_takes_four_a_doubled_one_one_and_the_same_label_again_two(store: Store) -> None:
    world = plain(store)
    assert press(store, yes(world)) == 4
    assert press(store, yes(world)) == 1
    assert press(store, yes(world, LAST_MOMENT + 1)) == 2


def test_the_watch_on_entities_sees_one_that_is_loaded(store: Store) -> None:
    world = plain(store)
    with loaded_entities() as loaded:
        world.item(world.items[0])
    assert loaded == [Item.__name__]


def test_a_label_given_anew_under_a_new_guideline_leaves_the_old_pattern(store: Store) -> None:
    world = changed_under_a_new_guideline(store)
    press(store, yes(world))
    first, second = world.values["no"], world.values["yes"]
    kept = world.rows(select(col(Pattern.major), col(Pattern.pattern)).order_by(col(Pattern.major)))
    assert [tuple(row) for row in kept] == [(1, f"{first}:2"), (2, f"{second}:1")]


def test_a_late_label_under_a_new_guideline_leaves_what_counted_where_it_was(store: Store) -> None:
    world = changed_under_a_new_guideline(store)
    Clicks(world).flag("ben", 0)
    Clicks(world).rule("rita", 0, "no")
    press(store, yes(world))
    place = world.place("ana", world.items[0])
    assert (place.value_id, place.counted_id, place.major) == (world.values["yes"], world.values["no"], 1)


def test_a_withdrawn_label_leaves_the_pattern_of_the_guideline_it_was_given_under(store: Store) -> None:
    world = changed_under_a_new_guideline(store)
    Clicks(world).flag("cem", 0)
    kept = world.rows(select(col(Pattern.pattern)).where(col(Pattern.major) == 1))
    assert kept[0].pattern == f"{world.values['no']}:2"
