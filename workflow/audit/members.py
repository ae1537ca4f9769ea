"""The items of an audit's population by tier, packed small: the same sample can be drawn again whatever became of them."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

_FORMAT = b"1"


def pack(tiers: Sequence[Ids]) -> bytes:
    """Ids by tier, each tier in ascending order, as bytes: a million ids of one lot take some kilobytes."""
    counts = np.array([len(tiers), *(len(tier) for tier in tiers)], dtype="<i8")
    steps = [np.diff(np.sort(tier), prepend=0).astype("<i8") for tier in tiers]
    return _FORMAT + zlib.compress(b"".join(part.tobytes() for part in [counts, *steps]), 6)


def unpack(packed: bytes) -> list[Ids]:
    """What ``pack`` packed, every tier in ascending order. Raises ValueError for anything else."""
    if packed[:1] != _FORMAT:
        raise ValueError("members of an audit are packed in a way that this version does not know")
    numbers = np.frombuffer(zlib.decompress(packed[1:]), dtype="<i8").astype(np.int64)
    counts, steps = numbers[1 : numbers[0] + 1], numbers[numbers[0] + 1 :]
    return [np.cumsum(part) for part in np.split(steps, np.cumsum(counts)[:-1])]
