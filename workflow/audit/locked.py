"""A finding under lock, with the item and the audit that it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Audit, AuditState, AuditVerdict, Finding, FindingState, Severity, plain
from workflow import places
from workflow.errors import RefusedError


@dataclass(frozen=True)
class Held:
    """A finding under lock, its item locked before it."""

    id: int
    audit_id: int
    project_id: int
    state: FindingState
    auditor_id: int | None
    lease_until: datetime | None
    value_id: int
    answer_id: int | None
    verdict: AuditVerdict | None
    severity: Severity | None
    correct_id: int | None
    audit_state: AuditState
    item: places.Locked


def lock(session: Session, finding_id: int) -> Held:
    """Lock the item, the audit and the finding, in the order that everybody keeps. Raises RefusedError where one is gone."""
    there: Any = session.execute(
        select(col(Finding.item_id), col(Finding.audit_id)).where(col(Finding.id) == finding_id)
    ).first()
    items = places.lock_items(session, [there.item_id]) if there else []
    if not items:
        raise RefusedError("This item of the audit does not exist (any more). Nothing was changed.")
    audit_state = session.execute(
        select(col(Audit.state)).where(col(Audit.id) == there.audit_id).with_for_update(key_share=True)
    ).scalar_one()
    columns = plain(Finding).c
    names = [name for name in Held.__dataclass_fields__ if name in columns]
    row: Any = session.execute(
        select(*(columns[name] for name in names)).where(columns.id == finding_id).with_for_update(key_share=True)
    ).first()
    if row is None:
        # The audit is drawn anew in this moment.
        raise RefusedError("This item of the audit does not exist (any more). Nothing was changed.")
    return Held(**row._mapping, audit_state=audit_state, item=items[0])
