"""What Slack takes, field by field: a block is checked, its texts are fitted, and what is not known is refused.

A field is a function of a value and the walk; it returns what Slack gets, or None to leave the field out. Texts from
outside are cut to their limit and the walk remembers it; ids, values, addresses, counts and shapes raise `Fault`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from templates.fault import Fault
from templates.foreign import Foreign, escaped_length
from templates.text import units

NOTHING = "—"
"""Shown where a text from outside is empty and Slack demands one."""

_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_SLACK_ID = re.compile(r"[A-Z0-9]{2,}")


@dataclass(slots=True)
class Walk:
    """One pass over one payload: where it goes, what it has used up, what it had to cut."""

    surface: str
    cap: int | None = None
    cut: bool = False
    length: int = 0
    foreign: list[int] = field(default_factory=list)
    block_ids: set[str] = field(default_factory=set)
    action_ids: set[str] = field(default_factory=set)

    def fit(self, text: Foreign, limit: int) -> str:
        """The text within its limit, and within the cap if the whole payload was too long."""
        if self.cap is not None and self.cap < limit:
            least = sum(map(escaped_length, text.literals)) + len(text.values)
            limit = min(limit, max(self.cap, least))
        fitted, length, cut = text.fit(limit)
        self.cut = self.cut or cut
        self.length += length
        self.foreign.append(length)
        return fitted


Field = Callable[[Any, Walk], Any]


def words(limit: int, *, optional: bool = False, space: bool = False) -> Field:
    """A text of 1 to `limit` characters. Empty: left out if optional, else a dash; `space` lets white space stand."""

    def held(value: Any, walk: Walk) -> str | None:
        kind = type(value)
        if kind is Foreign:
            text = walk.fit(value, limit)
            if (text if space else text.strip()) == "":
                return None if optional else NOTHING
            return text
        if kind is int or kind is float:
            value = str(value)
        elif kind is not str:
            raise Fault(f"a text is expected, not {_what(value)}")
        length = escaped_length(value)
        if not value or length > limit:
            raise Fault(f"a text of 1 to {limit} characters is expected; this one has {length}")
        walk.length += length
        return str(value)

    return held


def text_object(limit: int, *types: str, optional: bool = False, bare: bool = False) -> Field:
    """A text object of one of the types; where only plain text may stand, or with `bare`, a bare text is a plain one."""
    inner = words(limit, optional=optional)
    types = types or ("plain_text",)
    bare = bare or types == ("plain_text",)

    def held(value: Any, walk: Walk) -> dict[str, Any] | None:
        if type(value) is not dict:
            if not bare:
                raise Fault(f"a text object is expected, not {_what(value)}")
            text = inner(value, walk)
            return None if text is None else {"type": "plain_text", "text": text, "emoji": False}
        if value.get("type") not in types:
            raise Fault(f"the type is {' or '.join(types)}").at("type")
        _known(value, ("type", "text", "emoji" if value["type"] == "plain_text" else "verbatim"))
        if "text" not in value:
            raise Fault("text is missing")
        try:
            text = inner(value["text"], walk)
        except Fault as fault:
            raise fault.at("text") from None
        return None if text is None else {**value, "text": text}

    return held


def identifier(limit: int, what: str = "id", *, optional: bool = False) -> Field:
    """An id or a value: never cut. Empty: left out if optional, else refused."""

    def held(value: Any, walk: Walk) -> str | None:
        text = _whole(value)
        if not text:
            if optional:
                return None
            raise Fault(f"the {what} is empty", identifier=True)
        if units(text) > limit:
            raise Fault(f"the {what} has {units(text)} characters, {limit} may be", identifier=True)
        return text

    return held


def address(limit: int) -> Field:
    """A web or mail address: never cut."""

    def held(value: Any, walk: Walk) -> str:
        text = _whole(value)
        if units(text) > limit or not _ADDRESS.fullmatch(text):
            raise Fault(f"{text[:40]!r} is no address of at most {limit} characters", identifier=True)
        return text

    return held


def slack_id(value: Any, walk: Walk) -> str:
    """An id that Slack gave."""
    text = _whole(value)
    if not _SLACK_ID.fullmatch(text):
        raise Fault(f"{text[:40]!r} is no id of Slack's", identifier=True)
    return text


def matching(pattern: str) -> Field:
    """A text of a fixed form, such as a date."""
    compiled = re.compile(pattern)

    def held(value: Any, walk: Walk) -> str:
        text = _whole(value)
        if not compiled.fullmatch(text):
            raise Fault(f"{text[:40]!r} has not the form {pattern}", identifier=True)
        return text

    return held


def one_of(*choices: str) -> Field:
    """A fixed word."""

    def held(value: Any, walk: Walk) -> str:
        text = _whole(value)
        if text not in choices:
            raise Fault(f"{text[:40]!r} is none of {', '.join(choices)}", identifier=True)
        return text

    return held


def whole_number(least: int, most: int) -> Field:
    """An integer in a range."""

    def held(value: Any, walk: Walk) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Fault(f"a whole number from {least} to {most} is expected, not {_what(value)}")
        return value

    return held


def truth(value: Any, walk: Walk) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise Fault(f"true or false is expected, not {_what(value)}")
    return value


def items(inner: Field, most: int, least: int = 1) -> Field:
    """A list of `least` to `most`; what an item leaves out is gone."""

    def held(value: Any, walk: Walk) -> list[Any]:
        if type(value) is not list:
            raise Fault(f"a list is expected, not {_what(value)}")
        if not least <= len(value) <= most:
            raise Fault(f"{least} to {most} are allowed here; there are {len(value)}")
        kept = []
        for index, one in enumerate(value):
            try:
                kept.append(inner(one, walk))
            except Fault as fault:
                raise fault.at(index) from None
        return kept

    return held


Rule = Callable[[dict[str, Any], Walk], None]


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapping: its fields, those it must have (marked `!` in `shape`), and rules about them together."""

    fields: Mapping[str, Field]
    required: tuple[str, ...]
    rules: tuple[Rule, ...] = ()

    def __call__(self, value: Any, walk: Walk) -> dict[str, Any]:
        """The mapping as Slack takes it."""
        if type(value) is not dict:
            raise Fault(f"a mapping is expected, not {_what(value)}")
        held = {}
        fields = self.fields
        for key, inner in value.items():
            known = fields.get(key)
            if known is None:
                raise Fault(f"{key} is not known here; known are {', '.join(sorted(fields))}")
            try:
                kept = known(inner, walk)
            except Fault as fault:
                raise fault.at(key) from None
            if kept is not None:
                held[key] = kept
        for key in self.required:
            if key not in held:
                raise Fault(f"{key} is missing")
        for rule in self.rules:
            rule(held, walk)
        return held


def shape(*rules: Rule, **fields: Field | tuple[Field]) -> Shape:
    """A shape; a field in a tuple of one is required."""
    required = tuple(key for key, known in fields.items() if isinstance(known, tuple))
    plain = {key: known[0] if isinstance(known, tuple) else known for key, known in fields.items()}
    return Shape(plain, required, rules)


def by_type(shapes: Mapping[str, Field], what: str) -> Field:
    """A mapping whose `type` says its shape."""

    def held(value: Any, walk: Walk) -> Any:
        kind = value.get("type") if type(value) is dict else None
        known = shapes.get(kind) if isinstance(kind, str) else None
        if known is None:
            raise Fault(f"{_what(value) if kind is None else kind} is no {what}; known are {', '.join(sorted(shapes))}")
        return known(value, walk)

    return held


def literal(value: Any, walk: Walk) -> Any:
    """What the template wrote, as it is."""
    if type(value) is not str:
        raise Fault("this is written out, never a value")
    return value


def _known(value: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in value:
        if key not in keys:
            raise Fault(f"{key} is not known here; known are {', '.join(keys)}")


def _whole(value: Any) -> str:
    if type(value) is Foreign:
        return value.whole()
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise Fault(f"a text is expected, not {_what(value)}")
    return str(value)


def _what(value: Any) -> str:
    if type(value) is Foreign or type(value) is str:
        return "a text"
    if type(value) is dict:
        return "a mapping"
    return "a list" if type(value) is list else repr(value)
