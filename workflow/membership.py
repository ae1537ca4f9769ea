"""Joining and leaving a project, and changing roles; whoever stops annotating gives their open work back."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from storage.tables import Member, Person, Role
from workflow import history, upkeep, waiting
from workflow.errors import RefusedError
from workflow.guidelines.acknowledgement import acknowledging
from workflow.guidelines.acknowledgement.required import READERS
from workflow.outbox import insert_or_skip
from workflow.people import named, ordered


def add(session: Session, project_id: int, user: str, roles: Iterable[Role], now: datetime, by: int | None) -> int:
    """Give somebody roles in a project, besides those they have; the person's id.

    ``user`` is ``@name``, an e-mail address or a Slack id. Raises RefusedError where it is none of these.
    """
    person_id = named(session, user)
    before = _roles_of(session, project_id, person_id)
    _change(session, project_id, person_id, before, before | set(roles), now, by)
    return person_id


def set_roles(
    session: Session, project_id: int, person_id: int, roles: Iterable[Role], now: datetime, by: int | None
) -> None:
    """Give a member exactly these roles. Who is no longer an annotator gives their open work back.

    Raises RefusedError where no role is left, or the person is not in the project.
    """
    wanted = set(roles)
    if not wanted:
        raise RefusedError("A person needs a role. To take somebody out of the project, remove them.")
    _change(session, project_id, person_id, _present(session, project_id, person_id), wanted, now, by)


def remove(session: Session, project_id: int, person_id: int, now: datetime, by: int | None) -> None:
    """Take somebody out of a project; their open work goes back to the pool, their labels stay.

    Raises RefusedError where the person is not in the project.
    """
    _change(session, project_id, person_id, _present(session, project_id, person_id), set(), now, by)


def put(
    session: Session, project_id: int, user: str, roles: Collection[Role], now: datetime, by: int | None
) -> tuple[str, tuple[Role, ...]]:
    """Give somebody exactly these roles, new to the project or not; none of them removes. Name and roles now.

    Raises RefusedError where somebody who is not there should be removed.
    """
    person_id = named(session, user)
    if not roles:
        remove(session, project_id, person_id, now, by)
    elif _roles_of(session, project_id, person_id):
        set_roles(session, project_id, person_id, roles, now, by)
    else:
        add(session, project_id, user, roles, now, by)
    name: str = session.execute(select(col(Person.name)).where(col(Person.id) == person_id)).scalar_one()
    return name, ordered(roles)


def deactivated(session: Session, slack_id: str, now: datetime) -> None:
    """Slack deactivated an account: their open work goes back in every project; they keep their roles, unused."""
    _switch(session, slack_id, now, active=False)


def reactivated(session: Session, slack_id: str, now: datetime) -> None:
    """Slack has the account back."""
    _switch(session, slack_id, now, active=True)


def _present(session: Session, project_id: int, person_id: int) -> set[Role]:
    found = _roles_of(session, project_id, person_id)
    if not found:
        raise RefusedError("This person is not in the project (any more).")
    return found


def _roles_of(session: Session, project_id: int, person_id: int) -> set[Role]:
    # The person under lock: two changes at once go one after the other.
    session.execute(select(col(Person.id)).where(col(Person.id) == person_id).with_for_update(key_share=True))
    mine = select(col(Member.role)).where(col(Member.project_id) == project_id, col(Member.person_id) == person_id)
    return set(session.execute(mine).scalars())


def _change(
    session: Session,
    project_id: int,
    person_id: int,
    before: set[Role],
    after: set[Role],
    now: datetime,
    by: int | None,
) -> None:
    if before == after:
        return
    gone = [role.value for role in before - after]
    if gone:
        session.execute(
            delete(Member).where(
                col(Member.project_id) == project_id, col(Member.person_id) == person_id, col(Member.role).in_(gone)
            )
        )
    for role in ordered(after - before):
        row = {"project_id": project_id, "person_id": person_id, "role": role, "since": now}
        session.execute(insert_or_skip(session, Member, ["project_id", "person_id", "role"]).values(**row))
    action = "person.added" if not before else "person.roles" if after else "person.removed"
    history.note(
        session,
        now,
        action,
        "person",
        person_id,
        project_id=project_id,
        actor_id=by,
        before={"roles": list(ordered(before))},
        after={"roles": list(ordered(after))},
    )
    if Role.ANNOTATOR in before - after:
        upkeep.release_person(session, project_id, person_id, now, actor=by)
    if Role.ANNOTATOR in after - before:
        upkeep.person_joined(session, project_id)
    if set(READERS) & after and not set(READERS) & before:
        acknowledging.came_back(session, project_id, person_id, now)
    if Role.AUDITOR in after - before:
        waiting.wake(session)


def _switch(session: Session, slack_id: str, now: datetime, *, active: bool) -> None:
    found = session.execute(
        select(col(Person.id), col(Person.active))
        .where(col(Person.slack_id) == slack_id)
        .with_for_update(key_share=True)
    ).one_or_none()
    if found is None or found.active == active:
        return
    session.execute(update(Person).where(col(Person.id) == found.id).values(active=active))
    action = "person.reactivated" if active else "person.deactivated"
    history.note(session, now, action, "person", found.id, before={"active": not active}, after={"active": active})
    if active:
        reads_in = select(col(Member.project_id)).where(
            col(Member.person_id) == found.id, col(Member.role).in_(READERS)
        )
        for project_id in session.execute(reads_in.distinct().order_by(col(Member.project_id))).scalars().all():
            acknowledging.came_back(session, project_id, found.id, now)
    works_in = select(col(Member.project_id)).where(
        col(Member.person_id) == found.id, col(Member.role) == Role.ANNOTATOR
    )
    for project_id in session.execute(works_in.order_by(col(Member.project_id))).scalars().all():
        if active:
            upkeep.person_joined(session, project_id)
        else:
            upkeep.release_person(session, project_id, found.id, now)
