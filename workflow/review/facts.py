"""What is known of accepted items when it is decided whether a reviewer looks at them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Assignment, BackTo, Flag, Item, Place, Review, ReviewState
from workflow.quality_rules import ReviewRules
from workflow.review import newcomers
from workflow.review.policy import Facts, Given

LOOKED_AT = (ReviewState.ACCEPTED, ReviewState.CORRECTED, ReviewState.SENT_BACK, ReviewState.PASSED_UP)


def read(
    session: Session, project_id: int, item_ids: Sequence[int], rules: ReviewRules, reached: newcomers.Reached
) -> list[Facts]:
    """The facts of accepted items; ``rules`` say what is asked for, and only that is looked up."""
    ids = list(item_ids)
    finals = dict(session.execute(select(col(Item.id), col(Item.final_value_id)).where(col(Item.id).in_(ids))).all())
    flagged = _flagged(session, ids) if rules.flagged else set()
    early: set[newcomers.Pair] = set()
    if rules.newcomer:
        given = newcomers.first_labels(session, ids)
        early = newcomers.early(session, project_id, rules.newcomer, given, reached)
    labels = _labels(session, ids, early)
    return [
        Facts(item_id, finals[item_id], labels[item_id], item_id in flagged)
        for item_id in ids
        if finals.get(item_id) is not None
    ]


def _labels(session: Session, item_ids: list[int], early: set[newcomers.Pair]) -> dict[int, list[Given]]:
    rows = session.execute(
        select(
            col(Assignment.item_id), col(Assignment.person_id), col(Assignment.value_id), col(Assignment.labelled_at)
        )
        .where(col(Assignment.item_id).in_(item_ids), col(Assignment.state) == Place.LABELLED)
        .order_by(col(Assignment.labelled_at), col(Assignment.id))
    )
    found: defaultdict[int, list[Given]] = defaultdict(list)
    for item_id, person_id, value_id, at in rows:
        found[item_id].append(Given(person_id, value_id, at, (item_id, person_id) in early))
    return found


def _flagged(session: Session, item_ids: list[int]) -> set[int]:
    return set(session.execute(select(col(Flag.item_id)).where(col(Flag.item_id).in_(item_ids))).scalars())


def unseen(session: Session, facts: Sequence[Facts]) -> list[Facts]:
    """Those whose last review did not find the very same value and labels right already."""
    rows = session.execute(
        select(
            col(Review.item_id),
            col(Review.state),
            col(Review.back_mode),
            col(Review.value_id),
            col(Review.disagreement),
            col(Review.settled_at),
        )
        .where(col(Review.item_id).in_([one.item_id for one in facts]), col(Review.state).in_(LOOKED_AT))
        .order_by(col(Review.id))
    )
    last = {row.item_id: row for row in rows}
    return [one for one in facts if one.item_id not in last or not _stands(one, last[one.item_id])]


def _stands(facts: Facts, review: Any) -> bool:
    let_be = review.state is ReviewState.ACCEPTED or review.back_mode is BackTo.NOTED
    newest: datetime | None = max((label.at for label in facts.labels), default=None)
    changed = newest is not None and review.settled_at is not None and newest > review.settled_at
    same = (review.value_id, review.disagreement) == (facts.value_id, facts.disagreement)
    return let_be and same and not changed


def weights(session: Session, item_ids: Sequence[int]) -> Counter[int]:
    """How many rows take the label of each item, itself among them: its doubles, and what is linked to it."""
    found = Counter(item_ids)
    for stands in (col(Item.duplicate_of), col(Item.near_of)):
        rows = session.execute(select(stands, func.count()).where(stands.in_(item_ids)).group_by(stands))
        found.update({int(item_id): count for item_id, count in rows})
    return found
