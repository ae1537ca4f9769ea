"""Guidelines: their versions, the proposals that versions come from, and what follows from a new one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, maybe_document, reference


class ProposalState(StrEnum):
    """How far a proposal has come; the moves between them stand in ``workflow/guidelines/states.py``.

    ``approved`` comes into effect at once, by the clock; ``scheduled`` at its time.
    """

    DRAFT = "draft"
    PROPOSED = "proposed"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ChangeKind(StrEnum):
    """What a proposal changes: only the words, a rule, or the labels by a new one. The first raises the minor version."""

    CLARIFICATION = "clarification"
    RULE_CHANGE = "rule_change"
    NEW_LABEL = "new_label"


class Verdict(StrEnum):
    """What somebody decided about a proposal."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class RequeueState(StrEnum):
    """How far relabelling after a new version has come: ``sampling`` and ``running`` are work for the clock."""

    OFFERED = "offered"
    SAMPLING = "sampling"
    SAMPLED = "sampled"
    RUNNING = "running"
    DONE = "done"
    DECLINED = "declined"


class Guideline(SQLModel, table=True):
    """A version of a project's guideline, in Markdown; later versions have greater ids.

    From ``held_from`` on nobody gets a new batch who has not acknowledged it or a later one; None where nobody has to.
    """

    __table_args__ = (UniqueConstraint("project_id", "major", "minor"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    major: int
    minor: int
    markdown: str
    by_id: int | None = reference("person.id", nullable=True)
    at: datetime
    held_from: datetime | None = None


class Proposal(SQLModel, table=True):
    """A change of a project's guideline that somebody proposes: the whole new text, against the version ``base_id``.

    ``label_changes`` are lines as ``workflow.guidelines.labels.label_changes`` reads them. ``labels_touched`` are values
    of the label schema, ``segments_touched`` segments; empty means all. ``revision`` grows when it is proposed again: what
    was decided of an earlier one does not count. ``impact`` is what it would touch, counted by the clock before the managers
    get their cards. ``wanted_at`` is when it shall come into effect; ``comment`` what was last said against it.
    """

    __tablename__ = "guideline_proposal"
    __table_args__ = (Index("ix_guideline_proposal_project_state", "project_id", "state"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    state: ProposalState = choice(ProposalState, default=ProposalState.DRAFT)
    kind: ChangeKind = choice(ChangeKind, default=ChangeKind.CLARIFICATION)
    summary: str = Field(default="", max_length=300)
    why: str = ""
    markdown: str
    base_id: int = reference("guideline.id")
    label_changes: list[str] = document(default_factory=list)
    labels_touched: list[str] = document(default_factory=list)
    segments_touched: list[str] = document(default_factory=list)
    escalation_id: int | None = reference("escalation.id", nullable=True)
    file_drop_id: int | None = reference("file_drop.id", nullable=True)
    by_id: int | None = reference("person.id", nullable=True)
    revision: int = 1
    version: int = 0
    wanted_at: datetime | None = None
    impact: dict[str, Any] | None = maybe_document()
    comment: str | None = None
    guideline_id: int | None = reference("guideline.id", nullable=True, unique=True)
    created_at: datetime
    proposed_at: datetime | None = None
    settled_at: datetime | None = None
    reminded_at: datetime | None = None


class Decision(SQLModel, table=True):
    """What somebody decided about a revision of a proposal. Rows are only added."""

    __tablename__ = "guideline_decision"
    __table_args__ = (UniqueConstraint("proposal_id", "revision", "person_id", "verdict"),)

    id: int | None = identity()
    proposal_id: int = reference("guideline_proposal.id")
    revision: int
    person_id: int = reference("person.id")
    verdict: Verdict = choice(Verdict)
    comment: str = ""
    at: datetime


class Example(SQLModel, table=True):
    """A worked example of a proposal: an item as it read, the label that is right, and why. A check asks for it."""

    __tablename__ = "guideline_example"

    id: int | None = identity()
    proposal_id: int = reference("guideline_proposal.id", index=True)
    position: int
    item_id: int | None = reference("item.id", nullable=True)
    fields: dict[str, str] = document()
    value_id: int = reference("label_value.id")
    explanation: str = ""


class Acknowledgement(SQLModel, table=True):
    """Somebody is to read a version, or has. ``checked``: how far they are in its check; ``wrong``: how often they erred."""

    __table_args__ = (
        UniqueConstraint("guideline_id", "person_id"),
        Index("ix_acknowledgement_person", "person_id", "project_id"),
    )

    id: int | None = identity()
    project_id: int = reference("project.id")
    guideline_id: int = reference("guideline.id")
    person_id: int = reference("person.id")
    asked_at: datetime
    acknowledged_at: datetime | None = None
    checked: dict[str, Any] | None = maybe_document()
    wrong: int = 0
    reminders: int = 0
    reminded_at: datetime | None = None
    version: int = 0


class Requeue(SQLModel, table=True):
    """What becomes of items labelled under earlier versions that a new one touches: a lead decides, the clock does it.

    ``touched`` items were counted when it was offered, ``done`` were given out again; ``after`` is the last item looked at.
    """

    __table_args__ = (Index("ix_requeue_state", "state"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    guideline_id: int = reference("guideline.id", unique=True)
    state: RequeueState = choice(RequeueState, default=RequeueState.OFFERED)
    touched: int = 0
    done: int = 0
    after: int = big(default=0)
    seed: int = big(default=0)
    by_id: int | None = reference("person.id", nullable=True)
    version: int = 0
    at: datetime
    settled_at: datetime | None = None


class LabelMove(SQLModel, table=True):
    """Labels in force and final values of ``from_id`` become ``to_id``, since a version merged, split or retired it.

    ``after`` is the last item that the clock has brought over. Labels stay in the history as they were given.
    """

    __tablename__ = "label_move"

    id: int | None = identity()
    project_id: int = reference("project.id", index=True)
    guideline_id: int = reference("guideline.id")
    from_id: int = reference("label_value.id")
    to_id: int = reference("label_value.id")
    after: int = big(default=0)
    at: datetime
    done_at: datetime | None = None


class GuidelineEffect(SQLModel, table=True):
    """Whether a version helped, as it was last measured: the numbers, from ``workflow.guidelines.comparison.helped``.

    ``told`` among them says whether they were posted; from then on they stay.
    """

    __tablename__ = "guideline_effect"

    id: int | None = identity()
    project_id: int = reference("project.id")
    guideline_id: int = reference("guideline.id", unique=True)
    numbers: dict[str, Any] = document()
    at: datetime
