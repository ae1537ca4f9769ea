"""Writing down who did what to what, when, from which value to which."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from storage.tables import History


def note(
    session: Session,
    now: datetime,
    action: str,
    subject: str,
    subject_id: int,
    *,
    project_id: int | None = None,
    actor_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a row to the history; ``actor_id`` None means Concord itself (the clock, an import, the command line)."""
    session.execute(
        insert(History).values(
            at=now,
            project_id=project_id,
            actor_id=actor_id,
            action=action,
            subject=subject,
            subject_id=subject_id,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
        )
    )
