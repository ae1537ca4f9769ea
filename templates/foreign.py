"""A text in which values took part: it knows which of its characters the template wrote and which came from outside.

So the filler can escape the values alone, and whoever holds a limit can shorten the values alone: markup that the
template wrote stays closed, and an id, an address or a value is never cut.
"""

import re
from collections.abc import Callable
from typing import Any

from templates.escaping import escape_markdown_block, escape_mrkdwn
from templates.fault import Fault
from templates.text import clean, shorten, units

PLAIN, MRKDWN, MARKDOWN = "plain", "mrkdwn", "markdown"
TEXT, IDENTIFIER, ADDRESS = "text", "identifier", "address"

_IDENTIFIER = re.compile(r"[A-Z0-9]+")
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>|\x00-\x1f]+", re.IGNORECASE)
_ADDRESS_REST = re.compile(r"[^\s<>|\x00-\x1f]*")


def escaped_length(text: str) -> int:
    """UTF-16 units of a plain text as Slack keeps it: with `&amp;`, `&lt;` and `&gt;`."""
    return units(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def _mrkdwn_length(text: str) -> int:
    return units(escape_mrkdwn(text))


def _markdown_length(text: str) -> int:
    return units(escape_markdown_block(text))


_ALONE = ("", "")
_ENCODE: dict[str, tuple[Callable[[str], str], Callable[[str], int]]] = {
    PLAIN: (str, escaped_length),
    MRKDWN: (escape_mrkdwn, _mrkdwn_length),
    MARKDOWN: (escape_markdown_block, _markdown_length),
}


class Foreign:
    """Literals and values by turns: `literals[0] values[0] literals[1] ... literals[-1]`.

    `kind` says which escape the values need, `places` where each stands: in text, or in the id or the address of a
    mrkdwn link. Values are cleaned here; what was one value may hold anything else.
    """

    __slots__ = ("kind", "literals", "places", "values")

    def __init__(self, literals: tuple[str, ...], values: list[Any], kind: str, places: tuple[str, ...]) -> None:
        self.literals = literals
        self.values = [clean(value) if type(value) is str else _word(value) for value in values]
        self.kind = kind
        self.places = places

    def whole(self) -> str:
        """The text as it is, without escapes: for ids, values and addresses."""
        return _weave(self.literals, self.values)

    def fit(self, limit: int) -> tuple[str, int, bool]:
        """The escaped text within `limit` characters as Slack counts them, its length, and whether a value was cut.

        Raises `Fault` if what the template itself wrote is too long.
        """
        encode, measure = _ENCODE[self.kind]
        count = escaped_length if self.kind == PLAIN else units
        if sum(map(len, self.values)) <= limit:
            text = self._encoded(self.values, encode)
            length = count(text)
            if length <= limit:
                return text, length, False
        text = self._encoded(self._shortened(limit, measure), encode)
        return text, count(text), True

    def _encoded(self, values: list[str], encode: Callable[[str], str]) -> str:
        if self.kind == PLAIN:
            return _weave(self.literals, values)
        encoded = [
            encode(value) if place == TEXT else _checked(value, place)
            for value, place in zip(values, self.places, strict=True)
        ]
        return _weave(self.literals, encoded)

    def _shortened(self, limit: int, measure: Callable[[str], int]) -> list[str]:
        fixed = sum(escaped_length(part) if self.kind == PLAIN else units(part) for part in self.literals)
        loose = []
        for value, place in zip(self.values, self.places, strict=True):
            if place == TEXT:
                loose.append(measure(value) if len(value) <= limit else limit)
            else:
                fixed += units(_checked(value, place))
        cap = share(loose, limit - fixed)
        if cap < 1:
            raise Fault(f"the template's own text leaves no room for a value in {limit} characters")
        return [
            shorten(value, cap, measure) if place == TEXT else value
            for value, place in zip(self.values, self.places, strict=True)
        ]


def share(lengths: list[int], room: int) -> int:
    """The largest length that each may have so that all fit the room: short ones keep theirs, long ones are cut."""
    left = len(lengths)
    for length in sorted(lengths):
        if length * left > room:
            return room // left
        room -= length
        left -= 1
    return max(lengths, default=0)


def adopt(value: Any, kind: str, places: tuple[str, ...] = (TEXT,)) -> Any:
    """A value that stands alone: numbers and truth keep their type, lists and dicts their shape, texts are foreign.

    Within a dict `type` decides as it does in a template: the text of a mrkdwn object is escaped whole. So a list made
    by the Markdown converter, or options prepared elsewhere, can bring no markup.
    """
    if isinstance(value, str):
        return Foreign(_ALONE, [value], kind, places)
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return _adopt_dict(value)
    if isinstance(value, (list, tuple)):
        if not value:
            raise Fault("the list is empty")
        return [_step(index, inner, PLAIN) for index, inner in enumerate(value)]
    raise Fault(f"a {type(value).__name__} is no value for a card")


def _adopt_dict(value: dict[Any, Any]) -> dict[str, Any]:
    kind = value.get("type")
    if kind == "broadcast":
        raise Fault("a value cannot bring a broadcast")
    adopted: dict[str, Any] = {}
    for key, inner in value.items():
        if type(key) is not str:
            raise Fault(f"{key!r} is no key")
        if key in ("type", "style", "range") and type(inner) is str:
            adopted[key] = clean(inner)
        else:
            adopted[key] = _step(key, inner, kind if key == "text" and kind in (MRKDWN, MARKDOWN) else PLAIN)
    if kind == MRKDWN:
        adopted.setdefault("verbatim", True)
    elif kind == "plain_text":
        adopted.setdefault("emoji", False)
    return adopted


def _step(step: str | int, value: Any, kind: str) -> Any:
    try:
        return adopt(value, kind)
    except Fault as fault:
        raise fault.at(step) from None


def _word(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        raise Fault("true and false are no words: write an if")
    if isinstance(value, (int, float)):
        return str(value)
    raise Fault(f"a {type(value).__name__} stands alone or not at all")


def _checked(value: str, place: str) -> str:
    """A value inside `<...>` of a mrkdwn text."""
    if place == IDENTIFIER and _IDENTIFIER.fullmatch(value):
        return value
    if place == ADDRESS and _ADDRESS.fullmatch(value):
        return value.replace("&", "&amp;")
    if place == "address rest" and _ADDRESS_REST.fullmatch(value):
        return value.replace("&", "&amp;")
    raise Fault(f"{value[:40]!r} is no {place}", identifier=True)


def _weave(literals: tuple[str, ...], values: list[str]) -> str:
    if len(values) == 1:
        return literals[0] + values[0] + literals[1]
    parts = [literals[0]]
    for value, literal in zip(values, literals[1:], strict=True):
        parts += (value, literal)
    return "".join(parts)
