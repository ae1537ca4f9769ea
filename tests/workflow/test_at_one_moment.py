"""Clicks at one moment, in real threads on both databases: each is decided once, and nobody waits in a circle."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Batch,
    Escalation,
    EscalationState,
    ItemState,
    Label,
    Place,
    ReviewState,
    Ruling,
)
from tests.builders import NOW, World, add_items, build
from tests.workflow import life
from tests.workflow.clicks import Clicks, state_of
from tests.workflow.reviewers import Reviewers
from workflow import plan, project_edit, upkeep
from workflow.assignment import Given
from workflow.errors import RefusedError
from workflow.nothing import Nothing
from workflow.project_edit import Asked
from workflow.quality_rules import ReviewRules

LATER = NOW + timedelta(days=2)
ROUNDS = 6


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do all at one moment; what each gave back, or the refusal that it met."""
    ready = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return work()
        except RefusedError as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@contextmanager
def deadlocks(store: Store) -> Iterator[list[str]]:
    """Every deadlock that the database had to break."""
    found: list[str] = []

    def note(context: Any) -> None:
        if getattr(context.original_exception, "sqlstate", None) == "40P01":
            found.append(str(context.statement))

    event.listen(store.engine, "handle_error", note)
    yield found
    event.remove(store.engine, "handle_error", note)


def holds(world: World, highest: int = 0) -> life.Snapshot:
    """Assert what must always hold, with the patterns recomputed from the places as they are.

    ``highest`` is the highest overlap that there ever was, where it is no longer that of the items.
    """
    ledger = life.Ledger(highest=Counter(dict.fromkeys(world.items, highest)))
    kept = world.rows(
        select(col(Assignment.person_id), col(Assignment.item_id), col(Assignment.counted_id), col(Assignment.major))
        .where(col(Assignment.project_id) == world.project_id)
        .where(col(Assignment.counted_id).is_not(None))
    )
    ledger.counted = {(row[0], row[1]): (row[2], row[3]) for row in kept}
    return life.check(world, ledger)


def count(world: World, table: Any) -> int:
    return int(world.one(select(func.count()).select_from(table))[0])


def returned_to(clicks: Clicks, *names: str) -> None:
    """Each takes all items in turn and lets the time run out."""
    for name in names:
        assert isinstance(clicks.batch(name), Given)
        clicks.world.store.transact(lambda s: upkeep.expire(s, LATER))


def test_twenty_people_asking_at_once_share_the_places_out(store: Store) -> None:
    names = tuple(f"a{n}" for n in range(20))
    world = build(store, items=60, overlap=2, batch_size=5, annotators=names)
    clicks = Clicks(world)
    given = together(*(lambda name=name: clicks.batch(name) for name in names))
    assert [answer.size for answer in given] == [5] * 20
    assert count(world, Assignment) == 100
    rest = together(*(lambda name=name: clicks.batch(name, resume=False, size=50) for name in names))
    assert sum(answer.size for answer in rest if isinstance(answer, Given)) == 20
    assert all(item.open_places == 0 for item in holds(world).items.values())


def test_one_person_asking_five_times_at_once_has_one_batch(store: Store) -> None:
    world = build(store, items=30, batch_size=5)
    clicks = Clicks(world)
    given = together(*[lambda: clicks.batch("ana")] * 5)
    assert len({answer.batch_id for answer in given}) == 1
    assert sorted(answer.resumed for answer in given) == [False, True, True, True, True]
    assert (count(world, Batch), count(world, Assignment)) == (1, 5)


def test_of_two_late_clicks_on_the_last_place_one_wins_and_the_other_is_told(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=1)
    clicks = Clicks(world)
    returned_to(clicks, "ana", "ben")
    for item in range(ROUNDS):
        answers = together(lambda: clicks.label("ana", item, "yes"), lambda: clicks.label("ben", item, "no"))  # noqa: B023
        refused = [answer for answer in answers if isinstance(answer, RefusedError)]
        assert [answer for answer in answers if answer is True] == [True]
        assert len(refused) == 1
        assert "given to somebody else" in str(refused[0])
        assert state_of(world, item) is ItemState.ACCEPTED
    assert count(world, Label) == ROUNDS
    holds(world)


@pytest.mark.parametrize("second", ["yes", "no"])
def test_two_people_completing_an_item_decide_it_once(store: Store, second: str) -> None:
    world = build(store, items=ROUNDS, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    for item in range(ROUNDS):
        assert together(lambda: clicks.label("ana", item, "yes"), lambda: clicks.label("ben", item, second)) == [  # noqa: B023
            True,
            True,
        ]
    ended = ItemState.ACCEPTED if second == "yes" else ItemState.ESCALATED
    assert {state_of(world, item) for item in range(ROUNDS)} == {ended}
    assert count(world, Escalation) == (0 if second == "yes" else ROUNDS)
    deciding = world.rows(select(col(Label.item_id)).where(col(Label.item_to) == ended))
    assert len(deciding) == len(set(deciding)) == ROUNDS
    holds(world)


def test_a_label_and_a_flag_at_once_end_in_one_case_that_keeps_the_label(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    for item in range(ROUNDS):
        assert together(lambda: clicks.label("ana", item, "yes"), lambda: clicks.flag("ben", item)) == [True, True]  # noqa: B023
        assert world.place("ana", world.items[item]).state is Place.LABELLED
    assert {state_of(world, item) for item in range(ROUNDS)} == {ItemState.ESCALATED}
    assert count(world, Escalation) == ROUNDS
    holds(world)


def test_two_flags_at_once_open_one_case(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    for item in range(ROUNDS):
        assert together(lambda: clicks.flag("ana", item), lambda: clicks.flag("ben", item)) == [True, True]  # noqa: B023
    assert count(world, Escalation) == ROUNDS
    holds(world)


def test_a_label_and_a_ruling_at_once_agree_on_which_came_first(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    for item in range(ROUNDS):
        clicks.flag("ben", item)
        together(lambda: clicks.label("ana", item, "yes"), lambda: clicks.rule("rita", item, "no"))  # noqa: B023
        place = world.place("ana", world.items[item])
        assert place.state is Place.LABELLED
        assert place.after_ruling == (place.counted_id is None)
        assert state_of(world, item) is ItemState.RULED
    holds(world)


def test_a_change_that_settles_a_dispute_and_a_ruling_on_it_do_not_both_decide(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=2)
    clicks = Clicks(world)
    for name, value in (("ana", "yes"), ("ben", "no")):
        clicks.batch(name)
        for item in range(ROUNDS):
            clicks.label(name, item, value)
    for item in range(ROUNDS):
        _, ruled = together(lambda: clicks.label("ana", item, "no"), lambda: clicks.rule("rita", item, "yes"))  # noqa: B023
        state = ItemState.ACCEPTED if isinstance(ruled, RefusedError) else ItemState.RULED
        assert state_of(world, item) is state
        withdrawn = clicks.case(item).state is EscalationState.WITHDRAWN
        assert withdrawn == (state is ItemState.ACCEPTED)
    assert count(world, Ruling) == sum(state_of(world, item) is ItemState.RULED for item in range(ROUNDS))
    holds(world)


def test_a_skip_while_somebody_asks_loses_no_place(store: Store) -> None:
    world = build(store, items=0, overlap=1, annotators=("ana", "ben"))
    clicks = Clicks(world)
    for item in range(ROUNDS):
        one_more_item(world, overlap=1)
        assert isinstance(clicks.batch("ana"), Given)
        skipped, given = together(lambda: clicks.skip("ana", item), lambda: clicks.batch("ben"))  # noqa: B023
        assert skipped is True
        holds(world)
        if isinstance(given, Nothing):
            assert isinstance(clicks.batch("ben"), Given)
        assert clicks.label("ben", item, "yes")


def test_a_click_while_its_lease_ends_is_kept_and_the_place_not_given_twice(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=1)
    clicks = Clicks(world)
    for item in range(ROUNDS):
        clicks.batch("ana")
        labelled, _ = together(
            lambda: clicks.label("ana", item, "yes"),  # noqa: B023
            lambda: store.transact(lambda s: upkeep.expire(s, LATER)),
        )
        assert labelled is True
        assert state_of(world, item) is ItemState.ACCEPTED
        holds(world)


def test_the_clock_of_two_replicas_returns_a_place_once(store: Store) -> None:
    world = build(store, items=20, overlap=2)
    clicks = Clicks(world)
    for name in ("ana", "ben"):
        clicks.batch(name)
    returned = together(*[lambda: store.transact(lambda s: upkeep.expire(s, LATER))] * 3)
    assert sum(returned) == 40
    assert {item.open_places for item in holds(world).items.values()} == {2}


def test_a_late_click_while_the_same_person_asks_loses_no_place(store: Store) -> None:
    world = build(store, items=ROUNDS, overlap=2, batch_size=ROUNDS)
    clicks = Clicks(world)
    for item in range(ROUNDS):
        clicks.batch("ana")
        store.transact(lambda s: upkeep.expire(s, LATER))
        together(lambda: clicks.label("ana", item, "yes"), lambda: clicks.batch("ana"))  # noqa: B023
        assert world.place("ana", world.items[item]).state is Place.LABELLED
        holds(world)


def test_a_ruling_while_a_planned_batch_is_shown_leaves_no_place_open(store: Store) -> None:
    world = build(store, items=0, overlap=2)
    clicks = Clicks(world)
    for item in range(ROUNDS):
        one_more_item(world, overlap=2)
        row = [plan.Planned(1, f"i{item}", "@ben")]
        assert store.transact(lambda s: plan.plan(s, world.project_id, row, NOW)) == []  # noqa: B023
        clicks.batch("ana")
        clicks.flag("ana", item)
        together(lambda: clicks.rule("rita", item, "no"), lambda: clicks.batch("ben"))  # noqa: B023
        assert world.place("ben", world.items[item]).state is Place.CLOSED
        seated = select(func.count()).where(col(Assignment.batch_id) == col(Batch.id)).scalar_subquery()
        assert not world.rows(select(col(Batch.id)).where(col(Batch.size) != seated))
        holds(world)


PEOPLE = tuple(f"a{n}" for n in range(6))


def test_reviewers_asking_at_once_each_have_an_item_of_their_own(store: Store) -> None:
    names = ("rita", "remo", "rosa", "rene")
    shop = Reviewers(store, ReviewRules(share=1.0), items=3, overlap=1, reviewers=names)
    for item in range(3):
        shop.labelled("yes", item=item)
    # Two clocks pick at once, and each item once.
    assert sum(together(shop.pick, shop.pick)) == 3
    with deadlocks(store) as found:
        taken = together(*(partial(shop.next, name) for name in names))
    assert sorted(one for one in taken if one is not None) == sorted(shop.review(item).id for item in range(3))
    assert found == []


def test_of_a_label_and_an_acceptance_at_once_one_finds_the_other_done(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1)
    shop.labelled("yes", "yes", "yes")
    shop.pick()
    shop.next()
    accepted, _ = together(shop.accept, partial(shop.label, "ben", 0, "no"))
    assert (shop.review().state is ReviewState.ACCEPTED) == (accepted == "Accepted.")
    assert state_of(shop.world, 0) is ItemState.ACCEPTED


def test_everything_at_once_never_waits_in_a_circle(store: Store) -> None:
    world = build(store, items=24, overlap=3, batch_size=4, annotators=PEOPLE, reviewers=("rita", "rob"))
    works = [partial(annotate, world, name) for name in PEOPLE] + [partial(review, world, n) for n in ("rita", "rob")]
    with deadlocks(store) as found:
        together(*works, partial(let_leases_end, world), partial(change_overlap_often, world))
    assert found == []
    holds(world, highest=4)


def annotate(world: World, name: str) -> None:
    chance, clicks = random.Random(name), Clicks(world)
    acts: list[Callable[[int], bool]] = [
        lambda item: clicks.label(name, item, chance.choice(["yes", "no"])),
        lambda item: clicks.skip(name, item),
        lambda item: clicks.flag(name, item),
    ]
    for _ in range(12):
        with suppress(RefusedError):
            clicks.batch(name, resume=chance.random() < 0.7)
        mine = [item for item in range(24) if world.place(name, world.items[item])]
        for item in chance.sample(mine, min(3, len(mine))):
            with suppress(RefusedError):
                chance.choices(acts, [8, 1, 1])[0](item)


def review(world: World, name: str) -> None:
    chance, clicks = random.Random(name), Clicks(world)
    for _ in range(25):
        cases = world.rows(select(col(Escalation.item_id)).where(col(Escalation.state) == EscalationState.OPEN))
        if cases:
            item = world.items.index(chance.choice(cases)[0])
            with suppress(RefusedError):
                chance.choice([partial(clicks.send_back, name), partial(clicks.rule, name, value="no")])(item)


def let_leases_end(world: World) -> None:
    for hours in range(0, 60, 3):
        world.store.transact(lambda s: upkeep.expire(s, NOW + timedelta(hours=hours), 5))  # noqa: B023


def change_overlap_often(world: World) -> None:
    for overlap in (2, 4, 3, 2, 4, 3):
        project_edit.make(world.store, world.project_id, Asked({"overlap": overlap}), NOW, None)


def one_more_item(world: World, overlap: int) -> None:
    with world.store.write() as session:
        add_items(session, world, 1, overlap)
