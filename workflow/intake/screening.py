"""A row becomes a candidate item, or is refused with the field and the reason."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import LabelValue, Project
from workflow import normalise
from workflow.guidelines.labels import former_labels
from workflow.intake import filters, spec
from workflow.intake.mapping import METADATA, Mapped
from workflow.intake.steps import standardise
from workflow.reading.json_rows import as_text
from workflow.reading.rows import Refused, Row

LONGEST_FIELD = 40_000
LONGEST_ID = 200
LONGEST_NAME = {"segment": 200, "skill": 100, "difficulty": 100, "annotator": 200}


@dataclass(frozen=True)
class Rules:
    """What a project asks of a row: its fields, its label values by the name that is compared, its steps and filters.

    ``former`` are values that are no labels any more, each with what to write instead.
    """

    fields: tuple[str, ...]
    values: Mapping[str, str]
    value_ids: Mapping[str, int]
    off: frozenset[str]
    near: spec.NearSpec
    filters: filters.Filters
    former: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """A row that may become an item: everything put right. ``key`` is its id, kept or ``made`` from all that is in it.

    ``labels`` are those it came with, as (annotator, value id). ``steps`` and ``caught`` name the standardising steps that
    changed it and the filters that caught it, ``flagged`` those of them that only flag.
    """

    line: int
    key: str
    fields: dict[str, str]
    digest: str
    segment: str
    skill: str
    difficulty: str
    priority: int
    gold: str | None
    extra: dict[str, Any]
    raw: str
    labels: tuple[tuple[str, int], ...] = ()
    steps: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    made: bool = False

    def again(self, times: int) -> "Candidate":
        """The same row when it comes another time: it has an id of its own."""
        return replace(self, key=f"{self.key}-{times}") if times > 1 else self


@dataclass(frozen=True)
class Screened:
    """What became of a row: a candidate or a refusal; and, where it was refused by a filter, which ones caught it."""

    row: Candidate | Refused
    caught: tuple[str, ...] = ()


class _UnfitError(ValueError):
    def __init__(self, field: str, reason: str, caught: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.field = field
        self.caught = caught


def rules(session: Session, project_id: int) -> Rules:
    """What a project asks of rows."""
    fields: list[str] = session.execute(select(col(Project.fields)).where(col(Project.id) == project_id)).scalar_one()
    values = session.execute(
        select(col(LabelValue.value), col(LabelValue.id))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    ).all()
    asked = spec.of_project(session, project_id)
    return Rules(
        fields=tuple(fields),
        values={normalise.name(row.value): row.value for row in values},
        value_ids={row.value: row.id for row in values},
        off=asked.off,
        near=asked.near,
        filters=filters.compiled(asked),
        former=former_labels.former(session, project_id),
    )


def screen(row: Row | Refused, asked: Rules, mapping: Mapped) -> Screened:
    """Put a row right, or say why it cannot be an item."""
    if isinstance(row, Refused):
        return Screened(row)
    try:
        candidate = _candidate(row, asked, mapping)
    except _UnfitError as error:
        return Screened(Refused(row.line, error.field, str(error), row.raw), error.caught)
    return Screened(candidate, candidate.caught)


def _candidate(row: Row, asked: Rules, mapping: Mapped) -> Candidate:
    parts: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for column, value in row.values.items():
        role = mapping.role_of(column)
        if role == METADATA and column == METADATA and isinstance(value, dict):
            # What Concord exported comes back as it was.
            extra |= value
        elif role == METADATA:
            extra[column] = _kept(value)
        else:
            parts[role] = value
    key = _key(parts)
    fields, steps = _fields(parts, asked)
    checked = asked.filters.check(fields, _texts(parts | extra, asked.fields))
    if checked.refused:
        field, reason = checked.refused
        raise _UnfitError(field, reason, checked.caught)
    extra |= {column: text for column, text in checked.others.items() if column in extra}
    named = {role: _named(parts, role) if role in parts else "" for role in LONGEST_NAME}
    priority, gold = _priority(parts), _gold(parts, asked)
    digest = normalise.digest(
        [normalise.spaced(text) for text in checked.fields.values()] if asked.off else list(checked.fields.values())
    )
    made = None if key else _made_key([digest, named["segment"], priority, gold, extra])
    return Candidate(
        line=row.line,
        key=made or key,
        fields=dict(checked.fields),
        digest=digest,
        segment=named["segment"],
        skill=named["skill"],
        difficulty=named["difficulty"],
        priority=priority,
        gold=gold,
        extra=extra,
        raw=row.raw,
        labels=_labels(row, parts, named["annotator"], asked),
        steps=steps,
        caught=checked.caught,
        flagged=checked.flagged,
        made=made is not None,
    )


def _fields(parts: Mapping[str, Any], asked: Rules) -> tuple[dict[str, str], tuple[str, ...]]:
    """The text fields put right, and the steps that changed any of them."""
    fields: dict[str, str] = {}
    touched: dict[str, None] = {}
    for name in asked.fields:
        if name not in parts:
            raise _UnfitError(name, "missing")
        text, steps = standardise(_text(parts, name), asked.off)
        if not text or text.isspace():
            raise _UnfitError(name, "empty")
        if len(text) > LONGEST_FIELD:
            raise _UnfitError(name, f"too long: {len(text):,} characters, at most {LONGEST_FIELD:,}")
        fields[name] = text
        touched |= dict.fromkeys(steps)
    return fields, tuple(touched)


def _texts(values: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    found = {name: as_text(value) for name, value in values.items() if name not in fields}
    return {name: text for name, text in found.items() if text is not None}


def _text(parts: Mapping[str, Any], name: str) -> str:
    text = as_text(parts.get(name))
    if text is None:
        raise _UnfitError(name, "a text is wanted here, not a list, an object or binary data")
    return text


def _key(parts: Mapping[str, Any]) -> str:
    key = _text(parts, "id").strip()
    if len(key) > LONGEST_ID:
        raise _UnfitError("id", f"too long: {len(key):,} characters, at most {LONGEST_ID}")
    if not normalise.printable(key):
        raise _UnfitError("id", "has a line break or a character that cannot be seen")
    return key


def _named(parts: Mapping[str, Any], role: str) -> str:
    name = normalise.name(_text(parts, role))
    if len(name) > LONGEST_NAME[role]:
        raise _UnfitError(role, f"too long: {len(name):,} characters, at most {LONGEST_NAME[role]}")
    return name


def _priority(parts: Mapping[str, Any]) -> int:
    typed = _text(parts, "priority").strip()
    if not re.fullmatch("[0-9]?", typed):
        raise _UnfitError("priority", f"not a whole number from 0 to 9: {_shown(typed)}")
    return int(typed or 0)


def _gold(parts: Mapping[str, Any], asked: Rules) -> str | None:
    typed = normalise.name(_text(parts, "gold")) if "gold" in parts else ""
    return _value("gold", typed, asked) if typed else None


def _labels(row: Row, parts: Mapping[str, Any], annotator: str, asked: Rules) -> tuple[tuple[str, int], ...]:
    """The labels that a row came with: in columns of its own, or in a format that carries them."""
    if not row.labels and "label" not in parts:
        return ()
    given = [(annotator, normalise.name(_text(parts, "label")))]
    given += [(normalise.name(name), normalise.name(value)) for name, value in row.labels]
    labels = [(name[: LONGEST_NAME["annotator"]], _value("label", value, asked)) for name, value in given if value]
    return tuple(dict.fromkeys((name, asked.value_ids[value]) for name, value in labels))


def _value(role: str, typed: str, asked: Rules) -> str:
    if typed not in asked.values and typed in asked.former:
        raise _UnfitError(role, f"no label value of the project any more: {_shown(typed)} ({asked.former[typed]})")
    if typed not in asked.values:
        known = [*asked.values.values()][:10]
        more = ", ..." if len(asked.values) > len(known) else ""
        raise _UnfitError(
            role, f"not a label value of the project: {_shown(typed)} (there is {', '.join(known)}{more})"
        )
    return asked.values[typed]


def _kept(value: Any) -> Any:
    return normalise.storable(value) if isinstance(value, str) else value


def _made_key(parts: list[Any]) -> str:
    """An id for a row without one: the same row has the same id whenever it comes, so that it comes once."""
    whole = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "row-" + hashlib.sha256(whole.encode()).hexdigest()[:24]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
