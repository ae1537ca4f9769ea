"""Starting an audit in chat: the form, what it means, and the start."""

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, UpdateView
from handlers.audits import open_next
from handlers.click import Click
from handlers.desk import Desk
from workflow import people
from workflow.audit import form, starting
from workflow.audit.form import Opened
from workflow.audit.starting import STARTERS
from workflow.errors import RefusedError
from workflow.finding import project_for
from workflow.project_form import FormError
from workflow.views.audit import waiting_audits

FORM, MEANING = "audit_new", "audit_start"
NEXT = "next"
NOTHING_RUNS = "No audit runs in this project that has anything left to judge."


def register(desk: Desk) -> None:
    """The button in Home, the choices that change the form, and its two steps when they are sent."""
    desk.action("audit:new", open_form)
    desk.action("audit:form", change)
    desk.action("audit:change", change_again)
    desk.action("audit:count", show_meaning)
    desk.submission(FORM, ask)
    desk.submission(MEANING, start)


def open_audit(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord audit``: the form for a new one; ``/concord audit next``: the next item of one that runs."""
    judging = bool(rest) and rest[0].lower() == NEXT
    project_id = project_for(session, click.user_id, rest[1:] if judging else rest, click.reply.channel, *STARTERS)
    if not judging:
        return open_form(session, click.about(project_id))
    people.require(session, project_id, click.user_id, *STARTERS)
    if not (first := waiting_audits(session, project_id)["first"]):
        raise RefusedError(NOTHING_RUNS)
    return open_next(session, click.about(first))


def open_form(session: Session, click: Click) -> Answer:
    """The form for a new audit; the value is the project."""
    people.require(session, click.subject_id, click.user_id, *STARTERS)
    return OpenView(FORM, {"opened": str(Opened(click.subject_id, {}))})


def change(session: Session, click: Click) -> Answer:
    """Another design, plan or range was chosen: the form asks for what belongs to it."""
    opened = Opened.read(click.data, click.state)
    people.require(session, opened.project_id, click.user_id, *STARTERS)
    return UpdateView(FORM, {"opened": str(opened)})


def change_again(session: Session, click: Click) -> Answer:
    """From the meaning back to the form, as it was filled in."""
    opened = Opened.read(click.data)
    people.require(session, opened.project_id, click.user_id, *STARTERS)
    return UpdateView(FORM, {"opened": str(opened)})


def show_meaning(session: Session, click: Click) -> Answer:
    """Count once more, where counting was interrupted."""
    opened = Opened.read(click.data)
    people.require(session, opened.project_id, click.user_id, *STARTERS)
    return UpdateView(MEANING, {"opened": str(opened)})


def ask(session: Session, click: Click) -> Answer | list[Answer]:
    """The form was sent: show what would be drawn, and what that means. Among very many items it is counted afterwards."""
    opened = Opened.read(click.data, click.state)
    people.require(session, opened.project_id, click.user_id, *STARTERS)
    try:
        form.read(session, opened)
    except FormError as error:
        return Errors(error.by_field)
    shown = UpdateView(MEANING, {"opened": str(opened)})
    if form.takes_long(session, opened.project_id):
        return [UpdateView(MEANING, {"opened": str(opened), "counting": True}), shown]
    return shown


def start(session: Session, click: Click) -> Answer:
    """*Start*, once what it means was shown; one modal starts one audit."""
    opened = Opened.read(click.data)
    why = str(click.state.get("why") or "")
    wanted = form.read(session, opened, why)
    audit_id = starting.start(session, opened.project_id, click.user_id, wanted, click.now, asked=click.key)
    return UpdateView("said", {"message": starting.told(session, opened.project_id, audit_id)})
