"""What changes make of a label schema: nothing that was a label vanishes, and what was labelled has a place to go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.tables import Level
from workflow import label_schema, normalise
from workflow.guidelines.labels.label_lines import ChangeOf, LabelChange, LabelChangeError, NewLabel, parse
from workflow.project_spec import MOST_LABELS

__all__ = [
    "ChangeOf",
    "LabelChange",
    "LabelChangeError",
    "NewLabel",
    "SchemaLabel",
    "applied",
    "in_words",
    "moves",
    "parse",
    "renames",
    "touched",
]

FEWEST_LABELS = 2


@dataclass(frozen=True)
class SchemaLabel:
    """A label that people choose from. ``was`` is the value that it had before the changes; None for a new one."""

    value: str
    title: str
    description: str = ""
    was: str | None = None


def applied(
    schema: Sequence[SchemaLabel], changes: Sequence[LabelChange], level: Level, retired: Sequence[str] = ()
) -> list[SchemaLabel]:
    """The schema after the changes, all made at once: old values are those before any of them.

    ``retired`` are values of earlier schemas; one that is added again is brought back. Raises LabelChangeError.
    """
    faults = _Faults()
    _check_lines(schema, changes, faults)
    added = {change.new[0].value: change for change in changes if change.kind is ChangeOf.ADD}
    after, lines = _after(schema, changes, added)
    _check_new(after, lines, changes, retired, faults)
    _check_goals({label.value for label in after}, changes, faults)
    last = changes[-1].number if changes else 1
    if not FEWEST_LABELS <= len(after) <= MOST_LABELS:
        faults.add(last, f"{len(after)} labels would be left: a project has {FEWEST_LABELS} to {MOST_LABELS}")
    for (_, at, _), why in label_schema.misfits([label.value for label in after], level):
        faults.add(lines.get(after[int(at)].value, last), why)
    ordered = _ordered(after, changes, faults)
    faults.check()
    return ordered


def moves(changes: Sequence[LabelChange]) -> dict[str, str | None]:
    """Where labels of an old value go; None: they stay, on a value that nobody can choose any more."""
    found: dict[str, str | None] = {}
    for change in changes:
        kept = [label.value for label in change.new]
        if change.kind is ChangeOf.RETIRE:
            found[change.old[0]] = change.goes_to
        elif change.kind is ChangeOf.MERGE:
            found |= {value: change.goes_to for value in change.old if value != change.goes_to}
        elif change.kind is ChangeOf.SPLIT and (change.old[0] not in kept or change.goes_to not in (None, *change.old)):
            found[change.old[0]] = change.goes_to
    return found


def renames(changes: Sequence[LabelChange]) -> dict[str, str]:
    """New values by the old ones of labels that only have another name."""
    return {change.old[0]: change.new[0].value for change in changes if change.kind is ChangeOf.RENAME}


def touched(changes: Sequence[LabelChange]) -> set[str]:
    """Values, old and new, under which something may now be labelled wrongly: merged, split, retired, and where they go.

    A rename touches nothing, and neither does a label that is only added: no line says what it takes items from.
    """
    found: set[str] = set()
    for change in changes:
        if change.kind in (ChangeOf.MERGE, ChangeOf.SPLIT, ChangeOf.RETIRE):
            found |= {*change.old, *(label.value for label in change.new), *filter(None, [change.goes_to])}
    return found


def in_words(changes: Sequence[LabelChange]) -> list[str]:
    """A sentence a change, for who decides about it."""
    return [_sentence(change) for change in changes]


@dataclass
class _Faults:
    """What is wrong, by line; the first fault of a line is enough."""

    by_line: dict[int, str] = field(default_factory=dict)

    def add(self, line: int, why: str) -> None:
        self.by_line.setdefault(line, f"{why}.")

    def check(self) -> None:
        if self.by_line:
            raise LabelChangeError(self.by_line)


def _check_lines(schema: Sequence[SchemaLabel], changes: Sequence[LabelChange], faults: _Faults) -> None:
    known = {_named(label) for label in schema}
    taken: dict[str, int] = {}
    for change in changes:
        for value in change.old:
            if value not in known:
                faults.add(change.number, f"“{value}” is no label of this project: there is {_listed(known)}")
            elif value in taken:
                faults.add(change.number, f"“{value}” stands in line {taken[value]} already: say it in one line")
            taken.setdefault(value, change.number)
    new: dict[str, int] = {}
    for change in changes:
        if change.kind is ChangeOf.ADD and new.setdefault(change.new[0].value, change.number) != change.number:
            faults.add(change.number, f"“{change.new[0].value}” is added in line {new[change.new[0].value]} already")


def _after(
    schema: Sequence[SchemaLabel], changes: Sequence[LabelChange], added: Mapping[str, LabelChange]
) -> tuple[list[SchemaLabel], dict[str, int]]:
    """The labels in their places, and the lines of those that a line makes. New ones stand where the old ones stood."""
    of = {value: change for change in changes for value in change.old}
    there = {_named(label) for label in schema if _named(label) not in of}
    lines: dict[str, int] = {value: change.number for value, change in added.items()}
    after: list[SchemaLabel] = []
    made: set[str] = set()
    for label in schema:
        change = of.get(_named(label))
        if change is None:
            after.append(replace(label, was=label.value))
            continue
        for new in _in_place_of(label, change):
            if new.was is None and (new.value in there or new.value in made):
                continue
            after.append(_as_new(added[new.value].new[0]) if new.was is None and new.value in added else new)
            made.add(new.value)
            lines.setdefault(new.value, change.number)
    after += [_as_new(change.new[0]) for value, change in added.items() if value not in made]
    return after, lines


def _in_place_of(label: SchemaLabel, change: LabelChange) -> Iterator[SchemaLabel]:
    """What stands where an old label stood."""
    value = _named(label)
    if change.kind is ChangeOf.RENAME:
        new = change.new[0]
        title = new.title or (new.value if label.title == label.value else label.title)
        yield SchemaLabel(new.value, title, new.description or label.description, label.value)
    for new in change.new if change.kind in (ChangeOf.MERGE, ChangeOf.SPLIT) else ():
        if new.value == value:
            yield replace(
                label, title=new.title or label.title, description=new.description or label.description, was=label.value
            )
        elif new.value not in change.old and value == change.old[0]:
            yield _as_new(new)


def _as_new(label: NewLabel) -> SchemaLabel:
    return SchemaLabel(label.value, label.title or label.value, label.description)


def _check_new(
    after: Sequence[SchemaLabel],
    lines: Mapping[str, int],
    changes: Sequence[LabelChange],
    retired: Sequence[str],
    faults: _Faults,
) -> None:
    """Nothing stands there twice, and nothing is called like a value that goes or went out of use."""
    leaving = {value: change.number for change in changes for value in _leaving(change)}
    former = {normalise.name(value) for value in retired}
    seen: dict[str, str] = {}
    for label in after:
        line = lines.get(label.value, 1)
        if any(_named(label) == _named(other) and label is not other for other in after):
            faults.add(line, f"“{label.value}” would stand there twice: choose another value")
        elif label.title in seen:
            faults.add(
                line if label.value in lines else lines.get(seen[label.title], 1),
                f"“{label.title}” would be the title of two labels, {seen[label.title]} and {label.value}: "
                "people could not tell them apart",
            )
        if _named(label) in leaving:
            faults.add(line, f"“{label.value}” goes out of use by line {leaving[_named(label)]}: choose another value")
        if label.was is not None and label.was != label.value and _named(label) in former:
            faults.add(
                line, f"“{label.value}” was a label earlier, and some items may still have it: choose another value"
            )
        seen.setdefault(label.title, label.value)
    for change in changes:
        if change.kind is ChangeOf.MERGE and change.new[0].value not in change.old:
            _check_merged(change, after, faults)


def _check_merged(change: LabelChange, after: Sequence[SchemaLabel], faults: _Faults) -> None:
    """What a merge leads to is one of its labels or a new one."""
    value = change.new[0].value
    if any(label.value == value and label.was is not None for label in after):
        faults.add(change.number, f"“{value}” is a label already: name it on both sides, “merge a, {value} = {value}”")


def _leaving(change: LabelChange) -> Iterator[str]:
    """Old values that are no labels afterwards."""
    if change.kind is not ChangeOf.RENAME:
        yield from (value for value in change.old if value not in [label.value for label in change.new])


def _check_goals(after: set[str], changes: Sequence[LabelChange], faults: _Faults) -> None:
    for change in changes:
        if change.goes_to is not None and change.goes_to not in {normalise.name(value) for value in after}:
            faults.add(change.number, f"“{change.goes_to}” will be no label: there will be {_listed(after)}")


def _ordered(after: list[SchemaLabel], changes: Sequence[LabelChange], faults: _Faults) -> list[SchemaLabel]:
    for change in changes:
        if change.kind is ChangeOf.ORDER:
            wanted = [label.value for label in change.new]
            if sorted(wanted) != sorted(map(_named, after)):
                faults.add(change.number, f"name every label there will be, once: {_listed(map(_named, after))}")
                return after
            after = sorted(after, key=lambda label: wanted.index(_named(label)))
    return after


def _named(label: SchemaLabel) -> str:
    return normalise.name(label.value)


def _listed(values: "Iterator[str] | set[str] | map[str]") -> str:
    shown = sorted(values)
    return ", ".join(shown[:20]) + (", ..." if len(shown) > 20 else "")


def _sentence(change: LabelChange) -> str:
    new = [f"“{label.value}”" for label in change.new]
    old = [f"“{value}”" for value in change.old]
    match change.kind:
        case ChangeOf.ADD:
            title = change.new[0].title
            return f"{new[0]} is a new label" + (f" ({title})." if title else ".")
        case ChangeOf.RENAME:
            return f"{old[0]} is called {new[0]}; what was labelled so keeps its label."
        case ChangeOf.MERGE:
            return f"{_and(old)} become {new[0]}; what was labelled so becomes {new[0]}."
        case ChangeOf.SPLIT:
            return f"{old[0]} is split into {_and(new)}; {_going(change)}."
        case ChangeOf.RETIRE:
            return f"{old[0]} can be chosen no more; {_going(change)}."
    return f"The labels stand in another order: {', '.join(new)}."


def _going(change: LabelChange) -> str:
    if change.goes_to is None:
        return "what was labelled so stays as it is"
    return f"what was labelled so becomes “{change.goes_to}”"


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
