"""Batches, labels, late clicks, skips and flags, each on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Item,
    ItemState,
    Label,
    Member,
    Outbox,
    Pattern,
    Place,
    SkipRule,
)
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks, state_of
from workflow import batches, labelling, upkeep
from workflow import skips as skipping
from workflow.assignment import Given
from workflow.errors import NotAllowedError, RefusedError
from workflow.nothing import Nothing, Why


def test_three_people_label_and_the_majority_decides(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        given = clicks.batch(name)
        assert isinstance(given, Given)
        assert given.size == 1
        assert clicks.label(name, 0, value)
    item = world.item(world.items[0])
    assert (item.state, item.final_value_id, item.decided_by) == (ItemState.ACCEPTED, world.values["yes"], "majority")
    yes, no = world.values["yes"], world.values["no"]
    assert world.one(select(col(Pattern.pattern)))[0] == f"{yes}:2,{no}:1"


def test_labels_that_do_not_satisfy_the_rule_are_escalated_once(store: Store) -> None:
    world = build(store, items=1, accept="unanimous")
    clicks = Clicks(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    assert state_of(world, 0) is ItemState.ESCALATED
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.DISAGREEMENT
    posts = world.rows(select(col(Outbox.template)).where(col(Outbox.template) == "escalation"))
    assert len(posts) == 1


def test_a_changed_label_settles_a_disagreement_and_takes_the_case_back(store: Store) -> None:
    world = build(store, items=1, accept="unanimous")
    clicks = Clicks(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    assert clicks.label("ben", 0, "yes")
    assert state_of(world, 0) is ItemState.ACCEPTED
    assert world.one(select(col(Escalation.state))).state is EscalationState.WITHDRAWN
    assert clicks.label("ben", 0, "no")
    assert state_of(world, 0) is ItemState.ESCALATED


def test_the_later_click_wins_in_whatever_order_clicks_arrive(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    assert clicks.label("ana", 0, "no", us=20)
    assert not clicks.label("ana", 0, "yes", us=10)
    assert not clicks.label("ana", 0, "no", us=20)
    assert world.place("ana", world.items[0]).value_id == world.values["no"]
    assert len(world.rows(select(col(Label.id)))) == 1


def test_the_same_label_again_leaves_no_second_trace_but_outlives_an_older_click(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    assert clicks.label("ana", 0, "yes", us=10)
    assert not clicks.label("ana", 0, "yes", us=30)
    assert not clicks.label("ana", 0, "no", us=20)
    assert world.place("ana", world.items[0]).value_id == world.values["yes"]


def test_somebody_elses_place_and_foreign_values_are_refused(store: Store) -> None:
    world = build(store, items=1)
    other = build(store, name="other", annotators=("zoe",), reviewers=())
    clicks = Clicks(world)
    clicks.batch("ana")
    place = world.place("ana", world.items[0])
    with pytest.raises(NotAllowedError), store.write() as session:
        labelling.record(session, world.slack_id("ben"), place.id, world.values["yes"], 99, NOW)
    with pytest.raises(RefusedError), store.write() as session:
        labelling.record(session, world.slack_id("ana"), place.id, other.values["yes"], 99, NOW)
    with pytest.raises(NotAllowedError), store.write() as session:
        labelling.record(session, world.slack_id("ana"), 987654, world.values["yes"], 99, NOW)
    assert world.place("ana", world.items[0]).state is Place.OPEN


def test_nobody_sees_an_item_twice_and_no_item_has_more_people_than_its_overlap(store: Store) -> None:
    world = build(store, items=40, overlap=2, batch_size=15, annotators=("ana", "ben", "cem", "dan"))
    clicks = Clicks(world)
    sizes: dict[str, list[int]] = {}
    for _ in range(3):
        for name in ("ana", "ben", "cem", "dan"):
            given = clicks.batch(name, resume=False)
            sizes.setdefault(name, []).append(given.size if isinstance(given, Given) else 0)
    per_item = world.rows(select(func.count()).select_from(Assignment).group_by(col(Assignment.item_id)))
    assert {row[0] for row in per_item} == {2}
    assert sum(map(sum, sizes.values())) == 80


def test_asking_twice_shows_the_same_batch(store: Store) -> None:
    world = build(store, items=10)
    clicks = Clicks(world)
    first, second = clicks.batch("ana"), clicks.batch("ana")
    assert isinstance(first, Given)
    assert isinstance(second, Given)
    assert (second.batch_id, second.resumed) == (first.batch_id, True)


def test_a_lease_that_is_over_returns_the_place_and_the_same_person_may_have_it_again(store: Store) -> None:
    world = build(store, items=2, overlap=1, annotators=("ana",), hold_seconds=3600)
    clicks = Clicks(world)
    clicks.batch("ana")
    late = NOW + timedelta(hours=2)
    assert store.transact(lambda s: upkeep.expire(s, late)) == 2
    assert store.transact(lambda s: upkeep.expire(s, late)) == 0
    given = clicks.batch("ana")
    assert isinstance(given, Given)
    assert given.size == 2
    for item in range(2):
        clicks.label("ana", item, "yes")
    assert {state_of(world, item) for item in range(2)} == {ItemState.ACCEPTED}


def test_a_late_click_counts_while_the_place_is_open_and_not_once_it_is_gone(store: Store) -> None:
    world = build(store, items=1, overlap=1, hold_seconds=3600)
    clicks = Clicks(world)
    clicks.batch("ana")
    store.transact(lambda s: upkeep.expire(s, NOW + timedelta(hours=2)))
    clicks.batch("ben")
    with pytest.raises(RefusedError, match="given to somebody else"):
        clicks.label("ana", 0, "yes")
    store.transact(lambda s: upkeep.expire(s, NOW + timedelta(hours=30)))
    assert clicks.label("ana", 0, "yes")
    assert state_of(world, 0) is ItemState.ACCEPTED
    with pytest.raises(RefusedError, match="given to somebody else"):
        clicks.label("ben", 0, "no")


def test_a_skipped_place_goes_to_others_and_never_back(store: Store) -> None:
    world = build(store, items=1, overlap=1, annotators=("ana", "ben"))
    clicks = Clicks(world)
    clicks.batch("ana")
    assert clicks.skip("ana", 0)
    assert not clicks.skip("ana", 0)
    assert isinstance(clicks.batch("ana"), Nothing)
    assert isinstance(clicks.batch("ben"), Given)


def test_three_skips_by_different_people_escalate(store: Store) -> None:
    world = build(store, items=1, overlap=1, annotators=("ana", "ben", "cem", "dan"))
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
        clicks.skip(name, 0)
    assert state_of(world, 0) is ItemState.ESCALATED
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.SKIPS


def test_a_skip_for_later_may_come_back_to_the_same_person(store: Store) -> None:
    world = build(store, items=1, overlap=1, annotators=("ana",), skip=SkipRule.LATER)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.skip("ana", 0)
    assert isinstance(clicks.batch("ana"), Given)


@pytest.mark.parametrize("rule", [SkipRule.OTHERS, SkipRule.LATER])
def test_a_label_and_a_skip_of_one_place_end_alike_in_either_order(store: Store, rule: SkipRule) -> None:
    world = build(store, items=2, overlap=1, skip=rule)
    clicks = Clicks(world)
    clicks.batch("ana")
    places = [world.place("ana", item).id for item in world.items]
    ana, yes = world.slack_id("ana"), world.values["yes"]

    def label(place: int) -> None:
        store.transact(lambda s: labelling.record(s, ana, place, yes, 10, NOW))

    def skip(place: int) -> None:
        store.transact(lambda s: skipping.skip(s, ana, place, 20, NOW))

    label(places[0])
    with pytest.raises(RefusedError, match="answered this item already"):
        skip(places[0])
    skip(places[1])
    label(places[1])
    label(places[1])
    assert {state_of(world, item) for item in range(2)} == {ItemState.ACCEPTED}
    assert {world.place("ana", item).value_id for item in world.items} == {yes}


def test_where_skipping_is_off_it_is_refused(store: Store) -> None:
    world = build(store, items=1, skip=SkipRule.NEVER)
    clicks = Clicks(world)
    clicks.batch("ana")
    with pytest.raises(RefusedError, match="every item"):
        clicks.skip("ana", 0)


def test_with_as_many_people_as_the_overlap_a_skip_escalates_once_the_others_have_answered(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
    clicks.label("ben", 0, "yes")
    clicks.label("cem", 0, "yes")
    clicks.skip("ana", 0)
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.NOBODY_LEFT


def test_fewer_people_than_the_overlap_escalates_with_the_last_label(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben"))
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
        clicks.label(name, 0, "yes")
    assert world.one(select(col(Escalation.reason))).reason is EscalationReason.NOBODY_LEFT


def test_a_flag_closes_the_item_to_newcomers_and_holders_keep_their_place(store: Store) -> None:
    world = build(store, items=1, annotators=("ana", "ben", "cem", "dan"))
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.batch("ben")
    assert clicks.flag("ana", 0, note="Which film?")
    assert isinstance(clicks.batch("cem"), Nothing)
    assert clicks.label("ben", 0, "yes")
    assert state_of(world, 0) is ItemState.ESCALATED
    with pytest.raises(RefusedError, match="waits for a ruling"):
        clicks.label("ana", 0, "yes")


def test_a_flag_withdraws_the_flaggers_own_label(store: Store) -> None:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.label("ana", 0, "yes")
    clicks.flag("ana", 0)
    assert world.one(select(col(Pattern.pattern))).pattern == ""
    assert world.place("ana", world.items[0]).value_id is None


def test_back_shows_another_position_until_the_next_answer(store: Store) -> None:
    world = build(store, items=3)
    clicks = Clicks(world)
    given = clicks.batch("ana")
    assert isinstance(given, Given)
    with store.write() as session:
        batches.go_to(session, world.slack_id("ana"), given.batch_id, 1, 50)
        batches.go_to(session, world.slack_id("ana"), given.batch_id, 2, 40)
    with pytest.raises(NotAllowedError), store.write() as session:
        batches.go_to(session, world.slack_id("ben"), given.batch_id, 1, 60)


def test_who_is_removed_gives_everything_back_and_what_nobody_may_finish_is_escalated(store: Store) -> None:
    world = build(store, items=2)
    clicks = Clicks(world)
    for name in ("ana", "ben", "cem"):
        clicks.batch(name)
    clicks.label("ana", 0, "yes")
    clicks.label("ben", 0, "yes")
    with store.write() as session:
        session.execute(Member.__table__.delete().where(col(Member.person_id) == world.people["cem"]))  # type: ignore[attr-defined]
        upkeep.release_person(session, world.project_id, world.people["cem"], NOW)
    while store.transact(lambda s: upkeep.escalate_stranded(s, world.project_id, NOW)):
        pass
    assert state_of(world, 0) is ItemState.ESCALATED
    with pytest.raises(NotAllowedError):
        clicks.label("cem", 1, "no")


def change_overlap(world: World, new: int) -> None:
    from storage.tables import Project

    with world.store.write() as session:
        session.execute(update(Project).values(overlap=new, overlap_after=0))
    while world.store.transact(lambda s: upkeep.change_overlap(s, world.project_id, NOW, limit=2)):
        pass


def test_a_raised_overlap_opens_accepted_items_again_to_people_whose_cursor_has_passed(store: Store) -> None:
    world = build(store, items=5, overlap=1, annotators=("ana", "ben"))
    clicks = Clicks(world)
    clicks.batch("ana")
    for item in range(5):
        clicks.label("ana", item, "yes")
    assert isinstance(clicks.batch("ben"), Nothing)
    change_overlap(world, 2)
    given = clicks.batch("ben")
    assert isinstance(given, Given)
    assert given.size == 5
    assert isinstance(clicks.batch("ana"), Nothing)


def test_a_lowered_overlap_decides_what_has_enough(store: Store) -> None:
    world = build(store, items=3, overlap=3)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.label("ana", 0, "yes")
    change_overlap(world, 1)
    assert state_of(world, 0) is ItemState.ACCEPTED
    assert state_of(world, 1) is ItemState.OPEN
    rows = world.rows(select(col(Item.open_places)).where(col(Item.state) == ItemState.OPEN))
    assert {row[0] for row in rows} == {0}


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda clicks: None, Why.YOURS_DONE),
        (lambda clicks: clicks.batch("ben"), Why.HELD),
    ],
)
def test_it_says_why_there_is_nothing(store: Store, prepare: object, why: Why) -> None:
    world = build(store, items=1, overlap=2)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.label("ana", 0, "yes")
    prepare(clicks)  # type: ignore[operator]
    nothing = clicks.batch("cem") if why is Why.HELD else clicks.batch("ana")
    assert isinstance(nothing, Nothing)
    assert nothing.why is why
