"""*Unclear*: what a person cannot answer goes to a reviewer."""

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView
from handlers.click import Click, as_id
from handlers.desk import Desk
from workflow import flags, holding
from workflow.batches import rewrite_batch
from workflow.flags import FlagReason


def register(desk: Desk) -> None:
    """The button and the modal behind it."""
    desk.action("unclear", open_form)
    desk.submission("flag", flag)


def open_form(session: Session, click: Click) -> Answer:
    """The modal asks what is unclear; it carries the place and the moment of the click."""
    held = holding.load(session, click.user_id, click.subject_id)
    return OpenView("flag", {"assignment_id": held.id, "us": click.us})


def flag(session: Session, click: Click) -> Answer | None:
    """The item is flagged; the batch's card, which the modal does not know, is rewritten."""
    assignment, _, us = click.data.partition(":")
    reason = click.state.get("reason")
    if reason not in set(FlagReason):
        return Errors({"reason": "Choose a reason."})
    note = str(click.state.get("note") or "")
    answered = flags.flag(session, click.user_id, as_id(assignment), FlagReason(reason), note, as_id(us), click.now)
    rewrite_batch(session, answered.batch_id, click.now)
    return None
