"""New items compared with each other and with all earlier ones, in memory that hardly grows with their number."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Item
from workflow.near.kept_texts import TextFile
from workflow.near.similarity import Thresholds
from workflow.near.verifying import Pair, verified

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage.engine import Store
    from workflow.near.runs import Runs

    Integers = NDArray[np.int64]

AT_ONCE = 1000
CHARACTERS_AT_ONCE = 400_000
# As often a band is kept for one lot, however many items of it have it.
KEPT_PER_BAND = 8


class Comparison:
    """Takes new items in, tells which are near others, and puts them into the kept index.

    ``ref`` is any number by which the caller knows an item: the id of the item during an import, the row in a dry run.
    Texts and bands wait in private temporary files; in memory are eight bytes an item and bounded portions.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        from workflow.near.runs import Runs

        self._thresholds = thresholds or Thresholds()
        self._texts = TextFile()
        self._waiting: list[tuple[int, int, Sequence[str]]] = []
        self._characters = 0
        self._bands = Runs()
        # One entry a text and way of comparing it: its ref, and where its text stands.
        self._entries = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._count = 0
        self._sketches: list[NDArray[np.uint64]] = []
        self._first_ref: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._texts.close()
        self._bands.close()
        self._entries.close()

    def add(self, ref: int, texts: Sequence[str]) -> None:
        """Take an item in, by its text fields in their order; refs rise. Not for exact duplicates: they say nothing new."""
        if self._first_ref is None:
            self._first_ref = ref
        self._waiting.append((ref, self._texts.add(ref, texts), texts))
        self._characters += sum(map(len, texts))
        if len(self._waiting) == AT_ONCE or self._characters > CHARACTERS_AT_ONCE:
            self._sign()

    def pairs(self, store: Store, project_id: int) -> Iterator[Pair]:
        """Every new item's near ones among earlier items, old and new: by rising ref, then the most alike first.

        Of very many at most nine for an item. Of pairs with similarity .8 98 in 100 are found, with .9 9,998 in 10,000.
        """
        from workflow.near.runs import Runs

        self._sign()
        with Runs() as candidates:
            self._match(store, project_id, candidates)
            yield from verified(candidates.portions(), self._texts, store, project_id, self._thresholds)

    def keep(self, store: Store, project_id: int) -> None:
        """Put the new items, whose refs are their ids, into the kept index, and note that their lot is in it.

        What is stopped on the way can be done again.
        """
        from workflow.near import kept_bands, matching

        self._sign()
        for bands, entries in self._bands.portions():
            kept = matching.ranks(bands) < KEPT_PER_BAND
            kept_bands.write(store, project_id, bands[kept], self._table()[entries[kept], 0])
        if self._first_ref is not None:
            lot = select(col(Item.lot_id)).where(col(Item.id) == self._first_ref)
            store.transact(lambda session: kept_bands.mark(session, project_id, session.execute(lot).scalar_one()))

    def drop(self, store: Store, project_id: int) -> None:
        """Take the new items, whose refs are their ids, out of the kept index again."""
        from workflow.near import kept_bands

        self._sign()
        for bands, entries in self._bands.portions():
            kept_bands.remove(store, project_id, bands, self._table()[entries, 0])

    def _sign(self) -> None:
        """Make the signatures of what waits."""
        import numpy as np

        from workflow.near.signature import BANDS, signatures

        if not self._waiting:
            return
        signed = signatures([texts for _, _, texts in self._waiting])
        numbers = np.arange(self._count, self._count + len(signed.of))
        self._bands.add(signed.bands.ravel(), np.repeat(numbers, BANDS))
        known = np.array([(ref, begins) for ref, begins, _ in self._waiting], np.int64)
        self._entries.seek(0, 2)
        self._entries.write(known[signed.of].tobytes())
        self._sketches.append(signed.sketch)
        self._count += len(signed.of)
        self._waiting, self._characters = [], 0

    def _table(self) -> Integers:
        """Ref and place of the text of every entry, read where it is looked at."""
        import numpy as np

        self._entries.flush()
        if not self._count:
            return np.zeros((0, 2), np.int64)
        return np.memmap(self._entries, np.int64, "r", shape=(self._count, 2))

    def _match(self, store: Store, project_id: int, candidates: Runs) -> None:
        """Whatever has a band in common: the place of the later text, and that of the earlier, or an old item below 0."""
        import numpy as np

        from workflow.near import kept_bands, matching
        from workflow.near.signature import BANDS, HASHES, alike_bits

        least = alike_bits(min(self._thresholds.short, self._thresholds.long))
        sketches = np.concatenate(self._sketches) if self._sketches else np.zeros(0, np.uint64)
        self._sketches = [sketches]
        for bands, entries in self._bands.portions():
            table = self._table()
            for later, earlier in matching.within(bands, entries):
                alike = HASHES - np.bitwise_count(sketches[later] ^ sketches[earlier]) >= least
                candidates.add(table[later[alike], 1], table[earlier[alike], 1])
            for old_bands, items in kept_bands.beside(store, project_id, bands, BANDS * self._count):
                low, high = np.searchsorted(bands, old_bands[0]), np.searchsorted(bands, old_bands[-1], "right")
                for mine, theirs in matching.between(bands[low:high], entries[low:high], old_bands, items):
                    candidates.add(table[mine, 1], -1 - theirs)
