"""A row becomes a candidate item, or is refused with the field and the reason."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import LabelValue, Project
from workflow import normalise
from workflow.reading.json_rows import as_text
from workflow.reading.rows import Refused, Row

LONGEST_FIELD = 40_000
LONGEST_ID = 200
LONGEST_SEGMENT = 200
KNOWN_COLUMNS = ("id", "segment", "priority", "gold")


@dataclass(frozen=True)
class Rules:
    """What a project asks of a row: its fields, and its label values by the name that is compared."""

    fields: tuple[str, ...]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Candidate:
    """A row that may become an item: everything put right. ``key`` is its id, kept or ``made`` from all that is in it."""

    line: int
    key: str
    fields: dict[str, str]
    digest: str
    segment: str
    priority: int
    gold: str | None
    extra: dict[str, Any]
    raw: str
    made: bool = False

    def again(self, times: int) -> "Candidate":
        """The same row when it comes another time: it has an id of its own."""
        return replace(self, key=f"{self.key}-{times}") if times > 1 else self


class _UnfitError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def rules(session: Session, project_id: int) -> Rules:
    """What a project asks of rows."""
    fields: Sequence[str] = session.execute(
        select(col(Project.fields)).where(col(Project.id) == project_id)
    ).scalar_one()
    values = session.execute(
        select(col(LabelValue.value))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    ).scalars()
    return Rules(tuple(fields), {normalise.name(value): value for value in values})


def screen(row: Row, asked: Rules) -> Candidate | Refused:
    """Put a row right, or say why it cannot be an item."""
    try:
        return _candidate(row, asked)
    except _UnfitError as error:
        return Refused(row.line, error.field, str(error), row.raw)


def _candidate(row: Row, asked: Rules) -> Candidate:
    key = _key(row)
    fields = {name: _field(row, name) for name in asked.fields}
    segment = _segment(row)
    priority = _priority(row)
    gold = _gold(row, asked)
    extra = {name: _kept(value) for name, value in row.values.items() if name not in {*asked.fields, *KNOWN_COLUMNS}}
    digest = normalise.digest(list(fields.values()))
    made = None if key else _made_key([digest, segment, priority, gold, extra])
    return Candidate(row.line, made or key, fields, digest, segment, priority, gold, extra, row.raw, made is not None)


def _text(row: Row, name: str) -> str:
    text = as_text(row.values.get(name))
    if text is None:
        raise _UnfitError(name, "a text is wanted here, not a list or an object")
    return text


def _field(row: Row, name: str) -> str:
    if name not in row.values:
        raise _UnfitError(name, "missing")
    text = normalise.text(_text(row, name))
    if not text:
        raise _UnfitError(name, "empty")
    if len(text) > LONGEST_FIELD:
        raise _UnfitError(name, f"too long: {len(text):,} characters, at most {LONGEST_FIELD:,}")
    return text


def _key(row: Row) -> str:
    key = _text(row, "id").strip()
    if len(key) > LONGEST_ID:
        raise _UnfitError("id", f"too long: {len(key):,} characters, at most {LONGEST_ID}")
    if not normalise.printable(key):
        raise _UnfitError("id", "has a line break or a character that cannot be seen")
    return key


def _segment(row: Row) -> str:
    segment = normalise.name(_text(row, "segment"))
    if len(segment) > LONGEST_SEGMENT:
        raise _UnfitError("segment", f"too long: {len(segment):,} characters, at most {LONGEST_SEGMENT}")
    return segment


def _priority(row: Row) -> int:
    typed = _text(row, "priority").strip()
    if not re.fullmatch("[0-9]?", typed):
        raise _UnfitError("priority", f"{_shown(typed)} is not a whole number from 0 to 9")
    return int(typed or 0)


def _gold(row: Row, asked: Rules) -> str | None:
    typed = normalise.name(_text(row, "gold"))
    if not typed:
        return None
    if typed not in asked.values:
        known = [*asked.values.values()][:10]
        more = ", ..." if len(asked.values) > len(known) else ""
        raise _UnfitError("gold", f"{_shown(typed)} is not a label value of the project ({', '.join(known)}{more})")
    return asked.values[typed]


def _kept(value: Any) -> Any:
    return normalise.storable(value) if isinstance(value, str) else value


def _made_key(parts: list[Any]) -> str:
    """An id for a row without one: the same row has the same id whenever it comes, so that it comes once."""
    whole = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "row-" + hashlib.sha256(whole.encode()).hexdigest()[:24]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
