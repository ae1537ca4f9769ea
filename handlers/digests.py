"""A digest for who asks, and posting it."""

from sqlmodel import Session

from handlers.answer import Answer, Say
from handlers.click import Click
from handlers.desk import Desk
from storage.tables import Role
from workflow import digest, people


def register(desk: Desk) -> None:
    """*Digest now* in Home, and *Post* under an answer."""
    desk.action("ask_digest", ask)
    desk.action("post_digest", post)


def ask(session: Session, click: Click) -> Answer:
    """The numbers since the last digest, for the lead alone."""
    people.require(session, click.subject_id, click.user_id, Role.LEAD, Role.MANAGER)
    return Say("asked_digest", {"project_id": click.subject_id, "user_id": click.user_id})


def post(session: Session, click: Click) -> Answer:
    """The digest goes to the leads channel, once for one answer; the scheduled one still reports the same period."""
    people.require(session, click.subject_id, click.user_id, Role.LEAD, Role.MANAGER)
    shown = click.reply.view_id or click.reply.ts or click.us
    digest.post_asked(session, click.subject_id, click.user_id, shown, click.now)
    return Say("said", {"message": "The digest is on its way to the leads channel."})
