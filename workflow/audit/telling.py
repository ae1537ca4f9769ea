"""What is said of an audit: its card for the leads and the auditors, and what nobody can go on with.

Card kind ``audit``, subject the audit's id, template ``audit``: one copy in the leads channel, one with each auditor.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Audit, Project, Purpose, Role
from workflow import outbox, people

KIND = "audit"
TEMPLATE = "audit"


def drawn(session: Session, project_id: int, audit_id: int, now: datetime) -> None:
    """Post the audit's card to the leads channel and to every auditor; leads are asked there where nobody audits."""
    auditors = [
        one.person_id for one in people.members(session, project_id) if one.active and Role.AUDITOR in one.roles
    ]
    to = [outbox.To(project_id=project_id, person_id=person_id) for person_id in auditors]
    for recipient in [outbox.To(project_id=project_id, purpose=Purpose.LEADS), *to]:
        outbox.put(
            session,
            now,
            f"audit:{audit_id}:{recipient.person_id or 'leads'}",
            TEMPLATE,
            recipient,
            {"id": audit_id},
            card=(KIND, audit_id),
        )


def changed(session: Session, audit_id: int, now: datetime) -> None:
    """Something on the audit's card changed: every copy is rewritten. The caller holds the audit, or is about to commit."""
    version = session.execute(
        update(Audit)
        .where(col(Audit.id) == audit_id)
        .values(version=col(Audit.version) + 1)
        .returning(col(Audit.version))
    ).scalar_one()
    outbox.rewrite(session, now, KIND, audit_id, version, TEMPLATE)


def say(session: Session, project_id: int, audit_id: int, key: str, message: str, now: datetime) -> None:
    """Say something about an audit in the leads channel, once by its ``key``."""
    name = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar_one()
    outbox.put(
        session,
        now,
        f"audit:{audit_id}:{key}",
        "said",
        outbox.To(project_id=project_id, purpose=Purpose.LEADS),
        {"message": f"Audit {audit_id} of {name}: {message}"},
    )
