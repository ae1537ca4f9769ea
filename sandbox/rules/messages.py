"""A message: its text, its blocks and its metadata. Each check answers an error name and its details."""

import re
from typing import Any

from sandbox.rules.blocks import TEXT_TOGETHER, check_blocks, text_size
from sandbox.rules.checks import FileState, Seen, has_lone_surrogate

POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000
METADATA_KEY = re.compile(r"[a-z][a-z0-9_]*")


def check_message_blocks(blocks: Any, image_ready: FileState) -> tuple[str, list[str]] | None:
    """What Slack would answer to these blocks; None when it takes them."""
    if not isinstance(blocks, list):
        return "invalid_blocks_format", []
    seen = Seen(surface="message", image_ready=image_ready)
    check_blocks(blocks, "/blocks", seen)
    if seen.faults:
        return "invalid_blocks", seen.faults
    if text_size(blocks) > TEXT_TOGETHER:
        return "msg_blocks_too_long", []
    return None


def check_text(text: Any) -> str | None:
    """The error for a text that Slack would not take at all."""
    if not isinstance(text, str):
        return "invalid_arguments"
    return "invalid_arguments" if has_lone_surrogate(text) else None


def check_metadata(metadata: Any) -> str | None:
    """Metadata is an event type and a flat payload in snake_case; nested values are refused."""
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        return "invalid_metadata_format"
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        return "invalid_metadata_format"
    if not METADATA_KEY.fullmatch(kind) or not all(METADATA_KEY.fullmatch(key) for key in payload):
        return "invalid_metadata_format"
    if not all(isinstance(value, str | int | float | bool) for value in payload.values()):
        return "invalid_metadata_format"
    return None
