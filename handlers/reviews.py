"""What reviewers do with the queue: the next item, what becomes of it, others like it, and what was sent back.

One modal is drawn anew for every item; what it has open stands in its private metadata, as ids to look up.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from sqlmodel import Session

from handlers.answer import Answer, Errors, OpenView, UpdateView
from handlers.click import Click, as_id
from handlers.desk import Desk
from storage.tables import BackTo, ReviewState
from workflow import people
from workflow.cases import citing
from workflow.cases.decision import Details
from workflow.cases.precedents import DepartureError
from workflow.cases.reasons import ReasonCode
from workflow.errors import NotAllowedError, RefusedError
from workflow.finding import project_for
from workflow.review import claiming, deciding, runs
from workflow.review.held import REVIEWERS
from workflow.review.opened import OLD, Face, Opened
from workflow.review.why import NEEDS_NOTE
from workflow.views.review import decided_view

MODAL = "review"
NOTE_NEEDED = "Say what you are unsure of: whoever decides will read it."


def register(desk: Desk) -> None:
    """The buttons of the card, of Home, and of the modal; and the modal when it is sent."""
    desk.action("review:next", open_next)
    desk.action("review:sent_back", open_sent_back)
    desk.action(re.compile("review:(item|correct|back|up)"), turn_to)
    desk.action("review:row", change_order)
    desk.action("review:read", read_all)
    desk.action("review:stop", stop)
    desk.action("review:undo", undo)
    desk.action("review:run", decide_alike)
    desk.action("review:undo_run", undo_alike)
    desk.submission(MODAL, decide)


def open_review(session: Session, click: Click, rest: list[str]) -> Answer:
    """``/concord review``: the next item to review."""
    project_id = project_for(session, click.user_id, rest, click.reply.channel, *REVIEWERS)
    return open_next(session, click.about(project_id))


def open_next(session: Session, click: Click) -> Answer:
    """*Next item*, on the card, in Home, or in the modal of who had stopped; the value is the project."""
    return _next(session, click, Opened(click.subject_id))


def open_sent_back(session: Session, click: Click) -> Answer:
    """The list of what was sent back and is not done yet."""
    people.require(session, click.subject_id, click.user_id, *REVIEWERS)
    return OpenView("sent_back", {"project_id": click.subject_id})


def turn_to(session: Session, click: Click) -> Answer:
    """From the item to a form, or back."""
    face = Face(click.action.removeprefix("review:"))
    return _gone_on(session, click, replace(Opened.read(click.data), face=face))


def change_order(session: Session, click: Click) -> Answer:
    """One person's work in a row from the next item on, or the usual order again; the value is the person, 0 for none."""
    about_id = as_id(click.value) if click.value != "0" else 0
    return _gone_on(session, click, replace(Opened.read(click.data), about_id=about_id))


def read_all(session: Session, click: Click) -> Answer:
    """The whole text of the item that the reviewer has claimed."""
    claiming.hold_on(session, click.user_id, click.subject_id, click.now)
    return OpenView("item_text", {"review_id": click.subject_id})


def turn_page(session: Session, click: Click, rest: str) -> Answer:
    """Another page of that text: ``review:page``."""
    review, _, page = rest.partition(":")
    claiming.hold_on(session, click.user_id, as_id(review), click.now)
    return UpdateView("item_text", {"review_id": as_id(review), "page": as_id(page)})


def stop(session: Session, click: Click) -> Answer:
    """Give the item back."""
    opened = Opened.read(click.data)
    claiming.release(session, click.user_id, click.subject_id, click.now)
    return _shown(session, click, Opened(opened.project_id, face=Face.STOPPED))


def undo(session: Session, click: Click) -> Answer:
    """Take back that one accepted the item before; it is shown again, and the one that was shown goes back."""
    opened = Opened.read(click.data)
    said = deciding.undo(session, click.user_id, click.subject_id, click.now)
    if opened.review_id and opened.review_id != click.subject_id:
        claiming.release(session, click.user_id, opened.review_id, click.now)
    return _shown(session, click, Opened(opened.project_id, click.subject_id, about_id=opened.about_id), said or "")


def decide_alike(session: Session, click: Click) -> Answer:
    """Accept, or send back, the others that were offered as being of the same kind."""
    opened = Opened.read(click.data)
    model = decided_view(session, click.subject_id)
    act = runs.accept if model and model["state"] is ReviewState.ACCEPTED else runs.send_back
    said = act(session, click.user_id, click.subject_id, opened.run, click.now)
    taken = runs.taken(session, opened.run, click.now) if act is runs.accept else ()
    return _next(session, click, replace(opened, done_id=0, taken=taken), said or "They are decided already.")


def undo_alike(session: Session, click: Click) -> Answer:
    """Take back that one accepted those together; what is shown stays."""
    opened = Opened.read(click.data)
    said = runs.undo(session, click.user_id, opened.project_id, opened.taken, click.now)
    return _next(session, click, replace(opened, taken=()), said or "They are taken back already.")


def decide(session: Session, click: Click) -> Answer:
    """The modal was sent: what its face says becomes of the item, and the next one is shown."""
    opened = Opened.read(click.data)
    act = ACTS.get(opened.face)
    if act is None or not opened.review_id:
        raise RefusedError(OLD)
    said = act(session, click, opened)
    if isinstance(said, Errors):
        return said
    return _next(session, click, replace(opened, face=Face.ITEM, done_id=opened.review_id, taken=()), said or "")


def _accept(session: Session, click: Click, opened: Opened) -> str | None:
    try:
        return deciding.accept(session, click.user_id, opened.review_id, opened.version, click.now)
    except NotAllowedError:
        raise
    except RefusedError as refused:
        # Nothing was written yet: the modal goes on, and says what had happened.
        return str(refused)


def _correct(session: Session, click: Click, opened: Opened) -> str | Errors | None:
    typed = _typed(click, opened)
    if wrong := _wrong(typed, opened):
        return wrong
    value_id, details = as_id(str(typed.get("value") or "")), _details(session, opened, typed)
    try:
        return deciding.correct(
            session, click.user_id, opened.review_id, opened.version, value_id, details, click.now, note=typed["note"]
        )
    except DepartureError as differs:
        if "departure" not in typed:
            raise RefusedError(f"{differs} Go back to the item and press “Correct” again to do so.") from None
        return Errors({f"departure:{opened.review_id}": str(differs)})


def _send_back(session: Session, click: Click, opened: Opened) -> str | Errors | None:
    typed = _typed(click, opened)
    if wrong := _wrong(typed, opened):
        return wrong
    if typed.get("mode") not in set(BackTo):
        raise RefusedError(OLD)
    whose = as_id(typed["whose"]) if typed.get("whose") else None
    return deciding.send_back(
        session, click.user_id, opened.review_id, opened.version, BackTo(typed["mode"]), whose,
        _details(session, opened, typed), click.now, note=typed["note"],
    )  # fmt: skip


def _pass_up(session: Session, click: Click, opened: Opened) -> str | Errors | None:
    note = _typed(click, opened)["note"]
    if not note:
        return Errors({f"note:{opened.review_id}": NOTE_NEEDED})
    return deciding.pass_up(session, click.user_id, opened.review_id, opened.version, note, click.now)


ACTS: dict[Face, Callable[[Session, Click, Opened], str | Errors | None]] = {
    Face.ITEM: _accept,
    Face.CORRECT: _correct,
    Face.BACK: _send_back,
    Face.UP: _pass_up,
}


def _typed(click: Click, opened: Opened) -> dict[str, str]:
    """What the form of this item has; the block of each field ends in the review's id."""
    end = f":{opened.review_id}"
    found = {block.removesuffix(end): str(typed or "") for block, typed in click.state.items() if block.endswith(end)}
    return {**found, "note": found.get("note", "").strip()}


def _wrong(typed: dict[str, str], opened: Opened) -> Errors | None:
    if typed.get("reason") == ReasonCode.OTHER and not typed["note"]:
        return Errors({f"note:{opened.review_id}": NEEDS_NOTE})
    return None


def _details(session: Session, opened: Opened, typed: dict[str, str]) -> Details:
    section = citing.title(session, opened.project_id, typed.get("section", ""))
    return Details(reason_code=typed.get("reason", ""), section=section, departure=typed.get("departure", "").strip())


def _next(session: Session, click: Click, opened: Opened, said: str = "") -> Answer:
    """The modal with the next item for this reviewer, or saying that there is none."""
    review_id = claiming.next_review(
        session, click.user_id, opened.project_id, click.now, about_id=opened.about_id or None
    )
    return _shown(session, click, replace(opened, review_id=review_id or 0), said)


def _gone_on(session: Session, click: Click, opened: Opened) -> Answer:
    """The same item in another form; where somebody else has it meanwhile, the next one and what had happened."""
    try:
        claiming.hold_on(session, click.user_id, opened.review_id, click.now)
    except NotAllowedError:
        raise
    except RefusedError as refused:
        # Nothing was written yet.
        return _next(session, click, replace(opened, face=Face.ITEM, done_id=opened.review_id, taken=()), str(refused))
    return _shown(session, click, replace(opened, done_id=0, taken=()))


def _shown(session: Session, click: Click, opened: Opened, said: str = "") -> Answer:
    person_id = people.require(session, opened.project_id, click.user_id, *REVIEWERS)
    context = {"opened": str(opened), "person_id": person_id, "said": said}
    return UpdateView(MODAL, context) if click.reply.view_id else OpenView(MODAL, context)
