"""A label schema becomes what a new version makes of it. Rows are kept: what was labelled refers to them for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from storage.tables import LabelMove, LabelValue, Project
from workflow import history, label_schema, normalise, waiting
from workflow.guidelines import versions
from workflow.guidelines.labels import label_changes
from workflow.guidelines.labels.former_labels import CHANGED, GOLD, SUBJECT
from workflow.guidelines.labels.label_changes import LabelChange, SchemaLabel

# No label is called so: a character of private use cannot be seen.
_BETWEEN = "\ue000"


def apply(session: Session, project_id: int, changes: Sequence[LabelChange], guideline_id: int, now: datetime) -> None:
    """Change a project's label schema with a version; the clock then brings over what was labelled (``carrying``).

    A renamed label keeps its row, a retired one is kept with ``retired_at``, one that is added again is brought back.
    Raises LabelChangeError where the changes do not fit the schema as it is now; nothing is written then.
    """
    if not changes:
        return
    level = session.execute(
        select(col(Project.level)).where(col(Project.id) == project_id).with_for_update(key_share=True)
    ).scalar_one()
    rows = _rows(session, project_id)
    in_force = [row for row in rows if row.retired_at is None]
    after = label_changes.applied(
        schema(session, project_id), changes, level, [row.value for row in rows if row.retired_at]
    )
    ids = {normalise.name(row.value): row.id for row in in_force}
    former = {normalise.name(row.value): row.id for row in rows if row.retired_at is not None}
    numbers = label_schema.numbers([label.value for label in after], level)
    written = _write(session, project_id, after, numbers, ids, former)
    gone = [row.id for row in in_force if row.id not in written.values()]
    session.execute(update(LabelValue).where(col(LabelValue.id).in_(gone)).values(retired_at=now))
    _renumber(session, project_id, [written[label.value] for label in after], [row.id for row in rows])
    _leave_to_the_clock(session, project_id, changes, ids, written, guideline_id, now)
    session.execute(update(Project).where(col(Project.id) == project_id).values(version=col(Project.version) + 1))
    history.note(
        session, now, CHANGED, SUBJECT, guideline_id, project_id=project_id,
        before={"labels": [row.value for row in in_force]},
        after={
            "version": versions.called(session, guideline_id),
            "labels": [label.value for label in after],
            "changes": [change.line for change in changes],
            GOLD: _gold(changes, in_force, after),
        },
    )  # fmt: skip
    waiting.wake(session)


def check(session: Session, project_id: int, changes: Sequence[LabelChange]) -> list[SchemaLabel]:
    """The schema that the changes would make, in order. Raises LabelChangeError as ``apply`` does; nothing is written."""
    level = session.execute(select(col(Project.level)).where(col(Project.id) == project_id)).scalar_one()
    retired = [row.value for row in _rows(session, project_id) if row.retired_at]
    return label_changes.applied(schema(session, project_id), changes, level, retired)


def schema(session: Session, project_id: int) -> list[SchemaLabel]:
    """The labels in force, in order."""
    return [
        SchemaLabel(row.value, row.title, row.description)
        for row in _rows(session, project_id)
        if row.retired_at is None
    ]


def reorder(session: Session, project_id: int, values: Sequence[str]) -> None:
    """Put the labels in force into this order; ``values`` are all of them."""
    rows = _rows(session, project_id)
    ids = {row.value: row.id for row in rows if row.retired_at is None}
    _renumber(session, project_id, [ids[value] for value in values], [row.id for row in rows])


def _renumber(session: Session, project_id: int, order: Sequence[int], before: Sequence[int]) -> None:
    """Number all labels of a project: those in force in this order, retired ones behind whatever they stood behind.

    Agreement under earlier versions is measured on the scale as it was: a retired label keeps its place on it.
    ``order`` and ``before`` are ids, of the labels in force and of all as they stood.
    """
    all_in_order = list(order)
    for at, value_id in enumerate(before):
        if value_id not in order:
            behind = next((one for one in reversed(before[:at]) if one in all_in_order), None)
            all_in_order.insert(0 if behind is None else all_in_order.index(behind) + 1, value_id)
    for position, value_id in enumerate(all_in_order, start=1):
        mine = (col(LabelValue.project_id) == project_id, col(LabelValue.id) == value_id)
        session.execute(update(LabelValue).where(*mine).values(position=position))


def _rows(session: Session, project_id: int) -> Sequence[Any]:
    return session.execute(
        select(
            col(LabelValue.id),
            col(LabelValue.value),
            col(LabelValue.title),
            col(LabelValue.description),
            col(LabelValue.retired_at),
        )
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position), col(LabelValue.id))
    ).all()


def _write(
    session: Session,
    project_id: int,
    after: Sequence[SchemaLabel],
    numbers: Sequence[float | None],
    ids: Mapping[str, int],
    former: Mapping[str, int],
) -> dict[str, int]:
    """Write the labels in force; their ids by value. ``ids`` are those so far, ``former`` those of retired ones."""
    renamed = [ids[normalise.name(label.was)] for label in after if label.was not in (None, label.value)]
    for value_id in renamed:
        # Two labels may take each other's names, and no two may have one name in between.
        session.execute(update(LabelValue).where(col(LabelValue.id) == value_id).values(value=f"{_BETWEEN}{value_id}"))
    written: dict[str, int] = {}
    for label, number in zip(after, numbers, strict=True):
        values = {"value": label.value, "title": label.title, "description": label.description, "number": number}
        was = former.get(normalise.name(label.value)) if label.was is None else ids[normalise.name(label.was)]
        if was is None:
            made = insert(LabelValue).values(project_id=project_id, position=0, **values).returning(col(LabelValue.id))
            written[label.value] = session.execute(made).scalar_one()
        else:
            session.execute(update(LabelValue).where(col(LabelValue.id) == was).values(retired_at=None, **values))
            written[label.value] = was
    return written


def _leave_to_the_clock(
    session: Session,
    project_id: int,
    changes: Sequence[LabelChange],
    ids: Mapping[str, int],
    written: Mapping[str, int],
    guideline_id: int,
    now: datetime,
) -> None:
    """A row for every label whose labels go elsewhere; and one from itself to itself for each that has another name."""
    after = {normalise.name(value): value_id for value, value_id in written.items()}
    pairs = [(ids[old], after[new]) for old, new in label_changes.moves(changes).items() if new is not None]
    pairs += [(ids[old], ids[old]) for old in label_changes.renames(changes)]
    for from_id, to_id in pairs:
        session.execute(
            insert(LabelMove).values(
                project_id=project_id, guideline_id=guideline_id, from_id=from_id, to_id=to_id, at=now
            )
        )


def _gold(changes: Sequence[LabelChange], before: Sequence[Any], after: Sequence[SchemaLabel]) -> dict[str, str]:
    """What the gold answers of items are called from now on, by what they were called."""
    old = {normalise.name(row.value): row.value for row in before}
    new = {normalise.name(label.value): label.value for label in after}
    goes = {**label_changes.moves(changes), **label_changes.renames(changes)}
    return {old[value]: new[goal] for value, goal in goes.items() if goal is not None}
