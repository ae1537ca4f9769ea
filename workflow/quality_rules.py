"""What a project says of its quality assurance: which items are reviewed, when cases are due, disputes, audits."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Project
from workflow.spec_values import decimal, duration, fault, grace, span, switch, time_of_day, whole_number

Span = Annotated[int, BeforeValidator(grace), PlainSerializer(span, when_used="json")]
Number = Annotated[int, BeforeValidator(whole_number)]
Share = Annotated[float, BeforeValidator(decimal), Field(ge=0, le=1)]
Rate = Annotated[float, BeforeValidator(decimal), Field(gt=0, lt=1)]
Switch = Annotated[bool, BeforeValidator(switch)]
TimeOfDay = Annotated[str, AfterValidator(time_of_day)]


class Weekday(StrEnum):
    """A day of the week, in the order of ``datetime.weekday``."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """As ``datetime.weekday`` counts: Monday is 0."""
        return list(Weekday).index(self)


class Every(StrEnum):
    """How often something is done by itself."""

    NEVER = "never"
    WEEK = "week"


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReviewRules(_Rules):
    """Which accepted items a reviewer looks at.

    ``newcomer``: all items on which somebody gave one of their first so many labels; ``share``: this share of all items,
    drawn by a stored seed; ``disagreement``: all that were accepted although somebody said otherwise; ``flagged``: all that
    somebody flagged. ``due``: working time within which a review is to be done; ``lease``: how long a claim holds.
    """

    newcomer: Annotated[Number, Field(ge=0, le=10_000)] = 0
    share: Share = 0.0
    disagreement: Switch = False
    flagged: Switch = False
    due: Span = 2 * 24 * 3600
    lease: Annotated[int, BeforeValidator(duration), PlainSerializer(span, when_used="json")] = 1800

    @property
    def picks_any(self) -> bool:
        """Whether anything is reviewed at all."""
        return bool(self.newcomer or self.share or self.disagreement or self.flagged)


class CaseRules(_Rules):
    """The ladder of a case: ``due`` is the working time for each step, ``remind`` that after which people are reminded.

    Of working time a day is a working day: ``1d`` ends at the same hour of the next one.
    """

    due: Span = 24 * 3600
    remind: Span = 4 * 3600
    begins: TimeOfDay = "09:00"
    ends: TimeOfDay = "17:00"
    days: tuple[Weekday, ...] = tuple(Weekday)[:5]

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        if self.begins >= self.ends:
            raise fault(f"begins at {self.begins} and ends at {self.ends}: begins must be earlier")
        if not self.days:
            raise fault("days is empty: name at least one day of the week, such as [monday]")
        return self


class DisputeRules(_Rules):
    """``window``: how long after they were told people may contest a ruling; 0 for not at all."""

    window: Span = 7 * 24 * 3600


class AuditRules(_Rules):
    """Audits that are drawn by themselves, and what a plan is made of where nobody says otherwise.

    ``aql``: the error rate of a lot that should pass, at least 95 times in 100; ``ltpd``: that of one which should pass at
    most 10 times in 100. ``day`` and ``at`` (in the project's zone): when the weekly audit is drawn and the summary told.
    """

    every: Every = Every.NEVER
    aql: Rate = 0.02
    ltpd: Rate = 0.08
    day: Weekday = Weekday.MONDAY
    at: TimeOfDay = "09:00"
    summary: Every = Every.WEEK
    feedback: Every = Every.WEEK

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.aql >= self.ltpd:
            raise fault(f"aql is {self.aql} and ltpd {self.ltpd}: aql must be smaller")
        return self


class QualityRules(_Rules):
    """All of it, as a project file has it under ``quality``. Times are whole seconds."""

    review: ReviewRules = ReviewRules()
    cases: CaseRules = CaseRules()
    disputes: DisputeRules = DisputeRules()
    audits: AuditRules = AuditRules()


PARTS: Mapping[str, type[BaseModel]] = {
    "review": ReviewRules,
    "cases": CaseRules,
    "disputes": DisputeRules,
    "audits": AuditRules,
}


def kept(rules: QualityRules) -> dict[str, Any]:
    """The rules as a project keeps them, and as a project file has them: what is not as it is by itself."""
    return rules.model_dump(mode="json", exclude_defaults=True)


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """All rules as a project file has them, from what a project keeps."""
    return QualityRules.model_validate(found).model_dump(mode="json")


def of_project(session: Session, project_id: int) -> QualityRules:
    """The rules of a project."""
    found = session.execute(select(col(Project.quality)).where(col(Project.id) == project_id)).scalar_one()
    return QualityRules.model_validate(found)


def of_all(session: Session) -> dict[int, QualityRules]:
    """The rules of every project, by its id."""
    rows = session.execute(select(col(Project.id), col(Project.quality)))
    return {row.id: QualityRules.model_validate(row.quality) for row in rows}
