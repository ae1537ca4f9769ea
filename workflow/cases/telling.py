"""Telling a decision to whom it concerns: everybody who labelled or flagged the item, each in their own messages."""

from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlmodel import Session, col

from storage.tables import Assignment, Flag, Lane, Place
from workflow import outbox


def concerned(session: Session, item_id: int, case_id: int) -> list[int]:
    """Who labelled or flagged the item, by id. A flag of this case that an earlier ruling closed counts as well."""
    flagged = exists().where(col(Flag.escalation_id) == case_id, col(Flag.assignment_id) == col(Assignment.id))
    return list(
        session.execute(
            select(col(Assignment.person_id))
            .where(
                col(Assignment.item_id) == item_id,
                or_(
                    col(Assignment.state).in_((Place.LABELLED, Place.FLAGGED)),
                    and_(col(Assignment.state) == Place.CLOSED, flagged),
                ),
            )
            .order_by(col(Assignment.id))
        ).scalars()
    )


def tell(session: Session, project_id: int, ruling_id: int, person_id: int, now: datetime) -> None:
    """Tell somebody a ruling, once."""
    outbox.put(
        session,
        now,
        key(ruling_id, person_id),
        "ruling_notice",
        outbox.To(project_id=project_id, person_id=person_id),
        {"id": ruling_id, "person_id": person_id},
        lane=Lane.URGENT,
    )


def key(ruling_id: int, person_id: int) -> str:
    """The key of the row that tells somebody a ruling."""
    return f"ruling:{ruling_id}:{person_id}"
