"""A project's filters at work: each row is looked at by all of them, in their order, until one refuses it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import regex

from workflow.intake.language import language_of
from workflow.intake.personal_data import FINDERS, Span
from workflow.intake.spec import FilterSpec, IntakeSpec, LengthSpec

# A pattern that tries every way to match would hold up the whole import.
PATTERN_SECONDS = 1.0
TOO_SLOW = "the pattern takes too long on this text"


@dataclass(frozen=True)
class Hit:
    """What a filter found in a text: why it is caught; and where, for filters that can mask."""

    reason: str
    spans: tuple[tuple[Span, str], ...] = ()


Look = Callable[[str], Hit | None]


@dataclass(frozen=True)
class Checked:
    """What the filters made of a row.

    ``fields`` are its texts, masked where a filter masks; ``refused`` is (field, reason) of the one that refused it;
    ``caught`` names all that caught it, ``flagged`` those of them that only flag.
    """

    fields: Mapping[str, str]
    refused: tuple[str, str] | None = None
    flagged: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filters:
    """All filters of a project, ready to look."""

    looks: tuple[tuple[FilterSpec, Look], ...] = ()

    def check(self, fields: Mapping[str, str], others: Mapping[str, str]) -> Checked:
        """Look at a row: its text fields, and its other columns for filters that name one of them."""
        made = _Made(dict(fields), others)
        for spec, look in self.looks:
            refused = made.take(spec, look)
            if refused:
                return Checked(made.fields, refused, tuple(made.flagged), tuple(made.caught))
        return Checked(made.fields, None, tuple(made.flagged), tuple(made.caught))


def compiled(spec: IntakeSpec) -> Filters:
    """The filters of a project."""
    return Filters(tuple((one, _look(one)) for one in spec.filters))


@dataclass
class _Made:
    fields: dict[str, str]
    others: Mapping[str, str]
    flagged: list[str] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)

    def take(self, spec: FilterSpec, look: Look) -> tuple[str, str] | None:
        """Look with one filter; (field, reason) where it refuses the row."""
        hits = [(name, hit) for name, text in self._texts(spec) if (hit := look(text)) is not None]
        if not hits:
            return None
        self.caught.append(spec.name)
        for name, hit in hits:
            if spec.action == "refuse" or hit.reason == TOO_SLOW:
                return name, f"{spec.name}: {spec.reason or hit.reason}"
            if spec.action == "mask" and name in self.fields:
                self.fields[name] = _mask(self.fields[name], hit)
        if spec.action == "flag":
            self.flagged.append(spec.name)
        return None

    def _texts(self, spec: FilterSpec) -> Iterator[tuple[str, str]]:
        names = spec.fields or tuple(self.fields)
        for name in names:
            yield name, self.fields[name] if name in self.fields else self.others.get(name, "")


def _mask(text: str, hit: Hit) -> str:
    """The text with a word in the place of what was found; of two that overlap the first."""
    parts, at = [], 0
    for (start, end), word in hit.spans:
        if start >= at:
            parts += [text[at:start], word]
            at = end
    return "".join([*parts, text[at:]])


def _look(spec: FilterSpec) -> Look:
    makers: dict[str, Callable[[FilterSpec], Look]] = {
        "length": lambda one: _by_length(one.length or LengthSpec(min=0)),
        "language": _by_language,
        "pattern": _by_pattern,
        "values": _by_values,
        "personal_data": _by_personal_data,
    }
    return makers[spec.kind](spec)


def _by_length(length: LengthSpec) -> Look:
    def look(text: str) -> Hit | None:
        if length.min is not None and len(text) < length.min:
            return Hit(f"{len(text):,} characters, at least {length.min:,}")
        if length.max is not None and len(text) > length.max:
            return Hit(f"{len(text):,} characters, at most {length.max:,}")
        return None

    return look


def _by_language(spec: FilterSpec) -> Look:
    wanted = frozenset(spec.language or ())

    def look(text: str) -> Hit | None:
        found = language_of(text)
        if found is None:
            return Hit("not sure which language this is") if spec.strict else None
        return None if found in wanted else Hit(f"this is {found}, not {' or '.join(sorted(wanted))}")

    return look


def _by_pattern(spec: FilterSpec) -> Look:
    pattern: Any = regex.compile(spec.pattern or "")
    unwanted = spec.must == "not_match"

    def look(text: str) -> Hit | None:
        try:
            if not unwanted:
                return None if pattern.search(text, timeout=PATTERN_SECONDS) else Hit("does not match the pattern")
            found = [one.span() for one in pattern.finditer(text, timeout=PATTERN_SECONDS) if one.end() > one.start()]
        except TimeoutError:
            return Hit(TOO_SLOW)
        return Hit("matches the pattern", tuple((span, "[masked]") for span in found)) if found else None

    return look


def _by_values(spec: FilterSpec) -> Look:
    allowed = frozenset(spec.values or ())

    def look(text: str) -> Hit | None:
        return None if text in allowed else Hit(f"{_shown(text)} is not one of {', '.join(sorted(allowed)[:10])}")

    return look


def _by_personal_data(spec: FilterSpec) -> Look:
    wanted = [kind for kind in FINDERS if kind in (spec.personal_data or ())]

    def look(text: str) -> Hit | None:
        found = [(span, f"[{kind}]") for kind in wanted for span in FINDERS[kind](text, spec.region)]
        if not found:
            return None
        kinds = dict.fromkeys(word.strip("[]") for _, word in found)
        return Hit(f"has personal data ({', '.join(kinds)})", tuple(sorted(found)))

    return look


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")
