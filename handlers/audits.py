"""What auditors do with an audit: the next item, their own answer to it, then the verdict on its label; calling it off.

One modal is drawn anew for every item. What it has open stands in its private metadata, as ids to look up; whether an item
is to be answered or judged stands in the store alone.
"""

import re

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, Say, ShowCard, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import AuditVerdict, Severity
from workflow import people
from workflow.audit import answering, ending, held, reopening
from workflow.audit.answering import AUDITORS
from workflow.audit.opened import OLD, Opened
from workflow.cases import citing
from workflow.cases.decision import is_blank
from workflow.errors import NotAllowedError, RefusedError

MODAL = "audit_item"
NOTE_WRONG = "Say why: the people who labelled it will read it."
NOTE_UNCLEAR = "Say what is unclear, or choose the section."


def register(desk: Desk) -> None:
    """The buttons of the cards, of Home and of the modal; and the modal when it is sent."""
    desk.action("audit:next", open_next)
    desk.action(re.compile(r"audit:label:(\d+|choose)"), answer)
    desk.action("audit:verdict", choose_verdict)
    desk.action("audit:read", read_all)
    desk.action("audit:stop", stop)
    desk.action("audit:call_off", call_off)
    desk.action("audit:reopen", reopen)
    desk.submission(MODAL, judge)


def open_next(session: Session, click: Click) -> Answer:
    """*Audit next item*, on a card, in Home, or in the modal of who had stopped; the value is the audit."""
    return _next(session, click, Opened(click.subject_id))


def answer(session: Session, click: Click) -> Answer:
    """A label was pressed, blind: it is kept, and the label in force is shown; the value is ``finding:label``."""
    finding, _, value = click.value.partition(":")
    opened, finding_id = Opened.read(click.data), as_id(finding)
    try:
        said = answering.answer(session, click.user_id, finding_id, as_id(value), click.now)
    except NotAllowedError:
        raise
    except RefusedError as refused:
        # Nothing was written yet: the modal goes on, and says what had happened.
        return _next(session, click, opened, str(refused))
    return _shown(session, click, Opened(opened.audit_id, finding_id), said or "")


def choose_verdict(session: Session, click: Click) -> Answer:
    """Right, wrong or unclear: the form asks for what belongs to it."""
    opened = Opened.read(click.data)
    try:
        held.hold_on(session, click.user_id, opened.finding_id, click.now)
    except held.NotYoursError as refused:
        return _next(session, click, opened, str(refused))
    return _shown(session, click, opened, verdict=click.value)


def read_all(session: Session, click: Click) -> Answer:
    """The whole text of the item that the auditor has."""
    held.hold_on(session, click.user_id, click.subject_id, click.now)
    return OpenView("item_text", {"finding_id": click.subject_id})


def turn_page(session: Session, click: Click, rest: str) -> Answer:
    """Another page of that text; ``rest`` is ``finding:page``."""
    finding, _, page = rest.partition(":")
    held.hold_on(session, click.user_id, as_id(finding), click.now)
    return UpdateView("item_text", {"finding_id": as_id(finding), "page": as_id(page)})


def stop(session: Session, click: Click) -> Answer:
    """Give the item back."""
    opened = Opened.read(click.data)
    held.release(session, click.user_id, click.subject_id, click.now)
    return _shown(session, click, Opened(opened.audit_id), stopped=True)


def call_off(session: Session, click: Click) -> list[Answer]:
    """A lead calls the audit off; what was corrected stays corrected."""
    said = ending.cancel(session, click.user_id, click.subject_id, click.now)
    card: list[Answer] = [ShowCard("audit", click.subject_id)]
    return [*card, Say("said", {"message": said})] if said else card


def reopen(session: Session, click: Click) -> list[Answer]:
    """A lead has the lot of a failed audit labelled again; the clock gives its items out."""
    said = reopening.reopen(session, click.user_id, click.subject_id, click.now)
    card: list[Answer] = [ShowCard("audit", click.subject_id)]
    return [*card, Say("said", {"message": said})] if said else card


def judge(session: Session, click: Click) -> Answer:
    """The modal was sent: the verdict is kept, and the next item is shown."""
    opened = Opened.read(click.data)
    typed = _typed(click, opened.finding_id)
    if typed.get("verdict") not in set(AuditVerdict):
        raise RefusedError(OLD)
    verdict = AuditVerdict(typed["verdict"])
    if wrong := _missing(typed, verdict, opened.finding_id):
        return wrong
    said = answering.judge(
        session, click.user_id, opened.finding_id, verdict, click.now,
        severity=Severity(typed["severity"]) if typed.get("severity") in set(Severity) else None,
        correct_id=as_id(typed["value"]) if typed.get("value") else None,
        reason_code=typed.get("reason", ""),
        section=citing.title(session, held.project_of(session, opened.audit_id), typed.get("section", "")),
        note=typed.get("note", ""),
    )  # fmt: skip
    if said and held.is_judged_by(session, click.user_id, opened.finding_id):
        said = None
    return _next(session, click, Opened(opened.audit_id, done_id=opened.finding_id), said or "")


def _typed(click: Click, finding_id: int) -> dict[str, str]:
    """What the form of this item has; the block of each field ends in the finding's id."""
    end = f":{finding_id}"
    return {block.removesuffix(end): str(typed or "") for block, typed in click.state.items() if block.endswith(end)}


def _missing(typed: dict[str, str], verdict: AuditVerdict, finding_id: int) -> Errors | None:
    if not is_blank(typed.get("note", "")) or "note" not in typed:
        return None
    if verdict is AuditVerdict.WRONG:
        return Errors({f"note:{finding_id}": NOTE_WRONG})
    if verdict is AuditVerdict.UNCLEAR and not typed.get("section"):
        return Errors({f"note:{finding_id}": NOTE_UNCLEAR})
    return None


def _next(session: Session, click: Click, opened: Opened, said: str = "") -> Answer:
    """The modal with the next item for this auditor, or saying that there is none."""
    finding_id = answering.next_finding(session, click.user_id, opened.audit_id, click.now)
    return _shown(session, click, Opened(opened.audit_id, finding_id or 0, opened.done_id), said)


def _shown(
    session: Session, click: Click, opened: Opened, said: str = "", *, verdict: str = "", stopped: bool = False
) -> Answer:
    person_id = people.require(session, held.project_of(session, opened.audit_id), click.user_id, *AUDITORS)
    context = {"opened": str(opened), "person_id": person_id, "said": said, "verdict": verdict, "stopped": stopped}
    return UpdateView(MODAL, context) if click.reply.view_id else OpenView(MODAL, context)
