"""After a rule change a lead says which of the touched items are labelled again."""

import re

from sqlmodel import Session

from handlers.answer import Answer, Say, ShowCard
from handlers.click import Click
from handlers.desk import Desk
from workflow.guidelines.requeue import requeueing


def register(desk: Desk) -> None:
    """The buttons of the card in the leads channel."""
    desk.action(re.compile(r"requeue:(all|sample|none|rest|none_of_rest)"), decide)


def decide(session: Session, click: Click) -> list[Answer]:
    """Everything, a sample first, or nothing; after a sample the rest, or none of it."""
    choice = click.action.partition(":")[2]
    said = requeueing.decide(session, click.subject_id, choice, click.user_id, click.now)
    shown: list[Answer] = [ShowCard("requeue", click.subject_id)]
    return [*shown, Say("said", {"message": said})] if said else shown
