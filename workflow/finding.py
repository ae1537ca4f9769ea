"""Which project somebody means."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Channel, Member, Person, Project, Role
from workflow import projects
from workflow.errors import NotAllowedError, RefusedError


def project_for(session: Session, slack_id: str, words: Sequence[str], channel: str | None, *roles: Role) -> int:
    """The project that is named; else the one whose channel this is; else the only one in which the person has a role.

    Raises RefusedError that lists the projects where it is not clear, NotAllowedError where there is none. The caller
    still checks the role in the project that is found.
    """
    if len(words) > 1:
        raise RefusedError(f"“{' '.join(words)[:100]}” is more than a project's name.")
    if words:
        return projects.by_name(session, words[0].lower())
    here = list(session.execute(select(col(Channel.project_id)).where(col(Channel.slack_id) == channel)).scalars())
    mine = session.execute(
        select(col(Project.id), col(Project.name))
        .join(Member, col(Member.project_id) == col(Project.id))
        .join(Person, col(Person.id) == col(Member.person_id))
        .where(col(Person.slack_id) == slack_id, col(Person.active), col(Member.role).in_(roles))
        .distinct()
        .order_by(col(Project.name))
    ).all()
    if len(set(here)) == 1:
        return int(here[0])
    if len(mine) == 1:
        return int(mine[0].id)
    if not mine:
        raise NotAllowedError(f"This takes the role {' or '.join(roles)} in a project, and you have it in none.")
    raise RefusedError("Which project? Say its name after the command: " + ", ".join(row.name for row in mine) + ".")
