"""A new version is told: to the team at once, and then to everybody who has to read it, by the clock."""

from datetime import datetime
from functools import partial

from sqlalchemy import exists, select, update
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Acknowledgement, Guideline, Lane, Person, Project, Purpose, plain
from workflow import outbox, waiting
from workflow.guidelines import dating
from workflow.guidelines.acknowledgement import required

CARD = "acknowledgement"
CHUNK = 250
"""People asked in one transaction, with up to four rows each: theirs, their message, their former one and its card."""


def announce(session: Session, guideline_id: int, now: datetime) -> None:
    """Tell the team channel of a version that has just come into effect, and pin that at its top.

    Nothing is written for each person: the clock asks them, ``ask_people``.
    """
    project_id: int = session.execute(
        select(col(Guideline.project_id)).where(col(Guideline.id) == guideline_id)
    ).scalar_one()
    team = outbox.To(project_id=project_id, purpose=Purpose.TEAM)
    outbox.put(session, now, key(guideline_id), "announcement", team, {"id": guideline_id}, lane=Lane.URGENT)
    outbox.pin(session, now, team, head=key(guideline_id), place=f"guideline:{project_id}")
    waiting.wake(session)


def key(guideline_id: int) -> str:
    """The key of a version's announcement, which is the head of its thread."""
    return f"announcement:{guideline_id}"


def ask_people(store: Store, now: datetime) -> int:
    """Ask everybody to read the version that their project wants read, who was not asked yet; how many.

    Who joins later is asked by the next look, who left is not. The clock's step.
    """
    asked = 0
    for project_id, guideline_id in wanted(store):
        before = asked
        while some := store.transact(partial(_ask_some, project_id=project_id, guideline_id=guideline_id, now=now)):
            asked += some
        if asked > before:
            dating.date_batches(store, project_id)
    return asked


def wanted(store: Store) -> list[tuple[int, int]]:
    """Projects that want a version read, with that version."""
    version = required.to_read(col(Project.id))
    with store.read() as session:
        rows = session.execute(
            select(col(Project.id), version.label("version")).where(version.is_not(None)).order_by(col(Project.id))
        )
        return [(row.id, row.version) for row in rows]


def _ask_some(session: Session, project_id: int, guideline_id: int, now: datetime) -> int:
    asked = exists().where(
        col(Acknowledgement.guideline_id) == guideline_id, col(Acknowledgement.person_id) == col(Person.id)
    )
    people = session.execute(
        select(col(Person.id))
        .where(required.is_reader(project_id, plain(Person).c), ~asked)
        .order_by(col(Person.id))
        .limit(CHUNK)
    )
    person_ids = list(people.scalars())
    if not person_ids:
        return 0
    _draw_former_anew(session, project_id, person_ids, now)
    made = _add(session, project_id, guideline_id, person_ids, now)
    messages = [message(acknowledgement_id, person_id, project_id) for acknowledgement_id, person_id in made]
    outbox.put_all(session, now, CARD, messages, lane=Lane.BULK)
    return len(person_ids)


def _add(
    session: Session, project_id: int, guideline_id: int, person_ids: list[int], now: datetime
) -> list[tuple[int, int]]:
    """The rows of people who are asked: (id, person)."""
    fresh = {"project_id": project_id, "guideline_id": guideline_id, "asked_at": now}
    fresh |= {"wrong": 0, "reminders": 0, "version": 0}
    statement = outbox.insert_or_skip(session, Acknowledgement, ["guideline_id", "person_id"])
    session.connection().execute(statement, [{**fresh, "person_id": person_id} for person_id in person_ids])
    made = session.execute(
        select(col(Acknowledgement.id), col(Acknowledgement.person_id))
        .where(col(Acknowledgement.guideline_id) == guideline_id, col(Acknowledgement.person_id).in_(person_ids))
        .order_by(col(Acknowledgement.id))
    )
    return [(row.id, row.person_id) for row in made]


def message(acknowledgement_id: int, person_id: int, project_id: int, again: str = "") -> outbox.Message:
    """The card that asks somebody to read a version; ``again`` tells one that comes once more from all others."""
    key = f"{CARD}:{acknowledgement_id}" + (f":{again}" if again else "")
    to = outbox.To(project_id=project_id, person_id=person_id)
    return outbox.Message(key, to, {"id": acknowledgement_id}, (CARD, acknowledgement_id))


def _draw_former_anew(session: Session, project_id: int, person_ids: list[int], now: datetime) -> None:
    """Cards of an earlier version say that there is another one to read now."""
    rows = session.execute(
        update(Acknowledgement)
        .where(
            col(Acknowledgement.project_id) == project_id,
            col(Acknowledgement.person_id).in_(person_ids),
            col(Acknowledgement.acknowledged_at).is_(None),
        )
        .values(version=col(Acknowledgement.version) + 1)
        .returning(col(Acknowledgement.id), col(Acknowledgement.version))
    ).all()
    outbox.rewrite_all(session, now, CARD, {row.id: row.version for row in rows}, CARD, lane=Lane.BULK)
