"""Layout blocks, and what holds for all blocks of a message or view together."""

import json
from collections.abc import Iterator
from typing import Any

from sandbox.rules.checks import Check, Seen, array, boolean, by_type, exactly_one, one_of, record, string, unique, url
from sandbox.rules.elements import image, in_actions, in_input, in_section
from sandbox.rules.objects import BLOCK_ID, IMAGE_SOURCE, any_text, plain_text
from sandbox.rules.rich_text import rich_text
from sandbox.rules.tables import data_visualization, table

TEXT_TOGETHER = 12_000
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
ONLY_IN_MESSAGES = {"markdown", "table", "data_table", "data_visualization"}


def _block(name: str, required: dict[str, Check], optional: dict[str, Check], *also: Check) -> dict[str, Check]:
    return {name: record({"type": one_of(name), **required}, {"block_id": BLOCK_ID, **optional}, *also)}


def _text_or_fields(value: Any, path: str, seen: Seen) -> None:
    if "text" not in value and "fields" not in value:
        seen.fault("must define either `text` or `fields`", path)


def _elements_differ(value: Any, path: str, seen: Seen) -> None:
    if isinstance(value.get("elements"), list):
        unique(value["elements"], "action_id", f"{path}/elements", seen)


def _input_element(value: Any, path: str, seen: Seen) -> None:
    in_input[seen.surface](value, path, seen)


_in_context = by_type({**image, "plain_text": plain_text(2000), "mrkdwn": any_text(2000)})

BLOCKS: dict[str, Check] = {
    **_block(
        "section",
        {},
        {"text": any_text(3000), "fields": array(any_text(2000), 1, 10), "accessory": in_section, "expand": boolean},
        _text_or_fields,
    ),
    **_block("header", {"text": plain_text(150)}, {}),
    **_block("divider", {}, {}),
    **_block("context", {"elements": array(_in_context, 1, 10)}, {}),
    **_block("actions", {"elements": array(in_actions, 1, 25)}, {}, _elements_differ),
    **_block(
        "image",
        {"alt_text": string(1, 2000)},
        {**IMAGE_SOURCE, "title": plain_text(2000)},
        exactly_one(*IMAGE_SOURCE),
    ),
    **_block(
        "input",
        {"label": plain_text(2000), "element": _input_element},
        {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    **_block("markdown", {"text": string(1, TEXT_TOGETHER)}, {}),
    "rich_text": rich_text,
    "table": table,
    "data_visualization": data_visualization,
    **_block(
        "video",
        {"alt_text": string(1, 2000), "title": plain_text(199), "thumbnail_url": url(), "video_url": url()},
        {
            "author_name": string(1, 49),
            "description": plain_text(200),
            "provider_icon_url": url(),
            "provider_name": string(1, 50),
            "title_url": url(),
        },
    ),
}


def _here(value: Any, path: str, seen: Seen) -> None:
    kind = value["type"]
    if seen.surface != "message" and kind in ONLY_IN_MESSAGES:
        seen.fault(f"unsupported type: {kind}", f"{path}/type")


_any_block = by_type(BLOCKS, also=_here)
_LISTS = {surface: array(_any_block, 0, most) for surface, most in MOST_BLOCKS.items()}


def check_blocks(value: Any, path: str, seen: Seen) -> None:
    """Check all blocks of one message or view, alone and together."""
    _LISTS[seen.surface](value, path, seen)
    if not isinstance(value, list):
        return
    blocks = [block for block in value if isinstance(block, dict)]
    unique(value, "block_id", path, seen)
    markdown = sum(len(b["text"]) for b in blocks if b.get("type") == "markdown" and isinstance(b.get("text"), str))
    if markdown > TEXT_TOGETHER:
        seen.fault(f"markdown blocks together must be less than {TEXT_TOGETHER + 1} characters", path)
    for kind, most in (("table", 1), ("data_visualization", 2)):
        if sum(block.get("type") == kind for block in blocks) > most:
            seen.fault(f"no more than {most} {kind} block(s) allowed", path)


def text_size(blocks: list[dict[str, Any]]) -> int:
    """Characters that count towards ``msg_blocks_too_long``: every text, entities counted; a ``rich_text`` with
    its structure, since Slack was seen to refuse 11,341 characters of it.
    """
    total = 0
    for block in blocks:
        if block["type"] == "rich_text":
            total += len(entities(json.dumps(block["elements"], ensure_ascii=False, separators=(",", ":"))))
        else:
            total += sum(len(entities(text)) for text in _texts(block))
    return total


def entities(text: str) -> str:
    """The text as Slack stores it, with its three entities."""
    text = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str):
                if name == "text":
                    yield item
            else:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
