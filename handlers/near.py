"""Items that say nearly the same: a lead looks at the pairs, and gives linked ones back to people."""

from sqlmodel import Session

from handlers.answer import Answer, OpenView, UpdateView
from handlers.click import Click
from handlers.desk import Desk
from storage.tables import Role
from workflow import people
from workflow.finding import project_for
from workflow.near import listing, restoring


def register(desk: Desk) -> None:
    """The button beside a linked pair."""
    desk.action("near:restore", restore)


def open_pairs(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord near``: the newest pairs of a project."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, Role.LEAD)
    people.require(session, project_id, click.user_id, Role.LEAD)
    return OpenView("near", {"project_id": project_id})


def restore(session: Session, click: Click) -> Answer:
    """Give the later item of a pair back to people."""
    pair = listing.pair(session, click.subject_id)
    by = people.require(session, pair.project_id, click.user_id, Role.LEAD)
    restoring.restore(session, pair.item_id, by, click.now)
    return UpdateView("near", {"project_id": pair.project_id})
