"""Candidates become pairs: their texts are read, and the true similarity decides."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from workflow.near.kept_texts import TextFile, texts_of
from workflow.near.similarity import Shingled, Thresholds, may_be_near, near

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage.engine import Store

    Integers = NDArray[np.int64]

# Of a text that is like very many, so many pairs are told: the most alike, and the earliest.
MOST_PAIRS = 8

_AT_ONCE = 500
# So many characters' shingles are held: about 100 bytes each.
_HELD = 200_000


@dataclass(frozen=True)
class Pair:
    """A new item and an earlier one that is near: a new one too (``like_ref``), or an item of the project."""

    ref: int
    like_ref: int | None
    like_item_id: int | None
    similarity: float

    @property
    def like_id(self) -> int:
        """The earlier item's id, new or old, where refs are ids of items."""
        return self.like_item_id if self.like_item_id is not None else self.like_ref or 0


def verified(
    candidates: Iterable[tuple[Integers, Integers]],
    texts: TextFile,
    store: Store,
    project_id: int,
    thresholds: Thresholds,
) -> Iterator[Pair]:
    """The pairs among sorted candidates, by rising ref, then the most alike first, then the earliest.

    A candidate is the place of a new text, and the place of an earlier one, or an old item's id as ``-1 - id``.
    """
    held = _Held(texts)
    for later, earlier in candidates:
        for block in _blocks(later, earlier):
            with store.read() as session:
                old = texts_of(session, project_id, {-1 - number for _, number in block if number < 0})
            for place, numbers in groupby(block, lambda candidate: candidate[0]):
                ref, mine = held.new(place)
                yield from _told(_near_ones(ref, mine, [number for _, number in numbers], old, held, thresholds))


def _blocks(later: Integers, earlier: Integers) -> Iterator[list[tuple[int, int]]]:
    """Some candidates at a time, each once, those of one text together."""
    import numpy as np

    fresh = np.append(True, (later[1:] != later[:-1]) | (earlier[1:] != earlier[:-1]))[: len(later)]
    later, earlier = later[fresh], earlier[fresh]
    start = 0
    while start < len(later):
        last = later[min(start + _AT_ONCE, len(later)) - 1]
        end = int(np.searchsorted(later, last, "right"))
        yield list(zip(later[start:end].tolist(), earlier[start:end].tolist(), strict=True))
        start = end


def _near_ones(
    ref: int, mine: Shingled, numbers: list[int], old: dict[int, list[str]], held: _Held, thresholds: Thresholds
) -> Iterator[Pair]:
    for number in numbers:
        item_id = -1 - number if number < 0 else None
        if item_id is None:
            like_ref, theirs = held.new(number)
        elif item_id in old and may_be_near(mine, old[item_id], thresholds):
            like_ref, theirs = None, held.old(item_id, old[item_id])
        else:
            continue
        if (alike := near(mine, theirs, thresholds)) is not None:
            yield Pair(ref, like_ref, item_id, alike)


def _told(pairs: Iterable[Pair]) -> list[Pair]:
    ordered = sorted(pairs, key=lambda pair: (-pair.similarity, _age(pair)))
    if len(ordered) <= MOST_PAIRS:
        return ordered
    earliest = min(ordered, key=_age)
    return ordered[:MOST_PAIRS] + ([earliest] if earliest not in ordered[:MOST_PAIRS] else [])


def _age(pair: Pair) -> tuple[bool, int]:
    """What is in the project already comes before what is new."""
    return pair.like_item_id is None, pair.like_id


class _Held:
    """Items compared lately, cut into shingles: near ones come again and again."""

    def __init__(self, texts: TextFile) -> None:
        self._texts = texts
        self._items: OrderedDict[int, tuple[int, Shingled]] = OrderedDict()
        self._size = 0

    def new(self, place: int) -> tuple[int, Shingled]:
        """The ref and the item whose text stands there."""
        if (found := self._items.get(place)) is not None:
            self._items.move_to_end(place)
            return found
        ref, texts = self._texts.at(place)
        return self._put(place, (ref, Shingled(texts)))

    def old(self, item_id: int, texts: list[str]) -> Shingled:
        """An item of the project."""
        if (found := self._items.get(-1 - item_id)) is not None:
            self._items.move_to_end(-1 - item_id)
            return found[1]
        return self._put(-1 - item_id, (item_id, Shingled(texts)))[1]

    def _put(self, number: int, item: tuple[int, Shingled]) -> tuple[int, Shingled]:
        self._items[number] = item
        self._size += _size(item[1])
        while self._size > _HELD and len(self._items) > 1:
            _, (_, gone) = self._items.popitem(last=False)
            self._size -= _size(gone)
        return item


def _size(item: Shingled) -> int:
    return sum(map(len, item.texts)) + 100
