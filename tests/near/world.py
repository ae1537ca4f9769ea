"""Items with texts, straight in the store, and what a search by hand says of them."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import col

from storage.tables import Item, ItemState, Lot, LotState, NearBand, NearPair, plain
from tests.builders import NOW, World
from workflow.near import links
from workflow.near.comparison import Comparison
from workflow.near.signature import LOWEST_BAND
from workflow.near.similarity import Shingled, Thresholds, near
from workflow.near.verifying import Pair

Texts = Sequence[str]


def lot(world: World, state: LotState = LotState.COMPLETE) -> int:
    """A new import."""
    row = {"project_id": world.project_id, "file_name": "more.csv", "sha256": "1" * 64, "state": state}
    with world.store.write() as session:
        made: int = session.execute(
            insert(Lot).values(**row, started_at=NOW, seen_at=NOW).returning(col(Lot.id))
        ).scalar_one()
    return made


def store_items(
    world: World, lot_id: int, items: Iterable[Texts], state: ItemState = ItemState.LOADING
) -> dict[int, Texts]:
    """Items of a lot as an import stores them, by their new ids."""
    made: dict[int, Texts] = {}
    with world.store.write() as session:
        for texts in items:
            fields = {f"field{number}": text for number, text in enumerate(texts)}
            row = {"project_id": world.project_id, "lot_id": lot_id, "queue_id": world.queue_id, "fields": fields}
            key = f"{lot_id}-{len(made)}"
            row |= {"key": key, "digest": hashlib.sha256(key.encode()).hexdigest(), "extra": {}, "state": state}
            made[session.execute(insert(Item).values(**row).returning(col(Item.id))).scalar_one()] = texts
        session.execute(update(Lot).where(col(Lot.id) == lot_id).values(items=len(made)))
    return made


def bring(
    world: World, items: Iterable[Texts], *, link: bool = False, thresholds: Thresholds | None = None
) -> tuple[dict[int, Texts], list[Pair]]:
    """An import as far as near duplicates are concerned: the new items, and the pairs that were found."""
    lot_id = lot(world)
    made = store_items(world, lot_id, items)
    with Comparison(thresholds) as comparison:
        for item_id, texts in made.items():
            comparison.add(item_id, texts)
        pairs = list(comparison.pairs(world.store, world.project_id))
        links.record(world.store, world.project_id, lot_id, pairs, link, NOW, thresholds)
        comparison.keep(world.store, world.project_id)
    open_items(world, made)
    return made, pairs


def open_items(world: World, item_ids: Iterable[int]) -> None:
    """What opening a lot does: linked items are duplicates, the others open."""
    with world.store.write() as session:
        mine = update(Item).where(col(Item.id).in_(list(item_ids)))
        session.execute(mine.where(col(Item.near_of).is_not(None)).values(state=ItemState.DUPLICATE))
        session.execute(
            mine.where(col(Item.near_of).is_(None)).values(state=ItemState.OPEN, seq=1, open_places=3, overlap=3)
        )


def by_hand(items: dict[int, Texts], thresholds: Thresholds | None = None) -> dict[tuple[int, int], float]:
    """Every near pair (later, earlier) of items, all compared with all."""
    cut = {number: Shingled(texts) for number, texts in sorted(items.items())}
    return {
        (later, earlier): alike
        for earlier, later in combinations(cut, 2)
        if (alike := near(cut[later], cut[earlier], thresholds or Thresholds())) is not None
    }


def as_found(pairs: Iterable[Pair]) -> dict[tuple[int, int], float]:
    return {(pair.ref, pair.like_id): pair.similarity for pair in pairs}


def bands(world: World) -> list[tuple[int, int]]:
    """The index of the project, without its marks."""
    kept = plain(NearBand).c
    rows = world.rows(
        select(kept.band, kept.item_id).where(kept.project_id == world.project_id, kept.band >= LOWEST_BAND)
    )
    return sorted(map(tuple, rows))


def kept_pairs(world: World) -> list[Any]:
    with world.store.read() as session:
        return list(session.execute(select(NearPair).order_by(col(NearPair.id))).scalars())


def sentence(words: int, seed: int) -> str:
    """Text without meaning, always the same for a seed."""
    draw = random.Random(seed)
    return " ".join("".join(draw.choices("abcdefghijklmnopqrst", k=draw.randint(2, 8))) for _ in range(words))


def reworded(text: str, *numbers: int) -> str:
    """The same with some words replaced."""
    words = text.split()
    for number in numbers:
        words[number] = "other"
    return " ".join(words)
