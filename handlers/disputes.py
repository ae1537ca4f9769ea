"""*Contest*: who labelled an item says why its ruling should be another one, and may take that back."""

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, ShowCard
from handlers.click import Click, as_id
from handlers.desk import Desk
from workflow.cases import disputing
from workflow.cases.decision import is_blank


def register(desk: Desk) -> None:
    """The button on a ruling's notice, the modal behind it, and the button on the dispute's own card."""
    desk.action("contest", open_form)
    desk.submission("contest", contest)
    desk.action("dispute:withdraw", withdraw)


def open_form(session: Session, click: Click) -> Answer:
    """The modal asks for the argument; who may not contest the ruling (any more) is told why."""
    person_id = disputing.check(session, click.user_id, click.subject_id, click.now)
    return OpenView("contest", {"id": click.subject_id, "person_id": person_id})


def contest(session: Session, click: Click) -> Answer | None:
    """The modal was sent: the item waits for somebody else's decision, and a message says so."""
    argument = str(click.state.get("argument") or "")
    if is_blank(argument):
        return Errors({"argument": "Say why: whoever decides will read it."})
    disputing.contest(session, click.user_id, as_id(click.data), argument, click.now)
    return None


def withdraw(session: Session, click: Click) -> Answer:
    """The ruling is not contested any more."""
    disputing.withdraw(session, click.user_id, click.subject_id, click.now)
    return ShowCard("dispute", click.subject_id)
