"""Regular expressions that a project file gives: checked, compiled, and never left to run for long."""

import re
from typing import Any

import regex  # type: ignore[import-untyped]

from workflow import normalise

LONGEST = 1000
# A counted repeat is written out when it is compiled: a{1000000000} would take all the memory there is.
MOST_PARTS = 10_000
# Seconds that one text may take; and those one may still take when the texts of an import have wasted so many.
PATIENCE = 0.2
MOST_WASTED = 30.0
LITTLE_PATIENCE = 0.01

_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{([0-9]+)(?:,[0-9]*)?\}|.", re.DOTALL)
# Calls of a group from within itself eat memory faster than time.
_CALLS = re.compile(r"\(\?(?:R|[+-]?[0-9]|&|P>)")


class Pattern:
    """A pattern compiled for one import, which counts the time that its texts have wasted."""

    def __init__(self, typed: str) -> None:
        """Raises ValueError saying what is wrong with the pattern."""
        if len(typed) > LONGEST:
            raise ValueError(f"has {len(typed)} characters: at most {LONGEST}")
        if normalise.storable(typed) != typed:
            raise ValueError("has a character that cannot be kept: write it as an escape such as \\x00")
        if _CALLS.search(typed):
            raise ValueError("calls one of its own groups, which is not possible here")
        if _parts(typed) > MOST_PARTS:
            raise ValueError(f"repeats too much: written out it has more than {MOST_PARTS:,} parts")
        try:
            self._compiled: Any = regex.compile(typed)
        except (regex.error, ValueError) as error:
            raise ValueError(f"is no regular expression: {error}") from None
        except (RecursionError, OverflowError):
            raise ValueError("is too complicated") from None
        self._wasted = 0.0

    def found(self, text: str) -> bool:
        """Whether it matches anywhere in the text. Raises TimeoutError where that takes too long to tell."""
        patience = self._patience
        try:
            return self._compiled.search(text, timeout=patience) is not None
        except TimeoutError:
            self._wasted += patience
            raise

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it matches, from and to; a match of nothing is none. Raises as ``found`` does."""
        patience = self._patience
        try:
            matches = [match.span() for match in self._compiled.finditer(text, timeout=patience)]
        except TimeoutError:
            self._wasted += patience
            raise
        return [(start, end) for start, end in matches if start < end]

    @property
    def _patience(self) -> float:
        return PATIENCE if self._wasted < MOST_WASTED else LITTLE_PATIENCE


def _parts(typed: str) -> int:
    """How many parts a pattern has when its counted repeats are written out, at the most."""
    groups = [[0, 0]]
    for part in _PARTS.finditer(typed):
        if part.group() == "(":
            groups.append([0, 0])
        elif part.group() == ")" and len(groups) > 1:
            inner, _ = groups.pop()
            groups[-1] = [groups[-1][0] + inner, inner]
        elif part[1]:
            whole, last = groups[-1]
            times = int(part[1][:9])
            groups[-1] = [whole + last * max(0, times - 1), last * max(1, times)]
        else:
            groups[-1] = [groups[-1][0] + 1, 1]
    return sum(whole for whole, _ in groups)
