"""Two rows that turn out to be one person become one."""

from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlmodel import Session, SQLModel, col

from storage.tables import Acknowledgement, Assignment, Decision, Member, Person, QueueCursor, plain
from workflow import history, upkeep
from workflow.outbox import insert_or_skip


def merge(session: Session, gone_id: int, kept_id: int, now: datetime) -> None:
    """Give everything of ``gone_id``, who was never seen in Slack, to ``kept_id``; the first row is deleted.

    Places planned for both on one item go back to the pool once.
    """
    gone = session.execute(select(Person).where(col(Person.id) == gone_id)).scalar_one()
    handle, name = gone.handle, gone.name
    _give_roles(session, gone_id, kept_id)
    _give_places(session, gone_id, kept_id, now)
    _give_guidelines(session, gone_id, kept_id)
    session.execute(delete(QueueCursor).where(col(QueueCursor.person_id) == gone_id))
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is Person.__table__.c.id:  # type: ignore[attr-defined]
                session.execute(update(table).where(key.parent == gone_id).values({key.parent: kept_id}))
    session.execute(delete(Person).where(col(Person.id) == gone_id))
    session.execute(update(Person).where(col(Person.id) == kept_id, col(Person.handle).is_(None)).values(handle=handle))
    history.note(
        session, now, "person.merged", "person", kept_id, before={"id": gone_id, "name": name, "handle": handle}
    )


def _give_roles(session: Session, gone_id: int, kept_id: int) -> None:
    had = select(col(Member.project_id), col(Member.role), col(Member.since)).where(col(Member.person_id) == gone_id)
    for row in session.execute(had).all():
        kept = {"project_id": row.project_id, "person_id": kept_id, "role": row.role, "since": row.since}
        session.execute(insert_or_skip(session, Member, ["project_id", "person_id", "role"]).values(**kept))
    session.execute(delete(Member).where(col(Member.person_id) == gone_id))


def _give_guidelines(session: Session, gone_id: int, kept_id: int) -> None:
    """What both were asked to read, or decided, stays once: as the one who is kept read or decided it."""
    read = select(col(Acknowledgement.guideline_id)).where(col(Acknowledgement.person_id) == kept_id)
    session.execute(
        delete(Acknowledgement).where(
            col(Acknowledgement.person_id) == gone_id, col(Acknowledgement.guideline_id).in_(read)
        )
    )
    kept = plain(Decision).alias()
    twin = exists().where(
        kept.c.person_id == kept_id,
        kept.c.proposal_id == col(Decision.proposal_id),
        kept.c.revision == col(Decision.revision),
        kept.c.verdict == col(Decision.verdict),
    )
    session.execute(delete(Decision).where(col(Decision.person_id) == gone_id, twin))


def _give_places(session: Session, gone_id: int, kept_id: int, now: datetime) -> None:
    taken = select(col(Assignment.item_id)).where(col(Assignment.person_id) == kept_id)
    session.execute(
        update(Assignment)
        .where(col(Assignment.person_id) == gone_id, col(Assignment.item_id).not_in(taken))
        .values(person_id=kept_id)
    )
    double = col(Assignment.person_id) == gone_id
    for project_id in session.execute(select(col(Assignment.project_id)).where(double).distinct()).scalars().all():
        upkeep.release_person(session, project_id, gone_id, now)
    session.execute(delete(Assignment).where(double))
