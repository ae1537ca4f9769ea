"""Label schemas: what fits a level of measurement, and the guideline that a schema makes by itself."""

import re
from collections.abc import Sequence
from math import isfinite

from storage.tables import Level

Fault = tuple[tuple[str | int, ...], str]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def number(value: str) -> float | None:
    """The number that a value is, or None."""
    if not _NUMBER.fullmatch(value):
        return None
    read = float(value)
    return read + 0.0 if isfinite(read) else None


def numbers(values: Sequence[str], level: Level) -> list[float | None]:
    """What each value stands for at a level: its place (from 1) on an ordinal scale, itself on a numeric one."""
    if level is Level.NOMINAL:
        return [None] * len(values)
    if level is Level.ORDINAL:
        return [float(place) for place in range(1, len(values) + 1)]
    return [number(value) for value in values]


def repeated(texts: Sequence[str | None], part: str, besides: Sequence[str | None] = ()) -> list[Fault]:
    """Texts that stand twice among the labels; not reported again where the texts ``besides`` them do too."""
    found: list[Fault] = []
    for at, text in enumerate(texts):
        first = texts.index(text) if text else at
        said = besides and besides[first] == besides[at]
        if first < at and not said:
            message = f"{text!r} is the {part} of labels[{first}] too: people could not tell them apart"
            found.append((("labels", at, part), message))
    return found


def misfits(values: Sequence[str | None], level: str) -> list[Fault]:
    """Values that are no numbers where the level needs them, or two values that are one number."""
    if level not in (Level.INTERVAL, Level.RATIO):
        return []
    found: list[Fault] = []
    read = [number(value) if value else None for value in values]
    for at, (value, it) in enumerate(zip(values, read, strict=True)):
        place = ("labels", at, "value")
        if not value:
            continue
        if it is None:
            found.append((place, f"{value!r} is not a number, and level {level} needs one: or choose level ordinal"))
        elif it < 0 and level == Level.RATIO:
            found.append((place, f"{value!r} is below zero, and level ratio has a true zero: choose level interval"))
        elif it in read[:at] and value not in values[:at]:
            found.append((place, f"{value!r} is the same number as {values[read.index(it)]!r}"))
    return found


def as_markdown(question: str, labels: Sequence[tuple[str, str]]) -> str:
    """A guideline from the question and the (title, description) of every label."""
    parts = [f"# {escaped(question)}"]
    parts += [f"**{escaped(title)}**" + (f"\n\n{escaped(text)}" if text else "") for title, text in labels]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is typed."""
    marked = re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", text)
    unlisted = re.sub(r"(?m)^( *[0-9]+)([.)])", r"\1\\\2", marked)
    return re.sub(r"(?m)^( *)([-+=])", r"\1\\\2", unlisted)
