"""What is said of an audit: its card for the leads and the auditors, and what nobody can go on with.

Card kind ``audit``: the copy in the leads channel, ``asked_audit``: the one with each auditor. The subject of both is the
audit's id, and each is drawn by the template of its name.
"""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import String, and_, cast, exists, func, literal, or_, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Card, Member, Outbox, OutboxState, Person, Project, Purpose, Role
from workflow import outbox, people

KIND, ASKED = "audit", "asked_audit"
KINDS = (KIND, ASKED)
EVERY = timedelta(minutes=1)
UNDER_WAY = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


def drawn(session: Session, project_id: int, audit_id: int, now: datetime) -> None:
    """Post the audit's card to the leads channel and to every auditor; leads are asked there where nobody audits."""
    auditors = [
        one.person_id for one in people.members(session, project_id) if one.active and Role.AUDITOR in one.roles
    ]
    _post(session, audit_id, KIND, outbox.To(project_id=project_id, purpose=Purpose.LEADS), now)
    for person_id in auditors:
        _post(session, audit_id, ASKED, outbox.To(project_id=project_id, person_id=person_id), now)


def ask_who_joined(store: Store, now: datetime) -> int:
    """The clock's step: who became an auditor after an audit was drawn is asked as the others were, once; how many."""
    key = literal("audit:").concat(cast(col(Audit.id), String)).concat(":").concat(cast(col(Person.id), String))
    with store.read() as session:
        due = session.execute(
            select(col(Audit.id), col(Audit.project_id), col(Person.id).label("person_id"))
            .join(Member, and_(col(Member.project_id) == col(Audit.project_id), col(Member.role) == Role.AUDITOR))
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(col(Audit.state) == AuditState.RUNNING, col(Person.active))
            .where(~exists().where(col(Outbox.key) == key))
            .order_by(col(Audit.id), col(Person.id))
        ).all()
    for row in due:
        to = outbox.To(project_id=row.project_id, person_id=row.person_id)
        store.transact(partial(_post, audit_id=row.id, kind=ASKED, to=to, now=now))
    return len(due)


def _post(session: Session, audit_id: int, kind: str, to: outbox.To, now: datetime) -> None:
    key = f"audit:{audit_id}:{to.person_id or 'leads'}"
    outbox.put(session, now, key, kind, to, {"id": audit_id}, card=(kind, audit_id))


def changed(session: Session, audit_id: int, now: datetime) -> None:
    """Something on the audit's cards changed: every copy is rewritten. The caller holds the audit, or is about to commit."""
    _rewrite(session, audit_id, judged(session, audit_id), now)


def judged(session: Session, audit_id: int) -> int:
    """One more item is judged: the cards say so within a minute or so; the version that they then show."""
    version: int = session.execute(
        update(Audit)
        .where(col(Audit.id) == audit_id)
        .values(version=col(Audit.version) + 1)
        .returning(col(Audit.version))
    ).scalar_one()
    return version


def keep(store: Store, now: datetime) -> int:
    """The clock's step: bring the cards of running audits up to date; of how many audits.

    A card is written once a minute at most: several auditors judge faster than Slack takes so many copies.
    """
    subject = [literal(f"{kind}:").concat(cast(col(Audit.id), String)) for kind in KINDS]
    lately = or_(col(Outbox.state).in_(UNDER_WAY), col(Outbox.created_at) > now - EVERY)
    behind = (
        select(func.min(col(Card.version)))
        .where(col(Card.kind).in_(KINDS), col(Card.subject_id) == col(Audit.id))
        .correlate(Audit)
        .scalar_subquery()
    )
    with store.read() as session:
        due = session.execute(
            select(col(Audit.id), col(Audit.version))
            .where(col(Audit.state) == AuditState.RUNNING, behind < col(Audit.version))
            .where(~exists().where(col(Outbox.subject).in_(subject), lately))
        ).all()
    for row in due:
        store.transact(partial(_rewrite, audit_id=row.id, version=row.version, now=now))
    return len(due)


def _rewrite(session: Session, audit_id: int, version: int, now: datetime) -> None:
    for kind in KINDS:
        outbox.rewrite(session, now, kind, audit_id, version, kind)


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
