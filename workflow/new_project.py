"""Making a project from chat: who may, once for each form, and what its maker is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Member, Outbox, Person, Project, Role
from workflow import outbox, people, project_form, projects
from workflow.errors import NotAllowedError, RefusedError
from workflow.project_form import FormError
from workflow.project_yaml import as_yaml

ANYBODY, LEADS = "anybody", "leads"
CARD = "project"


def require(session: Session, slack_id: str, who: str) -> None:
    """Raise NotAllowedError, saying who can, where only leads and managers may make projects and this is none of them.

    ``who`` is ``anybody`` (in the workspace) or ``leads`` (of whatever project there is).
    """
    if who == ANYBODY:
        return
    rows = session.execute(
        select(col(Person.slack_id), col(Person.name))
        .join(Member, col(Member.person_id) == col(Person.id))
        .where(col(Person.active), col(Person.problem).is_(None), col(Member.role).in_((Role.LEAD, Role.MANAGER)))
        .distinct()
        .order_by(col(Person.name))
    ).all()
    if slack_id not in [row.slack_id for row in rows]:
        names = ", ".join(f"@{row.name}" for row in rows[:5])
        ask = f"ask {names}" if names else "nobody is one yet, and the command line can make the first project"
        raise NotAllowedError(f"Only the leads and managers of a project can make another one here: {ask}.")


def make(session: Session, form: Mapping[str, Any], slack_id: str, asked: str, now: datetime) -> int | None:
    """Make the project that a form describes, and tell its maker; its id, or None where this form has made it already.

    ``asked`` tells one form from another. Raises FormError with all faults by field.
    """
    key = f"project:{asked}"
    if _is_made(session, key):
        return None
    spec, faults = project_form.new_project(form, slack_id)
    name = str(form.get("name") or "")
    if session.execute(select(col(Project.id)).where(col(Project.name) == name)).first():
        faults = {**faults, "name": f"There is a project {name} already: choose another name."}
    if spec is None or faults:
        raise FormError(faults)
    maker = people.named(session, slack_id)
    try:
        project_id = projects.create(session, spec, now, maker).project_id
    except RefusedError as error:
        # Somebody took the name in this very moment: perhaps the same form, sent twice.
        if _is_made(session, key):
            return None
        raise FormError({"name": str(error)}) from None
    outbox.put(
        session, now, key, "project_made", outbox.To(person_id=maker), {"id": project_id}, card=(CARD, project_id)
    )
    return project_id


def told(session: Session) -> dict[int, list[str]]:
    """What the cards of projects that were made in chat say, for ``tell_anew`` to compare with."""
    subjects = [f"{CARD}:{project_id}" for project_id in session.execute(select(col(Project.id))).scalars()]
    with_card = select(col(Outbox.subject_id)).where(col(Outbox.subject).in_(subjects), col(Outbox.card_kind) == CARD)
    return {
        project_id: [*projects.open_points(session, project_id), as_yaml(session, project_id)]
        for project_id in session.execute(with_card.distinct().order_by(col(Outbox.subject_id))).scalars().all()
        if project_id is not None
    }


def tell_anew(session: Session, before: Mapping[int, list[str]], now: datetime) -> None:
    """Rewrite the cards that said something else before."""
    for project_id, says in told(session).items():
        if says != before.get(project_id, says):
            mine = col(Project.id) == project_id
            session.execute(update(Project).where(mine).values(version=col(Project.version) + 1))
            rewrite(session, project_id, now)


def rewrite(session: Session, project_id: int, now: datetime) -> None:
    """Show the project as it is now on the card that its maker has."""
    version = session.execute(select(col(Project.version)).where(col(Project.id) == project_id)).scalar_one()
    outbox.rewrite(session, now, CARD, project_id, version, "project_made")


def _is_made(session: Session, key: str) -> bool:
    return session.execute(select(col(Outbox.id)).where(col(Outbox.key) == key)).first() is not None
