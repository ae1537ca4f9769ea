"""What the form for an audit offers to choose from: found without reading every item."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Assignment, Item, LabelValue, Lot, LotState, Person
from workflow.guidelines import versions
from workflow.guidelines.proposals import segments

MOST = 99
"""So many a select offers besides “any”; for more there is ``concord audit start``."""
NEWEST_LOTS = 10
LOOKED_INTO = 100
"""Items of a lot: lines of JSON need not all have the same names."""


@dataclass(frozen=True)
class Option:
    """One of a list: ``value`` names it in the form, ``means`` is what it stands for (an id, or a name)."""

    value: str
    title: str
    means: Any


def people(session: Session, project_id: int) -> list[Option]:
    """Everybody who has given a label, whether they are still in the project or not."""
    place = (
        select(col(Assignment.id))
        .where(col(Assignment.person_id) == col(Person.id), col(Assignment.project_id) == project_id)
        .where(col(Assignment.value_id).is_not(None))
        .correlate(Person)
    )
    found = select(col(Person.id), col(Person.name)).where(place.exists()).order_by(col(Person.name), col(Person.id))
    return [Option(str(row.id), row.name, row.id) for row in session.execute(found.limit(MOST))]


def labels(session: Session, project_id: int) -> list[Option]:
    """The labels of a project, retired ones too: items may still have them."""
    mine = select(col(LabelValue.id), col(LabelValue.title)).where(col(LabelValue.project_id) == project_id)
    rows = session.execute(mine.order_by(col(LabelValue.position)).limit(MOST))
    return [Option(str(row.id), row.title, row.id) for row in rows]


def guidelines(session: Session, project_id: int) -> list[Option]:
    """The versions of the guideline, the newest first; none where there is only one."""
    found = versions.listed(session, project_id)[:MOST]
    return [Option(str(one.id), one.number, one.id) for one in found] if len(found) > 1 else []


def lots(session: Session, project_id: int) -> list[Option]:
    """The imports, the newest first; none where there is only one."""
    mine = select(col(Lot.id), col(Lot.file_name)).where(col(Lot.project_id) == project_id)
    rows = session.execute(mine.where(col(Lot.state) == LotState.COMPLETE).order_by(col(Lot.id).desc()).limit(MOST))
    found = [Option(str(row.id), f"{row.id}: {row.file_name}", row.id) for row in rows]
    return found if len(found) > 1 else []


def parts(session: Session, project_id: int) -> list[Option]:
    """The segments."""
    return [Option(mark(one), one, one) for one in segments.known(session, project_id)[:MOST]]


def columns(session: Session, project_id: int) -> list[Option]:
    """Columns that came with the latest imports and are no field of an item."""
    newest = select(col(Lot.id)).where(col(Lot.project_id) == project_id).order_by(col(Lot.id).desc())
    names: dict[str, None] = {}
    for lot_id in session.execute(newest.limit(NEWEST_LOTS)).scalars():
        some = select(col(Item.extra)).where(col(Item.lot_id) == lot_id).limit(LOOKED_INTO)
        for extra in session.execute(some).scalars():
            names |= dict.fromkeys(extra or {})
    return [Option(mark(name), name, name) for name in sorted(names) if name.strip()][:MOST]


def mark(name: str) -> str:
    """What stands for a name in a form: the name itself may be too long for it."""
    return sha256(name.encode()).hexdigest()[:20]
