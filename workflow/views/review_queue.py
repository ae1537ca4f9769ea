"""What waits for reviewers, as the standing card and App Home show it; and the list of what was sent back."""

import json
from datetime import datetime
from typing import Any
from zlib import crc32

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Person, Project
from workflow import calendar
from workflow.cases import reasons
from workflow.review import following, queue

MOST_BACK = 45
"""So many are listed of what was sent back, the oldest first: two blocks each, of the hundred that a modal may have."""


def queue_view(session: Session, project_id: int, now: datetime) -> dict[str, Any] | None:
    """What the card shows now; None where there is no such project. ``version`` is another one for other numbers."""
    head = session.execute(
        select(col(Project.name), col(Project.time_zone)).where(col(Project.id) == project_id)
    ).first()
    if head is None:
        return None
    counted = queue.counts(session, project_id, None, now)
    view = {
        "id": project_id,
        "project": head.name,
        "waiting": counted.waiting + counted.claimed,
        "overdue": counted.overdue,
        "back": counted.back,
        "due": calendar.in_words(counted.oldest_due, head.time_zone) if counted.oldest_due else "",
        "zone": head.time_zone,
    }
    return {**view, "version": crc32(json.dumps(view, sort_keys=True).encode()) & 0x7FFFFFFF}


def back_view(session: Session, project_id: int, now: datetime) -> dict[str, Any]:
    """What was sent back and is not decided again: which item, with whom, since when, by whom and why."""
    head = session.execute(select(col(Project.name), col(Project.time_zone)).where(col(Project.id) == project_id)).one()
    listed = following.open_back(session, project_id, MOST_BACK)
    return {
        "project": head.name,
        "zone": head.time_zone,
        "more": max(0, following.count_back(session, project_id) - len(listed)),
        "items": [
            {
                "key": one.key,
                "people": list(one.people),
                "case": one.escalated,
                "since": calendar.in_words(one.since, head.time_zone),
                "days": max(0, (now - one.since).days),
                "by": one.by,
                "why": reasons.TITLES[code] if (code := reasons.known(one.reason_code)) else "",
            }
            for one in listed
        ],
    }


def person_name(session: Session, person_id: int) -> str:
    """Somebody by name; empty for nobody."""
    found: str | None = session.execute(select(col(Person.name)).where(col(Person.id) == person_id)).scalar()
    return found or ""
