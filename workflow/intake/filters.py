"""A project's filters at work: a text is let through, refused, masked or flagged; in the order of the project file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from workflow import normalise
from workflow.intake import language, personal_data
from workflow.intake.patterns import Pattern
from workflow.intake.spec import FilterSpec, IntakeSpec

_SPOKEN = {"email": "an e-mail address", "phone": "a phone number", "card": "a card number"}
MASK = "masked"
Span = tuple[int, int, str]


@dataclass(frozen=True)
class Hit:
    """What a filter found in a text: in words, and what to mask. ``in_doubt``: it could not be told, so nothing may pass."""

    reason: str
    spans: Sequence[Span] = ()
    in_doubt: bool = False


@dataclass(frozen=True)
class Checked:
    """What became of a row: its texts, masked; (field, reason) where it is refused; names of filters.

    ``flagged`` are the filters that flag the row, ``caught`` all that found anything. ``others`` holds those of the
    other columns whose text was masked.
    """

    fields: dict[str, str]
    refused: tuple[str, str] | None = None
    flagged: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)


Look = Callable[[str], Hit | None]


@dataclass(frozen=True)
class Filters:
    """The filters of a project, ready for the rows of one import."""

    filters: tuple[tuple[FilterSpec, Look], ...]

    def check(self, fields: Mapping[str, str], others: Mapping[str, str]) -> Checked:
        """Put a row through the filters: its text fields and, as text, its other columns; one that is not there is "".

        The first filter that refuses ends it. What one has masked, the later ones do not see.
        """
        texts = {**others, **fields}
        flagged: list[str] = []
        caught: list[str] = []
        refused: tuple[str, str] | None = None
        for spec, look in self.filters:
            hits = {name: hit for name in spec.fields or fields if (hit := look(texts.get(name, "")))}
            if not hits:
                continue
            caught.append(spec.name)
            refusing = [(name, hit.reason) for name, hit in hits.items() if spec.do == "refuse" or hit.in_doubt]
            if refusing:
                name, reason = refusing[0]
                refused = name, _said(spec, reason)
                break
            if spec.do == "flag":
                flagged.append(spec.name)
            else:
                texts |= {name: personal_data.masked(texts[name], hit.spans) for name, hit in hits.items()}
        changed = {name: texts[name] for name in others if name not in fields and texts[name] != others[name]}
        return Checked({name: texts[name] for name in fields}, refused, tuple(flagged), tuple(caught), changed)


def compiled(spec: IntakeSpec) -> Filters:
    """The filters of a project for one import. The language model, if one is needed, is loaded with the first text."""
    return Filters(tuple((one, _look(one)) for one in spec.filters))


def _look(spec: FilterSpec) -> Look:
    if spec.length is not None:
        return partial(_length, spec.length.min, spec.length.max)
    if spec.language is not None:
        return partial(_language, spec)
    if spec.pattern is not None:
        return partial(_pattern, Pattern(spec.pattern), spec.must == "match")
    if spec.values is not None:
        return partial(_values, frozenset(spec.values), ", ".join(spec.values[:10]) + ", ..." * (len(spec.values) > 10))
    return partial(_personal_data, spec.personal_data or (), spec.region)


def _length(least: int, most: int | None, text: str) -> Hit | None:
    if len(text) < least:
        return Hit(f"too short: {_characters(len(text))}, at least {least:,}")
    if most is not None and len(text) > most:
        return Hit(f"too long: {_characters(len(text))}, at most {most:,}")
    return None


def _language(spec: FilterSpec, text: str) -> Hit | None:
    wanted = spec.language or ()
    short = language.is_short(text)
    if short and not spec.strict:
        return None
    found, likeliest, share = language.probability(text, wanted)
    if found >= spec.min_confidence:
        return None
    if short:
        return Hit(f"too short to tell whether it is {' or '.join(wanted)}")
    return Hit(f"not in {' or '.join(wanted)} ({found:.0%} sure): rather {likeliest} ({share:.0%})")


def _pattern(pattern: Pattern, wanted: bool, text: str) -> Hit | None:
    try:
        if wanted:
            return None if pattern.found(text) else Hit("does not match the pattern")
        spans = pattern.spans(text)
    except TimeoutError:
        return Hit("the pattern takes too long on this text", in_doubt=True)
    return Hit("matches the pattern", [(start, end, MASK) for start, end in spans]) if spans else None


def _values(allowed: frozenset[str], shown: str, text: str) -> Hit | None:
    name = normalise.name(text)
    if name in allowed:
        return None
    return Hit(f"{_short(name)!r} is none of {shown}" if name else f"empty: wanted is one of {shown}")


def _personal_data(kinds: Sequence[str], region: str | None, text: str) -> Hit | None:
    spans = personal_data.found(text, kinds, region)
    if not spans:
        return None
    words = [_SPOKEN[kind] for kind in dict.fromkeys(kind for *_, kind in spans)]
    return Hit(f"has {' and '.join(words)} in it", spans)


def _said(spec: FilterSpec, found: str) -> str:
    return f"{spec.name}: {spec.reason} ({found})" if spec.reason else f"{spec.name}: {found}"


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count:,} characters"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "..."
