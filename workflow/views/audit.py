"""An audit as its cards show it, and what waits for auditors in App Home."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Audit, AuditDesign, AuditState, Finding, History, Member, Person, Project, Role, plain
from workflow import calendar
from workflow.audit import listing, plan, scope
from workflow.audit.answering import OPEN
from workflow.views.audit_repair import repair_view
from workflow.views.finding import progress


def audit_view(session: Session, audit_id: int) -> dict[str, Any] | None:
    """What a card of an audit says; None where there is none. ``words``: what the sample means before it is judged,
    ``which_blind``: which items, for who has yet to answer,
    ``result`` what was found, ``repair`` what is or may be done about a failed lot. How many are wrong is told at its end
    only: auditors read the card too.
    """
    row = session.execute(_head(audit_id)).first()
    if row is None:
        return None
    targeted, which = row.design is AuditDesign.TARGETED, scope.read(row.scope)
    return {
        "id": audit_id,
        "version": row.version,
        "project_id": row.project_id,
        "project": row.name,
        "state": row.state.value,
        "design": row.design.value,
        "which": listing.in_words(session, row.project_id, which, targeted=targeted),
        "which_blind": listing.in_words(session, row.project_id, which, targeted=targeted, blind=True),
        "why": row.why,
        "by": row.by or "",
        "ended_by": _called_off_by(session, audit_id) if row.state is AuditState.CANCELLED else "",
        "population": row.population,
        "size": row.size,
        "words": _words(row),
        "tiers": row.tiers if len(row.tiers) > 1 else [],
        "again_of": row.again_of_id or 0,
        "due": calendar.in_words(row.due_at, row.time_zone) if row.due_at else "",
        "zone": row.time_zone,
        "result": row.result,
        "repair": repair_view(session, audit_id),
        "auditors": has_auditors(session, row.project_id),
        **{name: count for name, count in progress(session, audit_id).items() if name != "size"},
    }


def _head(audit_id: int) -> Any:
    kept = [column for column in plain(Audit).c if column.name != "members"]
    return (
        select(*kept, col(Project.name), col(Project.time_zone), col(Person.name).label("by"))
        .select_from(Audit)
        .join(Project, col(Project.id) == col(Audit.project_id))
        .outerjoin(Person, col(Person.id) == col(Audit.by_id))
        .where(col(Audit.id) == audit_id)
    )


def _words(row: Any) -> str:
    if not row.size:
        return ""
    tiers: Sequence[Any] = row.tiers
    populations, sizes = [tier["population"] for tier in tiers], [tier["size"] for tier in tiers]
    return plan.in_words(plan.read(row.plan), populations, sizes, row.accept_number)


def _called_off_by(session: Session, audit_id: int) -> str:
    found: str | None = session.execute(
        select(col(Person.name))
        .join(History, col(History.actor_id) == col(Person.id))
        .where(col(History.subject) == "audit", col(History.subject_id) == audit_id)
        .where(col(History.action) == "audit.cancelled")
        .order_by(col(History.id).desc())
        .limit(1)
    ).scalar()
    return found or ""


def has_auditors(session: Session, project_id: int) -> bool:
    """Whether a project has an auditor; else its leads judge."""
    active = (
        select(col(Person.id))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Member.project_id) == project_id, col(Member.role) == Role.AUDITOR, col(Person.active))
    )
    return session.execute(active.limit(1)).first() is not None


def waiting_audits(session: Session, project_id: int) -> dict[str, int]:
    """What runs in a project: ``audits``, how many; ``left``, items to judge in all of them; ``first``, the id of the one
    that is due first, 0 for none.
    """
    rows = session.execute(
        select(col(Audit.id), func.count(col(Finding.id)).label("left"))
        .join(Finding, col(Finding.audit_id) == col(Audit.id))
        .where(col(Audit.project_id) == project_id, col(Audit.state) == AuditState.RUNNING)
        .where(col(Finding.state).in_(OPEN))
        .group_by(col(Audit.id), col(Audit.due_at))
        .order_by(col(Audit.due_at), col(Audit.id))
    ).all()
    return {"audits": len(rows), "left": sum(row.left for row in rows), "first": rows[0].id if rows else 0}


def audit_version(session: Session, audit_id: int) -> int | None:
    """The version of what an audit's card shows."""
    found = session.execute(select(col(Audit.version)).where(col(Audit.id) == audit_id)).scalar()
    return int(found) if found is not None else None


def hold_audit(session: Session, audit_id: int) -> None:
    """Wait for whoever is changing the audit, and let nobody change it until the session ends."""
    session.execute(select(col(Audit.id)).where(col(Audit.id) == audit_id).with_for_update(read=True))
