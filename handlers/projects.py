"""Making a project in chat, and changing one: two forms."""

from functools import partial
from typing import Any

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowHome, UpdateView
from handlers.click import Click
from handlers.desk import Desk
from storage.tables import Role
from workflow import new_project, people, project_differences, projects, saving_settings
from workflow.finding import project_for
from workflow.project_form import FormError
from workflow.saving_settings import Opened, OvertakenError


def register(desk: Desk, who_makes: str = new_project.ANYBODY) -> None:
    """The two forms when they are sent; ``who_makes``: who may make projects, anybody or leads."""
    desk.submission("project_new", partial(make, who_makes))
    desk.submission("project_settings", save)


def open_new(who_makes: str, session: Session, click: Click, _rest: list[str]) -> Answer:
    """The form for a new project."""
    new_project.require(session, click.user_id, who_makes)
    return OpenView("project_new", {"user_id": click.user_id, "channel": click.reply.channel})


def make(who_makes: str, session: Session, click: Click) -> Answer | None:
    """Make it, once for each form; its maker gets a message with what is open and what to do next."""
    new_project.require(session, click.user_id, who_makes)
    try:
        made = new_project.make(session, click.state, click.user_id, click.key, click.now)
    except FormError as error:
        return Errors(error.by_field)
    return ShowHome() if made else None


def open_settings(session: Session, click: Click, rest: list[str]) -> Answer:
    """The form with what may change in a project."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, Role.LEAD)
    people.require(session, project_id, click.user_id, Role.LEAD)
    return OpenView("project_settings", {"project_id": project_id})


def save(session: Session, click: Click) -> Answer | None:
    """Change what was changed in the form; where somebody else saved meanwhile, show that first and keep what was typed."""
    opened = Opened.read(click.data)
    by = people.require(session, opened.project_id, click.user_id, Role.LEAD)
    form: dict[str, Any] = {block.partition(":")[0]: typed for block, typed in click.state.items()}
    try:
        found = saving_settings.save(session, opened, form, click.now, by)
    except FormError as error:
        return Errors({f"{field}:{opened.mark}": words for field, words in error.by_field.items()})
    except OvertakenError as error:
        context = {"project_id": opened.project_id, "told": error.told, "typed": error.typed}
        return UpdateView("project_settings", context)
    if not found:
        return None
    new_project.rewrite(session, opened.project_id, click.now)
    told = [*map(str, found), *project_differences.remarks(found), *projects.warnings(session, opened.project_id)]
    return Say("said", {"message": "\n".join(["Saved.", *told])})
