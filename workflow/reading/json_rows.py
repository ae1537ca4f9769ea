"""Rows of JSON: one object on every line, in an array, or one after another. One bad row never stops the rest."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workflow import normalise
from workflow.reading.elements import Element
from workflow.reading.physical_lines import Line, odd_byte
from workflow.reading.rows import Refused, Row

DEEPEST = 50
BLANK = "\ufeff \t\r\n"


class Whole(int):
    """A whole number that was typed otherwise than Python writes it (``-0``), and remembers how."""

    typed: str


class Decimal(float):
    """A number with a fraction or exponent that was typed otherwise than Python writes it, and remembers how."""

    typed: str


class Binary(str):
    """What stands for binary data in metadata; it is no text, and no text is read from it."""

    __slots__ = ()


class _BadLineError(ValueError):
    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


def read(lines: Iterable[Line]) -> Iterator[Row | Refused]:
    """The rows of JSON Lines, refused ones among them; blank lines are none."""
    for line in lines:
        if line.problem:
            yield Refused(line.number, "", line.problem, line.text)
        elif line.text.strip(BLANK):
            yield row(line.number, line.text)


def read_elements(elements: Iterable[Element], encoding: str) -> Iterator[Row | Refused]:
    """The rows of an array, or of JSON objects one after another."""
    for element in elements:
        problem = element.problem or odd_byte(element.text, encoding)
        if problem:
            yield Refused(element.line, "", problem, element.text)
        else:
            yield row(element.line, element.text)


def as_text(value: Any) -> str | None:
    """A value as it was typed; None for what is no text: a list, an object, binary data."""
    if isinstance(value, str):
        return None if isinstance(value, Binary) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Whole | Decimal):
        return value.typed
    return repr(value) if isinstance(value, int | float) else None


def row(line: int, text: str) -> Row | Refused:
    """A row from the text of one object."""
    try:
        value = _DECODER.decode(text.strip(BLANK))
        if not isinstance(value, dict):
            raise _BadLineError(f"not an object but {_kind(value)}: every row is written as {{...}}")
        return Row(line, _columns(_storable(value, 1)), text)
    except _BadLineError as error:
        return Refused(line, error.field, str(error), text)
    except json.JSONDecodeError as error:
        return Refused(line, "", f"not JSON: {error.msg.lower()} at character {error.colno}", text)
    except RecursionError:
        return Refused(line, "", "nested too deeply", text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise _BadLineError(f"the key {twice!r} stands there twice", twice)
    return made


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """The values by the names of their columns, which are put right as a CSV header is."""
    made = {normalise.name(key): value for key, value in values.items()}
    if len(made) != len(values):
        raise _BadLineError("two keys are the same name but for spaces or invisible characters")
    return made


def whole(digits: str) -> int:
    """A whole number from its digits, of which ``as_text`` loses none."""
    try:
        number = int(digits)
    except ValueError:
        raise _BadLineError("a number has too many digits: write it as text") from None
    # A list may have a million numbers: only those remember more that must.
    if str(number) == digits:
        return number
    typed = Whole(number)
    typed.typed = digits
    return typed


def decimal(digits: str) -> float:
    """A number from its digits, of which ``as_text`` loses none."""
    number = float(digits)
    if math.isinf(number):
        raise _BadLineError(f"the number {digits[:40]} is too large: write it as text")
    if repr(number) == digits:
        return number
    typed = Decimal(number)
    typed.typed = digits
    return typed


def written(values: Mapping[str, Any]) -> str:
    """Values as JSON, as a row without a text of its own is shown."""
    return json.dumps(values, ensure_ascii=False)


def _no_number(name: str) -> Any:
    raise _BadLineError(f"{name} is not a value in JSON: write null, or text")


def _storable(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise _BadLineError(f"nested more than {DEEPEST} deep")
    if isinstance(value, str):
        return normalise.storable(value)
    if isinstance(value, list):
        return [_storable(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {normalise.storable(key): _storable(entry, depth + 1) for key, entry in value.items()}
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "null" if value is None else "a list"


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=whole, parse_float=decimal, parse_constant=_no_number)
