"""After a rule change: what is labelled again, by whom, under which version, and that it happens once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Batch,
    Card,
    Example,
    Guideline,
    History,
    Item,
    ItemState,
    LabelValue,
    Outbox,
    OutboxKind,
    Pattern,
    Place,
    Requeue,
    RequeueState,
    Role,
)
from tests.builders import NOW, World, add_items, add_person, build
from tests.workflow import rule_change
from tests.workflow.clicks import Clicks
from tests.workflow.rule_change import change, decide, finish, given_out, requeue, tick
from tests.workflow.test_at_one_moment import together
from workflow import counts, history_reading, history_words, rulings
from workflow.assignment import Given
from workflow.errors import NotAllowedError, RefusedError
from workflow.guidelines.requeue import giving_out_again, requeueing


def patterns(world: World) -> dict[tuple[int, int], str]:
    """Pattern by (which item, major)."""
    rows = world.rows(select(col(Pattern.item_id), col(Pattern.major), col(Pattern.pattern)))
    return {(world.items.index(row.item_id), row.major): row.pattern for row in rows}


def states(world: World) -> list[str]:
    return [world.item(item_id).state.value for item_id in world.items]


def labelled_world(store: Store) -> tuple[World, Clicks]:
    """Three people labelled four items: 0 no, 1 yes, 2 disputed and ruled no, 3 disputed and waiting."""
    world = build(store, items=4, accept="unanimous")
    people = Clicks(world)
    for name in ("ana", "ben", "cem"):
        people.batch(name)
        for item, value in enumerate(("no", "yes", "no", "no")):
            odd = name == "cem" and item >= 2
            people.label(name, item, "yes" if odd else value)
    people.rule("rita", 2, "no")
    return world, people


def test_items_are_labelled_anew_by_the_same_people_and_only_the_new_counts(store: Store) -> None:
    world, people = labelled_world(store)
    before = patterns(world)
    requeue_id = change(world, labels=("no",))
    assert requeue(world, requeue_id).touched == 2, "the disputed one stays with its reviewer"
    assert decide(world, requeue_id, "all") is None
    tick(world)
    assert (requeue(world, requeue_id).state, requeue(world, requeue_id).done) == (RequeueState.DONE, 2)
    assert states(world) == ["open", "accepted", "open", "escalated"]
    assert patterns(world) == before
    for item in (0, 2):
        kept = world.item(world.items[item])
        assert (kept.final_value_id, kept.decided_by, kept.open_places) == (None, None, 3)
        places = [world.place(name, world.items[item]) for name in ("ana", "ben", "cem")]
        assert {(one.state, one.value_id, one.counted_id, one.major) for one in places} == {
            (Place.RETURNED, None, None, None)
        }
    for name in ("ana", "ben", "cem"):
        given = people.batch(name)
        assert isinstance(given, Given)
        assert given.size == 2
        assert people.label(name, 0, "yes")
        assert people.label(name, 2, "yes" if name == "ana" else "no")
    assert states(world) == ["accepted", "accepted", "escalated", "escalated"]
    yes, no = world.values["yes"], world.values["no"]
    assert patterns(world) == before | {(0, 2): f"{yes}:3", (2, 2): f"{yes}:1,{no}:2"}
    with store.read() as session:
        assert dict(counts.patterns(session, world.project_id)) == {f"{yes}:3": 1, f"{yes}:1,{no}:2": 1}
        work = counts.labels_by_person(session, world.project_id, NOW, NOW + timedelta(seconds=1))
    assert set(work.values()) == {4 + 2}, "labelling again is work too"
    people.label("ana", 0, "no")
    with store.read() as session:
        assert counts.labels_by_person(session, world.project_id, NOW, NOW + timedelta(seconds=1)) == work


def test_the_past_says_what_an_item_was_before(store: Store) -> None:
    world, _ = labelled_world(store)
    requeue_id = change(world, labels=("no",))
    decide(world, requeue_id, "all")
    tick(world)
    with store.read() as session:
        past = history_reading.events(session, world.project_id, history_reading.Wanted(item_id=world.items[0]))
        told = [history_words.sentence(event, "i0") for event in past]
    assert "i0 is labelled again, after a rule changed (was “no”)" in told


def test_a_ruling_that_does_not_count_any_more_cannot_be_changed(store: Store) -> None:
    world, people = labelled_world(store)
    case = people.case(2)
    decide(world, change(world), "all")
    tick(world)
    rita, yes = world.slack_id("rita"), world.values["yes"]
    with pytest.raises(RefusedError, match="given out again"):
        store.transact(lambda s: rulings.rule(s, rita, case.id, case.version, yes, "no, yes", NOW))
    with pytest.raises(RefusedError, match="closed"):
        people.see_labels("rita", 2)
    assert states(world)[2] == "open"


def test_a_late_click_on_a_card_of_before_changes_nothing_and_a_new_one_is_a_new_label(store: Store) -> None:
    world, people = labelled_world(store)
    clicked = world.place("ana", world.items[0]).acted_us
    decide(world, change(world, labels=("no",)), "all")
    tick(world)
    assert not people.label("ana", 0, "yes", us=clicked - 1)
    assert not people.label("ana", 0, "yes", us=clicked)
    with pytest.raises(RefusedError, match="read the new version"):
        people.label("ana", 0, "yes")
    assert (0, 2) not in patterns(world)
    with store.write() as session:
        # As it is once ana has read the new version.
        session.execute(update(Batch).values(guideline_id=select(func.max(col(Guideline.id))).scalar_subquery()))
    assert people.label("ana", 0, "yes")
    assert patterns(world)[0, 2] == f"{world.values['yes']}:1"


def test_two_leads_who_click_at_once_decide_once(store: Store) -> None:
    world, _ = labelled_world(store)
    requeue_id = change(world)
    said = together(lambda: decide(world, requeue_id, "all"), lambda: decide(world, requeue_id, "none"))
    assert sorted(one is None for one in said) == [False, True]
    assert next(one for one in said if one).startswith("Lea has already decided to give ")
    assert said[0 if said[0] else 1] == decide(world, requeue_id, "sample")
    decided = select(func.count()).where(col(History.action) == "requeue.decided")
    assert world.one(decided)[0] == 1
    tick(world)
    assert len(given_out(world)) == (said[0] is None)


def test_only_leads_decide_and_only_what_is_offered(store: Store) -> None:
    world, _ = labelled_world(store)
    requeue_id = change(world)
    with pytest.raises(NotAllowedError, match="lead"):
        decide(world, requeue_id, "all", who="rita")
    for unknown, choice in ((requeue_id + 1, "all"), (requeue_id, "everything")):
        with pytest.raises(RefusedError, match="does not exist"):
            decide(world, unknown, choice)
    assert decide(world, requeue_id, "rest") == "There is nothing to decide here. Nothing was changed."
    assert decide(world, requeue_id, "none") is None
    assert decide(world, requeue_id, "all") == "Lea has already decided to give nothing out again. Nothing was changed."
    tick(world)
    assert given_out(world) == []


def test_where_nothing_is_touched_nobody_is_asked(store: Store) -> None:
    world = build(store, items=2)
    requeue_id = change(world)
    assert requeue(world, requeue_id).state is RequeueState.DONE
    assert world.rows(select(col(Outbox.id)).where(col(Outbox.template) == "requeue")) == []


def crowd(store: Store, count: int) -> tuple[World, list[int]]:
    """One person labelled many items, in many batches whose cards are in Slack."""
    world = build(store, annotators=("ana", "ben"), items=0, overlap=1)
    add_many(world, count)
    batches = finish(world, "ana", "no")
    with store.write() as session:
        cards = [{"kind": "batch", "subject_id": one, "channel": "D1", "ts": f"{one}.0"} for one in batches]
        session.connection().execute(insert(Card).values(created_at=NOW), cards)
    return world, batches


def add_many(world: World, count: int) -> None:
    with world.store.write() as session:
        add_items(session, world, 1, 1)
        first = session.execute(select(*Item.__table__.c)).mappings().one()  # type: ignore[attr-defined]
        seq = first["seq"]
        rows = [
            {name: first[name] for name in first if name != "id"}
            | {"key": f"i{n}", "digest": f"{n:064x}", "seq": seq + n}
            for n in range(1, count)
        ]
        session.connection().execute(insert(Item.__table__), rows)  # type: ignore[attr-defined]
        world.items = list(session.execute(select(col(Item.id)).order_by(col(Item.id))).scalars())


def test_many_items_go_in_chunks_and_a_killed_worker_goes_on_where_it_was(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, batches = crowd(store, 2500)
    with store.write() as session:
        # The last batch is worked in still.
        ongoing = update(Assignment).where(col(Assignment.item_id) == world.items[-1])
        session.execute(ongoing.values(state=Place.OPEN, value_id=None, counted_id=None, guideline_id=None))
        session.execute(
            update(Item).where(col(Item.id) == world.items[-1]).values(state=ItemState.OPEN, final_value_id=None)
        )
    requeue_id = change(world)
    decide(world, requeue_id, "all")
    really, calls = giving_out_again.give_out, Counter[str]()

    def dies(*how: Any) -> int:
        calls["times"] += 1
        given = really(*how)
        if calls["times"] == 4:
            raise SystemExit("killed before the commit")
        return given

    monkeypatch.setattr(giving_out_again, "give_out", dies)
    with pytest.raises(SystemExit):
        tick(world)
    assert len(given_out(world)) == 3
    tick(world)
    chunks = given_out(world)
    assert max(map(len, chunks)) <= requeueing.CHUNK
    assert [item_id for chunk in chunks for item_id in chunk] == world.items[:-1]
    assert (requeue(world, requeue_id).state, requeue(world, requeue_id).done) == (RequeueState.DONE, 2499)
    updates = select(col(Outbox.subject)).where(col(Outbox.kind) == OutboxKind.UPDATE, col(Outbox.card_kind) == "batch")
    assert {row.subject for row in world.rows(updates)} == {f"batch:{batches[-1]}"}
    written = len(world.rows(updates))
    given = Clicks(world).batch("ana", resume=False)
    assert isinstance(given, Given)
    assert given.size == 25
    assert len(world.rows(updates)) == written, "finished cards are not rewritten when their items move on either"


def test_nobodys_cursor_has_passed_what_comes_back_though_two_clocks_work(store: Store) -> None:
    world, _ = crowd(store, 40)
    people = Clicks(world)
    people.batch("ben")
    decide(world, change(world), "all")
    together(lambda: tick(world), lambda: tick(world))
    tick(world)
    assert given_out(world) == [world.items]
    for name in ("ben", "ana"):
        given = people.batch(name, resume=False)
        assert isinstance(given, Given)
        held = select(col(Assignment.item_id)).where(col(Assignment.batch_id) == given.batch_id)
        assert len(world.rows(held)) in (15, 25)
    left = select(func.count()).where(col(Item.open_places) > 0)
    assert world.one(left)[0] == 0


def test_a_sample_is_drawn_once_and_the_rest_is_decided_after_it(store: Store) -> None:
    world, _ = crowd(store, 40)
    people = Clicks(world)
    requeue_id = change(world)
    decide(world, requeue_id, "sample")
    tick(world)
    tick(world)
    [drawn] = given_out(world)
    assert len(drawn) == requeueing.SAMPLE
    assert drawn != world.items[: requeueing.SAMPLE]
    for name in ("ana", "ben"):
        people.batch(name)
        held = select(col(Assignment.item_id)).where(
            col(Assignment.person_id) == world.people[name], col(Assignment.state) == Place.OPEN
        )
        for n, row in enumerate(world.rows(held)):
            people.label(name, world.items.index(row.item_id), "yes" if n % 5 else "no")
    with store.read() as session:
        outcome = requeueing.sample_outcome(session, requeue_id)
    assert outcome == {"open": 0, "same": 6, "other": 24, "disputed": 0, "new": 0}
    tick(world)
    tick(world)
    posts = select(col(Outbox.key)).where(col(Outbox.template) == "requeue", col(Outbox.kind) == OutboxKind.POST)
    assert {row.key for row in world.rows(posts)} == {f"requeue:{requeue_id}", f"requeue:{requeue_id}:sampled"}
    for late in ("all", "none"):
        told = decide(world, requeue_id, late)
        assert told == "Lea has already decided to give a sample out again first. Nothing was changed."
    assert decide(world, requeue_id, "rest") is None
    tick(world)
    rest = given_out(world)[1]
    assert sorted([*drawn, *rest]) == world.items, "what the sample labelled under the new rule stays"
    assert requeue(world, requeue_id).done == 40
    with store.read() as session:
        past = history_reading.events(session, world.project_id, history_reading.Wanted(action="requeue.decided"))
        words = [history_words.sentence(event, None).partition(": ")[2] for event in past]
    assert words == ["a sample is labelled again first", "those beyond the sample are labelled again too"]


def test_a_batch_that_goes_on_under_the_version_before_is_waited_for(store: Store) -> None:
    world = build(store, annotators=("ana", "ben", "cem"), items=3, overlap=2)
    people = Clicks(world)
    people.batch("ana")
    people.batch("ben")
    people.label("ana", 0, "no")
    requeue_id = change(world)
    decide(world, requeue_id, "all")
    tick(world)
    assert given_out(world) == [[world.items[0]]]
    assert world.place("ben", world.items[0]).state is Place.RETURNED, "they would label it under the version before"
    assert world.place("ben", world.items[1]).state is Place.OPEN
    assert requeue(world, requeue_id).state is RequeueState.RUNNING
    people.label("ben", 1, "no")
    assert world.place("ben", world.items[1]).major == 1
    tick(world)
    assert len(given_out(world)) == 1
    with store.write() as session:
        session.execute(update(Assignment).where(col(Assignment.state) == Place.OPEN).values(state=Place.RETURNED))
        session.execute(update(Item).where(col(Item.id).in_(world.items[1:])).values(open_places=1))
    tick(world)
    assert given_out(world)[1:] == [[world.items[1]]]
    assert requeue(world, requeue_id).state is RequeueState.DONE


def test_an_item_whose_answer_the_version_gives_away_is_not_labelled_again(store: Store) -> None:
    world, _ = labelled_world(store)
    with store.write() as session:
        proposal_id = rule_change.propose(session, world.project_id)
        no = world.values["no"]
        shown = {"item_id": world.items[2], "fields": {}, "value_id": no, "explanation": "It says so."}
        session.execute(insert(Example).values(proposal_id=proposal_id, position=1, **shown))
        add_person(session, world, "lea", Role.LEAD)
        rule_change.into_effect(session, world.project_id, proposal_id)
    tick(world)
    [requeue_id] = world.one(select(col(Requeue.id)))
    decide(world, requeue_id, "all")
    tick(world)
    assert given_out(world) == [world.items[:2]]


def test_a_label_that_got_another_name_or_became_another_is_found_by_what_it_was(store: Store) -> None:
    world, _ = labelled_world(store)
    with store.write() as session:
        proposal_id = rule_change.propose(session, world.project_id, labels=("no",))
        rule_change.into_effect(session, world.project_id, proposal_id)
        session.execute(update(LabelValue).where(col(LabelValue.value) == "no").values(value="never"))
        # As the clock leaves it that carries labels over: what was given stays beside what is in force.
        merged = update(Assignment).where(col(Assignment.state) == Place.LABELLED)
        session.execute(merged.values(value_id=world.values["yes"]))
    tick(world)
    assert world.one(select(col(Requeue.touched)))[0] == 2
