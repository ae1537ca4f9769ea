"""Which labels a comparison of two versions asks about, and by which values: labels may have been merged or split."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import LabelMove, LabelValue, Proposal
from workflow.guidelines.decisions import touched
from workflow.guidelines.labels import label_changes
from workflow.guidelines.labels.label_changes import ChangeOf


@dataclass(frozen=True)
class Asked:
    """The questions that both versions are asked.

    ``values`` are value ids in the order of the label schema, one for each question; ``stands_for`` maps every id to one of
    them, ``titles`` are as people know them now. ``joined``: some of them are several labels. ``touched`` are those that
    the version is about; ``chosen`` too, where items were given out again for having one of them, and not all have.
    """

    values: tuple[int, ...]
    titles: Mapping[int, str]
    numbers: Mapping[int, float] | None
    stands_for: Mapping[int, int]
    joined: bool
    touched: tuple[int, ...]
    chosen: frozenset[int]
    segments: tuple[str, ...]
    examples: frozenset[int]


def asked_of(session: Session, project_id: int, guideline_id: int) -> Asked:
    """The questions about a version, against the major one before it."""
    schema = session.execute(
        select(
            col(LabelValue.id),
            col(LabelValue.value),
            col(LabelValue.title),
            col(LabelValue.number),
            col(LabelValue.retired_at),
        )
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position), col(LabelValue.id))
    ).all()
    groups = _groups(schema, list(_ties(session, guideline_id, {row.value: row.id for row in schema})))
    touch = touched.by_version(session, guideline_id)
    changed = {head for head, members in groups.items() if len(members) > 1}
    stands_for = {member.id: head for head, members in groups.items() for member in members}
    about = {stands_for[one] for one in touch.value_ids or () if one in stands_for} | changed
    values = tuple(groups)
    in_use = {head for head, members in groups.items() if members[0].retired_at is None}
    all_of_them = touch.value_ids is None or about >= in_use
    numbers = {head: members[0].number for head, members in groups.items() if members[0].number is not None}
    return Asked(
        values=values,
        titles={head: _title(members) for head, members in groups.items()},
        numbers=numbers if len(numbers) == len(values) else None,
        stands_for=stands_for,
        joined=bool(changed),
        touched=values if all_of_them else tuple(value for value in values if value in about),
        chosen=frozenset() if all_of_them else frozenset(about),
        segments=touch.segments,
        examples=touch.examples,
    )


def _ties(session: Session, guideline_id: int, ids: Mapping[str, int]) -> Iterable[tuple[int, int]]:
    """Labels that the version made one of, or several: what was given with either must answer one question."""
    moves = select(col(LabelMove.from_id), col(LabelMove.to_id)).where(col(LabelMove.guideline_id) == guideline_id)
    yield from ((row.from_id, row.to_id) for row in session.execute(moves))
    lines = session.execute(
        select(col(Proposal.label_changes)).where(col(Proposal.guideline_id) == guideline_id)
    ).scalar()
    for change in label_changes.parse(lines or []):
        if change.kind in (ChangeOf.SPLIT, ChangeOf.MERGE):
            names = [*change.old, *(label.value for label in change.new)]
            known = [ids[name] for name in names if name in ids]
            yield from ((known[0], other) for other in known[1:])


def _groups(schema: Iterable[Any], ties: Iterable[tuple[int, int]]) -> dict[int, list[Any]]:
    """Labels by the one that stands for them: the first in the schema that people can still choose."""
    schema = list(schema)
    of = {row.id: {row.id} for row in schema}
    for first, second in ties:
        if first in of and second in of:
            both = of[first] | of[second]
            of |= dict.fromkeys(both, both)
    groups: dict[int, list[Any]] = {}
    for row in schema:
        members = sorted((one for one in schema if one.id in of[row.id]), key=lambda one: one.retired_at is not None)
        if row is members[0]:
            groups[row.id] = members
    return groups


def _title(members: list[Any]) -> str:
    """``Yes``; ``Yes or Surely (before: Perhaps)`` where several are one question."""
    now = [one.title for one in members if one.retired_at is None] or [members[0].title]
    former = [one.title for one in members if one.retired_at is not None and one.title not in now]
    return " or ".join(now) + (f" (before: {', '.join(former)})" if former else "")
