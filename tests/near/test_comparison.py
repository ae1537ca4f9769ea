"""New items against each other and against earlier ones: true pairs, all of them where chance allows it."""

import csv
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import col

import demo
from storage.engine import Store
from storage.tables import Item, ItemState, NearPair
from tests.builders import World, build
from tests.near.world import Texts, as_found, bands, bring, by_hand, lot, reworded, sentence, store_items
from workflow.intake.steps import standardise
from workflow.near import comparison as comparing
from workflow.near import kept_bands, verifying
from workflow.near.comparison import Comparison
from workflow.near.similarity import Thresholds
from workflow.near.verifying import Pair

DEMO = Path(demo.__file__).parent / "data" / "items.csv"


@pytest.fixture
def world(store: Store) -> World:
    return build(store, items=0)


def compared(world: World, items: dict[int, Texts], thresholds: Thresholds | None = None) -> list[Pair]:
    with Comparison(thresholds) as comparison:
        for ref, texts in items.items():
            comparison.add(ref, texts)
        return list(comparison.pairs(world.store, world.project_id))


@cache
def demo_items() -> tuple[list[tuple[str, str]], list[str]]:
    with DEMO.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [(standardise(row["text"])[0], standardise(row["hypothesis"])[0]) for row in rows]
    return texts, [row["gold"] for row in rows]


@cache
def demo_pairs() -> dict[tuple[int, int], float]:
    """All 319,600 comparisons: four seconds, once."""
    return by_hand(dict(enumerate(demo_items()[0])))


def second_half(ids: list[int]) -> dict[tuple[int, int], float]:
    """The demo's pairs whose later item is in its second half, by the ids of the items."""
    return {(ids[later], ids[earlier]): alike for (later, earlier), alike in demo_pairs().items() if later >= 400}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_demo_s_pairs_are_those_that_a_search_by_hand_finds(world: World) -> None:
    """Deterministic: bands are the same everywhere. About half of the pairs have opposite answers."""
    texts, gold = demo_items()
    items: dict[int, Texts] = dict(enumerate(texts))
    expected = demo_pairs()
    assert as_found(compared(world, items)) == expected
    opposite = sum(gold[later] != gold[earlier] for later, earlier in expected)
    assert 0.4 < opposite / len(expected) < 0.65


def test_the_demo_in_two_files_has_the_same_pairs(world: World) -> None:
    texts, _ = demo_items()
    one, _ = bring(world, texts[:400])
    two, found = bring(world, texts[400:])
    assert as_found(found) == second_half([*one, *two])
    assert {pair.like_item_id is not None for pair in found} == {True, False}
    assert all(pair.like_item_id in one for pair in found if pair.like_item_id is not None)


PLACES = st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 39), max_size=4)), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(PLACES, st.sampled_from([(0.8, 0.9), (0.6, 0.7), (1.0, 1.0)]), st.data())
def test_what_is_found_is_true_and_in_order(
    world: World, made: list[tuple[int, list[int]]], limits: tuple[float, float], data: st.DataObject
) -> None:
    lengths = (40, 90, 104, 160)
    texts = [(reworded(sentence(lengths[base], base), *changed), "the same") for base, changed in made]
    items: dict[int, Texts] = dict(enumerate(texts, start=data.draw(st.integers(0, 2**40))))
    thresholds = Thresholds(*limits)
    pairs = compared(world, items, thresholds)
    expected = by_hand(items, thresholds)
    found = as_found(pairs)
    assert len(found) == len(pairs)
    assert found.items() <= expected.items()
    # Bands find these for certain: the same text has the same bands.
    equal = {(later, earlier) for later, earlier in expected if items[later] == items[earlier]}
    assert equal <= found.keys()
    assert pairs == sorted(pairs, key=lambda pair: (pair.ref, -pair.similarity, pair.like_id))


def test_long_texts_and_short_ones_have_thresholds_of_their_own(world: World) -> None:
    short, long = sentence(60, 1), sentence(300, 2)
    items: dict[int, Texts] = {1: [short], 2: [reworded(short, 9)], 3: [long], 4: [reworded(long, 9)]}
    assert set(as_found(compared(world, items))) == {(2, 1), (4, 3)}
    assert set(as_found(compared(world, items, Thresholds(short=0.99)))) == {(4, 3)}
    assert set(as_found(compared(world, items, Thresholds(long=0.99)))) == {(2, 1)}


def test_a_pair_on_both_sides_of_the_border_is_found_either_way_round(world: World) -> None:
    text = sentence(101, 3)
    shorter = " ".join(text.split()[:99])
    assert len(compared(world, {1: [text], 2: [shorter]})) == 1
    assert len(compared(world, {1: [shorter], 2: [text]})) == 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["😀" * 3, "a", "نص قصير جدا هنا", "\N{COMBINING ACUTE ACCENT}", "a" * 40_000])
def test_any_text_is_near_itself(world: World, text: str) -> None:
    pairs = compared(world, {1: [text, "first"], 2: [text, "first"], 3: [text[:-1] + "z", "another thing"]})
    assert Pair(2, 1, None, 1.0) in pairs


def test_nothing_is_near_where_there_is_nothing(world: World) -> None:
    assert compared(world, {}) == []
    assert compared(world, {1: [""], 2: [""], 3: ["   "], 4: ["   x"]}) == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_of_very_many_the_most_alike_and_the_earliest_are_told(world: World) -> None:
    base = sentence(60, 4)
    items: dict[int, Texts] = {n: [base + " " + sentence(1, n)] for n in range(60)}
    pairs = compared(world, items)
    for ref in range(1, 60):
        mine = [pair for pair in pairs if pair.ref == ref]
        assert min(ref, verifying.MOST_PAIRS) <= len(mine) <= verifying.MOST_PAIRS + 1
        assert 0 in [pair.like_ref for pair in mine]


def test_what_another_text_replaced_or_is_gone_is_near_nothing(world: World) -> None:
    text = sentence(50, 5)
    old, _ = bring(world, [[text], [reworded(text, 3)]])
    replaced, gone = old
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == replaced).values(state=ItemState.REPLACED))
        session.execute(delete(NearPair))
        session.execute(delete(Item).where(col(Item.id) == gone))
    assert compared(world, {1: [text]}) == []


def test_another_project_is_not_looked_at(world: World) -> None:
    bring(world, [[sentence(50, 6)]])
    other = build(world.store, name="other", annotators=(), reviewers=(), items=0)
    assert compared(other, {1: [sentence(50, 6)]}) == []
    assert len(compared(world, {1: [sentence(50, 6)]})) == 1


@pytest.mark.parametrize("read_through", [0, 10**9])
def test_both_ways_of_reading_the_index_find_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch, read_through: int
) -> None:
    texts, _ = demo_items()
    one, _ = bring(world, texts[:400])
    monkeypatch.setattr(kept_bands, "READ_THROUGH", read_through)
    monkeypatch.setattr(kept_bands, "PAGE", 57)
    monkeypatch.setattr(kept_bands, "CHUNK", 31)
    two, found = bring(world, texts[400:])
    assert as_found(found) == second_half([*one, *two])


def test_a_dry_run_writes_nothing(world: World) -> None:
    compared(world, {1: [sentence(50, 7)], 2: [sentence(50, 7)]})
    assert bands(world) == []


def test_keeping_twice_is_keeping_once(world: World) -> None:
    made = store_items(world, lot(world), [[sentence(50, 8)], [sentence(120, 9)], [sentence(10, 10)]])
    with Comparison() as comparison:
        for item_id, texts in made.items():
            comparison.add(item_id, texts)
        comparison.keep(world.store, world.project_id)
        once = bands(world)
        comparison.keep(world.store, world.project_id)
    assert bands(world) == once
    assert len(once) == 10 + 20 + 10


def test_a_band_that_very_many_have_is_kept_for_the_first_of_a_lot(world: World) -> None:
    made, _ = bring(world, [[sentence(40, 11) + f" {number}"] for number in range(40)])
    counts: dict[int, list[int]] = {}
    for band, item_id in bands(world):
        counts.setdefault(band, []).append(item_id)
    assert max(map(len, counts.values())) == comparing.KEPT_PER_BAND
    # Each is found all the same, by the bands that it has in common with the first ones.
    assert all(compared(world, {1: texts}) for texts in made.values())


def test_a_row_s_ref_may_be_any_number_that_rises(world: World) -> None:
    pairs = compared(world, {0: ["the same text"], 2**40: ["the same text"]})
    assert pairs == [Pair(2**40, 0, None, 1.0)]


def test_more_may_come_after_pairs_were_asked_for(world: World) -> None:
    first, second = sentence(50, 12), sentence(50, 13)
    with Comparison() as comparison:
        comparison.add(1, [first])
        comparison.add(2, [first])
        assert [pair.ref for pair in comparison.pairs(world.store, world.project_id)] == [2]
        for ref, text in ((3, second), (4, first), (5, second)):
            comparison.add(ref, [text])
        found = as_found(comparison.pairs(world.store, world.project_id))
    assert found.keys() == {(2, 1), (4, 1), (4, 2), (5, 3)}
