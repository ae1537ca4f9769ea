"""Items, the lots they came in, the rows that were refused, and the queues they wait in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, reference


class LotState(StrEnum):
    """How far an import has come: ``running`` reads rows, ``opening`` has them all and hands them to the queues."""

    RUNNING = "running"
    OPENING = "opening"
    COMPLETE = "complete"
    UNDONE = "undone"


class ItemState(StrEnum):
    """Where an item is in its life; the moves between them stand in ``workflow/states.py``.

    ``in_review`` was accepted and waits for a reviewer, its final value kept meanwhile. ``replaced`` is the text that an
    item had before a later import brought another one for its id: it keeps its labels.
    """

    LOADING = "loading"
    OPEN = "open"
    ACCEPTED = "accepted"
    IN_REVIEW = "in_review"
    ESCALATED = "escalated"
    RULED = "ruled"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"


class Lot(SQLModel, table=True):
    """One import of one file. ``rows = items + duplicates + refused`` once it is complete.

    ``near`` counts the duplicates among them that are only nearly equal, ``changed`` the rows whose id another text had.
    ``columns`` says what each column became; ``steps`` and ``filters`` how many rows each touched, by its name.
    """

    id: int | None = identity()
    project_id: int = reference("project.id", index=True)
    file_name: str
    sha256: str = Field(max_length=64)
    state: LotState = choice(LotState, default=LotState.RUNNING)
    seed: int = big(default=0)
    rows: int = 0
    items: int = 0
    duplicates: int = 0
    refused: int = 0
    near: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    changed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    file_format: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    encoding: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    delimiter: str = Field(default="", max_length=10, sa_column_kwargs={"server_default": ""})
    header: str = Field(default="", sa_column_kwargs={"server_default": ""})
    columns: dict[str, str] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    steps: dict[str, int] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    filters: dict[str, int] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    by_id: int | None = reference("person.id", nullable=True)
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None = None


class RefusedRow(SQLModel, table=True):
    """A row that could not become an item: the physical line on which it began, the field, the reason, the row."""

    __tablename__ = "refused_row"

    id: int | None = identity()
    lot_id: int = reference("lot.id", index=True)
    line: int = big()
    field: str
    reason: str
    row: str


class Queue(SQLModel, table=True):
    """Items of one project, priority, skill and difficulty, in the order of their ``seq``.

    ``next_seq`` is the next number to give; no item with an open place has a ``seq`` under ``low``.
    """

    __table_args__ = (UniqueConstraint("project_id", "priority", "skill", "difficulty"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    priority: int = 0
    skill: str = Field(default="", max_length=100)
    difficulty: str = Field(default="", max_length=100)
    next_seq: int = big(default=1)
    low: int = big(default=1)


class QueueCursor(SQLModel, table=True):
    """How far a person has come in a queue: nothing at or before ``seq`` is open to them."""

    __tablename__ = "queue_cursor"

    queue_id: int = reference("queue.id", primary_key=True)
    person_id: int = reference("person.id", primary_key=True)
    seq: int = big(default=0)


class Item(SQLModel, table=True):
    """One thing to label, by ``overlap`` people. While it is open, ``open_places`` plus the places taken is ``overlap``.

    ``duplicate_of`` is the item with the very same text, ``near_of`` one with nearly the same that stands for it.
    ``flagged_by`` names the filters that caught it and let it in.
    """

    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        Index(
            "uq_item_project_digest",
            "project_id",
            "digest",
            unique=True,
            sqlite_where=text("duplicate_of IS NULL"),
            postgresql_where=text("duplicate_of IS NULL"),
        ),
        Index(
            "ix_item_open",
            "queue_id",
            "seq",
            sqlite_where=text("open_places > 0"),
            postgresql_where=text("open_places > 0"),
        ),
        Index("ix_item_project_state", "project_id", "state"),
        # What was accepted since reviews were last picked.
        Index(
            "ix_item_accepted",
            "project_id",
            "decided_at",
            sqlite_where=text("state = 'accepted'"),
            postgresql_where=text("state = 'accepted'"),
        ),
        # Deleting an item looks for what refers to it; only duplicates refer to items.
        Index(
            "ix_item_duplicate_of",
            "duplicate_of",
            sqlite_where=text("duplicate_of IS NOT NULL"),
            postgresql_where=text("duplicate_of IS NOT NULL"),
        ),
        Index(
            "ix_item_near_of",
            "near_of",
            sqlite_where=text("near_of IS NOT NULL"),
            postgresql_where=text("near_of IS NOT NULL"),
        ),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    lot_id: int = reference("lot.id", index=True)
    queue_id: int | None = reference("queue.id", nullable=True)
    seq: int | None = big(default=None)
    open_places: int = 0
    overlap: int = 0
    key: str = Field(max_length=255)
    fields: dict[str, str] = document()
    digest: str = Field(max_length=64)
    segment: str = Field(default="", max_length=200)
    gold: str | None = Field(default=None, max_length=200)
    extra: dict[str, Any] = Field(default_factory=dict, sa_column=Column("metadata", JSON, nullable=False))
    flagged_by: list[str] | None = document(default=None, nullable=True)
    duplicate_of: int | None = reference("item.id", nullable=True)
    near_of: int | None = reference("item.id", nullable=True)
    state: ItemState = choice(ItemState, default=ItemState.LOADING)
    final_value_id: int | None = reference("label_value.id", nullable=True)
    decided_by: str | None = Field(default=None, max_length=20)
    decided_at: datetime | None = None
