"""Changes of a label schema as people type them: one a line, each fault with its line and what to write.

    add value | Title | description
    rename old = new | Title
    merge a, b = c
    split a = b, c; goes to b        (or: stays)
    retire a = b                     (or: retire a = stays)
    order a, b, c

Old values stand on the left, what comes of them on the right. ``|``, ``,``, ``=`` and ``;`` that belong to a value are
written with a backslash before them.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from workflow import normalise, project_file
from workflow.errors import RefusedError
from workflow.project_spec import LabelSpec

MOST_LINES = 200
STAYS = "stays"
_GOES = re.compile(r"goes\s+to\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\([\\|,=;])")


class ChangeOf(StrEnum):
    """What a line does to the label schema."""

    ADD = "add"
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    RETIRE = "retire"
    ORDER = "order"


FORMS = {
    ChangeOf.ADD: "add value | Title | what it means",
    ChangeOf.RENAME: "rename old = new | Title",
    ChangeOf.MERGE: "merge a, b = c",
    ChangeOf.SPLIT: "split a = b, c; goes to b",
    ChangeOf.RETIRE: "retire a = b",
    ChangeOf.ORDER: "order a, b, c",
}


@dataclass(frozen=True)
class NewLabel:
    """A label as a line names it; title and description are empty where it says none."""

    value: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True)
class LabelChange:
    """One line: ``old`` values become ``new`` labels.

    ``goes_to`` is where labels go that were given with an old value; None: they stay as they are (or there are none).
    ``number`` is the line's, from 1.
    """

    kind: ChangeOf
    old: tuple[str, ...]
    new: tuple[NewLabel, ...]
    goes_to: str | None
    line: str
    number: int


class LabelChangeError(RefusedError):
    """Changes that cannot be made: what is wrong, by the number of the line."""

    def __init__(self, by_line: Mapping[int, str]) -> None:
        self.by_line = dict(sorted(by_line.items()))
        super().__init__("\n".join(f"Line {number}: {why}" for number, why in self.by_line.items()))


class _UnfitError(ValueError):
    """What is wrong with a line."""


def parse(lines: Sequence[str]) -> list[LabelChange]:
    """Changes from their lines; empty ones count and say nothing. Raises LabelChangeError with all faults at once."""
    found: list[LabelChange] = []
    faults: dict[int, str] = {}
    if len(lines) > MOST_LINES:
        raise LabelChangeError({MOST_LINES + 1: f"at most {MOST_LINES} lines can be read, and there are {len(lines)}."})
    for number, raw in enumerate(lines, start=1):
        line = " ".join(normalise.storable(raw).split())
        try:
            found += [_read(line, number)] if line else []
        except _UnfitError as error:
            faults[number] = f"{error}."
    if faults:
        raise LabelChangeError(faults)
    return found


def escaped(value: str) -> str:
    """A value as it stands in a line."""
    return re.sub(r"([\\|,=;])", r"\\\1", value)


def _read(line: str, number: int) -> LabelChange:
    word, _, rest = line.partition(" ")
    try:
        kind = ChangeOf(word.casefold())
    except ValueError:
        raise _UnfitError(f"begins with “{word[:40]}”: begin with {', '.join(ChangeOf)}") from None
    old, new, goes_to = _READERS[kind](rest.strip())
    return LabelChange(kind, old, new, goes_to, line, number)


Read = tuple[tuple[str, ...], tuple[NewLabel, ...], str | None]


def _add(rest: str) -> Read:
    return (), (_label(ChangeOf.ADD, rest),), None


def _rename(rest: str) -> Read:
    old, new = _sides(ChangeOf.RENAME, rest)
    label = _label(ChangeOf.RENAME, new)
    if label.value == old:
        raise _UnfitError(f"“{old}” keeps its value: a title or description is changed in the settings, without this")
    return (old,), (label,), None


def _merge(rest: str) -> Read:
    left, right = _split_once(ChangeOf.MERGE, rest)
    old = tuple(_value(ChangeOf.MERGE, part) for part in _parts(left, ","))
    _check_distinct(ChangeOf.MERGE, old)
    label = _label(ChangeOf.MERGE, right)
    return old, (label,), label.value


def _split(rest: str) -> Read:
    sides, *tails = _parts(rest, ";")
    old, right = _sides(ChangeOf.SPLIT, sides)
    labels = tuple(_label(ChangeOf.SPLIT, part) for part in _parts(right, ","))
    values = tuple(label.value for label in labels)
    _check_distinct(ChangeOf.SPLIT, values)
    tail = " ".join(tails[0].split()) if len(tails) == 1 else ""
    goes = _GOES.fullmatch(tail)
    if tail.casefold() == STAYS:
        return (old,), labels, None
    if goes is None:
        raise _UnfitError(
            f"say what becomes of what was labelled “{old}” so far: add “; goes to {escaped(values[0])}”, or “; {STAYS}”"
        )
    goes_to = _value(ChangeOf.SPLIT, goes[1])
    if goes_to not in values:
        raise _UnfitError(f"“{goes_to}” is none of the labels that “{old}” is split into ({', '.join(values)})")
    return (old,), labels, goes_to


def _retire(rest: str) -> Read:
    if len(_parts(rest, "=")) == 1 and rest:
        raise _UnfitError(
            f"say what becomes of what was labelled so: “retire {rest} = another label”, or “retire {rest} = {STAYS}”"
        )
    old, right = _sides(ChangeOf.RETIRE, rest)
    if right.strip().casefold() == STAYS:
        return (old,), (), None
    goes_to = _value(ChangeOf.RETIRE, right)
    if goes_to == old:
        raise _UnfitError(f"“{old}” cannot go to itself: name another label, or write “{STAYS}”")
    return (old,), (), goes_to


def _order(rest: str) -> Read:
    labels = tuple(NewLabel(_value(ChangeOf.ORDER, part)) for part in _parts(rest, ","))
    _check_distinct(ChangeOf.ORDER, [label.value for label in labels])
    return (), labels, None


_READERS: Mapping[ChangeOf, Callable[[str], Read]] = {
    ChangeOf.ADD: _add,
    ChangeOf.RENAME: _rename,
    ChangeOf.MERGE: _merge,
    ChangeOf.SPLIT: _split,
    ChangeOf.RETIRE: _retire,
    ChangeOf.ORDER: _order,
}


def _sides(kind: ChangeOf, text: str) -> tuple[str, str]:
    """The one old value, and what stands on the right."""
    left, right = _split_once(kind, text)
    return _value(kind, left), right


def _split_once(kind: ChangeOf, text: str) -> tuple[str, str]:
    parts = _parts(text, "=", most=2)
    if len(parts) != 2:
        raise _UnfitError(f"has no “=”: write “{FORMS[kind]}”")
    return parts[0], parts[1]


def _label(kind: ChangeOf, text: str) -> NewLabel:
    """A label that a line names, checked as one of a project file."""
    value, *rest = (_plain(part) for part in _parts(text, "|", most=3))
    if not value:
        raise _UnfitError(f"names no label: write “{FORMS[kind]}”")
    said = {part: word for part, word in zip(("title", "description"), rest, strict=False) if word}
    try:
        made = LabelSpec.model_validate({"value": value, **said})
    except ValidationError as error:
        raise _UnfitError("; ".join(_faults(error, "title" in said))) from None
    return NewLabel(made.value, made.title if "title" in said else "", made.description)


def _faults(error: ValidationError, titled: bool) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        path = detail["loc"]
        if path[-1] == "title" and not titled:
            yield "the value is too long to be its own title: write one after a bar, “value | Title”"
        else:
            yield f"the {path[-1]} {project_file.message(path, detail)}"


def _value(kind: ChangeOf, text: str) -> str:
    value = _plain(text)
    if not value:
        raise _UnfitError(f"a value is missing: write “{FORMS[kind]}”")
    return value


def _check_distinct(kind: ChangeOf, values: Sequence[str]) -> None:
    twice = next((value for at, value in enumerate(values) if value in values[:at]), None)
    if twice is not None:
        raise _UnfitError(f"names “{twice}” twice")
    if len(values) < 2:
        raise _UnfitError(f"takes two labels or more: write “{FORMS[kind]}”")


def _plain(text: str) -> str:
    return normalise.name(_ESCAPED.sub(r"\1", text.strip()))


def _parts(text: str, separator: str, most: int = 0) -> list[str]:
    """The text between separators that have no backslash before them; ``most`` parts, or all."""
    parts: list[str] = []
    part, at = "", 0
    while at < len(text):
        escape = _ESCAPED.match(text, at)
        if escape:
            part, at = part + escape[0], escape.end()
        elif text[at] == separator and (not most or len(parts) < most - 1):
            parts, part, at = [*parts, part], "", at + 1
        else:
            part, at = part + text[at], at + 1
    return [*parts, part]
