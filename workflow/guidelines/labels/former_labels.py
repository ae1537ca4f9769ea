"""Labels as they were called: what became of them, for whoever still names one."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import History, LabelMove, LabelValue
from workflow import normalise

# A row of the history of a version that changes labels; ``GOLD`` in it says what each value that changed is called now.
CHANGED, SUBJECT, GOLD = "labels.changed", "guideline", "gold"


def former(session: Session, project_id: int) -> dict[str, str]:
    """What to write instead of values that are no labels any more, in words, by the name that is compared."""
    goal = aliased(LabelValue)
    rows = session.execute(
        select(col(LabelValue.value), col(goal.value).label("goes_to"), col(goal.retired_at).label("gone"))
        .outerjoin(LabelMove, col(LabelMove.from_id) == col(LabelValue.id))
        .outerjoin(goal, col(goal.id) == col(LabelMove.to_id))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_not(None))
        .order_by(col(LabelMove.id))
    )
    found = {
        normalise.name(row.value): f"it goes by {row.goes_to} now" if row.goes_to and not row.gone else "it is retired"
        for row in rows
    }
    return _renamed(session, project_id) | found


def why_unknown(session: Session, project_id: int, value_id: int) -> str:
    """What to say to somebody who chose a value that is none of the project's labels (any more)."""
    title: str | None = session.execute(
        select(col(LabelValue.title)).where(col(LabelValue.id) == value_id, col(LabelValue.project_id) == project_id)
    ).scalar()
    if title is None:
        return "That label is not one of this project's."
    return f"“{title}” is no label any more: a new version of the guideline has others."


def called_with(session: Session, guideline_id: int) -> dict[str, str]:
    """What values that changed with a version are called since, by what they were called until then."""
    noted: dict[str, Any] | None = session.execute(
        select(col(History.after)).where(
            col(History.subject) == SUBJECT, col(History.subject_id) == guideline_id, col(History.action) == CHANGED
        )
    ).scalar()
    return dict((noted or {}).get(GOLD, {}))


def _renamed(session: Session, project_id: int) -> dict[str, str]:
    """Values that labels had before they were called otherwise, and that nothing is called now."""
    mine = col(LabelValue.project_id) == project_id
    present = set(session.execute(select(col(LabelValue.value)).where(mine)).scalars())
    notes = session.execute(
        select(col(History.after))
        .where(col(History.project_id) == project_id, col(History.subject) == SUBJECT, col(History.action) == CHANGED)
        .order_by(col(History.id))
    ).scalars()
    called: dict[str, str] = {}
    for note in notes:
        renamed = dict((note or {}).get(GOLD, {}))
        called = {old: renamed.get(new, new) for old, new in called.items()} | renamed
    return {
        normalise.name(old): f"it goes by {new} now"
        for old, new in called.items()
        if old not in present and new in present
    }
