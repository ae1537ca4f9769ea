"""A reviewer sends work back: to who did it, to somebody else, or it is noted and nothing is asked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from storage.tables import BackTo, Item, ItemState, ReviewState
from workflow import history
from workflow.cases import feedback
from workflow.cases.decision import Details
from workflow.errors import RefusedError
from workflow.review import reworking
from workflow.review.held import Held, check_may_decide, hold, name, reviewer, settle_all
from workflow.review.why import kept, why
from workflow.states import check_move

PERSON_NEEDED = "Choose whose work goes back."


def send_back(
    session: Session,
    slack_id: str,
    review_id: int,
    version: int,
    mode: BackTo,
    to_person_id: int | None,
    details: Details,
    now: datetime,
    *,
    note: str = "",
) -> str | None:
    """Somebody's work goes back: to themselves, to another, or it is noted and nothing is asked.

    ``to_person_id`` is whose label is meant (without one: whose work the review is about).
    """
    held = hold(session, review_id)
    person_id = reviewer(session, held, slack_id)
    whose = to_person_id if to_person_id is not None else held.about_id
    if held.state is ReviewState.SENT_BACK and (held.by_id, held.back_mode, held.about_id) == (person_id, mode, whose):
        return None
    check_may_decide(session, held, person_id, version, now)
    why(details, note)
    if whose is None:
        raise RefusedError(PERSON_NEEDED)
    reworking.check_label(session, held.item, whose)
    back(session, [held], whose, mode, details, note, person_id, now)
    return sent(session, mode, whose)


def back(
    session: Session,
    reviews: Sequence[Held],
    whose: int,
    mode: BackTo,
    details: Details,
    note: str,
    by_id: int,
    now: datetime,
) -> None:
    """Send back somebody's work on the items of several reviews that are under lock and were asked about."""
    settle_all(
        session, reviews, ReviewState.SENT_BACK, by_id, now,
        reason_code=details.reason_code, section=details.section, note=kept(note), about_id=whose,
        back_mode=mode, back_to_id=None if mode is BackTo.OTHER else whose,
        back_done_at=now if mode is BackTo.NOTED else None,
    )  # fmt: skip
    outcome = ItemState.ACCEPTED if mode is BackTo.NOTED else ItemState.OPEN
    for held in reviews:
        history.note(
            session, now, "review.sent_back", "item", held.item_id, project_id=held.project_id, actor_id=by_id,
            before={"state": held.item.state},
            after={"state": outcome, "mode": mode, "person_id": whose, "reason_code": details.reason_code},
        )  # fmt: skip
    items = [held.item for held in reviews]
    if mode is BackTo.NOTED:
        _let_stand(session, reviews)
    else:
        reworking.give_back(session, items, whose, mode, now, by_id)
    feedback.tell_back(session, [held.id for held in reviews], whose, now)
    if mode is BackTo.SAME:
        ids = [item.id for item in items]
        reworking.show(session, items[0].project_id, ids, whose, now, f"review:{reviews[0].id}")


def sent(session: Session, mode: BackTo, whose: int, many: int = 1) -> str:
    """What became of work that was sent back, for the reviewer."""
    what = "It is" if many == 1 else f"{many} items are"
    if mode is BackTo.OTHER:
        return f"{what} open for somebody other than {name(session, whose)}."
    if mode is BackTo.NOTED:
        return f"{'Accepted' if many == 1 else f'{many} items accepted'}, and {name(session, whose)} is told."
    return f"{what} with {name(session, whose)} again."


def _let_stand(session: Session, reviews: Sequence[Held]) -> None:
    for held in reviews:
        check_move(held.item.state, ItemState.ACCEPTED)
    session.execute(
        update(Item).where(col(Item.id).in_([held.item_id for held in reviews])).values(state=ItemState.ACCEPTED)
    )
