"""Places that end unanswered and overlaps that change: nothing is over-labelled, and nothing waits for nobody."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Escalation, EscalationReason, ItemState, Place, Project, Role
from tests.builders import NOW, World, add_items, build
from tests.workflow.clicks import Clicks, state_of
from workflow import membership, plan, project_edit, upkeep
from workflow.assignment import Given
from workflow.batches import version_of
from workflow.nothing import Nothing, Why
from workflow.project_edit import Asked

LATER = NOW + timedelta(days=2)


def set_overlap(world: World, overlap: int) -> None:
    project_edit.make(world.store, world.project_id, Asked({"overlap": overlap}), NOW, None)


def end_leases(world: World) -> None:
    world.store.transact(lambda s: upkeep.expire(s, LATER))


def look_for_stranded(world: World) -> None:
    while world.store.transact(lambda s: upkeep.escalate_stranded(s, world.project_id, NOW)):
        pass


def test_a_place_that_ends_once_the_overlap_was_lowered_is_not_opened_again(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    clicks.label("ana", 0, "yes")
    set_overlap(world, 1)
    assert state_of(world, 0) is ItemState.OPEN
    end_leases(world)
    item = world.item(world.items[0])
    assert (item.state, item.open_places, item.final_value_id) == (ItemState.ACCEPTED, 0, world.values["yes"])
    assert isinstance(clicks.batch("cem"), Nothing)


def test_a_skip_once_the_overlap_was_lowered_decides_the_item(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    clicks.label("ana", 0, "yes")
    set_overlap(world, 1)
    clicks.skip("ben", 0)
    assert state_of(world, 0) is ItemState.ACCEPTED


def test_an_overlap_that_is_lowered_and_raised_opens_only_what_is_lacking(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben", "cem", "dan", "eve"))
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
        clicks.label(name, 0, "yes")
    for overlap in (1, 2, 3):
        set_overlap(world, overlap)
        assert state_of(world, 0) is ItemState.ACCEPTED
    set_overlap(world, 4)
    item = world.item(world.items[0])
    assert (item.state, item.open_places, item.final_value_id) == (ItemState.OPEN, 1, None)


def accepted_without_cem(store: Store) -> World:
    """An item that two people labelled alike, and the third skipped."""
    world = build(store, items=1, overlap=2)
    clicks = Clicks(world)
    clicks.batch("cem")
    clicks.skip("cem", 0)
    for name in ("ana", "ben"):
        clicks.batch(name)
        clicks.label(name, 0, "yes")
    return world


def test_a_raised_overlap_escalates_what_nobody_may_take(store: Store) -> None:
    world = accepted_without_cem(store)
    set_overlap(world, 3)
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.NOBODY_LEFT


def test_an_overlap_beyond_the_people_waits_for_more_and_escalates_nothing(store: Store) -> None:
    world = build(store, items=2, overlap=2, annotators=("ana", "ben"))
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
        for item in range(2):
            clicks.label(name, item, "yes")
    set_overlap(world, 3)
    look_for_stranded(world)
    assert {state_of(world, item) for item in range(2)} == {ItemState.OPEN}
    with store.write() as session:
        world.people["cem"] = membership.add(session, world.project_id, "UCEM", [Role.ANNOTATOR], NOW, None)
    given = clicks.batch("cem")
    assert isinstance(given, Given)
    assert given.size == 2


def test_what_waited_for_more_people_is_left_to_a_reviewer_once_the_overlap_asks_for_no_more(store: Store) -> None:
    world = accepted_without_cem(store)
    set_overlap(world, 4)
    assert state_of(world, 0) is ItemState.OPEN
    set_overlap(world, 3)
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.NOBODY_LEFT


@pytest.mark.parametrize("leaves_the_project", [False, True])
def test_who_comes_back_and_may_not_take_what_waited_for_them_leaves_it_to_a_reviewer(
    store: Store, leaves_the_project: bool
) -> None:
    world = build(store, items=1, overlap=2)
    clicks, cem = Clicks(world), world.people["cem"]
    clicks.batch("cem")
    clicks.skip("cem", 0)
    with store.write() as session:
        if leaves_the_project:
            membership.remove(session, world.project_id, cem, NOW, None)
        else:
            membership.deactivated(session, world.slack_id("cem"), NOW)
    for name in ("ana", "ben"):
        clicks.batch(name)
        clicks.label(name, 0, "yes")
    look_for_stranded(world)
    set_overlap(world, 3)
    assert state_of(world, 0) is ItemState.OPEN
    with store.write() as session:
        if leaves_the_project:
            membership.add(session, world.project_id, world.slack_id("cem"), [Role.ANNOTATOR], NOW, None)
        else:
            membership.reactivated(session, world.slack_id("cem"), NOW)
    look_for_stranded(world)
    assert state_of(world, 0) is ItemState.ESCALATED


def test_work_of_the_only_annotator_waits_for_whoever_comes_next(store: Store) -> None:
    world = build(store, items=2, overlap=1, annotators=("ana",))
    clicks = Clicks(world)
    clicks.batch("ana")
    with store.write() as session:
        membership.remove(session, world.project_id, world.people["ana"], NOW, None)
    look_for_stranded(world)
    assert {state_of(world, item) for item in range(2)} == {ItemState.OPEN}
    assert world.rows(select(col(Escalation.id))) == []
    assert world.one(select(col(Project.stranded_after))).stranded_after is None
    with store.write() as session:
        world.people["ben"] = membership.add(session, world.project_id, "UBEN", [Role.ANNOTATOR], NOW, None)
    assert isinstance(clicks.batch("ben"), Given)


def test_two_leases_on_one_item_that_end_together_open_both_places(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    end_leases(world)
    assert world.item(world.items[0]).open_places == 3


def test_a_late_click_takes_back_one_of_several_open_places(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    end_leases(world)
    clicks.label("ana", 0, "yes")
    assert world.item(world.items[0]).open_places == 2


def test_a_plan_that_takes_a_returned_place_lets_no_card_go_back_in_time(store: Store) -> None:
    world = build(store, items=2, overlap=1)
    clicks = Clicks(world)
    given = clicks.batch("ana")
    assert isinstance(given, Given)
    end_leases(world)
    with store.read() as session:
        before = session.execute(select(version_of(given.batch_id))).scalar_one()
    row = [plan.Planned(1, "i0", "@ana")]
    assert store.transact(lambda s: plan.plan(s, world.project_id, row, NOW)) == []
    with store.read() as session:
        assert session.execute(select(version_of(given.batch_id))).scalar_one() > before


def test_what_is_held_on_an_item_that_waits_for_a_ruling_is_not_said_to_come_back(store: Store) -> None:
    world = build(store, items=1, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    clicks.flag("ana", 0)
    assert world.place("ben", world.items[0]).state is Place.OPEN
    with store.write() as session:
        add_items(session, world, 1, 2)
    clicks.batch("cem")
    clicks.label("cem", 1, "yes")
    nothing = clicks.batch("cem")
    assert isinstance(nothing, Nothing)
    assert nothing.why is Why.YOURS_DONE
