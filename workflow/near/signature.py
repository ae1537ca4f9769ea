"""MinHash signatures of many texts at once, and their bands: texts with a band in common may be near.

Broder, Charikar, Frieze and Mitzenmacher, "Min-wise independent permutations" (2000); banding as in Leskovec, Rajaraman
and Ullman, chapter 3: ten bands of five find a pair of similarity s with the chance 1 - (1 - s^5)^10, 98 % at .8.

Every number here is the same on every machine and in every version of Python: bands are kept in the store. Whoever changes
how they are made raises ``SCHEME``; the index is then built anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workflow.near.similarity import SHINGLE, SHORT, word_count

Words = NDArray[np.uint64]
Integers = NDArray[np.int64]

SCHEME = 1
BANDS = 10
ROWS = 5
HASHES = BANDS * ROWS
# A text of 99 words is compared by characters with one of up to 99 / .8 words: those are found either way.
ALSO_SHORT = 125
# Bands below are never made: what is to be said of an index stands there.
LOWEST_BAND = -(2**63) + 2**16

# So many shingles at a time stay in the processor's cache.
_BLOCK = 60_000
_GOLDEN = 0x9E3779B97F4A7C15
_END = "\U0010ffff"


@dataclass(frozen=True)
class Signatures:
    """What is kept of texts: one row a text and way of comparing it, in the order of the texts.

    ``of`` says which text it is; ``bands`` are ten signed 64-bit hashes; ``sketch`` has one bit of each of the fifty
    minima: of two texts with similarity s, (1 + s) / 2 of the bits are equal on average.
    """

    of: Integers
    bands: Integers
    sketch: Words


def signatures(items: Sequence[Sequence[str]]) -> Signatures:
    """The signatures of items, each given by its text fields. An item without any text has none."""
    words = [word_count(texts) for texts in items]
    short = [number for number, count in enumerate(words) if count < ALSO_SHORT]
    long = [number for number, count in enumerate(words) if count >= SHORT]
    parts = [
        _signed(short, [items[number] for number in short], of_words=False),
        _signed(long, [items[number] for number in long], of_words=True),
    ]
    of = np.concatenate([part.of for part in parts])
    order = np.argsort(of, kind="stable")
    return Signatures(
        of[order],
        np.concatenate([part.bands for part in parts])[order],
        np.concatenate([part.sketch for part in parts])[order],
    )


def alike_bits(similarity: float) -> int:
    """How many bits of two sketches are equal at least where texts are this similar: four deviations below the mean."""
    chance = (1 + similarity) / 2
    return int(HASHES * chance - 4 * (HASHES * chance * (1 - chance)) ** 0.5)


def _signed(numbers: list[int], items: list[Sequence[str]], *, of_words: bool) -> Signatures:
    hashes, counts = _word_hashes(items) if of_words else _character_hashes(items)
    has_some = counts > 0
    minima = _minima(hashes, counts[has_some])
    bits = (minima * np.uint32(0x9E3779B1)) >> np.uint32(31)
    places = np.arange(HASHES, dtype=np.uint64)[:, None]
    sketch = np.bitwise_or.reduce(bits.astype(np.uint64) << places, axis=0)
    return Signatures(np.array(numbers, np.int64)[has_some], _bands(minima, of_words=of_words), sketch)


def _character_hashes(items: list[Sequence[str]]) -> tuple[NDArray[np.uint32], Integers]:
    """The shingles of all items after each other, and how many each item has."""
    fields = [text for texts in items for text in texts]
    gap = SHINGLE - 1
    codes = np.frombuffer((_END * gap).join([*fields, ""]).encode("utf-32-le", "surrogatepass"), "<u4")
    lengths = np.fromiter(map(len, fields), np.int64, len(fields))
    return _windows(_mixed(codes.astype(np.uint64) + np.uint64(1)), lengths, gap, items)


def _word_hashes(items: list[Sequence[str]]) -> tuple[NDArray[np.uint32], Integers]:
    """The same by words: each word becomes one number, then they are taken as characters are."""
    fields = [text.split() for texts in items for text in texts]
    gap = SHINGLE - 1
    lengths = np.fromiter(map(len, fields), np.int64, len(fields))
    if not lengths.sum():
        return np.zeros(0, np.uint32), np.zeros(len(items), np.int64)
    words = [word for field in fields for word in field]
    sizes = np.fromiter(map(len, words), np.int64, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<u4")
    begins = _starts(sizes)
    within = np.arange(len(codes)) - np.repeat(begins, sizes)
    powers = np.multiply.accumulate(np.full(int(sizes.max()), _GOLDEN, np.uint64))
    told = np.add.reduceat(_mixed(codes.astype(np.uint64) + np.uint64(1)) * powers[within], begins)
    spaced = np.full(len(words) + gap * len(fields), _GOLDEN, np.uint64)
    spaced[np.arange(len(words)) + np.repeat(np.arange(len(fields)) * gap, lengths)] = _mixed(told)
    return _windows(spaced, lengths, gap, items)


def _windows(
    units: Words, lengths: Integers, gap: int, items: list[Sequence[str]]
) -> tuple[NDArray[np.uint32], Integers]:
    """Hashes of five units that follow each other within a field; after each field stand ``gap`` units of no meaning."""
    fields_of = np.fromiter(map(len, items), np.int64, len(items))
    shingles = np.where(lengths == 0, 0, np.maximum(lengths - gap, 1))
    counts = np.zeros(len(items), np.int64)
    np.add.at(counts, np.repeat(np.arange(len(items)), fields_of), shingles)
    if not counts.sum():
        return np.zeros(0, np.uint32), counts
    starts = _starts(lengths + gap)
    begins = np.arange(shingles.sum()) + np.repeat(starts - _starts(shingles), shingles)
    position = np.arange(len(lengths)) - np.repeat(_starts(fields_of), fields_of)
    tags = _mixed(position.astype(np.uint64) + np.uint64(_GOLDEN >> 1))
    rolled = units.copy()
    for step in range(1, SHINGLE):
        rolled[:-step] *= np.uint64(_GOLDEN)
        rolled[:-step] += units[step:]
    chosen = rolled[begins] ^ np.repeat(tags, shingles)
    return (_mixed(chosen) >> np.uint64(32)).astype(np.uint32), counts


def _minima(hashes: NDArray[np.uint32], counts: Integers) -> NDArray[np.uint32]:
    """The smallest number under each of fifty permutations (by odd factors, modulo 2^32), a column a text."""
    minima = np.empty((HASHES, len(counts)), np.uint32)
    ends = np.cumsum(counts)
    first = 0
    while first < len(counts):
        done = int(ends[first - 1]) if first else 0
        after = max(first + 1, int(np.searchsorted(ends, done + _BLOCK, "right")))
        block = hashes[done : int(ends[after - 1])]
        begins = _starts(counts[first:after])
        shuffled = np.empty_like(block)
        for number, factor in enumerate(_FACTORS):
            np.multiply(block, factor, out=shuffled)
            np.minimum.reduceat(shuffled, begins, out=minima[number, first:after])
        first = after
    return minima


def _bands(minima: NDArray[np.uint32], *, of_words: bool) -> Integers:
    """Five minima become one number, with the band's own number and the way of comparing mixed in."""
    bands = np.empty((minima.shape[1], BANDS), np.int64)
    for number in range(BANDS):
        told = np.full(minima.shape[1], (SCHEME << 8) + 2 * number + of_words, np.uint64)
        for row in range(ROWS):
            told = _mixed(told ^ minima[number * ROWS + row].astype(np.uint64))
        bands[:, number] = np.maximum(told.view(np.int64), LOWEST_BAND)
    return bands


def _starts(counts: Integers) -> Integers:
    """Where each begins, when so many of each stand after each other."""
    return np.cumsum(counts) - counts


def _mixed(numbers: Words) -> Words:
    """Every bit of the outcome depends on every bit (the finaliser of SplitMix64; Steele, Lea and Flood, 2014)."""
    mixed = numbers + np.uint64(_GOLDEN)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


_FACTORS = (_mixed(np.arange(1, HASHES + 1, dtype=np.uint64) * np.uint64(_GOLDEN)) >> np.uint64(32)).astype(
    np.uint32
) | np.uint32(1)
