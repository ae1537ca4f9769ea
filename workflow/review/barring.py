"""Who looks at the labels of an item is never given it afterwards; who has it in hand does not look."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Assignment, Place
from workflow import history, outbox, places
from workflow.cases import judging

IN_HAND = (*places.HOLDING, Place.FLAGGED)


def bar(session: Session, project_id: int, item_ids: Collection[int], person_id: int, now: datetime) -> set[int]:
    """Keep locked items from somebody who sees their labels; the items that they may not see: they have them in hand."""
    mine = session.execute(
        select(col(Assignment.id), col(Assignment.item_id), col(Assignment.state))
        .where(col(Assignment.item_id).in_(item_ids), col(Assignment.person_id) == person_id)
        .order_by(col(Assignment.id))
        .with_for_update(key_share=True)
    ).all()
    in_hand = {row.item_id for row in mine if row.state in IN_HAND}
    given_up = [row for row in mine if row.state in (Place.RETURNED, Place.SKIPPED, Place.CLOSED)]
    fresh = sorted(set(item_ids) - {row.item_id for row in mine})
    if given_up:
        ids = [row.id for row in given_up]
        session.execute(update(Assignment).where(col(Assignment.id).in_(ids)).values(state=Place.BARRED))
    if fresh:
        rows = [_row(project_id, item_id, person_id, now) for item_id in fresh]
        session.execute(outbox.insert_or_skip(session, Assignment, ["person_id", "item_id"]), rows)
    for item_id in sorted({*fresh, *(row.item_id for row in given_up)}):
        history.note(session, now, judging.LOOKED_AT, "item", item_id, project_id=project_id, actor_id=person_id)
    return in_hand


def _row(project_id: int, item_id: int, person_id: int, now: datetime) -> dict[str, object]:
    return {
        "project_id": project_id,
        "item_id": item_id,
        "person_id": person_id,
        "state": Place.BARRED,
        "given_at": now,
    }
