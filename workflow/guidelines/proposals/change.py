"""What a proposal changes, as somebody wrote it down, and whether it can be proposed so: all faults at once, by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import ChangeKind, Guideline, Item, ItemState, LabelValue
from workflow import normalise
from workflow.cases.decision import is_blank
from workflow.errors import RefusedError
from workflow.guidelines.labels import applying, label_changes
from workflow.guidelines.labels.label_changes import ChangeOf, LabelChange
from workflow.guidelines.labels.label_lines import FORMS
from workflow.guidelines.text import reading_text
from workflow.spec_values import width

LONGEST_SUMMARY = 150
LONGEST_WHY = 3000
MOST_EXAMPLES = 20
FARTHEST = timedelta(days=366)
"""How far ahead a version may be dated: a wrong year would be waited for in silence."""


@dataclass(frozen=True)
class NewExample:
    """A worked example: an item that is ruled or has a gold label, the label that is right, and why."""

    item_id: int
    value_id: int
    explanation: str


@dataclass(frozen=True)
class Change:
    """What somebody proposes: the whole new text, and what it is about. Labels by value; empty means all."""

    kind: ChangeKind
    summary: str
    why: str
    markdown: str
    label_changes: tuple[str, ...] = ()
    labels_touched: tuple[str, ...] = ()
    segments_touched: tuple[str, ...] = ()
    examples: tuple[NewExample, ...] = ()
    wanted_at: datetime | None = None


class ProposalError(RefusedError):
    """What cannot be proposed so; why, by field.

    Fields are kind, summary, why, markdown, label_changes, labels, segments, examples and at.
    """

    def __init__(self, by_field: Mapping[str, str]) -> None:
        self.by_field = dict(by_field)
        super().__init__("\n".join(by_field.values()))


def checked(session: Session, project_id: int, base_id: int, change: Change, now: datetime) -> Change:
    """The change as it is stored. Raises ProposalError with all that is wrong, by field."""
    clean = replace(
        change,
        summary=normalise.name(change.summary),
        why=normalise.spaced(change.why),
        label_changes=tuple(map(normalise.name, change.label_changes)),
        labels_touched=tuple(dict.fromkeys(change.labels_touched)),
        segments_touched=tuple(dict.fromkeys(change.segments_touched)),
        examples=tuple(replace(one, explanation=normalise.spaced(one.explanation)) for one in change.examples),
    )
    labels = _schema(session, project_id, clean.label_changes)
    faults = {
        "summary": _summary(clean.summary),
        "why": _why(clean.why),
        "markdown": _markdown(session, base_id, clean),
        "kind": _kind(clean, labels.changes),
        "label_changes": labels.fault,
        "labels": _labels(clean, labels),
        "segments": _segments(session, project_id, clean.segments_touched),
        "examples": _examples(session, project_id, clean.examples, labels),
        "at": _at(clean.wanted_at, now),
    }
    if found := {name: fault for name, fault in faults.items() if fault}:
        raise ProposalError(found)
    # Labels that are named mean: no others. What is merged or split is touched whether they name it or not.
    touched = sorted(label_changes.touched(labels.changes)) if clean.labels_touched else []
    lines = tuple(line for line in clean.label_changes if line)
    clean = replace(clean, markdown=reading_text.check(clean.markdown), label_changes=lines)
    return replace(clean, labels_touched=tuple(dict.fromkeys([*clean.labels_touched, *touched])))


@dataclass(frozen=True)
class _Schema:
    """The labels before and after what is proposed: values in order, and the ids that stand for one of them after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    ids: frozenset[int]
    changes: tuple[LabelChange, ...] = ()
    fault: str | None = None


def _schema(session: Session, project_id: int, lines: Sequence[str]) -> _Schema:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.value))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position), col(LabelValue.id))
    ).all()
    before = tuple(row.value for row in rows)
    unchanged = _Schema(before, before, frozenset(row.id for row in rows))
    try:
        changes = label_changes.parse(lines)
        after = applying.check(session, project_id, changes)
    except label_changes.LabelChangeError as error:
        return replace(unchanged, fault=str(error))
    stay = {label.was for label in after}
    ids = frozenset(row.id for row in rows if row.value in stay)
    return _Schema(before, tuple(label.value for label in after), ids, tuple(changes))


def _summary(summary: str) -> str | None:
    if is_blank(summary):
        return "Say in one line what changes: people see it in the list of versions."
    if width(summary) > LONGEST_SUMMARY:
        return (
            f"This has {width(summary)} characters, and a summary at most {LONGEST_SUMMARY}: the rest belongs to why."
        )
    return None


def _why(why: str) -> str | None:
    if is_blank(why):
        return "Say why: whoever decides, and everybody who is to follow it, will read it."
    return (
        f"This has {width(why)} characters: at most {LONGEST_WHY} can be shown." if width(why) > LONGEST_WHY else None
    )


def _markdown(session: Session, base_id: int, change: Change) -> str | None:
    try:
        text = reading_text.check(change.markdown)
    except RefusedError as refused:
        return str(refused)
    base = session.execute(select(col(Guideline.markdown)).where(col(Guideline.id) == base_id)).scalar_one()
    same = normalise.markdown(base) == text
    return "Nothing is changed: the text is the one that is there." if same and not change.label_changes else None


def _kind(change: Change, changes: Sequence[LabelChange]) -> str | None:
    if change.label_changes and change.kind is ChangeKind.CLARIFICATION:
        return "Changing labels is a rule change: a clarification leaves every rule as it is."
    if change.kind is ChangeKind.NEW_LABEL and not any(one.kind is ChangeOf.ADD for one in changes):
        return f"A new label needs its line among the label changes, such as: {FORMS[ChangeOf.ADD]}"
    return None


def _labels(change: Change, labels: _Schema) -> str | None:
    unknown = [value for value in change.labels_touched if value not in (*labels.before, *labels.after)]
    if unknown:
        return f"{_quoted(unknown)} is no label of this project: it has {_quoted(labels.before)}."
    return None


def _segments(session: Session, project_id: int, segments: Sequence[str]) -> str | None:
    mine = col(Item.project_id) == project_id
    unknown = [
        one
        for one in segments
        if session.execute(select(col(Item.id)).where(mine, col(Item.segment) == one).limit(1)).first() is None
    ]
    if not unknown:
        return None
    there = session.execute(select(col(Item.segment)).where(mine, col(Item.segment) != "").distinct().limit(20))
    known = sorted(there.scalars())
    has = f"it has {_quoted(known)}" if known else "its items are in none"
    return f"{_quoted(unknown)} is no segment of this project: {has}."


def _examples(session: Session, project_id: int, examples: Sequence[NewExample], labels: _Schema) -> str | None:
    if len(examples) > MOST_EXAMPLES:
        return f"There are {len(examples)} examples, and a proposal has at most {MOST_EXAMPLES}."
    ids = [one.item_id for one in examples]
    rows = session.execute(
        select(col(Item.id), col(Item.key), col(Item.state), col(Item.gold)).where(
            col(Item.id).in_(ids), col(Item.project_id) == project_id
        )
    )
    items = {row.id: row for row in rows}
    for one in examples:
        if fault := _example(one, items.get(one.item_id), labels):
            return fault
    doubled = [items[item_id].key for item_id in items if ids.count(item_id) > 1]
    return f"{_quoted(doubled)} stands there twice." if doubled else None


def _example(one: NewExample, item: object, labels: _Schema) -> str | None:
    """What is wrong with a worked example, whose item is a row with key, state and gold."""
    key, state, gold = (getattr(item, name, None) for name in ("key", "state", "gold"))
    if key is None:
        return "An example is of an item that is not in this project (any more)."
    if state is not ItemState.RULED and not gold:
        return f"{key} is neither ruled nor a gold item: as an example it would give its answer away."
    if one.value_id not in labels.ids:
        return f"The label of {key} is not one that this project has, or will have after this."
    if is_blank(one.explanation):
        return f"Say why the label of {key} is right: who answers it wrong will read it."
    if width(one.explanation) > LONGEST_WHY:
        return f"The explanation of {key} has {width(one.explanation)} characters: at most {LONGEST_WHY} can be shown."
    return None


def _at(wanted: datetime | None, now: datetime) -> str | None:
    if wanted is not None and wanted <= now:
        return "That time has passed. Leave it out to have it at once."
    if wanted is not None and wanted > now + FARTHEST:
        return f"That is more than a year away ({wanted:%Y-%m-%d}): look at the year, or propose it nearer to its time."
    return None


def _quoted(values: Sequence[str]) -> str:
    shown = [f"“{value}”" for value in values[:10]]
    return ", ".join(shown if len(values) <= 10 else [*shown, "others"])
