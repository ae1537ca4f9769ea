"""A batch's card: labels, Skip, Back and Forward."""

import re

from sqlmodel import Session

from handlers.answer import Answer, OpenView, Say, ShowCard
from handlers.click import Click, as_id
from handlers.desk import Desk
from workflow import batches, holding, labelling, skips


def register(desk: Desk) -> None:
    """What can be pressed on a batch's card."""
    desk.action(re.compile(r"label:(\d+|choose)"), choose_label)
    desk.action("skip", skip)
    desk.action(re.compile("go:(back|forward)"), go)
    desk.action("read", read_all)


def choose_label(session: Session, click: Click) -> Answer | list[Answer]:
    """A label was chosen; the value is ``assignment:label value``."""
    assignment, _, value = click.value.partition(":")
    try:
        answered = labelling.record(session, click.user_id, as_id(assignment), as_id(value), click.us, click.now)
    except labelling.FormerLabelError as former:
        return [ShowCard("batch", former.batch_id), Say("refused", {"message": str(former)})]
    return ShowCard("batch", answered.batch_id)


def skip(session: Session, click: Click) -> Answer:
    """The item is given back unanswered."""
    answered = skips.skip(session, click.user_id, click.subject_id, click.us, click.now)
    return ShowCard("batch", answered.batch_id)


def go(session: Session, click: Click) -> Answer:
    """Another position is shown; the value is ``batch:position``."""
    batch, _, position = click.value.partition(":")
    batches.go_to(session, click.user_id, as_id(batch), as_id(position), click.us)
    return ShowCard("batch", as_id(batch))


def read_all(session: Session, click: Click) -> Answer:
    """An item's whole text, in a modal."""
    held = holding.load(session, click.user_id, click.subject_id)
    return OpenView("item_text", {"assignment_id": held.id})
