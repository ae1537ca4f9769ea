"""What is to be said in Slack, and where it was said."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, reference


class Lane(IntEnum):
    """Which messages go first: what somebody waits for, what leads must see, the rest."""

    WAITED_FOR = 0
    URGENT = 1
    BULK = 2


class OutboxKind(StrEnum):
    """What the sender does with a row; how each settles an unknown outcome stands in the sender's table."""

    POST = "post"
    UPDATE = "update"
    EPHEMERAL = "ephemeral"
    CHART = "chart"
    FILE = "file"
    PIN = "pin"


class OutboxState(StrEnum):
    """How far a row has come. Failed: could not be delivered. Dropped: not sent, since it was no longer worth saying."""

    WAITING = "waiting"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Outbox(SQLModel, table=True):
    """Something to say, written in the transaction that made it true.

    ``subject`` names the message a row is about: rows with one subject go in the order of their ids. The recipient is a
    channel, a project's channel by its purpose, or a person. A post with a ``card_kind`` leaves a Card behind that shows
    (``card_kind``, ``subject_id``) and can be rewritten; an update names that Card by ``card_id``. ``thread_key`` is the
    key of the row whose message is the head of the thread.
    """

    __table_args__ = (
        Index("ix_outbox_due", "state", "lane", "due_at"),
        Index("ix_outbox_subject", "subject", "id"),
    )

    id: int | None = identity()
    key: str = Field(unique=True, max_length=200)
    lane: int
    kind: OutboxKind = choice(OutboxKind, default=OutboxKind.POST)
    subject: str = Field(max_length=120)
    project_id: int | None = reference("project.id", nullable=True)
    channel: str | None = Field(default=None, max_length=40)
    purpose: str | None = Field(default=None, max_length=20)
    person_id: int | None = reference("person.id", nullable=True)
    template: str = Field(max_length=80)
    context: dict[str, Any] = document()
    card_kind: str | None = Field(default=None, max_length=40)
    subject_id: int | None = big(default=None)
    card_id: int | None = reference("card.id", nullable=True)
    thread_key: str | None = Field(default=None, max_length=200)
    state: OutboxState = choice(OutboxState, default=OutboxState.WAITING)
    attempts: int = 0
    due_at: datetime
    sending_since: datetime | None = None
    lease_until: datetime | None = None
    file_id: str | None = Field(default=None, max_length=40)
    sent_channel: str | None = Field(default=None, max_length=40)
    sent_ts: str | None = Field(default=None, max_length=40)
    error: str | None = None
    created_at: datetime
    settled_at: datetime | None = None


class Card(SQLModel, table=True):
    """A message that is rewritten when the thing it shows changes."""

    __table_args__ = (UniqueConstraint("channel", "ts"), Index("ix_card_subject", "kind", "subject_id"))

    id: int | None = identity()
    kind: str = Field(max_length=40)
    subject_id: int
    person_id: int | None = reference("person.id", nullable=True)
    channel: str = Field(max_length=40)
    ts: str = Field(max_length=40)
    version: int = -1
    created_at: datetime
