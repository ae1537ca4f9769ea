"""Pairs written down, items linked without chains, and taken back by a lead."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import History, Item, ItemState, NearState, Queue, Role
from tests.builders import NOW, World, add_person, build
from tests.near.world import as_found, bring, by_hand, kept_pairs, lot, reworded, sentence, store_items
from tests.workflow.clicks import Clicks
from workflow import projects
from workflow.assignment import Given
from workflow.errors import RefusedError
from workflow.near import links, restoring
from workflow.near.similarity import Shingled, Thresholds, near
from workflow.near.verifying import Pair

BASE = sentence(60, 1)
# Each of these is near the one before it and after it; the first and the last are not near each other.
CHAIN = [[reworded(BASE, *range(0, 9 * steps, 3))] for steps in range(4)]


@pytest.fixture
def world(store: Store) -> World:
    return build(store, items=0)


def near_of(world: World) -> dict[int, int | None]:
    rows = world.rows(select(col(Item.id), col(Item.near_of)).where(col(Item.project_id) == world.project_id))
    return {row[0]: row[1] for row in rows}


def restore(world: World, item_id: int, by: int | None = None) -> None:
    world.store.transact(lambda session: restoring.restore(session, item_id, by, NOW))


def linked_item(world: World) -> tuple[int, int]:
    """An item that stands for another, and the other."""
    made, _ = bring(world, [[BASE], [reworded(BASE, 9)]], link=True)
    first, second = made
    assert near_of(world)[second] == first
    return first, second


def test_pairs_are_reported_with_their_similarity(world: World) -> None:
    made, pairs = bring(world, CHAIN)
    assert {(row.item_id, row.like_id): row.similarity for row in kept_pairs(world)} == by_hand(made) == as_found(pairs)
    assert {row.state for row in kept_pairs(world)} == {NearState.REPORTED}
    assert set(near_of(world).values()) == {None}
    assert {world.item(item_id).state for item_id in made} == {ItemState.OPEN}


def test_links_form_no_chains(world: World) -> None:
    """The third is near the second, which is linked; the first does not stand for it, so that it stays."""
    made, _ = bring(world, CHAIN, link=True)
    one, two, three, four = made
    assert (two, one) in by_hand(made)
    assert (three, two) in by_hand(made)
    assert (three, one) not in by_hand(made)
    assert near_of(world) == {one: None, two: one, three: None, four: three}
    assert [world.item(item_id).state for item_id in made] == [ItemState.OPEN, ItemState.DUPLICATE] * 2


def test_what_a_near_one_is_linked_to_is_tried_by_its_own_similarity(world: World) -> None:
    """A pair that the search did not find: the third is told to be near the second only."""
    made = store_items(world, lot_id := lot(world), [[BASE], [reworded(BASE, 9)], [reworded(BASE, 9, 10)]])
    one, two, three = made
    expected = by_hand(made)
    told = [Pair(two, one, None, expected[two, one]), Pair(three, two, None, expected[three, two])]
    assert links.record(world.store, world.project_id, lot_id, told, True, NOW) == 2
    assert near_of(world) == {one: None, two: one, three: one}
    kept = {(row.item_id, row.like_id): (row.similarity, row.state) for row in kept_pairs(world)}
    assert kept[three, one] == (expected[three, one], NearState.LINKED)
    assert kept[three, two] == (expected[three, two], NearState.REPORTED)


def test_tomorrow_s_items_are_linked_to_today_s(world: World) -> None:
    first, _ = linked_item(world)
    made, _ = bring(world, [[reworded(BASE, 9, 10)], [sentence(60, 2)]], link=True)
    assert [near_of(world)[item_id] for item_id in made] == [first, None]


def test_an_item_that_people_have_already_is_not_linked(world: World) -> None:
    made = store_items(world, lot_id := lot(world), [[BASE], [BASE + " x"]], ItemState.OPEN)
    one, two = made
    assert links.record(world.store, world.project_id, lot_id, [Pair(two, one, None, 0.99)], True, NOW) == 0
    assert near_of(world) == {one: None, two: None}
    assert [row.state for row in kept_pairs(world)] == [NearState.REPORTED]


def test_what_another_text_replaced_stands_for_nothing(world: World) -> None:
    first, _ = linked_item(world)
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == first).values(state=ItemState.REPLACED))
    made, _ = bring(world, [[reworded(BASE, 9)]], link=True)
    assert [near_of(world)[item_id] for item_id in made] == [None]


def test_the_number_is_that_of_items_and_not_of_pairs(world: World) -> None:
    made = store_items(world, lot_id := lot(world), [[BASE], [BASE + " x"], [BASE + " y"]])
    told = [Pair(later, earlier, None, alike) for (later, earlier), alike in sorted(by_hand(made).items())]
    assert len(told) == 3
    assert links.record(world.store, world.project_id, lot_id, told, False, NOW) == 2
    assert links.record(world.store, world.project_id, lot_id, [], False, NOW) == 0


def test_very_many_pairs_are_written_a_thousand_rows_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_ROWS", 7)
    made, pairs = bring(world, [[f"{BASE} {number}"] for number in range(12)], link=True)
    first = min(made)
    assert {item_id: to for item_id, to in near_of(world).items() if to} == {n: first for n in made if n != first}
    expected = as_found(pairs).keys() | {(item_id, first) for item_id in made if item_id != first}
    assert {(row.item_id, row.like_id) for row in kept_pairs(world)} == expected


FILES = st.lists(
    st.lists(st.tuples(st.integers(0, 1), st.sets(st.integers(0, 11), max_size=5)), min_size=1, max_size=5),
    min_size=1,
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(FILES, st.booleans())
def test_whatever_comes_links_are_true_and_form_no_chains(
    world: World, files: list[list[tuple[int, set[int]]]], link: bool
) -> None:
    limits = Thresholds(short=0.7)
    own = build_again(world)
    texts: dict[int, Any] = {}
    found: dict[tuple[int, int], float] = {}
    for file in files:
        made, pairs = bring(
            own, [[reworded(sentence(50, base), *changed)] for base, changed in file], link=link, thresholds=limits
        )
        texts |= made
        found |= as_found(pairs)
    linked = {item_id: to for item_id, to in near_of(own).items() if to is not None}
    assert link or not linked
    for item_id, to in linked.items():
        assert to < item_id
        assert to not in linked
        assert near(Shingled(texts[item_id]), Shingled(texts[to]), limits) is not None
    for later, earlier in found if link else ():
        # Whoever is near one that stands by itself is linked, and to none that came later.
        if earlier not in linked:
            assert linked[later] <= earlier
    kept = {(row.item_id, row.like_id): row for row in kept_pairs(own) if row.item_id in texts}
    assert kept.keys() == found.keys() | linked.items()
    assert {pair for pair, row in kept.items() if row.state is NearState.LINKED} == set(linked.items())


def build_again(world: World) -> World:
    """A project of its own in the same store."""
    name = f"p{len(world.rows(select(col(Queue.id))))}"
    return build(world.store, name=name, annotators=(), reviewers=(), items=0)


def test_a_lead_takes_a_linked_item_back(world: World) -> None:
    first, second = linked_item(world)
    with world.store.write() as session:
        lea = add_person(session, world, "lea", Role.LEAD)
    restore(world, second, lea)
    item = world.item(second)
    assert (item.state, item.near_of, item.overlap, item.open_places) == (ItemState.OPEN, None, 3, 3)
    [pair] = kept_pairs(world)
    assert (pair.state, pair.by_id, pair.like_id) == (NearState.RESTORED, lea, first)
    [noted] = world.one(select(History).where(col(History.action) == "item.restored"))
    assert (noted.actor_id, noted.subject_id) == (lea, second)
    assert (noted.before["near_of"], noted.after) == (first, {"state": "open"})


def test_what_was_taken_back_is_given_to_people_that_have_passed_it(world: World) -> None:
    _, second = linked_item(world)
    clicks = Clicks(world)
    clicks.batch("ana")
    restore(world, second)
    given_now = clicks.batch("ana")
    assert isinstance(given_now, Given)
    assert world.place("ana", second) is not None


def test_taking_back_twice_is_refused_in_words(world: World) -> None:
    first, second = linked_item(world)
    restore(world, second)
    seq = world.item(second).seq
    with pytest.raises(RefusedError, match="already"):
        restore(world, second)
    assert world.item(second).seq == seq
    with pytest.raises(RefusedError, match="not linked"):
        restore(world, first)
    with pytest.raises(RefusedError, match="no such item"):
        restore(world, second + 100)


def test_an_exact_duplicate_and_one_that_is_loading_are_not_taken_back(world: World) -> None:
    first, second = linked_item(world)
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == second).values(near_of=None, duplicate_of=first))
    with pytest.raises(RefusedError, match="very same text"):
        restore(world, second)
    with world.store.write() as session:
        loading = {"near_of": first, "duplicate_of": None, "state": ItemState.LOADING}
        session.execute(update(Item).where(col(Item.id) == second).values(**loading))
    with pytest.raises(RefusedError, match="not done yet"):
        restore(world, second)


def test_two_leads_at_once_take_it_back_once(world: World) -> None:
    _, second = linked_item(world)
    ready = Barrier(2)

    def press(_: int) -> bool:
        ready.wait()
        try:
            restore(world, second)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, range(2))) == [False, True]
    assert world.item(second).open_places == 3
    assert len(world.rows(select(col(History.id)).where(col(History.action) == "item.restored"))) == 1


@pytest.mark.parametrize("overlap", [1, 2])
def test_what_is_taken_back_has_the_overlap_of_now(world: World, overlap: int) -> None:
    _, second = linked_item(world)
    world.store.transact(lambda s: projects.set_overlap(s, world.project_id, overlap, NOW, None))
    projects.finish_overlap(world.store, world.project_id, NOW)
    restore(world, second)
    item = world.item(second)
    assert (item.overlap, item.open_places) == (overlap, overlap)


def test_an_overlap_that_is_being_changed_does_not_count_it_twice(world: World) -> None:
    _, second = linked_item(world)
    world.store.transact(lambda s: projects.set_overlap(s, world.project_id, 2, NOW, None))
    restore(world, second)
    projects.finish_overlap(world.store, world.project_id, NOW)
    item = world.item(second)
    assert (item.overlap, item.open_places) == (2, 2)


def test_with_nobody_to_label_it_waits_for_who_joins(store: Store) -> None:
    world = build(store, items=0, annotators=())
    _, second = linked_item(world)
    restore(world, second)
    assert world.item(second).state is ItemState.OPEN


def test_a_new_text_may_be_linked_to_what_was_taken_back(world: World) -> None:
    first, second = linked_item(world)
    restore(world, second)
    made, _ = bring(world, [[reworded(BASE, 9)]], link=True)
    assert [near_of(world)[item_id] for item_id in made] == [first]


def test_what_an_undone_lot_stood_for_is_open_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "CHUNK", 2)
    first, second = linked_item(world)
    made, _ = bring(world, [[f"{BASE} {number}"] for number in range(5)], link=True)
    assert restoring.let_go(world.store, world.item(first).lot_id, NOW) == 5
    assert {world.item(item_id).state for item_id in made} == {ItemState.OPEN}
    assert {near_of(world)[item_id] for item_id in made} == {None}
    assert world.item(second).state is ItemState.DUPLICATE
    assert restoring.let_go(world.store, world.item(first).lot_id, NOW) == 0
