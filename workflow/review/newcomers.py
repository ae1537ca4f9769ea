"""Which labels are among somebody's first in a project.

Labels are kept by item, not by person. So a few of somebody's earliest batches are looked at first: the n-th of the labels
found there is not earlier than their n-th of all, and who has worked for long is told from it without reading all they did.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Assignment, Batch, Label

Pair = tuple[int, int]
"""An item and who labelled it."""

Reached = dict[int, int]
"""By person, the last of their first labels, of those who have given so many: it never changes again."""


def early(session: Session, project_id: int, first: int, given: Mapping[Pair, int], reached: Reached) -> set[Pair]:
    """Those pairs whose label is among the person's ``first`` in the project; ``given`` has the first label of each.

    An item counts once, by the first label that the person gave it, changed or not. What is found out of people is kept
    in ``reached`` for the next call.
    """
    by_person: defaultdict[int, dict[Pair, int]] = defaultdict(dict)
    for pair, label_id in given.items():
        by_person[pair[1]][pair] = label_id
    found: set[Pair] = set()
    for person_id, pairs in sorted(by_person.items()):
        found |= _early_of(session, project_id, person_id, first, pairs, reached)
    return found


def first_labels(session: Session, item_ids: list[int]) -> dict[Pair, int]:
    """The first label that everybody gave some items."""
    rows = session.execute(
        select(col(Label.item_id), col(Label.person_id), func.min(col(Label.id)))
        .where(col(Label.item_id).in_(item_ids))
        .group_by(col(Label.item_id), col(Label.person_id))
    )
    return {(item_id, person_id): label_id for item_id, person_id, label_id in rows}


def _early_of(
    session: Session, project_id: int, person_id: int, first: int, pairs: Mapping[Pair, int], reached: Reached
) -> set[Pair]:
    last = reached.get(person_id)
    if last is None:
        begun = _nth(session, project_id, person_id, first, _begun(project_id, person_id, first))
        if begun is not None and min(pairs.values()) > begun:
            return set()
        last = _nth(session, project_id, person_id, first, _all(project_id, person_id))
    if last is not None:
        reached[person_id] = last
    return {pair for pair, label_id in pairs.items() if last is None or label_id <= last}


def _all(project_id: int, person_id: int) -> Any:
    """SQL: every item that somebody ever had a place on."""
    return select(col(Assignment.item_id)).where(
        col(Assignment.person_id) == person_id, col(Assignment.project_id) == project_id
    )


def _begun(project_id: int, person_id: int, first: int) -> Any:
    """SQL: items of somebody's earliest batches, twice as many as are asked for: some may be without a label."""
    return (
        select(col(Assignment.item_id))
        .join(Batch, col(Batch.id) == col(Assignment.batch_id))
        .where(col(Batch.person_id) == person_id, col(Batch.project_id) == project_id)
        .order_by(col(Batch.id), col(Assignment.position))
        .limit(2 * first)
    )


def _nth(session: Session, project_id: int, person_id: int, nth: int, item_ids: Any) -> int | None:
    """The n-th of the labels by which somebody began with some items; None where there are fewer."""
    began = func.min(col(Label.id))
    found: int | None = session.execute(
        select(began)
        .where(col(Label.item_id).in_(item_ids), col(Label.person_id) == person_id, col(Label.project_id) == project_id)
        .group_by(col(Label.item_id))
        .order_by(began)
        .offset(nth - 1)
        .limit(1)
    ).scalar()
    return found
