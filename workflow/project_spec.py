"""What a project is made from: its rules, its label schema, its channels and people. Checked as one, all faults at once.

Every value may come as text, as a project file has it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from storage.tables import Level, Role, SkipRule
from workflow import label_schema, naming, normalise, spec_values
from workflow.guidelines.rules import GuidelineRules
from workflow.intake.spec import Filters, IntakeSpec, NearSpec, Steps
from workflow.quality_rules import QualityRules
from workflow.spec_faults import Place, all_at_once, amount
from workflow.spec_values import short_text, whole_number

MOST_LABELS = 100
MOST_FIELDS = 20

# Columns that intake and export know by these names.
TAKEN_FIELDS = {
    "id", "segment", "skill", "difficulty", "priority", "gold", "label", "annotator",
    "state", "final", "decided_by", "reviewed", "reason_code", "duplicate_of", "near_of", "flagged_by", "metadata",
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelSpec(_Strict):
    """One value of the label schema; the title is what people click on."""

    value: Annotated[str, short_text(150)]
    title: Annotated[str, short_text(75)] = ""
    description: Annotated[str, short_text(2000, lines=True)] = ""

    @model_validator(mode="before")
    @classmethod
    def _title_defaults_to_value(cls, data: Any) -> Any:
        if isinstance(data, str):
            data = {"value": data}
        if isinstance(data, Mapping) and "title" not in data and _text(data, "value"):
            return {**data, "title": data["value"]}
        return data


class ChannelsSpec(_Strict):
    """The channels of a project, by ``#name`` or Slack id; two purposes may share one."""

    team: Annotated[str, AfterValidator(spec_values.channel)]
    review: Annotated[str, AfterValidator(spec_values.channel)]
    leads: Annotated[str, AfterValidator(spec_values.channel)]


class PersonSpec(_Strict):
    """Somebody, by ``@name``, e-mail address or Slack id, and what they may do."""

    user: Annotated[str, AfterValidator(spec_values.person)]
    roles: Annotated[tuple[Role, ...], BeforeValidator(spec_values.roles_given)]


def _merged(people: tuple[PersonSpec, ...]) -> tuple[PersonSpec, ...]:
    """A user who is named twice has the roles of both places."""
    merged: dict[str, PersonSpec] = {}
    for person in people:
        key = naming.person(person.user).key
        roles = (*merged[key].roles, *person.roles) if key in merged else person.roles
        first = merged.get(key, person)
        merged[key] = first.model_copy(update={"roles": tuple(dict.fromkeys(roles))})
    return tuple(merged.values())


class ProjectSpec(_Strict):
    """A project as a project file describes it."""

    name: Annotated[str, AfterValidator(spec_values.project_name)]
    question: Annotated[str, short_text(1000)]
    task: Literal["choice"] = "choice"
    level: Level = Level.NOMINAL
    labels: tuple[LabelSpec, ...]
    fields: tuple[Annotated[str, short_text(60)], ...] = ("text",)
    overlap: Annotated[int, BeforeValidator(whole_number), Field(ge=1, le=1000)] = 3
    batch_size: Annotated[int, BeforeValidator(whole_number), Field(ge=1, le=100)] = 25
    accept: Annotated[str, AfterValidator(spec_values.acceptance)] = "majority"
    skip: SkipRule = SkipRule.OTHERS
    hold: Annotated[int, BeforeValidator(spec_values.duration)] = 24 * 3600
    guideline: Annotated[str, AfterValidator(spec_values.guideline)] | None = None
    channels: ChannelsSpec
    time_zone: Annotated[str, AfterValidator(spec_values.time_zone)] = "UTC"
    digest: Annotated[str, AfterValidator(spec_values.time_of_day)] = "09:00"
    near: NearSpec = NearSpec()
    steps: Steps = {}
    filters: Filters = ()
    guidelines: GuidelineRules = GuidelineRules()
    quality: QualityRules = QualityRules()
    people: Annotated[tuple[PersonSpec, ...], AfterValidator(_merged)] = ()

    _guideline_text: str | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return all_at_once(data, handler, list(_faults_between(data)) if isinstance(data, Mapping) else [])

    @property
    def intake(self) -> IntakeSpec:
        """What the file says of the files that come in."""
        return IntakeSpec(near=self.near, steps=self.steps, filters=self.filters)

    def with_guideline(self, markdown: str) -> Self:
        """The same project with the text of its guideline."""
        made = self.model_copy()
        made._guideline_text = markdown
        return made

    @property
    def guideline_markdown(self) -> str:
        """The guideline; without one, the label descriptions are the guideline."""
        if self._guideline_text is not None:
            return self._guideline_text
        if self.guideline is not None and "\n" in self.guideline:
            return self.guideline
        return label_schema.as_markdown(self.question, [(label.title, label.description) for label in self.labels])


def _faults_between(data: Mapping[str, Any]) -> list[Place]:
    """Faults that no value has by itself: the same label twice, a label that does not fit the level."""
    labels = data.get("labels")
    found: list[Place] = []
    if isinstance(labels, list | tuple):
        found += amount("labels", labels, 2, MOST_LABELS)
        values = [_text(label, "value") for label in labels]
        titles = [_text(label, "title") or value for label, value in zip(labels, values, strict=True)]
        found += label_schema.repeated(values, "value")
        found += label_schema.repeated(titles, "title", besides=values)
        found += label_schema.misfits(values, str(data.get("level", Level.NOMINAL)))
    fields = data.get("fields")
    if isinstance(fields, list | tuple):
        found += amount("fields", fields, 1, MOST_FIELDS)
        found += _field_faults([field for field in fields if isinstance(field, str)])
    return found


def _field_faults(fields: list[str]) -> list[Place]:
    found: list[Place] = []
    names = [normalise.name(field) for field in fields]
    for at, field in enumerate(names):
        if field in TAKEN_FIELDS:
            found.append((("fields", at), f"{field!r} is a column that Concord fills itself: choose another name"))
        elif field in names[:at]:
            found.append((("fields", at), f"{field!r} stands here twice"))
    return found


def _text(label: Any, part: str) -> str | None:
    if isinstance(label, str):
        found: Any = label if part == "value" else None
    else:
        found = label.get(part) if isinstance(label, Mapping) else getattr(label, part, None)
    return normalise.name(found) if isinstance(found, str) else None
