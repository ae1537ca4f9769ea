"""Rows of a file as intake takes them, and why a row is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_LINE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    """A row that could be read: the physical line on which it begins (from 1), its values by column, itself.

    ``labels`` are those that its format carries beside its values, as (annotator, value).
    """

    line: int
    values: Mapping[str, Any]
    raw: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Refused:
    """A row that could not: where, which field (empty for the whole row), why, and the row as it stood there."""

    line: int
    field: str
    reason: str
    raw: str
