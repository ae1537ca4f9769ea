"""Batches, assignments and labels; what people found unclear, and how it was ruled."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, identity, reference
from storage.tables.item import ItemState


class Origin(StrEnum):
    """How a batch came to a person."""

    ASKED = "asked"
    PUSHED = "pushed"
    PLANNED = "planned"


class Place(StrEnum):
    """What became of a person's place on an item.

    ``planned`` waits for its card, ``open`` is being worked on, ``returned`` went back and the same person may have
    it again; ``skipped`` and ``closed`` went back or ended for good, ``barred`` is somebody who saw others' labels.
    """

    PLANNED = "planned"
    OPEN = "open"
    LABELLED = "labelled"
    SKIPPED = "skipped"
    FLAGGED = "flagged"
    RETURNED = "returned"
    CLOSED = "closed"
    BARRED = "barred"


class EscalationReason(StrEnum):
    """Why an item needs a ruling. A correction in a review or an audit is a case that opens and is ruled at once."""

    UNCLEAR = "unclear"
    DISAGREEMENT = "disagreement"
    SKIPS = "skips"
    NOBODY_LEFT = "nobody_left"
    PASSED_UP = "passed_up"
    CONTESTED = "contested"
    REVIEW = "review"
    AUDIT = "audit"


class EscalationState(StrEnum):
    """Whether an escalation still waits."""

    OPEN = "open"
    RULED = "ruled"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"


class Batch(SQLModel, table=True):
    """Items that a person works through in one card.

    ``focus`` is the position that *Back* chose, in force while ``focus_us`` is later than every answer in the batch.
    Labels of the batch are given under the version ``guideline_id`` (None: the project's), and not while it is paused: until
    its owner has acknowledged the version ``paused_for``.
    """

    __table_args__ = (Index("ix_batch_person", "person_id", "project_id"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    person_id: int = reference("person.id")
    origin: Origin = choice(Origin, default=Origin.ASKED)
    guideline_id: int | None = reference("guideline.id", nullable=True)
    paused_for: int | None = reference("guideline.id", nullable=True)
    size: int = 0
    focus: int | None = None
    focus_us: int = big(default=0)
    version: int = 0
    created_at: datetime


class Assignment(SQLModel, table=True):
    """A person's place on an item, and the label in force on it.

    ``acted_us`` is the ``action_ts`` of the last click that counted, in microseconds: an older or equal one is late or
    doubled and changes nothing. ``value_id`` is the label in force; ``counted_id`` the one that counts for agreement, the
    last before a ruling, given under the guideline's ``major`` version. ``skips`` counts how often the person skipped.
    """

    __table_args__ = (
        UniqueConstraint("person_id", "item_id"),
        Index("ix_assignment_item", "item_id"),
        Index("ix_assignment_batch", "batch_id", "position"),
        Index(
            "ix_assignment_person_open",
            "person_id",
            "project_id",
            sqlite_where=text("state IN ('planned', 'open')"),
            postgresql_where=text("state IN ('planned', 'open')"),
        ),
        Index(
            "ix_assignment_lease",
            "lease_until",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    item_id: int = reference("item.id")
    person_id: int = reference("person.id")
    batch_id: int | None = reference("batch.id", nullable=True)
    position: int = 0
    state: Place = choice(Place, default=Place.OPEN)
    value_id: int | None = reference("label_value.id", nullable=True)
    counted_id: int | None = reference("label_value.id", nullable=True)
    after_ruling: bool = False
    skips: int = 0
    major: int | None = None
    guideline_id: int | None = reference("guideline.id", nullable=True)
    acted_us: int = big(default=0)
    version: int = 0
    lease_until: datetime | None = None
    given_at: datetime
    labelled_at: datetime | None = None


class Label(SQLModel, table=True):
    """A label as it was given. Rows are only added: this is the history of labels and of what they did to the item."""

    __table_args__ = (Index("ix_label_project_at", "project_id", "at"), Index("ix_label_item", "item_id"))

    id: int | None = identity()
    project_id: int = reference("project.id")
    assignment_id: int = reference("assignment.id")
    item_id: int = reference("item.id")
    person_id: int = reference("person.id")
    value_id: int = reference("label_value.id")
    previous_value_id: int | None = reference("label_value.id", nullable=True)
    guideline_id: int | None = reference("guideline.id", nullable=True)
    item_from: ItemState = choice(ItemState)
    item_to: ItemState = choice(ItemState)
    after_ruling: bool = False
    at: datetime


class Pattern(SQLModel, table=True):
    """How many people gave an item each value under one major guideline version, as ``value_id:count`` pairs."""

    __table_args__ = (Index("ix_pattern_counts", "project_id", "major", "segment", "pattern"),)

    item_id: int = reference("item.id", primary_key=True)
    major: int = Field(primary_key=True)
    project_id: int = reference("project.id")
    segment: str = Field(default="", max_length=200)
    pattern: str = ""


class Flag(SQLModel, table=True):
    """Somebody found an item unclear."""

    id: int | None = identity()
    project_id: int = reference("project.id")
    escalation_id: int = reference("escalation.id", index=True)
    item_id: int = reference("item.id", index=True)
    person_id: int = reference("person.id")
    assignment_id: int = reference("assignment.id")
    reason: str = Field(max_length=40)
    note: str = ""
    at: datetime


class Escalation(SQLModel, table=True):
    """An item that waits for a ruling, or had one. At most one of an item is open.

    It is at a ``step`` of the ladder (1 reviewer, 2 second reviewer or auditor, 3 lead), asked of ``assigned_id`` until
    ``due_at``; ``reminded_at`` is when they were last reminded.
    """

    __table_args__ = (
        Index(
            "uq_escalation_open_item",
            "item_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_escalation_project_state", "project_id", "state"),
        Index(
            "ix_escalation_due",
            "due_at",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    item_id: int = reference("item.id", index=True)
    reason: EscalationReason = choice(EscalationReason)
    state: EscalationState = choice(EscalationState, default=EscalationState.OPEN)
    step: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    assigned_id: int | None = reference("person.id", nullable=True)
    due_at: datetime | None = None
    reminded_at: datetime | None = None
    version: int = 0
    opened_at: datetime
    settled_at: datetime | None = None


class Ruling(SQLModel, table=True):
    """A reviewer's decision on an escalation: a value, or (without one) back to the flagger. Rows are only added.

    ``reason_code`` is one of ``workflow/cases/reasons.py``, ``section`` the title of the guideline's section that it rests
    on. Where it decides otherwise than the earlier ruling ``precedent_id`` on a like item, ``departure`` says why.
    """

    id: int | None = identity()
    escalation_id: int = reference("escalation.id", index=True)
    item_id: int = reference("item.id", index=True)
    person_id: int = reference("person.id")
    value_id: int | None = reference("label_value.id", nullable=True)
    rationale: str
    reason_code: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    section: str = Field(default="", max_length=300, sa_column_kwargs={"server_default": ""})
    precedent_id: int | None = reference("ruling.id", nullable=True)
    departure: str = Field(default="", sa_column_kwargs={"server_default": ""})
    guideline_id: int | None = reference("guideline.id", nullable=True)
    at: datetime


class PriorLabel(SQLModel, table=True):
    """A label that an item came with, given elsewhere. It is kept and exported; it fills no place and counts nowhere."""

    __tablename__ = "prior_label"
    __table_args__ = (UniqueConstraint("item_id", "annotator", "value_id"),)

    id: int | None = identity()
    project_id: int = reference("project.id", index=True)
    item_id: int = reference("item.id")
    lot_id: int = reference("lot.id", index=True)
    annotator: str = Field(default="", max_length=200)
    value_id: int = reference("label_value.id")
