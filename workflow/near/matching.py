"""Which entries have a band in common: among new ones, and between new and old ones.

A band that very many texts have in common (a form, a signature line) would make pairs without end: each entry is compared
with the first few that have the band and the nearest few before it, so that the work stays in proportion to the texts.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MOST = 4


def within(bands: Integers, entries: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Pairs (later, earlier) of entries in one band; ``bands`` are sorted, and the entries of each."""
    rank = ranks(bands)
    places = np.arange(len(bands))
    for step in range(1, MOST + 1):
        near = places[rank >= step]
        yield entries[near], entries[near - step]
    for step in range(MOST):
        far = places[rank > MOST + step]
        yield entries[far], entries[far - rank[far] + step]


def between(
    bands: Integers, entries: Integers, old_bands: Integers, old_items: Integers
) -> Iterator[tuple[Integers, Integers]]:
    """Pairs (entry, old item) with a band in common; both lists of bands are sorted, and the items of each band."""
    low = np.searchsorted(old_bands, bands, "left")
    high = np.searchsorted(old_bands, bands, "right")
    for step in range(MOST):
        first = low + step < high
        yield entries[first], old_items[low[first] + step]
        last = high - 1 - step >= low + MOST
        yield entries[last], old_items[high[last] - 1 - step]


def ranks(bands: Integers) -> Integers:
    """How many with the same band stand before each; ``bands`` are sorted."""
    places = np.arange(len(bands))
    fresh = np.append(True, bands[1:] != bands[:-1])[: len(bands)]
    ranked: Integers = places - np.maximum.accumulate(np.where(fresh, places, 0))
    return ranked
