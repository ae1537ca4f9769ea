"""Modals and Home tabs."""

import json
from typing import Any

from sandbox.rules.blocks import check_blocks
from sandbox.rules.checks import Check, FileState, Seen, boolean, one_of, record, string
from sandbox.rules.objects import plain_text

BYTES = 250_000


def _blocks(value: Any, path: str, seen: Seen) -> None:
    check_blocks(value, path, seen)
    if isinstance(value, list) and not value and seen.surface == "modal":
        seen.fault("must have at least 1 item", path)


_SHARED: dict[str, Check] = {
    "private_metadata": string(0, 3000),
    "callback_id": string(0, 255),
    "external_id": string(0, 255),
}


def _submit_with_inputs(value: Any, path: str, seen: Seen) -> None:
    blocks = value.get("blocks")
    inputs = [b for b in blocks if isinstance(b, dict) and b.get("type") == "input"] if isinstance(blocks, list) else []
    if inputs and "submit" not in value:
        seen.fault("missing required field: submit is required when an input block is within the blocks array", path)


def _size(value: Any, path: str, seen: Seen) -> None:
    if len(json.dumps(value, ensure_ascii=True).encode()) > BYTES:
        seen.fault(f"view must be less than {BYTES} bytes", path)


_modal = record(
    {"type": one_of("modal"), "title": plain_text(24), "blocks": _blocks},
    {
        **_SHARED,
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    _submit_with_inputs,
    _size,
)
_home = record({"type": one_of("home"), "blocks": _blocks}, dict(_SHARED), _size)


def check_view(view: Any, kind: str, image_ready: FileState) -> list[str]:
    """Faults of a view of ``kind`` (``modal`` or ``home``), as Slack words them; none when it is accepted."""
    seen = Seen(surface=kind, image_ready=image_ready)
    if not isinstance(view, dict):
        seen.fault("must provide an object", "/view")
    else:
        (_modal if kind == "modal" else _home)(view, "/view", seen)
    return seen.faults
