"""A file of the corpus: how it is read, what every row of it is, and what an import makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.reading.asked import Asked
from workflow.reading.json_rows import as_text
from workflow.reading.rows import Refused, Row


class Typed(str):
    """A number in JSON, by the digits that were typed."""


@dataclass(frozen=True)
class Bad:
    """A row that is refused: line, field, and how its reason begins."""

    line: int
    field: str
    reason: str

    def is_said(self, line: int, field_name: str, reason: str) -> bool:
        """Whether this is what was said."""
        return (self.line, self.field) == (line, field_name) and reason.startswith(self.reason)


Good = tuple[Any, ...]


@dataclass(frozen=True)
class Made:
    """What an import makes of the rows, and which of them it refuses beside those that could not be read.

    ``texts`` has stored texts by id, where a step changed them or it is worth saying; ``""`` refuses the whole import.
    """

    items: int = 0
    duplicates: int = 0
    changed: int = 0
    refused: tuple[Bad, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    labels: int = 0


@dataclass(frozen=True)
class Case:
    """``rows`` are (line, value, value, ...) in the order of ``columns``, or ``Bad``.

    ``fault`` is how the refusal of the whole file begins after its name; ``question`` how the first thing begins that has to
    be answered before it can be imported.
    """

    file: str
    columns: tuple[str, ...] = ("id", "text")
    rows: tuple[Good | Bad, ...] = ()
    made: Made = Made()
    file_format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    compression: str = ""
    asked: Asked = Asked()  # noqa: RUF009 - frozen
    mapping: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ("text",)
    fault: str = ""
    question: str = ""
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.file


def shown(row: Row | Refused, columns: tuple[str, ...]) -> Good | Refused:
    """A row as a case writes it; values that a row does not have are left out at its end."""
    if isinstance(row, Refused):
        return row
    assert set(row.values) <= set(columns)
    values = [_shown(row.values[column]) if column in row.values else ... for column in columns]
    while values and values[-1] is ...:
        values.pop()
    return (row.line, *values)


def _shown(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Typed(as_text(value))
    return value
