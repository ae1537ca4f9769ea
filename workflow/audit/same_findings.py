"""Findings of audits that say the same, of three items or more: then the guideline is at fault rather than people.

The same: one label found wrong where another one is right, or what one section says found unclear. Findings count since the
version in force, of items decided under its rules, once their audit has ended: auditors read the leads' channel too.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import (
    Audit,
    AuditState,
    AuditVerdict,
    Finding,
    FindingState,
    Guideline,
    Item,
    LabelValue,
    Outbox,
    Project,
    Purpose,
    plain,
)
from workflow import outbox

TEMPLATE = "same_findings"
ENOUGH = 3
UNDER_WAY = (AuditState.DRAWING, AuditState.RUNNING)
_in_force, _decided = plain(Guideline).alias("in_force"), plain(Guideline).alias("decided")


@dataclass(frozen=True)
class Group:
    """Findings that say the same, since a version; ``finding_id`` is the first of them."""

    key: str
    project_id: int
    finding_id: int


@dataclass(frozen=True)
class Equal:
    """One of them. ``value`` and ``correct`` are titles of labels, ``correct`` empty where the guideline is unclear."""

    finding_id: int
    item_id: int
    key: str
    verdict: AuditVerdict
    value: str
    correct: str
    correct_id: int | None
    section: str
    note: str


def tell(store: Store, now: datetime) -> int:
    """The clock's step: say in the leads channel what is found again and again, once for each version; how often."""
    with store.read() as session:
        found = [*_wrong(session), *_unclear(session)]
        keys = select(col(Outbox.key)).where(col(Outbox.key).in_([one.key for one in found]))
        told = set(session.execute(keys).scalars()) if found else set()
    new = [one for one in found if one.key not in told]
    if new:
        store.transact(partial(_say, groups=new, now=now))
    return len(new)


def equal(session: Session, finding_id: int) -> list[Equal]:
    """The findings that say the same as this one, it among them, as they were judged; each item once.

    They count from the version that was in force when this one was judged. Empty where there is no such finding.
    """
    one = session.execute(select(*plain(Finding).c).where(col(Finding.id) == finding_id)).first()
    if one is None or one.judged_at is None:
        return []
    version = (
        select(col(Guideline.id))
        .where(col(Guideline.project_id) == one.project_id, col(Guideline.at) <= one.judged_at)
        .order_by(col(Guideline.id).desc())
        .limit(1)
    )
    alike = (
        and_(col(Finding.value_id) == one.value_id, col(Finding.correct_id) == one.correct_id)
        if one.verdict is AuditVerdict.WRONG
        else col(Finding.section) == one.section
    )
    rows = session.execute(
        _listed()
        .where(_in_force.c.id == version.scalar_subquery(), col(Finding.project_id) == one.project_id)
        .where(*_counting(one.verdict), alike)
    )
    by_item: dict[int, Equal] = {}
    for row in rows:
        by_item.setdefault(row.item_id, Equal(*row))
    return list(by_item.values())


def _listed() -> Any:
    right = plain(LabelValue).alias("right_value")
    return (
        select(
            col(Finding.id),
            col(Finding.item_id),
            col(Item.key),
            col(Finding.verdict),
            col(LabelValue.title),
            func.coalesce(right.c.title, ""),
            col(Finding.correct_id),
            col(Finding.section),
            col(Finding.note),
        )
        .select_from(Finding)
        .join(Audit, col(Audit.id) == col(Finding.audit_id))
        .join(Item, col(Item.id) == col(Finding.item_id))
        .join(LabelValue, col(LabelValue.id) == col(Finding.value_id))
        .outerjoin(right, right.c.id == col(Finding.correct_id))
        .join(_in_force, _in_force.c.project_id == col(Finding.project_id))
        .outerjoin(_decided, _decided.c.id == col(Finding.guideline_id))
        .order_by(col(Finding.id))
    )


def _counting(verdict: AuditVerdict) -> list[ColumnElement[bool]]:
    """What counts: judged since the version, in an audit that ended, of an item that was decided by the same rules."""
    said = col(Finding.correct_id).is_not(None) if verdict is AuditVerdict.WRONG else col(Finding.section) != ""
    return [
        col(Finding.state) == FindingState.JUDGED,
        col(Finding.verdict) == verdict,
        said,
        col(Finding.judged_at) >= _in_force.c.at,
        col(Audit.state).not_in(UNDER_WAY),
        or_(_decided.c.id.is_(None), _decided.c.major == _in_force.c.major),
    ]


def _grouped(verdict: AuditVerdict, *by: Any) -> Any:
    return (
        select(col(Finding.project_id), col(Project.guideline_id), func.min(col(Finding.id)).label("first"), *by)
        .select_from(Finding)
        .join(Audit, col(Audit.id) == col(Finding.audit_id))
        .join(Project, col(Project.id) == col(Finding.project_id))
        .join(_in_force, _in_force.c.id == col(Project.guideline_id))
        .outerjoin(_decided, _decided.c.id == col(Finding.guideline_id))
        .where(*_counting(verdict))
        .group_by(col(Finding.project_id), col(Project.guideline_id), *by)
        .having(func.count(func.distinct(col(Finding.item_id))) >= ENOUGH)
        .order_by(func.min(col(Finding.id)))
    )


def _wrong(session: Session) -> list[Group]:
    rows = session.execute(_grouped(AuditVerdict.WRONG, col(Finding.value_id), col(Finding.correct_id)))
    return [
        Group(f"{TEMPLATE}:{row.guideline_id}:wrong:{row.value_id}:{row.correct_id}", row.project_id, row.first)
        for row in rows
    ]


def _unclear(session: Session) -> list[Group]:
    rows = session.execute(_grouped(AuditVerdict.UNCLEAR, col(Finding.section)))
    return [
        Group(f"{TEMPLATE}:{row.guideline_id}:unclear:{_mark(row.section)}", row.project_id, row.first) for row in rows
    ]


def _mark(section: str) -> str:
    """What stands for a section in a key: its title may be longer than that."""
    return hashlib.sha256(section.encode()).hexdigest()[:20]


def _say(session: Session, groups: Sequence[Group], now: datetime) -> None:
    for group in groups:
        leads = outbox.To(project_id=group.project_id, purpose=Purpose.LEADS)
        outbox.put(session, now, group.key, TEMPLATE, leads, {"id": group.finding_id})
