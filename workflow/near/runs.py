"""Numbers sorted on disk: more than fit into memory go in as they come, and come out in order, a portion at a time."""

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

RUN = 1_000_000
SAMPLED = 4096


class Runs:
    """Pairs of 64-bit numbers, ordered by the first and then the second, in a private temporary file.

    Memory: 16 bytes for each of at most ``run`` pairs, whatever the whole (and 8 bytes for 4,096 pairs on disk).
    """

    def __init__(self, run: int = RUN) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._run = run
        self._waiting: list[Integers] = []
        self._count = 0
        self._runs: list[tuple[int, int]] = []
        self._samples: list[Integers] = []

    def add(self, firsts: Integers, seconds: Integers) -> None:
        """Take pairs in, in any order."""
        if not len(firsts):
            return
        self._waiting.append(np.stack([firsts, seconds]))
        self._count += len(firsts)
        if self._count >= self._run:
            self._write()

    def portions(self) -> Iterator[tuple[Integers, Integers]]:
        """All pairs in order, about half a run at a time; equal firsts are never parted. Can be asked for again."""
        self._write()
        for low, high in pairwise(self._boundaries()):
            parts = [part for run in self._runs if (part := self._slice(run, low, high)).size]
            if parts:
                yield _sorted(np.concatenate(parts, axis=1))

    def close(self) -> None:
        """Let go of the file, which is gone then."""
        self._waiting = []
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self) -> None:
        if not self._count:
            return
        firsts, seconds = _sorted(np.concatenate(self._waiting, axis=1))
        self._waiting, self._count = [], 0
        self._runs.append((self._file.seek(0, 2), len(firsts)))
        self._file.write(firsts.tobytes())
        self._file.write(seconds.tobytes())
        self._file.flush()
        self._samples.append(firsts[::SAMPLED].copy())

    def _boundaries(self) -> list[int | None]:
        """Numbers between which about half a run lies; None stands for the two ends."""
        samples = np.sort(np.concatenate(self._samples)) if self._samples else np.zeros(0, np.int64)
        between = np.unique(samples[:: max(1, self._run // 2 // SAMPLED)][1:])
        return [None, *between.tolist(), None]

    def _slice(self, run: tuple[int, int], low: int | None, high: int | None) -> Integers:
        """What of a run lies from ``low`` up to but not at ``high``."""
        begins, count = run
        keys = np.memmap(self._file, np.int64, "r", begins, (count,))
        start = 0 if low is None else int(np.searchsorted(keys, low))
        end = count if high is None else int(np.searchsorted(keys, high))
        return np.stack([self._read(begins, start, end), self._read(begins + 8 * count, start, end)])

    def _read(self, begins: int, start: int, end: int) -> Integers:
        self._file.seek(begins + 8 * start)
        return np.frombuffer(self._file.read(8 * (end - start)), np.int64)


def _sorted(pairs: Integers) -> tuple[Integers, Integers]:
    order = np.lexsort((pairs[1], pairs[0]))
    return pairs[0][order], pairs[1][order]
