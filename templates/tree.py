"""YAML with marks -> a tree in which every text with a mark knows what kind of text it is.

Literals follow YAML 1.2's core schema: `No` is a text, `010` is ten. Tags, anchors and aliases, doubled keys, keys with
values in them, nulls and empty lists are refused.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from templates.fault import Fault
from templates.foreign import ADDRESS, IDENTIFIER, MARKDOWN, MRKDWN, PLAIN, TEXT

OPEN, CLOSE = "\ue000", "\ue001"

_MARK = re.compile(f"{OPEN}([0-9]+){CLOSE}")
_HALF = re.compile(f"[{OPEN}{CLOSE}]")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's parser without the types of YAML 1.1: every scalar without a tag is a text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML reads it from the class


@dataclass(frozen=True, slots=True)
class Slotted:
    """A text with marks: literals and the numbers of values by turns, the escape they need, and where each stands."""

    literals: tuple[str, ...]
    numbers: tuple[int, ...]
    kind: str
    places: tuple[str, ...]
    lone: bool


def parse(text: str) -> dict[str, Any]:
    """The tree of a YAML mapping. Raises `Fault`."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as fault:
        raise Fault(_explain(fault, text)) from None
    except yaml.YAMLError as fault:
        raise Fault(f"no YAML: {fault}") from None
    finally:
        loader.dispose()
    if not isinstance(node, yaml.MappingNode):
        raise Fault("a template is a mapping with blocks")
    return _mapping(node, set(), root=True)


def _explain(fault: yaml.MarkedYAMLError, text: str) -> str:
    mark = fault.problem_mark
    if mark is None:
        return f"no YAML: {fault.problem}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    shown = _MARK.sub("{{…}}", line.strip())
    return f"no YAML: {fault.problem}, at {shown!r} (line {mark.line + 1} of what the template wrote)"


def _build(node: yaml.Node, kind: str, seen: set[int]) -> Any:
    if id(node) in seen:
        raise Fault("an alias is not allowed")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, kind)
    if isinstance(node, yaml.SequenceNode):
        return _sequence(node, seen)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, seen)
    raise Fault("no YAML that is known here")


def _sequence(node: yaml.SequenceNode, seen: set[int]) -> list[Any]:
    if node.tag != "tag:yaml.org,2002:seq":
        raise Fault(f"the tag {node.tag} is not allowed")
    if not node.value:
        raise Fault("the list is empty")
    built = []
    for index, inner in enumerate(node.value):
        try:
            built.append(_build(inner, PLAIN, seen))
        except Fault as fault:
            raise fault.at(index) from None
    return built


def _mapping(node: yaml.MappingNode, seen: set[int], root: bool = False) -> dict[str, Any]:
    if node.tag != "tag:yaml.org,2002:map":
        raise Fault(f"the tag {node.tag} is not allowed")
    keys = [_key(key) for key, _ in node.value]
    doubled = {key for key in keys if keys.count(key) > 1}
    if doubled:
        raise Fault(f"the key {sorted(doubled)[0]} comes twice")
    types = [inner.value for key, (_, inner) in zip(keys, node.value, strict=True) if key == "type"]
    type_ = types[0] if types and isinstance(types[0], str) else ""
    if OPEN in type_:
        raise Fault("a type is written out, never a value").at("type")
    built: dict[str, Any] = {}
    for key, (_, inner) in zip(keys, node.value, strict=True):
        try:
            built[key] = _build(inner, _kind(key, type_, root), seen)
        except Fault as fault:
            raise fault.at(key) from None
    return _careful(built, type_)


def _kind(key: str, type_: str, root: bool) -> str:
    if key != "text":
        return PLAIN
    if root or type_ == MRKDWN:
        return MRKDWN
    return MARKDOWN if type_ == MARKDOWN else PLAIN


def _careful(built: dict[str, Any], type_: str) -> dict[str, Any]:
    """Text objects with a value in them: Slack may not link names in them or read `:tada:` as an emoji."""
    if type(built.get("text")) is Slotted:
        if type_ == MRKDWN:
            built.setdefault("verbatim", True)
        elif type_ == "plain_text":
            built.setdefault("emoji", False)
    return built


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or _HALF.search(node.value):
        raise Fault("a key is a word of the template, never a value")
    return str(node.value)


def _scalar(node: yaml.ScalarNode, kind: str) -> Any:
    text = node.value
    if node.tag != "tag:yaml.org,2002:str":
        raise Fault(f"the tag {node.tag} is not allowed")
    if OPEN in text or CLOSE in text:
        return _slotted(text, kind)
    return text if node.style else _plain_scalar(text)


def _plain_scalar(text: str) -> Any:
    if _NULL.match(text):
        raise Fault("there is nothing here (a null, or a loop that wrote nothing)")
    if _BOOL.match(text):
        return text.lower() == "true"
    if _INT.match(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.match(text):
        return float(text)
    return text


def _slotted(text: str, kind: str) -> Slotted:
    parts = _MARK.split(text)
    literals = tuple(parts[::2])
    if any(_HALF.search(literal) for literal in literals):
        raise Fault("a value was torn apart (what a macro returns cannot be sliced or looped over)")
    numbers = tuple(int(number) for number in parts[1::2])
    places = _places(literals) if kind == MRKDWN else (TEXT,) * len(numbers)
    return Slotted(literals, numbers, kind, places, lone=not any(literals) and len(numbers) == 1)


def _places(literals: tuple[str, ...]) -> tuple[str, ...]:
    """Where each value of a mrkdwn text stands: in text, or in the id or the address of a `<...>`."""
    places, before = [], ""
    for literal in literals[:-1]:
        before += literal
        inside = before[before.rfind("<") + 1 :] if before.rfind("<") > before.rfind(">") else None
        places.append(TEXT if inside is None else _place_inside(inside))
        before += OPEN
    return tuple(places)


def _place_inside(inside: str) -> str:
    if "|" in inside:
        return TEXT
    if inside[:1] in ("@", "#") or inside.startswith(("!subteam^", "!date^")):
        return IDENTIFIER
    if inside.startswith("!"):
        raise Fault("what follows <! is written out, never a value")
    return ADDRESS if not inside else "address rest"
