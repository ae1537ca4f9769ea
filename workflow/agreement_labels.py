"""The labels that count for agreement, one by one: for checking the figure of the patterns a second way."""

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Assignment, LabelValue
from workflow import counts
from workflow.agreement_check import CrossCheck, cross_check
from workflow.patterns import parse_pattern


def checked(session: Session, project_id: int, level: str) -> CrossCheck:
    """Alpha of the kept patterns beside what the package ``krippendorff`` makes of the labels themselves."""
    import pandas as pd

    labels = session.execute(
        select(col(Assignment.item_id), col(Assignment.person_id), col(Assignment.counted_id)).where(
            col(Assignment.project_id) == project_id, col(Assignment.counted_id).is_not(None)
        )
    ).all()
    schema = session.execute(
        select(col(LabelValue.id), col(LabelValue.number))
        .where(col(LabelValue.project_id) == project_id)
        .order_by(col(LabelValue.position))
    ).all()
    frame = pd.DataFrame(labels, columns=["item_id", "person", "value"])
    numbers = {row.id: row.number for row in schema if row.number is not None} or None
    kept = {parse_pattern(text): count for text, count in counts.patterns(session, project_id)}
    return cross_check(frame, level, [row.id for row in schema], numbers, kept)
