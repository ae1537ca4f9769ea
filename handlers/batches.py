"""Getting a batch, and handing batches out."""

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowHome
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Lane, Role
from workflow import assignment, people
from workflow.handing_out import hand_out, in_words
from workflow.nothing import Nothing


def register(desk: Desk) -> None:
    """*Get a batch* for annotators; *Assign* for leads."""
    desk.action("get_batch", get_batch)
    desk.action("assign_form", open_form)
    desk.submission("assign", assign)


def get_batch(session: Session, click: Click) -> list[Answer]:
    """A batch for who asks: its card comes as a message. Or why there is none."""
    person_id = people.require(session, click.subject_id, click.user_id, Role.ANNOTATOR)
    given = assignment.next_batch(
        session, click.subject_id, person_id, click.now, lane=Lane.WAITED_FOR, asked=click.key
    )
    if isinstance(given, Nothing):
        until = given.until.isoformat() if given.until else None
        told = {"project_id": click.subject_id, "person_id": person_id, "why": given.why, "until": until}
        return [Say("nothing", told)]
    return [ShowHome()]


def open_form(session: Session, click: Click) -> Answer:
    """Whom to give batches, and how large."""
    people.require(session, click.subject_id, click.user_id, Role.LEAD)
    return OpenView("assign", {"project_id": click.subject_id})


def assign(session: Session, click: Click) -> Answer:
    """Batches for the chosen people, or for everybody who is free."""
    project_id, size = as_id(click.data), str(click.state.get("size") or "")
    if not (size.isdecimal() and 1 <= int(size) <= 100):
        return Errors({"size": "A whole number from 1 to 100."})
    chosen = click.state.get("people") or []
    told = hand_out(session, project_id, click.user_id, chosen, int(size), click.now, asked=click.key)
    return Say("said", {"message": in_words(told)})
