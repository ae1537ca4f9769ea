"""What happened, and what the clock has done."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from storage.tables.columns import big, document, identity, reference


class History(SQLModel, table=True):
    """Who did what to what, when, from which value to which. Rows are only added."""

    __table_args__ = (Index("ix_history_subject", "subject", "subject_id"),)

    id: int | None = identity()
    at: datetime
    project_id: int | None = reference("project.id", nullable=True, index=True)
    actor_id: int | None = reference("person.id", nullable=True)
    action: str = Field(max_length=60)
    subject: str = Field(max_length=40)
    subject_id: int = big()
    before: dict[str, Any] | None = document(default=None)
    after: dict[str, Any] | None = document(default=None)


class Claim(SQLModel, table=True):
    """A scheduled job that somebody has taken, once per project and local date."""

    __table_args__ = (UniqueConstraint("job", "project_id", "local_date"),)

    id: int | None = identity()
    job: str = Field(max_length=40)
    project_id: int = reference("project.id")
    local_date: date
    at: datetime


class Digest(SQLModel, table=True):
    """A digest as it was computed: the period (UTC, from inclusive, to exclusive) and the numbers."""

    __table_args__ = (Index("ix_digest_project", "project_id", "to_at"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    local_date: date
    scheduled: bool = True
    from_at: datetime
    to_at: datetime
    numbers: dict[str, Any] = document()
