"""Items in review go back to be labelled again: by the same person in their batch, or by somebody else."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Assignment, BackTo, Item, ItemState, Person, Place, Project, Role
from workflow import batches, holding, places, settling
from workflow.errors import RefusedError
from workflow.patterns import format_pattern
from workflow.places import Locked
from workflow.states import check_move

NOBODY_ELSE = (
    "Nobody else is left who could label this item: send it back to the same person, or correct it instead. "
    "Nothing was changed."
)


def check_label(session: Session, item: Locked, person_id: int) -> None:
    """Raise RefusedError where somebody has no label on an item (any more)."""
    if not _labelled(session, [item.id], person_id):
        raise RefusedError("This person has no label on this item (any more). Nothing was changed.")


def give_back(
    session: Session, items: Sequence[Locked], person_id: int, mode: BackTo, now: datetime, by_id: int
) -> None:
    """Take somebody's labels off locked items in review and open these again.

    ``SAME``: their places are open again, in the batches that they stood in. ``OTHER``: they are kept from the items, and
    somebody else takes their place. Raises RefusedError where they have no label there, or nobody may take the place.
    """
    rows = _labelled(session, [item.id for item in items], person_id)
    if len(rows) != len(items):
        raise RefusedError("This person has no label on this item (any more). Nothing was changed.")
    if mode is BackTo.SAME:
        _check_annotates(session, items[0].project_id, person_id)
    else:
        _check_others(session, items)
    _withdraw(session, items[0].project_id, rows, mode, now)
    _keep_patterns(session, rows)
    for item in items:
        check_move(item.state, ItemState.OPEN)
    session.execute(
        update(Item)
        .where(col(Item.id).in_([item.id for item in items]))
        .values(state=ItemState.OPEN, final_value_id=None, decided_by=None, decided_at=None)
    )
    settling.settle(session, [replace(item, state=ItemState.OPEN) for item in items], now, by_id)
    for batch_id in sorted({row.batch_id for row in rows if row.batch_id is not None}):
        batches.rewrite_batch(session, batch_id, now)


def show(session: Session, project_id: int, item_ids: Sequence[int], person_id: int, now: datetime, why: str) -> None:
    """Put the batches in which items are open again at the end of somebody's conversation, each once for one ``why``."""
    found = session.execute(
        select(col(Assignment.batch_id))
        .where(col(Assignment.item_id).in_(item_ids), col(Assignment.person_id) == person_id)
        .where(col(Assignment.state) == Place.OPEN, col(Assignment.batch_id).is_not(None))
        .distinct()
        .order_by(col(Assignment.batch_id))
    )
    for batch_id in found.scalars():
        batches.show_again(session, batch_id, project_id, person_id, now, f"batch:{batch_id}:{why}")


def _labelled(session: Session, item_ids: Sequence[int], person_id: int) -> list[Any]:
    """Somebody's places with a label on some items, under lock."""
    return list(
        session.execute(
            select(
                col(Assignment.id),
                col(Assignment.item_id),
                col(Assignment.batch_id),
                col(Assignment.counted_id),
                col(Assignment.major),
            )
            .where(
                col(Assignment.item_id).in_(item_ids),
                col(Assignment.person_id) == person_id,
                col(Assignment.state) == Place.LABELLED,
            )
            .order_by(col(Assignment.id))
            .with_for_update(key_share=True)
        )
    )


def _check_annotates(session: Session, project_id: int, person_id: int) -> None:
    row = session.execute(
        select(
            col(Person.name),
            col(Person.active),
            places.has_role(project_id, col(Person.id), Role.ANNOTATOR).label("does"),
        ).where(col(Person.id) == person_id)
    ).one()
    if not (row.active and row.does):
        raise RefusedError(
            f"{row.name} does not annotate in this project any more: send it back to somebody else. Nothing was changed."
        )


def _check_others(session: Session, items: Sequence[Locked]) -> None:
    able = select(col(Item.id)).where(
        col(Item.id).in_([item.id for item in items]),
        places.somebody_may_take(col(Item.id), col(Item.project_id)),
    )
    if len(session.execute(able).all()) != len(items):
        raise RefusedError(NOBODY_ELSE)


def _withdraw(session: Session, project_id: int, rows: Sequence[Any], mode: BackTo, now: datetime) -> None:
    hold = session.execute(select(col(Project.hold_seconds)).where(col(Project.id) == project_id)).scalar_one()
    same = mode is BackTo.SAME
    session.execute(
        update(Assignment)
        .where(col(Assignment.id).in_([row.id for row in rows]))
        .values(
            state=Place.OPEN if same else Place.BARRED,
            value_id=None,
            counted_id=None,
            major=None,
            guideline_id=None,
            after_ruling=False,
            lease_until=now + timedelta(seconds=hold) if same else None,
            version=col(Assignment.version) + 1,
        )
    )


def _keep_patterns(session: Session, rows: Sequence[Any]) -> None:
    """The patterns that the labels counted in, without them."""
    majors = {(row.item_id, row.major) for row in rows if row.counted_id is not None and row.major is not None}
    if not majors:
        return
    left: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    item_ids = sorted({item_id for item_id, _ in majors})
    for row in session.execute(
        select(col(Assignment.item_id), col(Assignment.major), col(Assignment.counted_id)).where(
            col(Assignment.item_id).in_(item_ids), col(Assignment.counted_id).is_not(None)
        )
    ):
        left[row.item_id, row.major][row.counted_id] += 1
    known = {
        row.id: row
        for row in session.execute(
            select(col(Item.id), col(Item.project_id), col(Item.segment)).where(col(Item.id).in_(item_ids))
        )
    }
    session.connection().execute(
        holding.KEEP_PATTERN,
        [
            {
                "item": item_id,
                "major": major,
                "project": known[item_id].project_id,
                "segment": known[item_id].segment,
                "pattern": format_pattern(left[item_id, major]),
            }
            for item_id, major in sorted(majors)
        ],
    )
