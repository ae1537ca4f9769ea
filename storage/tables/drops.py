"""Files that people drop into a team channel, from the preview to the report."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, reference


class DropState(StrEnum):
    """How far a dropped file has come.

    ``new`` and ``asked`` wait for the clock (to be looked at, to be imported); ``ready`` waits for a lead.
    ``guideline``: it is a guideline, and has become the draft of a proposal.
    """

    NEW = "new"
    READY = "ready"
    ASKED = "asked"
    IMPORTED = "imported"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    GUIDELINE = "guideline"


class FileDrop(SQLModel, table=True):
    """A file in a channel, what a look into it showed, what leads chose, how far its import is.

    ``project_id`` is None while the channel belongs to several projects and nobody has chosen. ``choices`` are the lead's:
    the mapping of columns, the encoding, the delimiter, what to do with changed rows. ``preview`` is what the card shows.
    ``done_bytes`` of ``size`` are imported; ``problem`` says why the file was refused.
    """

    __tablename__ = "file_drop"
    __table_args__ = (UniqueConstraint("file_id", "channel"),)

    id: int | None = identity()
    project_id: int | None = reference("project.id", nullable=True, index=True)
    channel: str = Field(max_length=40)
    file_id: str = Field(max_length=40)
    slack_user: str = Field(max_length=40)
    name: str = ""
    size: int = big(default=0)
    state: DropState = choice(DropState, default=DropState.NEW, index=True)
    choices: dict[str, Any] = document(default_factory=dict)
    preview: dict[str, Any] = document(default_factory=dict)
    lot_id: int | None = reference("lot.id", nullable=True)
    done_bytes: int = big(default=0)
    problem: str | None = None
    version: int = 0
    by_id: int | None = reference("person.id", nullable=True)
    lease_until: datetime | None = None
    attempts: int = 0
    created_at: datetime
    settled_at: datetime | None = None
