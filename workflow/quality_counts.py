"""How much of a project's quality assurance waits, for the digest and whoever asks how things stand."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.tables import Audit, AuditState, Dispute, DisputeState
from workflow.review import queue

RUNNING = (AuditState.DRAWING, AuditState.RUNNING, AuditState.REOPENING)


def waiting(session: Session, project_id: int, now: datetime) -> dict[str, int] | None:
    """What waits: ``in_review`` items, ``overdue`` ones of them, ``back`` sent back and not done, open ``disputes``,
    ``audits`` that are being drawn, judged or given out again. None where nothing does."""
    reviews = queue.counts(session, project_id, None, now)
    disputes = select(func.count()).where(
        col(Dispute.project_id) == project_id, col(Dispute.state) == DisputeState.OPEN
    )
    audits = select(func.count()).where(col(Audit.project_id) == project_id, col(Audit.state).in_(RUNNING))
    found = {
        "in_review": reviews.waiting + reviews.claimed,
        "overdue": reviews.overdue,
        "back": reviews.back,
        "disputes": int(session.execute(disputes.select_from(Dispute)).scalar_one()),
        "audits": int(session.execute(audits.select_from(Audit)).scalar_one()),
    }
    return found if any(found.values()) else None


def in_words(found: dict[str, int]) -> str:
    """What waits in one line, what does not is left out."""
    overdue = f" ({found['overdue']:,} overdue)" if found["overdue"] else ""
    said = [
        f"{found['in_review']:,} in review{overdue}" if found["in_review"] else "",
        f"{found['back']:,} sent back and not done" if found["back"] else "",
        _many(found["disputes"], "open dispute", "open disputes"),
        _many(found["audits"], "audit goes on", "audits go on"),
    ]
    return ", ".join(one for one in said if one)


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}" if count else ""
