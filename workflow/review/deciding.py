"""A reviewer decides about an item: it is right, it gets another value, it goes back, or somebody else decides.

Every function returns what to tell the reviewer, or None where they had done just that before. They raise RefusedError, with
what happened meanwhile, where the review does not stand any more as the reviewer saw it. ``version`` is what they saw.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationReason, Item, ItemState, ReviewState
from workflow import escalation, history, waiting
from workflow.cases import correcting, ladder
from workflow.cases.decision import Details
from workflow.errors import RefusedError
from workflow.review.claiming import take_back
from workflow.review.gone_on import went_on
from workflow.review.held import Held, check_may_decide, hold, reviewer, settle, title
from workflow.review.sending_back import send_back
from workflow.review.why import kept, why
from workflow.states import check_move

__all__ = ["accept", "correct", "pass_up", "send_back", "undo"]


def accept(session: Session, slack_id: str, review_id: int, version: int, now: datetime) -> str | None:
    """The final value is right: the item counts as done."""
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    if held.state is ReviewState.ACCEPTED and held.by_id == person_id:
        return None
    check_may_decide(session, held, person_id, version, now)
    settle(session, held, ReviewState.ACCEPTED, person_id, now)
    _move_item(session, held, ItemState.ACCEPTED, person_id, now, "review.accepted")
    return "Accepted."


def correct(
    session: Session,
    slack_id: str,
    review_id: int,
    version: int,
    value_id: int,
    details: Details,
    now: datetime,
    *,
    note: str = "",
) -> str | None:
    """Another value is right: the item gets it, and everybody who labelled it is told why and may contest it.

    ``details`` need a reason code; ``note`` is read by people, and needed where the reason is "something else".
    """
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    if _is_corrected(session, held, person_id, value_id):
        return None
    check_may_decide(session, held, person_id, version, now)
    said = why(details, note)
    ruling_id = correcting.correct(session, held.item, person_id, value_id, said, details, EscalationReason.REVIEW, now)
    settle(
        session, held, ReviewState.CORRECTED, person_id, now,
        ruling_id=ruling_id, reason_code=details.reason_code, section=details.section, note=kept(note),
    )  # fmt: skip
    return f"Corrected: “{title(session, value_id)}”."


def pass_up(session: Session, slack_id: str, review_id: int, version: int, note: str, now: datetime) -> str | None:
    """The reviewer leaves it to somebody else: the item becomes a case, at the second step of the ladder."""
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    if held.state is ReviewState.PASSED_UP and held.by_id == person_id:
        return None
    check_may_decide(session, held, person_id, version, now)
    if not note.strip():
        raise RefusedError("Say what you are unsure of: whoever decides will read it.")
    settle(session, held, ReviewState.PASSED_UP, person_id, now, note=kept(note))
    case_id = escalation.escalate(session, held.item, EscalationReason.PASSED_UP, now, person_id)
    session.execute(update(Escalation).where(col(Escalation.id) == case_id).values(step=ladder.SECOND))
    # Who passes up is not asked on the ladder again.
    history.note(
        session, now, ladder.PASSED_UP, ladder.SUBJECT, case_id, project_id=held.project_id, actor_id=person_id,
        before={"step": ladder.REVIEWER},
    )  # fmt: skip
    waiting.wake(session)
    return "Passed up: it is a case now, and somebody else decides."


def undo(session: Session, slack_id: str, review_id: int, now: datetime) -> str | None:
    """Take one's own acceptance back, while nothing else has happened to the item: the reviewer has it again."""
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    if held.state is ReviewState.CLAIMED and held.claimed_by_id == person_id:
        return None
    if held.state is not ReviewState.ACCEPTED or held.by_id != person_id:
        raise RefusedError("Only who accepted an item can take that back. Nothing was changed.")
    if went_on(session, [held.id]):
        raise RefusedError("Something else has happened to this item since. Nothing was changed.")
    take_back(session, held, person_id, now)
    _move_item(session, held, ItemState.IN_REVIEW, person_id, now, "review.undone")
    return "Taken back: the item is in review again, and with you."


def _is_corrected(session: Session, held: Held, person_id: int, value_id: int) -> bool:
    if held.state is not ReviewState.CORRECTED or held.by_id != person_id:
        return False
    final = select(col(Item.id)).where(col(Item.id) == held.item_id, col(Item.final_value_id) == value_id)
    return session.execute(final).first() is not None


def _move_item(session: Session, held: Held, state: ItemState, person_id: int, now: datetime, action: str) -> None:
    """When it was decided, and by which rule, stays: the labels did that."""
    check_move(held.item.state, state)
    session.execute(update(Item).where(col(Item.id) == held.item_id).values(state=state))
    history.note(
        session, now, action, "item", held.item_id, project_id=held.project_id, actor_id=person_id,
        before={"state": held.item.state},
        after={"state": state},
    )  # fmt: skip
