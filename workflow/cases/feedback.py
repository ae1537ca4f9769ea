"""What people are told of their own work when a reviewer sends it back or notes a fault in it. Nobody else is told.

Corrections and rulings are told by ``telling``.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Lane, Review
from workflow import outbox


def tell_noted(session: Session, review_id: int, person_id: int, now: datetime) -> None:
    """Tell somebody that a reviewer noted a fault in their label; nothing is asked of them."""
    tell_back(session, [review_id], person_id, now)


def tell_back(session: Session, review_ids: Sequence[int], person_id: int, now: datetime) -> None:
    """Tell somebody what became of their work in reviews that were sent back together: one message for all of them.

    What happened, and why, is read from the reviews when the message is drawn.
    """
    if not review_ids:
        return
    first = min(review_ids)
    project_id = session.execute(select(col(Review.project_id)).where(col(Review.id) == first)).scalar_one()
    outbox.put(
        session,
        now,
        f"review_notice:{first}:{person_id}",
        "review_notice",
        outbox.To(project_id=project_id, person_id=person_id),
        {"ids": sorted(review_ids), "person_id": person_id},
        lane=Lane.URGENT,
    )
