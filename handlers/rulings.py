"""What reviewers do with a case: look, rule, change a ruling, send back."""

import re

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowCard, ShowHome
from handlers.click import Click, as_id
from handlers.desk import Desk
from workflow import escalation, rulings
from workflow.cases import passing_up, precedents
from workflow.cases.decision import Details, is_blank
from workflow.errors import RefusedError
from workflow.views import case_background


def register(desk: Desk) -> None:
    """What can be pressed on a case's card, in Home, and in the modal behind both."""
    desk.action(re.compile(r"rule:(\d+|choose)"), open_ruling)
    desk.action("open_case", open_case)
    desk.action("pass_up", pass_up)
    desk.action("send_back", open_send_back)
    desk.action("show_labels", show_labels)
    desk.action("read_case", read_case)
    desk.submission("rule", rule)


def open_ruling(session: Session, click: Click) -> Answer | list[Answer]:
    """A label was pressed: the modal asks why; the value is ``case:label value``."""
    case, _, value = click.value.partition(":")
    if not escalation.may_rule(session, click.user_id, as_id(case)):
        return ShowCard("escalation", as_id(case))
    return OpenView("rule", {"id": as_id(case), "value_id": as_id(value)})


def open_case(session: Session, click: Click) -> Answer:
    """A case from Home, to rule on or to change what was ruled."""
    rulings.check_form(session, click.user_id, click.subject_id)
    return OpenView("rule", {"id": click.subject_id})


def open_send_back(session: Session, click: Click) -> Answer:
    """The modal asks what the flagger should know."""
    if not escalation.may_rule(session, click.user_id, click.subject_id):
        return ShowCard("escalation", click.subject_id)
    return OpenView("rule", {"id": click.subject_id, "send_back": True})


def show_labels(session: Session, click: Click) -> Answer:
    """The labels so far, in a modal; who looks is not given the item afterwards."""
    escalation.see_labels(session, click.user_id, click.subject_id, click.now)
    return OpenView("labels", {"id": click.subject_id})


def pass_up(session: Session, click: Click) -> list[Answer]:
    """To the next step of the ladder; the value is ``case:step``, so that a second press is the same one."""
    case, _, step = click.value.partition(":")
    said = passing_up.pass_up(session, click.user_id, as_id(case), as_id(step), click.now)
    shown: list[Answer] = [ShowCard("escalation", as_id(case))]
    return [*shown, Say("said", {"message": said})] if said else shown


def read_case(session: Session, click: Click) -> Answer:
    """The item's whole text, in a modal."""
    escalation.may_read(session, click.user_id, click.subject_id)
    return OpenView("item_text", {"case_id": click.subject_id})


def rule(session: Session, click: Click) -> Answer | list[Answer]:
    """The modal was sent: a ruling, or back to who flagged; its data is ``rule|back:case:version``."""
    kind, _, subject = click.data.partition(":")
    case, _, version = subject.partition(":")
    if not version.isdecimal():
        raise RefusedError("This form is from an older version of Concord. Close it and open the case again.")
    rationale = str(click.state.get("rationale") or "").strip()
    if is_blank(rationale):
        return Errors({"rationale": "Give the reason: the people concerned will read it."})
    if kind == "back":
        rulings.send_back(session, click.user_id, as_id(case), int(version), rationale, click.now)
        return [ShowHome()]
    if not click.state.get("reason"):
        return Errors({"reason": "Choose what it was: so that what is unclear can be counted."})
    try:
        _rule(session, click, as_id(case), int(version), rationale)
    except precedents.DepartureError as differs:
        if "departure" not in click.state:
            raise RefusedError(f"{differs} Close this and open the case again to do so.") from None
        return Errors({"departure": str(differs)})
    return [ShowHome()]


def _rule(session: Session, click: Click, case_id: int, version: int, rationale: str) -> None:
    value_id = as_id(str(click.state.get("value") or ""))
    details = Details(
        reason_code=str(click.state["reason"]),
        section=case_background.section_title(session, case_id, str(click.state.get("section") or "")),
        departure=str(click.state.get("departure") or "").strip(),
    )
    rulings.rule(session, click.user_id, case_id, version, value_id, rationale, click.now, details)
