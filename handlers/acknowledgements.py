"""Reading a new version of a guideline, answering its check, and saying that it was read."""

from dataclasses import asdict

from sqlmodel import Session

from handlers.answer import Answer, OpenView, Say, ShowCard, ShowHome, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Role
from workflow import people
from workflow.guidelines import versions
from workflow.guidelines.acknowledgement import acknowledging, asked, checking
from workflow.nothing import Why

BLOCK = "example:"


def register(desk: Desk) -> None:
    """The buttons of the card that asks somebody to read, in Home and beside a batch that is held back; and the check."""
    desk.action("read_version", read)
    desk.action("acknowledge", acknowledge)
    desk.action("to_read", show)
    desk.action("check:again", ask_again)
    desk.submission("check", answer)


def read(session: Session, click: Click) -> Answer:
    """A version, page by page, for everybody in its project."""
    people.require(session, versions.project_of(session, click.subject_id), click.user_id, *Role)
    return OpenView("version", {"id": click.subject_id})


def show(session: Session, click: Click) -> Answer:
    """From a batch that is paused: what is to be read, with the buttons for it."""
    person_id = people.require(session, click.subject_id, click.user_id, Role.ANNOTATOR)
    return Say("nothing", {"project_id": click.subject_id, "person_id": person_id, "why": Why.GUIDELINE, "until": None})


def acknowledge(session: Session, click: Click) -> list[Answer]:
    """*I have read 2.0*: done at once, or its check opens."""
    held = asked.hold(session, click.subject_id, click.user_id)
    if held.acknowledged_at is None and held.superseded_by is None and checking.is_open(session, held.id):
        return [OpenView("check", {"id": held.id})]
    return _done(session, click, held.id)


def answer(session: Session, click: Click) -> list[Answer]:
    """The check was sent: what was wrong is explained; once nothing is, the version is read."""
    acknowledgement_id = as_id(click.data)
    answers = {
        as_id(block.removeprefix(BLOCK)): as_id(str(value or ""))
        for block, value in click.state.items()
        if block.startswith(BLOCK)
    }
    checked = checking.answer(session, acknowledgement_id, click.user_id, answers, click.now)
    if checked.explanations:
        wrong = [asdict(explanation) for explanation in checked.explanations]
        return [UpdateView("check", {"id": acknowledgement_id, "wrong": wrong})]
    if not checked.right:
        return [UpdateView("check", {"id": acknowledgement_id})]
    return _done(session, click, acknowledgement_id)


def ask_again(session: Session, click: Click) -> Answer:
    """After the explanations: the examples that are still to be answered."""
    held = asked.hold(session, click.subject_id, click.user_id)
    return UpdateView("check", {"id": held.id})


def _done(session: Session, click: Click, acknowledgement_id: int) -> list[Answer]:
    words = acknowledging.acknowledge(session, acknowledgement_id, click.user_id, click.now)
    told: list[Answer] = [Say("said", {"message": words})] if words else []
    if click.reply.in_modal:
        told.append(UpdateView("acknowledgement", {"id": acknowledgement_id}))
    return [ShowCard("acknowledgement", acknowledgement_id), ShowHome(), *told]
