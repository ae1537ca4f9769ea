"""Pairs of a project as leads read them: which items, how alike, what became of it. Nobody's labels are in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import Item, NearPair, NearState
from workflow.errors import RefusedError
from workflow.near.index import like


@dataclass(frozen=True)
class Listed:
    """A pair: the later item and the earlier one by their ids in the file, with their texts by field."""

    id: int
    lot_id: int
    item: str
    like: str
    similarity: float
    state: NearState
    at: datetime
    fields: Mapping[str, str]
    like_fields: Mapping[str, str]


def listed(
    session: Session,
    project_id: int,
    *,
    lot_id: int | None = None,
    state: NearState | None = None,
    before: int | None = None,
    most: int = 50,
) -> list[Listed]:
    """The newest pairs first, of one lot or in one state where that is asked; ``before`` is the id after the last page."""
    later, earlier = aliased(Item), aliased(Item)
    rows = (
        select(
            col(NearPair.id),
            col(NearPair.lot_id),
            col(later.key),
            col(earlier.key),
            col(NearPair.similarity),
            col(NearPair.state),
            col(NearPair.at),
            col(later.fields),
            col(earlier.fields),
        )
        .join(later, col(later.id) == col(NearPair.item_id))
        .join(earlier, col(earlier.id) == col(NearPair.like_id))
        .where(col(NearPair.project_id) == project_id)
        .order_by(col(NearPair.id).desc())
        .limit(most)
    )
    if lot_id is not None:
        rows = rows.where(col(NearPair.lot_id) == lot_id)
    if state is not None:
        rows = rows.where(col(NearPair.state) == state)
    if before is not None:
        rows = rows.where(col(NearPair.id) < before)
    return [Listed(*row) for row in session.execute(rows)]


@dataclass(frozen=True)
class Pair:
    """Whose a pair is, and its later item."""

    project_id: int
    item_id: int


def pair(session: Session, pair_id: int) -> Pair:
    """A pair by its number. Raises RefusedError where it is not there any more."""
    row = session.execute(
        select(col(NearPair.project_id), col(NearPair.item_id)).where(col(NearPair.id) == pair_id)
    ).first()
    if row is None:
        raise RefusedError("This pair is not there any more. Nothing was changed.")
    return Pair(row.project_id, row.item_id)


def item_called(session: Session, project_id: int, key: str) -> int:
    """The item with that id in its file. Raises RefusedError where the project has none."""
    found: int | None = session.execute(
        select(col(Item.id)).where(col(Item.project_id) == project_id, col(Item.key) == key)
    ).scalar()
    if found is None:
        shown = key if len(key) <= 100 else key[:100] + "..."
        raise RefusedError(f"The project has no item {shown!r}.")
    return found


@dataclass(frozen=True)
class Similar:
    """An item by its id in the file, how alike it is to the one that was asked about, and its texts by field."""

    item: str
    similarity: float
    fields: Mapping[str, str]


def most_like(session: Session, project_id: int, item_id: int, most: int) -> list[Similar]:
    """The items that are most like one of the project."""
    fields = session.execute(select(col(Item.fields)).where(col(Item.id) == item_id)).scalar_one()
    found = like(session, project_id, list(fields.values()), most, but=item_id)
    rows = session.execute(
        select(col(Item.id), col(Item.key), col(Item.fields)).where(col(Item.id).in_([one.item_id for one in found]))
    )
    known = {row.id: row for row in rows}
    return [Similar(known[one.item_id].key, one.similarity, known[one.item_id].fields) for one in found]
