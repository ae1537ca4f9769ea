"""The one place where a template becomes blocks, and where Slack's limits are held."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from templates.engine import tree
from templates.fault import Fault, IdentifierError, TemplateError
from templates.foreign import escaped_length, share
from templates.shapes import Field, Walk
from templates.slack import MESSAGE, MESSAGE_CHARACTERS, MESSAGE_TEXT, NOTIFICATION, VIEW, VIEW_BLOCKS, VIEW_BYTES

__all__ = ["IdentifierError", "Payload", "TemplateError", "render", "render_view"]


@dataclass(frozen=True, slots=True)
class Payload:
    """What Slack gets: a message has `blocks` and perhaps `text`, a view has `view` (and its `blocks`).

    `cut` says that a text from outside did not fit the blocks and was shortened, so that the card can offer the rest.
    """

    blocks: list[dict[str, Any]]
    text: str | None = None
    view: dict[str, Any] | None = None
    cut: bool = False


def render(name: str, folders: tuple[Path, ...] = (), /, **values: Any) -> Payload:
    """The message that a template makes of the values; `folders` are searched before the house's own templates.

    Raises `TemplateError` with template and path for what Slack would refuse, and its kind `IdentifierError` when a
    value is no id or address where Slack reads one. Texts from outside that are too long are cut.
    """
    filled = tree(name, values, folders)
    if "type" in filled:
        raise TemplateError(name, "a view is rendered by render_view", path="type")
    try:
        text = NOTIFICATION(filled.pop("text"), Walk("message")) if "text" in filled else None
    except Fault as fault:
        raise _error(name, fault.at("text")) from None
    held, cut = _held(name, MESSAGE, filled, "message", _message_excess)
    return Payload(held["blocks"], text, cut=cut)


def render_view(name: str, folders: tuple[Path, ...] = (), /, **values: Any) -> Payload:
    """The modal or the Home tab that a template makes of the values. Raises as `render` does."""
    filled = tree(name, values, folders)
    surface = filled.get("type")
    if surface not in VIEW:
        raise TemplateError(name, "the type is modal or home", path="type")
    held, cut = _held(name, VIEW[surface], filled, surface, _view_excess)
    return Payload(held["blocks"], view=held, cut=cut)


def _held(
    name: str, shape: Field, filled: dict[str, Any], surface: str, excess: Callable[[dict[str, Any], Walk], int]
) -> tuple[dict[str, Any], bool]:
    """The payload within all limits: what is too long together is walked again with a cap on each foreign text."""
    cap: int | None = None
    while cap is None or cap > 0:
        walk = Walk(surface, cap)
        try:
            held = shape(filled, walk)
        except Fault as fault:
            raise _error(name, fault) from None
        over = excess(held, walk)
        if over <= 0:
            return held, walk.cut
        cap = min(share(walk.foreign, max(0, sum(walk.foreign) - over)), (cap or MESSAGE_TEXT) - 1)
    raise TemplateError(name, "what the template itself says is too long for one message or view", path="blocks")


def _message_excess(held: dict[str, Any], walk: Walk) -> int:
    # Below a third nothing that JSON adds can bring it over.
    if walk.length < MESSAGE_CHARACTERS // 3:
        return walk.length - MESSAGE_CHARACTERS
    structure = sum(_structure(block["elements"]) for block in held["blocks"] if block["type"] == "rich_text")
    return walk.length + structure - MESSAGE_CHARACTERS


def _structure(elements: list[Any]) -> int:
    """What a ``rich_text`` counts besides its texts: Slack was seen to count it as the JSON that it is sent as."""
    whole = escaped_length(json.dumps(elements, ensure_ascii=False, separators=(",", ":")))
    return whole - sum(map(escaped_length, _texts(elements)))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from _texts(one)


def _view_excess(held: dict[str, Any], walk: Walk) -> int:
    if walk.length < VIEW_BYTES // 20 and len(held["blocks"]) < VIEW_BLOCKS // 2:
        return 0
    size = len(json.dumps(held))
    return 0 if size <= VIEW_BYTES else -(-(size - VIEW_BYTES) * walk.length // size)


def _error(name: str, fault: Fault) -> TemplateError:
    kind = IdentifierError if fault.identifier else TemplateError
    return kind(name, fault.reason, path=fault.path)
