"""What a project says of new guideline versions: who must approve, what holds until they are read, what is asked."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import ChangeKind, Project
from workflow.spec_values import decimal, grace, span, whole_number

Span = Annotated[int, BeforeValidator(grace), PlainSerializer(span, when_used="json")]
Number = Annotated[int, BeforeValidator(whole_number)]


class OpenBatches(StrEnum):
    """What becomes of batches that are open when a rule changes."""

    GO_ON = "go_on"
    PAUSE = "pause"


class GuidelineRules(BaseModel):
    """Rules for new versions, as a project file has them under ``guidelines``. Times are whole seconds.

    ``approvals``: managers who must approve. ``grace``: how long people get batches who have not acknowledged a rule change;
    ``clarification_grace`` the same for a clarification. ``check``: how many worked examples of a version must be answered
    right before it can be acknowledged; 0 for none. ``tell_lead_after``: days after which the lead hears who has not.
    ``wanted_width``: half the width of the interval of the difference in alpha that is wanted before it is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    approvals: Annotated[Number, Field(ge=1, le=10)] = 1
    grace: Span = 0
    clarification_grace: Span = 7 * 24 * 3600
    open_batches: OpenBatches = OpenBatches.GO_ON
    check: Annotated[Number, Field(ge=0, le=10)] = 0
    tell_lead_after: Annotated[Number, Field(ge=1, le=60)] = 3
    wanted_width: Annotated[float, BeforeValidator(decimal), Field(gt=0, le=1)] = 0.15

    def hold_after(self, kind: ChangeKind) -> timedelta:
        """How long after it came into effect a version holds back who has not read it."""
        seconds = self.clarification_grace if kind is ChangeKind.CLARIFICATION else self.grace
        return timedelta(seconds=seconds)


def kept(rules: GuidelineRules) -> dict[str, Any]:
    """The rules as a project keeps them, and as a project file has them: what is not as it is by itself."""
    return rules.model_dump(mode="json", exclude_defaults=True)


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """All rules as a project file has them, from what a project keeps."""
    return GuidelineRules.model_validate(found).model_dump(mode="json")


def of_project(session: Session, project_id: int) -> GuidelineRules:
    """The rules of a project."""
    found = session.execute(select(col(Project.guidelines)).where(col(Project.id) == project_id)).scalar_one()
    return GuidelineRules.model_validate(found)
