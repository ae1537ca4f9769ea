"""The kept index: what is like a text, what leaves it, and how it is completed."""

from typing import Any

import pytest
from sqlalchemy import event, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item, ItemState, LotState, NearBand, NearPair
from tests.builders import World, build
from tests.near.world import bands, bring, kept_pairs, lot, reworded, sentence, store_items
from workflow.near import index, kept_bands, verifying
from workflow.near.comparison import Comparison
from workflow.near.index import Like
from workflow.near.kept_texts import texts_of
from workflow.near.signature import BANDS, LOWEST_BAND
from workflow.near.similarity import Shingled, near, similarity

TEXT = sentence(60, 1)


@pytest.fixture
def world(store: Store) -> World:
    made = build(store, items=0)
    # The world comes with an import without items.
    assert index.build(store, made.project_id) == 1
    return made


def like(world: World, text: str, **asked: int) -> list[Like]:
    with world.store.read() as session:
        return index.like(session, world.project_id, [text], **asked)


def test_the_most_alike_come_first_with_their_true_similarity(world: World) -> None:
    made, _ = bring(world, [[reworded(TEXT, *range(0, 3 * n, 3))] for n in (2, 0, 1)] + [[sentence(60, 2)]])
    two, none, one, _ = made
    assert [found.item_id for found in like(world, TEXT)] == [none, one, two]
    for found in like(world, TEXT):
        assert found.similarity == similarity(Shingled([TEXT]), Shingled(made[found.item_id]))[0]
    assert [found.item_id for found in like(world, TEXT, most=1)] == [none]
    assert [found.item_id for found in like(world, TEXT, but=none)] == [one, two]


def test_nothing_is_like_what_is_new_or_empty(world: World) -> None:
    assert like(world, TEXT) == []
    bring(world, [[TEXT]])
    assert like(world, sentence(60, 3)) == []
    assert like(world, "") == []


def test_two_statements_tell_what_is_like_a_text(world: World) -> None:
    bring(world, [[f"{TEXT} {number}"] for number in range(300)])
    statements: list[str] = []
    event.listen(world.store.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert len(like(world, TEXT)) == 3
    assert len([told for told in statements if told.startswith("SELECT")]) == 2


def test_what_was_replaced_is_like_nothing(world: World) -> None:
    made, _ = bring(world, [[TEXT]])
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id).in_(made)).values(state=ItemState.REPLACED))
    assert like(world, TEXT) == []


def test_what_is_forgotten_leaves_no_trace(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "CHUNK", 3)
    stays, _ = bring(world, [[TEXT], [sentence(110, 4)]])
    before = bands(world)
    goes, _ = bring(world, [[reworded(TEXT, number)] for number in range(8)] + [[sentence(110, 4) + " x"]])
    assert len(bands(world)) > len(before)
    with world.store.write() as session:
        session.execute(update(Item).where(col(Item.id) == min(goes)).values(state=ItemState.REPLACED))
    index.forget(world.store, world.project_id, goes)
    assert bands(world) == before
    assert kept_pairs(world) == []
    index.forget(world.store, world.project_id, goes)
    assert bands(world) == before
    assert [found.item_id for found in like(world, TEXT)] == [min(stays)]


def test_an_index_is_completed_with_the_lots_that_are_not_in_it(world: World) -> None:
    indexed, _ = bring(world, [[TEXT]])
    before = bands(world)
    missing = store_items(world, lot(world), [[reworded(TEXT, 3)], [sentence(120, 5)]], ItemState.OPEN)
    store_items(world, lot(world, LotState.RUNNING), [[reworded(TEXT, 6)]])
    with world.store.write() as session:
        double = {"duplicate_of": min(indexed), "key": "double", "digest": "d", "extra": {}, "fields": {"field0": TEXT}}
        lot_id = world.item(min(missing)).lot_id
        session.execute(insert(Item).values(project_id=world.project_id, lot_id=lot_id, state="duplicate", **double))
    assert index.build(world.store, world.project_id) == 1
    assert len(bands(world)) == len(before) + 10 + 20
    assert {found.item_id for found in like(world, TEXT)} == {*indexed, min(missing)}
    assert index.build(world.store, world.project_id) == 0


def test_an_index_that_is_whole_costs_three_look_ups(world: World) -> None:
    bring(world, [[f"{TEXT} {number}"] for number in range(5)])
    statements: list[str] = []
    event.listen(world.store.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    assert index.build(world.store, world.project_id) == 0
    assert all(told.startswith("SELECT") for told in statements)
    assert len(statements) <= 3


def test_an_index_that_was_begun_is_taken_up_again(world: World) -> None:
    made = store_items(world, lot(world), [[sentence(20, number)] for number in range(30)], ItemState.OPEN)
    index.build(world.store, world.project_id)
    whole = bands(world)
    with world.store.write() as session:
        kept = NearBand.__table__  # type: ignore[attr-defined]
        session.execute(kept.delete().where((kept.c.band < LOWEST_BAND) | (kept.c.band > whole[50][0])))
    assert index.build(world.store, world.project_id) == 2
    assert bands(world) == whole
    assert len(whole) == BANDS * len(made)


def test_bands_that_were_made_in_another_way_are_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_bands, "CHUNK", 4)
    bring(world, [[TEXT], [sentence(20, 6)]])
    whole = bands(world)
    other = build(world.store, name="other", annotators=(), reviewers=(), items=0)
    bring(other, [[TEXT]])
    with world.store.write() as session:
        kept = NearBand.__table__  # type: ignore[attr-defined]
        mine = kept.c.project_id == world.project_id
        session.execute(kept.update().where(mine, kept.c.band < LOWEST_BAND).values(band=-(2**63) + 999))
        session.execute(kept.update().where(mine, kept.c.band >= LOWEST_BAND).values(band=kept.c.band / 2 + 7))
    assert index.build(world.store, world.project_id) == 2
    assert bands(world) == whole
    assert len(bands(other)) == BANDS


def test_the_same_texts_again_add_nothing(world: World) -> None:
    """Exact duplicates do not come here; where they would, the index names them by their own pair only."""
    bring(world, [[TEXT], [sentence(60, 7)]])
    before = bands(world), len(kept_pairs(world))
    made, pairs = bring(world, [])
    assert (made, pairs) == ({}, [])
    assert (bands(world), len(kept_pairs(world))) == before


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_work_stays_in_proportion_to_texts_that_are_all_alike(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand texts that differ in one word: a bounded number of comparisons each, however many there are."""
    asked = [0]

    def counted(*items: object) -> float | None:
        asked[0] += 1
        return near(*items)  # type: ignore[arg-type]

    monkeypatch.setattr(verifying, "near", counted)
    each = []
    for many in (500, 10_000):
        asked[0] = 0
        with Comparison() as comparison:
            for number in range(many):
                comparison.add(number, [reworded(sentence(16, 8), number % 16) + f" {number}"])
            told = sum(1 for _ in comparison.pairs(world.store, world.project_id))
        assert told >= many - 1
        each.append(asked[0] / many)
    assert each[1] < 1.5 * each[0]


def test_pairs_belong_to_their_project(world: World) -> None:
    other = build(world.store, name="other", annotators=(), reviewers=(), items=0)
    bring(other, [[TEXT], [TEXT + " x"]])
    owners = world.rows(select(col(NearPair.project_id)))
    assert [row[0] for row in owners] == [other.project_id]
    assert like(world, TEXT) == []


def test_nothing_reads_through_the_items_or_the_index(world: World) -> None:
    """What SQLite makes of each statement: it looks up by key. PostgreSQL chooses by size, and here all is small."""
    if not world.store.is_sqlite:
        pytest.skip("SQLite's plan does not depend on how much there is")
    statements: list[tuple[str, Any]] = []
    made, _ = bring(world, [[TEXT], [reworded(TEXT, 3)]])
    event.listen(world.store.engine, "before_cursor_execute", lambda *told: statements.append((told[2], told[3])))
    like(world, TEXT)
    bring(world, [[reworded(TEXT, 6)]], link=True)
    with world.store.read() as session:
        texts_of(session, world.project_id, made)
    asked = [(told, bound) for told, bound in statements if told.startswith("SELECT item.") or "FROM near_" in told]
    assert len(asked) > 6
    with world.store.engine.connect() as connection:
        for told, bound in asked:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {told}", bound)]
            assert not [step for step in plan if step.startswith("SCAN") or "(project_id=?)" in step], (told, plan)
