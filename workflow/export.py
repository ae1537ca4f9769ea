"""Labels and items out again, row by row: JSON Lines code point for code point, CSV safe to open in a spreadsheet."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import (
    Assignment,
    Guideline,
    Item,
    ItemState,
    LabelValue,
    Person,
    PriorLabel,
    Project,
    Queue,
    Review,
    ReviewState,
    Ruling,
)

LABEL_COLUMNS = (
    "item_id",
    "person",
    "value",
    "guideline",
    "at",
    "state",
    "final",
    "after_ruling",
    "counted",
    "slack_id",
)
PRIOR_COLUMNS = ("item_id", "annotator", "value", "lot")
_AFTER_FIELDS = (
    "state",
    "final",
    "decided_by",
    "reviewed",
    "reason_code",
    "duplicate_of",
    "near_of",
    "segment",
    "skill",
    "difficulty",
    "priority",
    "gold",
    "flagged_by",
    "metadata",
)
# What was sent back only to be noted is the one of these that stands.
_REVIEWED = {
    ReviewState.ACCEPTED: "accepted",
    ReviewState.CORRECTED: "corrected",
    ReviewState.SENT_BACK: "noted",
}
_AT_ONCE = 1000

UNDO = (
    "Some cells began with a character that a spreadsheet may run as a formula (= + - @ tab, line end) or with an "
    "apostrophe: they have one apostrophe more in front. To undo, take one leading apostrophe from every cell that begins "
    "with one; or write --raw or --format jsonl."
)

# A plain number is no formula, and stays a number. The wide forms are read as the narrow ones in some countries.
_FORMULA = re.compile("['=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile('[",\r\n]')
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def labels(session: Session, project_id: int) -> Iterator[dict[str, Any]]:
    """Every label in force, with what became of its item.

    ``guideline`` is the version under which it was given, ``at`` when (UTC), ``counted`` the value of this person that
    counts for agreement: empty, or an earlier one, where the label was given after a ruling (``after_ruling``).
    """
    value, counted, final = aliased(LabelValue), aliased(LabelValue), aliased(LabelValue)
    rows = session.execute(
        select(
            col(Item.key),
            col(Person.name),
            col(value.value),
            col(Guideline.major),
            col(Guideline.minor),
            col(Assignment.labelled_at),
            col(Item.state),
            col(final.value),
            col(Assignment.after_ruling),
            col(counted.value),
            col(Person.slack_id),
        )
        .join(Item, col(Item.id) == col(Assignment.item_id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(value, col(value.id) == col(Assignment.value_id))
        .outerjoin(Guideline, col(Guideline.id) == col(Assignment.guideline_id))
        .outerjoin(final, col(final.id) == col(Item.final_value_id))
        .outerjoin(counted, col(counted.id) == col(Assignment.counted_id))
        .where(col(Assignment.project_id) == project_id)
        .order_by(col(Assignment.id))
        .execution_options(yield_per=_AT_ONCE)
    )
    for key, person, label, major, minor, at, state, decided, after_ruling, counts, slack_id in rows:
        version = f"{major}.{minor}" if major is not None else None
        given = (key, person, label, version, _utc(at), state.value, decided, after_ruling, counts, slack_id)
        yield dict(zip(LABEL_COLUMNS, given, strict=True))


def prior_labels(session: Session, project_id: int) -> Iterator[dict[str, Any]]:
    """Every label that items came with: who gave it elsewhere, and the import lot that brought it."""
    rows = session.execute(
        select(col(Item.key), col(PriorLabel.annotator), col(LabelValue.value), col(PriorLabel.lot_id))
        .join(Item, col(Item.id) == col(PriorLabel.item_id))
        .join(LabelValue, col(LabelValue.id) == col(PriorLabel.value_id))
        .where(col(PriorLabel.project_id) == project_id)
        .order_by(col(PriorLabel.id))
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in rows:
        yield dict(zip(PRIOR_COLUMNS, row, strict=True))


def item_columns(session: Session, project_id: int) -> list[str]:
    """The columns of ``items``: the id, the project's fields, what became of it, what came with it."""
    fields = session.execute(select(col(Project.fields)).where(col(Project.id) == project_id)).scalar_one()
    return ["id", *fields, *_AFTER_FIELDS]


def items(session: Session, project_id: int) -> Iterator[dict[str, Any]]:
    """Every item, in the order in which they came; not those of an import that is still running.

    ``decided_by`` is the rule or who decided (``ruling``, ``review``, ``audit``), ``reviewed`` what a reviewer said of the
    decision that stands (``accepted``, ``corrected``, ``noted``), ``reason_code`` why it was ruled so.
    """
    columns = item_columns(session, project_id)
    first, near, final = aliased(Item), aliased(Item), aliased(LabelValue)
    rows = session.execute(
        select(
            col(Item.key),
            col(Item.fields),
            col(Item.state),
            col(final.value),
            col(Item.decided_by),
            _reviewed(),
            _reason(),
            col(first.key),
            col(near.key),
            col(Item.segment),
            col(Queue.skill),
            col(Queue.difficulty),
            col(Queue.priority),
            col(Item.gold),
            col(Item.flagged_by),
            col(Item.extra),
        )
        .outerjoin(first, col(first.id) == col(Item.duplicate_of))
        .outerjoin(near, col(near.id) == col(Item.near_of))
        .outerjoin(final, col(final.id) == col(Item.final_value_id))
        .outerjoin(Queue, col(Queue.id) == col(Item.queue_id))
        .where(col(Item.project_id) == project_id, col(Item.state) != ItemState.LOADING)
        .order_by(col(Item.id))
        .execution_options(yield_per=_AT_ONCE)
    )
    for key, fields, state, decided, by, reviewed, *rest in rows:
        texts = [fields.get(name) for name in columns[1 : -len(_AFTER_FIELDS)]]
        said = _REVIEWED.get(reviewed)
        yield dict(zip(columns, [key, *texts, state.value, decided, by, said, *rest], strict=True))


def _reviewed() -> Any:
    """SQL: how the last review of the decision that stands ended."""
    found = select(col(Review.state)).where(
        col(Review.item_id) == col(Item.id),
        col(Review.state).in_(_REVIEWED),
        col(Review.settled_at) >= col(Item.decided_at),
    )
    return found.order_by(col(Review.id).desc()).limit(1).correlate(Item).scalar_subquery()


def _reason() -> Any:
    """SQL: the reason code of the ruling in force; none where one says nothing."""
    found = select(func.nullif(col(Ruling.reason_code), "")).where(
        col(Ruling.item_id) == col(Item.id), col(Item.state) == ItemState.RULED
    )
    return found.order_by(col(Ruling.id).desc()).limit(1).correlate(Item).scalar_subquery()


def write_jsonl(rows: Iterable[Mapping[str, Any]], out: TextIO) -> None:
    """One JSON object a line; texts as they are, without escapes."""
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def write_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], out: TextIO, *, raw: bool = False) -> int:
    """A header and rows, lists and objects as JSON. Returns how many cells were escaped, none where ``raw``.

    A cell that a spreadsheet could run as a formula, or that begins with an apostrophe, gets an apostrophe in front: taking
    one leading apostrophe from every cell that has one gives back what was there.
    """
    escaped = 0
    for cells in _with_header(columns, rows):
        line, changed = csv_line(cells, raw=raw)
        escaped += changed
        out.write(line)
    return escaped


def csv_line(cells: Sequence[str], *, raw: bool = False) -> tuple[str, int]:
    """A line of CSV, safe to open in a spreadsheet unless ``raw``; and how many of its cells were escaped."""
    safe = cells if raw else [_safe(cell) for cell in cells]
    escaped = sum(cell != kept for cell, kept in zip(cells, safe, strict=True))
    return ",".join(_quoted(cell) for cell in safe) + "\n", escaped


def _with_header(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield list(columns)
    for row in rows:
        yield [_cell(row[column]) for column in columns]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _quoted(cell: str) -> str:
    # The standard library's writer leaves a lone carriage return without quotes, and readers then see two rows.
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell


def _safe(cell: str) -> str:
    if not _FORMULA.match(cell) or _NUMBER.fullmatch(cell):
        return cell
    return "'" + cell


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
