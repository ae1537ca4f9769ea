"""Who is in a project: a form for leads, and what Slack tells of people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowHome
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Role
from workflow import membership, people, projects


def register(desk: Desk) -> None:
    """The form, and Slack's word that an account was deactivated or came back."""
    desk.action("people_form", open_form)
    desk.submission("people", save)
    desk.event("user_change", user_changed)


def open_form(session: Session, click: Click) -> Answer:
    """The people of a project."""
    people.require(session, click.subject_id, click.user_id, Role.LEAD)
    return OpenView("people", {"project_id": click.subject_id})


def save(session: Session, click: Click) -> Answer | list[Answer]:
    """Exactly these roles for one person; or out of the project, where that is ticked and no role is."""
    project_id, user = as_id(click.data), click.state.get("person")
    by = people.require(session, project_id, click.user_id, Role.LEAD)
    if not user:
        return Errors({"person": "Choose somebody."})
    wanted, leaves = click.state.get("roles") or [], bool(click.state.get("remove"))
    if not set(wanted) <= set(Role) or bool(wanted) == leaves:
        return Errors({"roles": "Choose the person's roles, or none and tick Remove."})
    name, roles = membership.put(session, project_id, user, [Role(role) for role in wanted], click.now, by)
    done = f"{name} is {', '.join(roles)} now." if roles else f"{name} is no longer in the project."
    said = Say("said", {"message": "\n".join([done, *projects.warnings(session, project_id)])})
    return [said, ShowHome(), ShowHome(people.named(session, user))]


def user_changed(session: Session, event: Mapping[str, Any], now: datetime) -> None:
    """An account changed: a deactivated person's open work returns to the pool."""
    user = event["user"]
    change = membership.deactivated if user.get("deleted") else membership.reactivated
    change(session, user["id"], now)
