"""What Slack would refuse, found without the code under test: slack_sdk's models, and lengths and ids counted here."""

import json
import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from templates.blocks import Payload

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

_TEXT_LIMITS = {  # (kind of the owner, key) -> characters
    ("button", "text"): 75,
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("image", "title"): 2000,
}
_STRING_LIMITS = {
    "action_id": 255, "block_id": 255, "callback_id": 255, "external_id": 255, "private_metadata": 3000,
    "alt_text": 2000, "image_url": 3000, "url": 3000, "initial_value": 3000,
}  # fmt: skip
_COUNTS = {"actions": 25, "context": 10, "overflow": 5, "radio_buttons": 10, "checkboxes": 10}


def faults(payload: Payload) -> list[str]:
    """Everything wrong with a payload, in words."""
    return [*_sdk(payload), *_counts(payload), *_lengths(payload), *_ids(payload), *_characters(payload)]


def _sdk(payload: Payload) -> Iterator[str]:
    for index, block in enumerate(payload.blocks):
        parsed = Block.parse(block)
        if parsed is None:
            yield f"blocks[{index}]: not known to slack_sdk"
            continue
        parsed.validate_json()
        if parsed.to_dict() != block:
            yield f"blocks[{index}]: slack_sdk reads {parsed.to_dict()} from {block}"
    if payload.view is not None:
        view = View(**payload.view)
        view.validate_json()
        if view.to_dict() != payload.view:
            yield f"view: slack_sdk reads {view.to_dict()}"


def _counts(payload: Payload) -> Iterator[str]:
    if not 1 <= len(payload.blocks) <= (50 if payload.view is None else 100):
        yield f"{len(payload.blocks)} blocks"
    if payload.view is not None and len(json.dumps(payload.view)) > 250_000:
        yield "a view of more than 250 KB"
    if payload.view is None:
        total = sum(
            utf16(text) if kind in ("mrkdwn", "markdown") else length(text)
            for kind, node in mappings(payload.blocks, "")
            for text in (node.get("text"), node.get("alt_text"))
            if isinstance(text, str)
        )
        if total >= 12_000:
            yield f"{total} characters together"
    if payload.text is not None and not 1 <= utf16(payload.text) <= 3900:
        yield f"text of {utf16(payload.text)}"


def _lengths(payload: Payload) -> Iterator[str]:
    root: dict[str, Any] = payload.view or {"blocks": payload.blocks}
    for kind, node in mappings(root, root.get("type", "message")):
        for key, value in node.items():
            text = value.get("text") if isinstance(value, dict) and "text" in value else value
            if isinstance(text, str):
                markup = isinstance(value, dict) and value.get("type") == "mrkdwn"
                used = utf16(text) if markup else length(text)
                most = _limit(kind, key)
                if most is not None and used > most:
                    yield f"{kind}.{key}: {used} of {most}"
                if key in ("text", "title", "label") and not text:
                    yield f"{kind}.{key} is empty"
        most = _COUNTS.get(kind, 100)
        for key in ("elements", "options"):
            if kind in _COUNTS and len(node.get(key, ())) > most:
                yield f"{kind}.{key}: {len(node[key])}"


def _limit(kind: str, key: str) -> int | None:
    if key == "placeholder":
        return 150
    if key == "value":
        return {"button": 2000, "option": 150}.get(kind)
    return _TEXT_LIMITS.get((kind, key), _STRING_LIMITS.get(key))


def _ids(payload: Payload) -> Iterator[str]:
    blocks = [block["block_id"] for block in payload.blocks if "block_id" in block]
    if len(set(blocks)) < len(blocks):
        yield "a block_id comes twice"
    for block in payload.blocks:
        actions = [node["action_id"] for _, node in mappings(block, "") if "action_id" in node]
        if len(set(actions)) < len(actions):
            yield "an action_id comes twice"


def _characters(payload: Payload) -> Iterator[str]:
    for path, _, text in strings([payload.text or "", payload.view or payload.blocks]):
        if type(text) is not str:
            yield f"{path}: a {type(text).__name__}"
        if FORBIDDEN.search(text):
            yield f"{path}: a character that Slack or a database refuses"


def mappings(node: Any, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping with what it is: its type, or what the key above says."""
    if isinstance(node, list):
        for inner in node:
            yield from mappings(inner, kind)
    elif isinstance(node, dict):
        named: str = node.get("type", kind)
        yield named, node
        for key, inner in node.items():
            yield from mappings(
                inner, "option" if key in ("options", "initial_option", "initial_options") else str(key)
            )


def strings(node: Any, path: str = "", key: str = "") -> Iterator[tuple[str, str, str]]:
    """Path, key and text of every text."""
    if isinstance(node, str):
        yield path, key, node
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from strings(inner, f"{path}[{index}]", key)
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from strings(inner, f"{path}.{name}", name)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def length(text: str) -> int:
    """As Slack keeps a plain text: with entities."""
    return utf16(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
