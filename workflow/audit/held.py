"""An item that an auditor has open: they go on with it, or give it back."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Audit, AuditState, Finding, FindingState, Person, plain
from workflow import people, quality_rules
from workflow.audit.answering import AUDITORS, OPEN
from workflow.errors import RefusedError

NO_AUDIT = "This audit does not exist (any more)."
NOT_YOURS = "This item is not with you any more: the time for it was over, or the audit has ended."


class NotYoursError(RefusedError):
    """An item is with somebody else by now, or done."""


def project_of(session: Session, audit_id: int) -> int:
    """Whose audit it is. Raises RefusedError where there is no such audit."""
    found: int | None = session.execute(select(col(Audit.project_id)).where(col(Audit.id) == audit_id)).scalar()
    if found is None:
        raise RefusedError(NO_AUDIT)
    return found


def hold_on(session: Session, slack_id: str, finding_id: int, now: datetime) -> None:
    """Somebody goes on with the item that they have: their time begins anew.

    Raises RefusedError where it is not with them any more, NotAllowedError for who does not audit in the project.
    """
    held = _theirs(session, slack_id, finding_id)
    lease = now + timedelta(seconds=quality_rules.of_project(session, held.project_id).review.lease)
    session.execute(update(Finding).where(col(Finding.id) == finding_id).values(lease_until=lease))


def release(session: Session, slack_id: str, finding_id: int, now: datetime) -> None:
    """Give an item back; what was answered blind stays, for who comes back before somebody else takes it.

    Nothing happens where it is with nobody or with somebody else by now. Raises NotAllowedError as ``hold_on`` does.
    """
    try:
        held = _theirs(session, slack_id, finding_id)
    except NotYoursError:
        return
    free: dict[str, Any] = {"auditor_id": None, "lease_until": None}
    if held.state is FindingState.ANSWERED:
        free = {"lease_until": now}
    session.execute(update(Finding).where(col(Finding.id) == finding_id).values(**free))


def is_judged_by(session: Session, slack_id: str, finding_id: int) -> bool:
    """Whether it was this person who judged an item: what comes twice from them needs no remark."""
    mine = (
        select(col(Finding.id))
        .join(Person, col(Person.id) == col(Finding.auditor_id))
        .where(col(Finding.id) == finding_id, col(Finding.state) == FindingState.JUDGED)
        .where(col(Person.slack_id) == slack_id)
    )
    return session.execute(mine).first() is not None


def _theirs(session: Session, slack_id: str, finding_id: int) -> Any:
    finding, audit = plain(Finding).c, plain(Audit).c
    row = session.execute(
        select(finding.project_id, finding.state, finding.auditor_id, finding.lease_until, audit.state.label("audit"))
        .join(plain(Audit), audit.id == finding.audit_id)
        .where(finding.id == finding_id)
        .with_for_update(of=plain(Finding), key_share=True)
    ).first()
    if row is None:
        raise NotYoursError("This item of the audit does not exist (any more).")
    person_id = people.require(session, row.project_id, slack_id, *AUDITORS)
    theirs = row.auditor_id == person_id and row.lease_until is not None and row.state in OPEN
    if not theirs or row.audit is not AuditState.RUNNING:
        raise NotYoursError(NOT_YOURS)
    return row
