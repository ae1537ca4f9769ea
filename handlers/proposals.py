"""Changes of a guideline: proposing them in a form, and what people press on a proposal's cards."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowCard, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import Role
from workflow import people
from workflow.errors import RefusedError
from workflow.finding import project_for
from workflow.guidelines.decisions import deciding
from workflow.guidelines.moving import CARD, OWN_CARD
from workflow.guidelines.proposals import case_example, editing, proposal_form
from workflow.guidelines.proposals.proposal_form import Opened
from workflow.project_form import FormError

FORM = "propose"
COMMENT = "proposal_comment"
TEXT = "proposal_text"

Against = Callable[[Session, int, int, str, str, datetime], str | None]
AGAINST: dict[str, Against] = {"changes": deciding.request_changes, "reject": deciding.reject}


def register(desk: Desk) -> None:
    """The form, the cards' buttons, and the modal that asks for a reason."""
    desk.action("propose:section", choose_section)
    desk.action("propose:case", from_case)
    desk.action("propose:findings", from_findings)
    desk.action("proposal:edit", edit)
    desk.action("proposal:withdraw", withdraw)
    desk.action("proposal:read", read_all)
    desk.action("proposal:approve", approve)
    for name in AGAINST:
        desk.action(f"proposal:{name}", ask_why)
    desk.submission(FORM, propose)
    desk.submission(COMMENT, decide_against)


def open_form(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord guideline propose``: the form, against the version in force."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, *Role)
    people.require(session, project_id, click.user_id, *Role)
    return OpenView(FORM, {"opened": str(editing.on_version(session, project_id))})


def from_case(session: Session, click: Click) -> Answer:
    """*Add to guideline* on a ruled case: the form with the case as a worked example."""
    case_id = click.subject_id
    ruled = case_example.require(session, case_id, click.user_id)
    return OpenView(FORM, {"opened": str(editing.on_version(session, ruled.project_id, case_id))})


def from_findings(session: Session, click: Click) -> Answer:
    """*Propose a change* on findings of audits that say the same: the form with their cases as worked examples."""
    return OpenView(FORM, {"opened": str(editing.on_findings(session, click.subject_id, click.user_id))})


def edit(session: Session, click: Click) -> Answer | list[Answer]:
    """The form with a draft, or with a proposal that was given back."""
    opened = editing.on_proposal(session, click.subject_id, click.user_id)
    if isinstance(opened, str):
        return _shown(OWN_CARD, click.subject_id, opened)
    return OpenView(FORM, {"opened": str(opened)})


def choose_section(session: Session, click: Click) -> Answer:
    """The form with the text of another section; what else was typed stays."""
    opened = Opened.read(click.data)
    people.require(session, opened.project_id, click.user_id, *Role)
    return UpdateView(FORM, {"opened": str(opened), "typed": dict(click.state)})


def propose(session: Session, click: Click) -> Answer | None:
    """The form was sent: a proposal, or the same one again; once for each form."""
    opened = Opened.read(click.data)
    by = people.require(session, opened.project_id, click.user_id, *Role)
    try:
        warnings = editing.submit(session, opened, by, click.user_id, click.state, click.now, asked=click.key)
    except FormError as error:
        return Errors(error.by_field)
    return Say("said", {"message": "\n".join(["Proposed.", *warnings])}) if warnings else None


def approve(session: Session, click: Click) -> list[Answer]:
    """A manager approves; the value is ``proposal:revision``."""
    proposal, _, revision = click.value.partition(":")
    proposal_id = as_id(proposal)
    told = deciding.approve(session, proposal_id, as_id(revision), click.user_id, click.now)
    return _shown(CARD, proposal_id, told)


def ask_why(session: Session, click: Click) -> Answer | list[Answer]:
    """A manager wants changes, or rejects it: the modal asks why."""
    proposal, _, revision = click.value.partition(":")
    proposal_id = as_id(proposal)
    told = deciding.may_decide(session, proposal_id, as_id(revision), click.user_id)
    if told is not None:
        return _shown(CARD, proposal_id, told)
    verdict = click.action.removeprefix("proposal:")
    return OpenView(COMMENT, {"id": proposal_id, "revision": as_id(revision), "verdict": verdict})


def decide_against(session: Session, click: Click) -> Answer | None:
    """The modal was sent; its data is ``changes|reject:proposal:revision``."""
    verdict, _, subject = click.data.partition(":")
    proposal, _, revision = subject.partition(":")
    act = AGAINST.get(verdict)
    if act is None:
        raise RefusedError(proposal_form.OLD)
    comment = str(click.state.get("comment") or "").strip()
    told = act(session, as_id(proposal), as_id(revision), click.user_id, comment, click.now)
    return None if told is None else Errors({"comment": told})


def withdraw(session: Session, click: Click) -> list[Answer]:
    """Whoever proposed it takes it back, or discards their draft."""
    told = deciding.withdraw(session, click.subject_id, click.user_id, click.now)
    return _shown(OWN_CARD, click.subject_id, told)


def read_all(session: Session, click: Click) -> Answer:
    """All of a proposal, page by page, for everybody in the project."""
    return OpenView(TEXT, editing.reader(session, click.subject_id, click.user_id))


def _shown(kind: str, proposal_id: int, told: str | None) -> list[Answer]:
    """The card as it is now; and why the click changed nothing, to who clicked."""
    card = ShowCard(kind, proposal_id)
    return [card] if told is None else [card, Say("said", {"message": told})]
