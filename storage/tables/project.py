"""Projects: the label schema, the people and their roles, the channels."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from storage.tables.columns import big, choice, document, identity, reference


class Level(StrEnum):
    """Level of measurement of a label schema."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


class SkipRule(StrEnum):
    """What becomes of a place that a person skips."""

    OTHERS = "others"
    LATER = "later"
    NEVER = "never"


class Role(StrEnum):
    """What a person may do in a project."""

    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    LEAD = "lead"
    MANAGER = "manager"


class Purpose(StrEnum):
    """What a channel is for."""

    TEAM = "team"
    REVIEW = "review"
    LEADS = "leads"


class Workspace(SQLModel, table=True):
    """The one Slack workspace that this installation serves."""

    id: int | None = identity()
    team_id: str = Field(unique=True, max_length=40)
    name: str
    seen_at: datetime


class Project(SQLModel, table=True):
    """One annotation operation: its question, its rules, its clock.

    ``overlap_after`` and ``stranded_after`` are the last item that a changed overlap, or a look for items that nobody may
    take any more, has come to; None when there is nothing to do. ``intake`` is what the project file says of imports
    (near duplicates, steps, filters, columns), as ``workflow.intake.spec`` reads it; ``guidelines`` what it says of new
    guideline versions, as ``workflow.guidelines.rules`` reads it; ``quality`` what it says of reviews, cases, disputes and
    audits, as ``workflow.quality_rules`` reads it. ``picked_to`` is up to when accepted items were looked at for review.
    """

    id: int | None = identity()
    name: str = Field(unique=True, max_length=80)
    question: str
    task: str = Field(default="choice", max_length=20)
    level: Level = choice(Level, default=Level.NOMINAL)
    fields: list[str] = document()
    overlap: int
    batch_size: int
    accept: str = Field(max_length=20)
    skip: SkipRule = choice(SkipRule, default=SkipRule.OTHERS)
    hold_seconds: int
    time_zone: str = Field(max_length=64)
    digest_at: str = Field(max_length=5)
    guideline_id: int | None = big(default=None)
    overlap_after: int | None = big(default=None)
    stranded_after: int | None = big(default=None)
    intake: dict[str, Any] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    guidelines: dict[str, Any] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    quality: dict[str, Any] = document(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    picked_to: datetime | None = None
    version: int = 1
    created_at: datetime


class LabelValue(SQLModel, table=True):
    """One value of a project's label schema, in the order in which people see it."""

    __tablename__ = "label_value"
    __table_args__ = (UniqueConstraint("project_id", "value"),)

    id: int | None = identity()
    project_id: int = reference("project.id")
    position: int
    value: str = Field(max_length=200)
    title: str = Field(max_length=200)
    description: str = ""
    number: float | None = None
    retired_at: datetime | None = None


class Channel(SQLModel, table=True):
    """A project's channel: the name as the lead typed it, Slack's id once it is known, what is wrong with it."""

    project_id: int = reference("project.id", primary_key=True)
    purpose: Purpose = choice(Purpose, primary_key=True)
    name: str = Field(max_length=120)
    slack_id: str | None = Field(default=None, max_length=40, index=True)
    problem: str | None = None


class Person(SQLModel, table=True):
    """Somebody in the workspace. Named by handle until Slack tells the id; inactive once Slack deactivates them.

    Who asked to be forgotten has a pseudonym for a name, and no other data of theirs.
    """

    id: int | None = identity()
    handle: str | None = Field(default=None, unique=True, max_length=200)
    slack_id: str | None = Field(default=None, unique=True, max_length=40)
    name: str
    time_zone: str | None = Field(default=None, max_length=64)
    dm: str | None = Field(default=None, max_length=40)
    active: bool = True
    problem: str | None = None
    forgotten_at: datetime | None = None


class Member(SQLModel, table=True):
    """A role that a person has in a project."""

    project_id: int = reference("project.id", primary_key=True)
    person_id: int = reference("person.id", primary_key=True, index=True)
    role: Role = choice(Role, primary_key=True)
    since: datetime
