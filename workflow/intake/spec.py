"""What a project says of imports: near duplicates, standardising steps, filters."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import regex
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Project
from workflow.intake.steps import STEPS
from workflow.spec_values import fault, short_text, whole_number

MOST_FILTERS = 50
PERSONAL_DATA = ("email", "phone", "card")
KINDS = ("length", "language", "pattern", "values", "personal_data")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _share(typed: Any) -> Any:
    if isinstance(typed, str):
        if not regex.fullmatch(r"0?\.[0-9]{1,6}|[01](\.0+)?", typed.strip()):
            raise fault(f"{typed!r} is no share: write a number from 0 to 1 such as 0.8")
        return float(typed)
    return typed


def _switch(typed: Any) -> Any:
    """``on`` or ``off``, and what else people write for them."""
    words = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
    if isinstance(typed, str):
        if typed.strip().lower() not in words:
            raise fault(f"{typed!r} is neither on nor off")
        return words[typed.strip().lower()]
    return typed


Share = Annotated[float, BeforeValidator(_share), Field(gt=0, le=1)]
Switch = Annotated[bool, BeforeValidator(_switch)]
Length = Annotated[int, BeforeValidator(whole_number), Field(ge=0, le=1_000_000)]


class NearSpec(_Strict):
    """What becomes of texts that say nearly the same, and from which similarity on they do.

    ``threshold`` is for texts under 100 words, ``long_threshold`` for longer ones.
    """

    do: Literal["report", "link", "off"] = "report"
    threshold: Share = 0.8
    long_threshold: Share = 0.9

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return {"do": data} if isinstance(data, str) else data


class LengthSpec(_Strict):
    """How many characters (code points) a text has at least and at most."""

    min: Length | None = None
    max: Length | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.min is None and self.max is None:
            raise fault("has neither min nor max: write {min: 20}, {max: 2000} or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise fault(f"no text has at least {self.min} and at most {self.max} characters")
        return self


def _pattern(typed: str) -> str:
    try:
        regex.compile(typed)
    except regex.error as error:
        raise fault(f"is no regular expression: {error}") from None
    return typed


def _languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    from workflow.intake.language import known

    if unknown := [code for code in codes if code not in known()]:
        raise fault(f"{', '.join(unknown)}: not known; languages are written as ISO 639-1 has them, such as en or de")
    return codes


def _listed(typed: Any) -> Any:
    return [typed] if isinstance(typed, str) else typed


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class FilterSpec(_Strict):
    """One filter: where it looks, what it looks for (exactly one of ``KINDS``), and what becomes of a row that it catches.

    A length, a language, a pattern or a list of values says what a row must have; ``must: not_match`` turns a pattern
    around. ``personal_data`` says what it must not have.
    """

    name: Annotated[str, short_text(60)]
    reason: Annotated[str, short_text(200)] = ""
    do: Literal["refuse", "mask", "flag"] | None = None
    fields: Texts = ()
    length: LengthSpec | None = None
    language: Annotated[Texts, AfterValidator(_languages)] | None = None
    strict: Switch = False
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None
    must: Literal["match", "not_match"] = "match"
    values: Texts | None = None
    personal_data: Annotated[tuple[Literal["email", "phone", "card"], ...], BeforeValidator(_listed)] | None = None
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_field(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "field" in data and "fields" not in data:
            rest = {key: value for key, value in data.items() if key != "field"}
            return {**rest, "fields": data["field"]}
        return data

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise fault(f"has {', '.join(given) or 'nothing to look for'}: write exactly one of {', '.join(KINDS)}")
        if self.do == "mask" and not (self.personal_data or (self.pattern and self.must == "not_match")):
            raise fault("only personal_data, and a pattern that must: not_match, can be masked")
        if self.values is not None and not self.fields:
            raise fault("a list of values needs fields: the column that it is about")
        return self

    @property
    def kind(self) -> str:
        """What it looks for, one of ``KINDS``."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def action(self) -> str:
        """What becomes of a row that it catches; where nothing is said, personal data is flagged and the rest refused."""
        return self.do or ("flag" if self.personal_data else "refuse")


def _steps(typed: dict[str, bool]) -> dict[str, bool]:
    if unknown := [name for name in typed if name not in STEPS]:
        raise fault(f"{', '.join(unknown)}: no such step; there is {', '.join(STEPS)}")
    return typed


def _named_apart(filters: tuple[FilterSpec, ...]) -> tuple[FilterSpec, ...]:
    names = [one.name for one in filters]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise fault(f"two filters are called {twice!r}: reports tell them apart by name")
    return filters


StepsSpec = Annotated[dict[str, Switch], AfterValidator(_steps)]
FiltersSpec = Annotated[tuple[FilterSpec, ...], Field(max_length=MOST_FILTERS), AfterValidator(_named_apart)]


class IntakeSpec(_Strict):
    """All of it. ``steps`` has those that are switched, by name; the others are on."""

    near: NearSpec = NearSpec()
    steps: StepsSpec = {}
    filters: FiltersSpec = ()


def of_project(session: Session, project_id: int) -> IntakeSpec:
    """What a project says of imports."""
    kept = session.execute(select(col(Project.intake)).where(col(Project.id) == project_id)).scalar_one()
    return IntakeSpec.model_validate(kept)


def to_keep(spec: IntakeSpec) -> dict[str, Any]:
    """The same as the project keeps it: what differs from the defaults."""
    return spec.model_dump(mode="json", exclude_defaults=True)
