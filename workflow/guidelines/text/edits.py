"""The fewest steps from one sequence to another (Myers 1986, "An O(ND) difference algorithm and its variations").

Not ``difflib``: on texts that say the same lines again and again, as tables do, its time grows with the square of their
length or it finds nothing alike, and a guideline is drawn while people wait. This one stops at a number of steps, and what
is left then has changed as a whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

Op = Literal["same", "out", "in"]
MOST_STEPS = 2_000


class Edit(NamedTuple):
    """``before[a:b]`` stays (``same``) or goes (``out``), ``after[c:d]`` stays or comes (``in``)."""

    op: Op
    a: int
    b: int
    c: int
    d: int


def edits(before: Sequence[Hashable], after: Sequence[Hashable], most: int = MOST_STEPS) -> list[Edit]:
    """The steps in order, neighbours of one kind joined, what goes in front of what comes. Empty for nothing at all."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    inner = _steps(before[start : len(before) - end], after[start : len(after) - end], most)
    made: list[Edit] = []
    a = c = 0
    for op, count in _joined([("same", start), *inner, ("same", end)]):
        out, new = (0 if op == "in" else count), (0 if op == "out" else count)
        made.append(Edit(op, a, a + out, c, c + new))
        a, c = a + out, c + new
    return made


def _joined(steps: list[tuple[Op, int]]) -> list[tuple[Op, int]]:
    """Between two stretches that stay, first all that goes and then all that comes."""
    made: list[tuple[Op, int]] = []
    waiting: dict[Op, int] = {"same": 0, "out": 0, "in": 0}
    for op, count in [*steps, ("same", 0)]:
        if op != "same" and waiting["same"]:
            made.append(("same", waiting["same"]))
            waiting["same"] = 0
        elif op == "same" and count and (waiting["out"] or waiting["in"]):
            made += [(kind, waiting[kind]) for kind in ("out", "in") if waiting[kind]]
            waiting["out"] = waiting["in"] = 0
        waiting[op] += count
    return made + [(kind, count) for kind, count in waiting.items() if count]


def _alike(before: Sequence[Hashable], after: Sequence[Hashable]) -> int:
    """How many elements both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))


def _steps(before: Sequence[Hashable], after: Sequence[Hashable], most: int) -> list[tuple[Op, int]]:
    if before and after and not set(before).isdisjoint(after):
        trace = _furthest(before, after, most)
        if trace is not None:
            return _walked_back(trace, len(before), len(after))
    return [("out", len(before)), ("in", len(after))]


def _furthest(before: Sequence[Hashable], after: Sequence[Hashable], most: int) -> list[array[int]] | None:
    """How far each diagonal gets in 0, 1, 2 steps, until the end is reached; None where that takes too many.

    After ``s`` steps element ``n`` is the position in ``before`` on the diagonal ``2 n - s``.
    """
    trace: list[array[int]] = []
    for steps in range(min(most, len(before) + len(after)) + 1):
        now = array("l", bytes(array("l").itemsize * (steps + 1)))
        for n in range(steps + 1):
            x = _begun(trace[-1], n, steps) if trace else 0
            y = x - (2 * n - steps)
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            now[n] = x
            if x >= len(before) and y >= len(after):
                return [*trace, now]
        trace.append(now)
    return None


def _begun(last: array[int], n: int, steps: int) -> int:
    """Where a diagonal begins: one step on from that of its neighbours which got further."""
    return last[n] if _comes(last, n, steps) else last[n - 1] + 1


def _comes(last: array[int], n: int, steps: int) -> bool:
    """Whether the step to a diagonal is one that brings something, and not one that takes something out."""
    return n == 0 or (n != steps and last[n - 1] < last[n])


def _walked_back(trace: list[array[int]], x: int, y: int) -> list[tuple[Op, int]]:
    made: list[tuple[Op, int]] = []
    for steps in range(len(trace) - 1, 0, -1):
        last, n = trace[steps - 1], (x - y + steps) // 2
        comes = _comes(last, n, steps)
        begun = _begun(last, n, steps)
        made += [("same", x - begun), ("in" if comes else "out", 1)]
        x = begun if comes else begun - 1
        y = begun - (2 * n - steps) - (1 if comes else 0)
    return [*reversed([*made, ("same", x)])]
