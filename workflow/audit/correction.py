"""What an auditor's verdict asks for, and what a wrong label becomes."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import AuditVerdict, EscalationReason, Item, Severity
from workflow.audit.locked import Held
from workflow.cases import correcting, decision
from workflow.cases.decision import Details, is_blank
from workflow.errors import RefusedError


@dataclass(frozen=True)
class Verdict:
    """What an auditor found of a label; ``correct_id`` and ``severity`` belong to a wrong one."""

    verdict: AuditVerdict
    severity: Severity | None = None
    correct_id: int | None = None
    reason_code: str = ""
    section: str = ""
    note: str = ""


def checked(session: Session, held: Held, found: Verdict) -> Verdict:
    """The verdict as it is kept. Raises RefusedError where something is missing or does not fit."""
    kept = decision.checked(session, held.project_id, Details(found.reason_code, found.section))
    found = replace(found, section=kept.section)
    if found.verdict is AuditVerdict.UNCLEAR and is_blank(found.note) and not found.section:
        raise RefusedError("Say what is unclear: choose the section of the guideline, or write a note.")
    if found.verdict is not AuditVerdict.WRONG:
        return replace(found, severity=None, correct_id=None)
    if found.severity is None:
        raise RefusedError("Say how bad it is: minor, major or critical.")
    if found.correct_id is None or found.correct_id == held.value_id:
        raise RefusedError("Choose the label that is right. Where the one in force is, the verdict is “right”.")
    if is_blank(found.note):
        raise RefusedError("A wrong label needs a note: the people who labelled the item will read it.")
    decision.check_value(session, held.project_id, found.correct_id)
    return found


def apply(session: Session, held: Held, person_id: int, found: Verdict, now: datetime) -> int | None:
    """Correct a wrong label where the item still has it; the ruling's id. What has changed meanwhile stays as it is."""
    if found.correct_id is None or held.item.state not in correcting.CORRECTABLE:
        return None
    stands = session.execute(select(col(Item.final_value_id)).where(col(Item.id) == held.item.id)).scalar()
    if stands != held.value_id:
        return None
    details = Details(found.reason_code, found.section)
    return correcting.correct(
        session, held.item, person_id, found.correct_id, found.note, details, EscalationReason.AUDIT, now
    )
