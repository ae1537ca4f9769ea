"""Quality assurance: reviews of accepted items, disputes about decisions, what is said of a case, audits and findings."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, maybe_document, reference


class ReviewReason(StrEnum):
    """Why an accepted item is looked at by a reviewer; of several, the first in this order."""

    FLAGGED = "flagged"
    DISAGREEMENT = "disagreement"
    NEWCOMER = "newcomer"
    SHARE = "share"


class ReviewState(StrEnum):
    """How far a review has come; the moves between them stand in ``workflow/review/states.py``."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    SENT_BACK = "sent_back"
    PASSED_UP = "passed_up"
    WITHDRAWN = "withdrawn"


class BackTo(StrEnum):
    """To whom a reviewer sends work back; ``noted`` tells the person and asks for nothing."""

    SAME = "same"
    OTHER = "other"
    NOTED = "noted"


class DisputeState(StrEnum):
    """What became of a dispute: ``upheld``, the decision stands; ``granted``, it was changed."""

    OPEN = "open"
    UPHELD = "upheld"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class AuditDesign(StrEnum):
    """How an audit draws its sample."""

    RANDOM = "random"
    STRATIFIED = "stratified"
    TARGETED = "targeted"


class AuditState(StrEnum):
    """How far an audit has come; the moves between them stand in ``workflow/audit/states.py``.

    ``drawing`` is work for the clock; a ``failed`` one may be reopened: ``reopening`` gives its items out again, and
    ``reopened`` waits until they are decided, then a new audit of them is drawn.
    """

    DRAWING = "drawing"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ESTIMATED = "estimated"
    CANCELLED = "cancelled"
    REOPENING = "reopening"
    REOPENED = "reopened"
    REPAIRED = "repaired"


class FindingState(StrEnum):
    """How far an item of an audit has come: ``answered`` blind, then ``judged``. ``void``: its item was taken away."""

    WAITING = "waiting"
    ANSWERED = "answered"
    JUDGED = "judged"
    VOID = "void"


class AuditVerdict(StrEnum):
    """What an auditor finds of the label in force."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


class Severity(StrEnum):
    """How bad a wrong label is."""

    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class Review(SQLModel, table=True):
    """An accepted item that a reviewer looks at before it counts as done. At most one of an item is open.

    ``value_id`` is the final value when it was picked; ``about_id`` whose work it is (the newcomer, who differs, else the
    first who labelled), so that one person's items come in a row. ``disagreement`` is the share of labels that differ from
    the final value, 0 to 1; ``weight`` how many rows take the item's label, itself among them. What was sent back is with
    ``back_to_id`` (None: with whoever takes it) until ``back_done_at``.
    """

    __table_args__ = (
        Index(
            "uq_review_open_item",
            "item_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'claimed')"),
            postgresql_where=text("state IN ('waiting', 'claimed')"),
        ),
        Index("ix_review_project_state", "project_id", "state", "due_at"),
        Index("ix_review_item", "item_id"),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    item_id: int = reference("item.id")
    reason: ReviewReason = choice(ReviewReason)
    state: ReviewState = choice(ReviewState, default=ReviewState.WAITING)
    value_id: int = reference("label_value.id")
    about_id: int | None = reference("person.id", nullable=True)
    disagreement: float = 0.0
    weight: int = 1
    due_at: datetime
    claimed_by_id: int | None = reference("person.id", nullable=True)
    lease_until: datetime | None = None
    by_id: int | None = reference("person.id", nullable=True)
    ruling_id: int | None = reference("ruling.id", nullable=True)
    reason_code: str = Field(default="", max_length=40)
    section: str = Field(default="", max_length=300)
    note: str = ""
    back_mode: BackTo | None = choice(BackTo, default=None, nullable=True)
    back_to_id: int | None = reference("person.id", nullable=True)
    back_done_at: datetime | None = None
    version: int = 0
    opened_at: datetime
    settled_at: datetime | None = None


class CaseReply(SQLModel, table=True):
    """What somebody wrote in the thread of a case's card; ``ts`` is Slack's, so that a message that comes twice is one."""

    __tablename__ = "case_reply"
    __table_args__ = (UniqueConstraint("escalation_id", "ts"),)

    id: int | None = identity()
    escalation_id: int = reference("escalation.id")
    person_id: int | None = reference("person.id", nullable=True)
    ts: str = Field(max_length=40)
    text: str
    at: datetime


class Dispute(SQLModel, table=True):
    """Somebody who labelled an item contests the ruling on it, once, with an argument.

    ``escalation_id`` is the case in which somebody who has not judged the item yet decides; ``settled_by_id`` their ruling.
    """

    __table_args__ = (
        UniqueConstraint("person_id", "ruling_id"),
        Index("ix_dispute_project_state", "project_id", "state"),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    item_id: int = reference("item.id", index=True)
    person_id: int = reference("person.id")
    ruling_id: int = reference("ruling.id", index=True)
    escalation_id: int = reference("escalation.id", index=True)
    argument: str
    state: DisputeState = choice(DisputeState, default=DisputeState.OPEN)
    settled_by_id: int | None = reference("ruling.id", nullable=True)
    opened_at: datetime
    settled_at: datetime | None = None


class Audit(SQLModel, table=True):
    """A sample of finished items that auditors judge blind; from it an error rate, and whether the lot passes.

    ``scope`` says which items are the population (``workflow/audit/scope.py`` reads it), ``plan`` how the size was chosen
    (``workflow/audit/plan.py``). ``members`` are the ids of the population by tier, as ``workflow/audit/members.py`` packs
    them, so that the same sample can be drawn again from ``seed`` whatever became of the items. ``tiers`` is a list of
    ``{name, population, size}``; ``result`` the estimates when it ended. ``again_of_id`` is the failed audit whose
    repaired items this one looks at; ``after`` how far reopening has come. ``by_id`` None: the schedule.
    """

    __table_args__ = (Index("ix_audit_project_state", "project_id", "state"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    design: AuditDesign = choice(AuditDesign)
    state: AuditState = choice(AuditState, default=AuditState.DRAWING)
    scope: dict[str, Any] = document()
    plan: dict[str, Any] = document()
    why: str = ""
    seed: int = big()
    population: int = 0
    size: int = 0
    accept_number: int | None = None
    members: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    tiers: list[dict[str, Any]] = document(default_factory=list)
    result: dict[str, Any] | None = maybe_document()
    by_id: int | None = reference("person.id", nullable=True)
    again_of_id: int | None = reference("audit.id", nullable=True)
    reopened_by_id: int | None = reference("person.id", nullable=True)
    after: int = big(default=0)
    reopened: int = 0
    version: int = 0
    created_at: datetime
    drawn_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None


class Finding(SQLModel, table=True):
    """One item of an audit's sample, and what the auditor found.

    ``value_id`` and ``guideline_id`` are the final value and its version when it was drawn: the verdict is about these.
    ``probability`` is the chance that the item had of being drawn. ``answer_id`` is what the auditor said before seeing
    ``value_id``; ``correct_id`` the value that is right where the verdict is wrong, and ``ruling_id`` the correction.
    """

    __table_args__ = (
        UniqueConstraint("audit_id", "item_id"),
        Index("ix_finding_audit_state", "audit_id", "state", "position"),
        Index("ix_finding_item", "item_id"),
    )

    id: int | None = identity()
    audit_id: int = reference("audit.id")
    project_id: int = reference("project.id")
    item_id: int = reference("item.id")
    position: int
    tier: int = 0
    probability: float
    value_id: int = reference("label_value.id")
    guideline_id: int | None = reference("guideline.id", nullable=True)
    state: FindingState = choice(FindingState, default=FindingState.WAITING)
    auditor_id: int | None = reference("person.id", nullable=True)
    lease_until: datetime | None = None
    answer_id: int | None = reference("label_value.id", nullable=True)
    answered_at: datetime | None = None
    verdict: AuditVerdict | None = choice(AuditVerdict, default=None, nullable=True)
    severity: Severity | None = choice(Severity, default=None, nullable=True)
    correct_id: int | None = reference("label_value.id", nullable=True)
    reason_code: str = Field(default="", max_length=40)
    section: str = Field(default="", max_length=300)
    note: str = ""
    ruling_id: int | None = reference("ruling.id", nullable=True)
    judged_at: datetime | None = None
