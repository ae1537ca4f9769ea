"""Reading guidelines and long texts, page by page."""

import re

from sqlmodel import Session

from handlers import audits, guidelines, reviews
from handlers.answer import Answer, OpenView, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Role
from workflow import escalation, holding, people
from workflow.guidelines import versions
from workflow.guidelines.proposals import editing

TURNS = {**guidelines.TURNS, "review": reviews.turn_page, "audit": audits.turn_page}


def register(desk: Desk) -> None:
    """The guideline's button, and the pages of every reader."""
    desk.action("guideline", open_guideline)
    desk.action(re.compile("page:(before|next)"), turn_page)


def open_guideline(session: Session, click: Click) -> Answer:
    """The guideline of a project, for everybody in it."""
    people.require(session, click.subject_id, click.user_id, *Role)
    return OpenView("guideline", {"project_id": click.subject_id})


def turn_page(session: Session, click: Click) -> Answer:
    """Another page of what is open; the value is ``what:id:page``, and who may open it may turn its pages."""
    what, _, rest = click.value.partition(":")
    if what in TURNS:
        return TURNS[what](session, click, rest)
    subject, _, page = rest.partition(":")
    subject_id, number = as_id(subject), as_id(page)
    if what == "guideline":
        people.require(session, subject_id, click.user_id, *Role)
        return UpdateView("guideline", {"project_id": subject_id, "page": number})
    if what == "version":
        people.require(session, versions.project_of(session, subject_id), click.user_id, *Role)
        return UpdateView("version", {"id": subject_id, "page": number})
    if what == "proposal":
        return UpdateView("proposal_text", {**editing.reader(session, subject_id, click.user_id), "page": number})
    if what == "case":
        escalation.may_read(session, click.user_id, subject_id)
        return UpdateView("item_text", {"case_id": subject_id, "page": number})
    held = holding.load(session, click.user_id, subject_id)
    return UpdateView("item_text", {"assignment_id": held.id, "page": number})
