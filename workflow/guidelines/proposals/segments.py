"""The segments of a project's items, as a form offers them: found without reading every item."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Item, Pattern

MOST = 200
FIRST_ITEMS = 2_000


def known(session: Session, project_id: int) -> list[str]:
    """Segments of labelled items, one seek in the index each, and of the project's first items; at most 200, sorted."""
    found: set[str] = set()
    majors = session.execute(select(func.max(col(Pattern.major))).where(col(Pattern.project_id) == project_id)).scalar()
    last = ""
    while majors is not None and len(found) < MOST:
        following = select(func.min(col(Pattern.segment))).where(
            col(Pattern.project_id) == project_id, col(Pattern.major) == majors, col(Pattern.segment) > last
        )
        last = session.execute(following).scalar() or ""
        if not last:
            break
        found.add(last)
    first = select(col(Item.segment)).where(col(Item.project_id) == project_id).limit(FIRST_ITEMS).subquery()
    found |= set(session.execute(select(first.c.segment).where(first.c.segment != "").distinct()).scalars())
    return sorted(found)[:MOST]
