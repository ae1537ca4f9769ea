"""What a project says of the files that come in: near duplicates, standardising steps, filters. Every value may be text."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_serializer,
    model_validator,
)
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Project
from workflow import normalise
from workflow.intake import intake_values
from workflow.intake.steps import STEPS
from workflow.spec_faults import Place, all_at_once, amount
from workflow.spec_values import decimal, fault, short_text, switch, whole_number

MOST_FILTERS = 50
LOWEST_NEAR = 0.7
KINDS = ("length", "language", "pattern", "values", "personal_data")
# What only filters of one kind have.
_PARTS = {"min_confidence": "language", "strict": "language", "must": "pattern", "region": "personal_data"}
# Masked, these would be others.
_NEVER_MASKED = {"id", "segment", "skill", "difficulty", "priority", "gold", "label", "annotator"}

Kind = Literal["email", "phone", "card"]
Share = Annotated[float, BeforeValidator(decimal)]
Switch = Annotated[bool, BeforeValidator(switch)]
Texts = BeforeValidator(intake_values.texts)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NearSpec(_Strict):
    """Near duplicates: reported, linked to the first of them, or not looked for; from which similarity on.

    ``long_threshold`` is that of texts of 100 words and more. Below ``LOWEST_NEAR`` the index misses too many pairs.
    """

    do: Literal["report", "link", "off"] = "report"
    threshold: Annotated[Share, Field(ge=LOWEST_NEAR, le=1)] = 0.8
    long_threshold: Annotated[Share, Field(ge=LOWEST_NEAR, le=1)] = 0.9

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"do": data} if isinstance(data, str) else data

    @model_serializer(mode="plain")
    def _as_typed(self) -> Any:
        thresholds = {"threshold": self.threshold, "long_threshold": self.long_threshold}
        given = {name: value for name, value in thresholds.items() if value != type(self).model_fields[name].default}
        return {"do": self.do, **given} if given else self.do


class LengthSpec(_Strict):
    """How many characters a text may have: code points, after the standardising steps."""

    min: Annotated[int, BeforeValidator(whole_number), Field(ge=1)] = 0
    max: Annotated[int, BeforeValidator(whole_number), Field(ge=1)] | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        made = all_at_once(data, handler, [((), "is empty: write min: or max:")] if data == {} else [])
        if made.max is not None and made.min > made.max:
            raise fault(f"is a contradiction: at least {made.min} and at most {made.max}")
        return made

    @model_serializer(mode="plain")
    def _as_typed(self) -> Any:
        return {key: value for key, value in (("min", self.min), ("max", self.max)) if value}


class FilterSpec(_Strict):
    """One filter: what it looks at, what it lets through (exactly one of KINDS), and what becomes of the rest.

    ``fields`` are text fields and other columns; none are all text fields. ``length``, ``language``, ``values`` and a
    ``pattern`` that must match say what is wanted; ``personal_data`` and a ``pattern`` that must not match what is not.
    """

    name: Annotated[str, short_text(60)]
    reason: Annotated[str, short_text(200)] = ""
    do: Literal["refuse", "mask", "flag"] = "refuse"
    fields: Annotated[tuple[Annotated[str, short_text(200)], ...], Texts] = ()
    length: LengthSpec | None = None
    language: Annotated[tuple[Annotated[str, AfterValidator(intake_values.language)], ...], Texts] | None = None
    min_confidence: Annotated[Share, Field(gt=0, lt=1)] = 0.5
    strict: Switch = False
    pattern: Annotated[str, AfterValidator(intake_values.pattern)] | None = None
    must: Literal["match", "not_match"] = "match"
    values: Annotated[tuple[Annotated[str, AfterValidator(normalise.name)], ...], Texts] | None = None
    personal_data: Annotated[tuple[Kind, ...], Texts] | None = None
    region: Annotated[str, AfterValidator(intake_values.region)] | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping):
            return handler(data)
        faults = list(_faults_of_filter(data))
        given = dict(data)
        if "field" in given:
            given["fields"] = given.pop("field")
        if "personal_data" in given:
            given.setdefault("do", "flag")
        return all_at_once(given, handler, faults)

    @model_serializer(mode="wrap")
    def _as_typed(self, handler: SerializerFunctionWrapHandler) -> Any:
        plain = FilterSpec.model_fields
        usual = {"do": "flag" if self.personal_data else "refuse"}
        given: dict[str, Any] = handler(self)
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in given.items()
            if getattr(self, key) != usual.get(key, plain[key].default)
        }


def _steps_off(steps: dict[str, bool]) -> dict[str, bool]:
    return {name: False for name in STEPS if steps.get(name) is False}


def _steps_as_typed(steps: Mapping[str, bool]) -> dict[str, str]:
    return dict.fromkeys(steps, "off")


def _filters(data: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return all_at_once(data, handler, list(_faults_between(data)) if isinstance(data, list | tuple) else [])


Steps = Annotated[
    dict[Annotated[str, AfterValidator(intake_values.step)], Switch],
    AfterValidator(_steps_off),
    PlainSerializer(_steps_as_typed),
]
Filters = Annotated[tuple[FilterSpec, ...], WrapValidator(_filters)]


class IntakeSpec(_Strict):
    """What a project says of its files. ``steps`` holds those that are switched off."""

    near: NearSpec = NearSpec()
    steps: Steps = {}
    filters: Filters = ()

    @property
    def off(self) -> frozenset[str]:
        """The names of the steps that are switched off, as ``steps.standardise`` takes them."""
        return frozenset(name for name, on in self.steps.items() if not on)


def kept(spec: IntakeSpec) -> dict[str, Any]:
    """What differs from the defaults, as a project file has it: this is what ``Project.intake`` holds."""
    whole = spec.model_dump(mode="json")
    return {key: value for key, value in whole.items() if getattr(spec, key) != getattr(IntakeSpec(), key)}


def of_project(session: Session, project_id: int) -> IntakeSpec:
    """What the project says of its files."""
    found = session.execute(select(col(Project.intake)).where(col(Project.id) == project_id)).scalar_one()
    return read(found)


def read(intake: Mapping[str, Any]) -> IntakeSpec:
    """What ``Project.intake`` holds."""
    return IntakeSpec.model_validate({key: intake[key] for key in IntakeSpec.model_fields if key in intake})


def shown(intake: Mapping[str, Any]) -> dict[str, Any]:
    """What ``Project.intake`` holds by the keys of a project file: near always, the rest where something is said."""
    return {"near": NearSpec().do, **kept(read(intake))}


def _faults_between(filters: list[Any] | tuple[Any, ...]) -> Iterator[Place]:
    yield from amount("", filters, 0, MOST_FILTERS)
    first: dict[str, int] = {}
    for at, one in enumerate(filters):
        name = one.get("name") if isinstance(one, Mapping) else getattr(one, "name", None)
        if isinstance(name, str):
            known = normalise.name(name).casefold()
            if known in first:
                yield (
                    (at, "name"),
                    f"{name!r} is the name of filters[{first[known]}] too: reports could not tell them apart",
                )
            first.setdefault(known, at)


def _faults_of_filter(data: Mapping[str, Any]) -> Iterator[Place]:
    kinds = [kind for kind in KINDS if kind in data]
    if not kinds:
        yield (), f"looks for nothing: write one of {', '.join(KINDS)}"
    if len(kinds) > 1:
        yield (), f"looks for {' and '.join(kinds)}: make a filter of each"
    for key, kind in _PARTS.items():
        if key in data and kind not in kinds:
            yield (key,), f"belongs to a filter with {kind}: take it out"
    if "field" in data and "fields" in data:
        yield ("field",), "says what fields says: write one of them"
    if data.get("do") == "mask":
        yield from _faults_of_mask(data)


def _faults_of_mask(data: Mapping[str, Any]) -> Iterator[Place]:
    if "personal_data" not in data and not ("pattern" in data and data.get("must") == "not_match"):
        yield ("do",), "mask hides what is found: it goes with personal_data, and with a pattern and must: not_match"
    key = "field" if "field" in data else "fields"
    names = data.get(key, ())
    for name in [names] if isinstance(names, str) else names if isinstance(names, list | tuple) else []:
        if name in _NEVER_MASKED:
            yield (key,), f"{name} cannot be masked: it would be another one"
