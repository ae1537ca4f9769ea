"""Who is in a project and what they may do; asked at every click."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select
from sqlmodel import Session, col

from storage.tables import Member, Person, Project, Role, plain
from workflow import naming
from workflow.errors import NotAllowedError, RefusedError


@dataclass(frozen=True)
class Membership:
    """A person of a project, for lists."""

    person_id: int
    name: str
    handle: str | None
    slack_id: str | None
    roles: tuple[Role, ...]
    active: bool
    problem: str | None

    @property
    def called(self) -> str:
        """How to name the person in a command: ``@name``, or the e-mail address or id that is all one knows."""
        only_key = self.name == self.slack_id or "@" in self.name
        return self.name if only_key else f"@{self.name}"


def roles(session: Session, project_id: int, slack_id: str) -> set[Role]:
    """What somebody may do in a project; nothing for a stranger or a deactivated account."""
    return set(
        session.execute(
            select(col(Member.role))
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(col(Member.project_id) == project_id, col(Person.slack_id) == slack_id, col(Person.active))
        ).scalars()
    )


def require(session: Session, project_id: int, slack_id: str, *wanted: Role) -> int:
    """The person behind a Slack id, who has one of the wanted roles. Raises NotAllowedError that says who can."""
    person_id: int | None = session.execute(
        select(col(Person.id))
        .join(Member, col(Person.id) == col(Member.person_id))
        .where(
            col(Member.project_id) == project_id,
            col(Person.slack_id) == slack_id,
            col(Person.active),
            col(Member.role).in_(wanted),
        )
        .limit(1)
    ).scalar()
    if person_id is None:
        raise NotAllowedError(_who_can(session, project_id, wanted))
    return person_id


def serves(project_id: Any, person_id: Any, wanted: Collection[Role]) -> ColumnElement[bool]:
    """SQL: whether somebody has one of the wanted roles in a project, and an account that is active; both columns or ids."""
    member, person = plain(Member).alias("serving"), plain(Person).alias("serving_person")
    return (
        select(member.c.person_id)
        .where(member.c.project_id == project_id, member.c.person_id == person_id, member.c.role.in_(wanted))
        .where(person.c.id == member.c.person_id, person.c.active)
        .correlate_except(member, person)
        .exists()
    )


def members(session: Session, project_id: int) -> list[Membership]:
    """Everybody in a project, by name."""
    found: dict[int, Membership] = {}
    rows = session.execute(
        select(
            col(Person.id),
            col(Person.name),
            col(Person.handle),
            col(Person.slack_id),
            col(Person.active),
            col(Person.problem),
            col(Member.role),
        )
        .join(Member, col(Person.id) == col(Member.person_id))
        .where(col(Member.project_id) == project_id)
    )
    for person_id, name, handle, slack_id, active, problem, role in rows:
        before = found[person_id].roles if person_id in found else ()
        found[person_id] = Membership(
            person_id, name, handle, slack_id, ordered({*before, role}), bool(active), problem
        )
    return sorted(found.values(), key=lambda member: (member.name.casefold(), member.person_id))


def find(session: Session, project_id: int, user: str) -> int:
    """The member whom ``@name``, an e-mail address or a Slack id means. Raises RefusedError naming who is there."""
    known = members(session, project_id)
    wanted = _read(user)
    for member in known:
        if wanted.key in (member.slack_id, member.handle):
            return member.person_id
    same_name = [member.person_id for member in known if f"@{member.name.casefold()}" == wanted.key]
    if len(same_name) == 1:
        return same_name[0]
    there = ", ".join(member.called for member in known) or "nobody yet"
    raise RefusedError(f"{user} is not in this project. In it: {there}.")


def known(session: Session, user: str) -> int:
    """Somebody of any project, or of none any more, whom ``@name``, an e-mail address or a Slack id means.

    Raises RefusedError where nobody is known by it, or several are.
    """
    wanted = _read(user)
    there = session.execute(
        select(col(Person.id), col(Person.name), col(Person.handle), col(Person.slack_id)).where(
            col(Person.forgotten_at).is_(None)
        )
    ).all()
    for row in there:
        if wanted.key in (row.slack_id, row.handle):
            return int(row.id)
    same = [row for row in there if f"@{row.name.casefold()}" == wanted.key]
    if len(same) == 1:
        return int(same[0].id)
    if same:
        several = ", ".join(f"{row.name} ({row.slack_id or row.handle})" for row in same[:10])
        raise RefusedError(f"Several people are called {user}: {several}. Use the Slack id.")
    raise RefusedError(f"Nobody is known here as {user}. Use @name, the e-mail address or the Slack id.")


def named(session: Session, user: str) -> int:
    """The person by that name or id, made where nobody is known by it yet. Raises RefusedError for no name at all."""
    wanted = _read(user)
    where = col(Person.slack_id) == wanted.slack_id if wanted.slack_id else col(Person.handle) == wanted.handle
    person_id: int | None = session.execute(select(col(Person.id)).where(where)).scalar()
    if person_id is not None:
        return person_id
    fresh = insert(Person).values(name=wanted.shown, slack_id=wanted.slack_id, handle=wanted.handle, active=True)
    made: int = session.execute(fresh.returning(col(Person.id))).scalar_one()
    return made


def _read(user: str) -> naming.Named:
    try:
        return naming.person(user)
    except ValueError as error:
        raise RefusedError(f"{error}.") from None


def _who_can(session: Session, project_id: int, wanted: tuple[Role, ...]) -> str:
    project = session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar()
    if project is None:
        return "This project does not exist (any more). Nothing was changed."
    asked = " or ".join(f"{'an' if role[0] == 'a' else 'a'} {role}" for role in wanted)
    people = [
        member.called
        for member in members(session, project_id)
        if member.active and not member.problem and set(member.roles) & set(wanted)
    ]
    ask = f"ask {_listed(people)}" if people else "nobody is one yet; a lead or the command line can add somebody"
    return f"Only {asked} of {project} can do this: {ask}."


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 5 else [*names[:5], "others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def ordered(roles: Iterable[Role]) -> tuple[Role, ...]:
    """Roles in the order of the ladder, each once."""
    wanted = set(roles)
    return tuple(role for role in Role if role in wanted)
