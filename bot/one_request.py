"""One request of Slack's, from its coming to its acknowledgement: an id on every line of its log, and how long it took."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

log = structlog.get_logger()

OnAck = Callable[[str, float, bool], None]
"""Told of each request: its kind, the seconds until it was acknowledged or given up, whether it was acknowledged."""

KINDS = {"block_actions", "view_submission", "view_closed", "block_suggestion", "shortcut", "message_action"}


@dataclass
class Taken:
    """A request in hand; ``acked`` once Slack was told."""

    acked: bool = False


def kind_of(payload: Mapping[str, Any]) -> str:
    """What sort of request a payload is, out of a few."""
    if "command" in payload:
        return "command"
    sort = payload.get("type")
    return "event" if sort == "event_callback" else str(sort) if sort in KINDS else "other"


@contextmanager
def one_request(
    kind: str, on_ack: OnAck | None = None, *, began: float | None = None, name: str | None = None
) -> Iterator[Taken]:
    """Everything logged meanwhile carries the request's id: ``name``, by which Slack knows it, or one that is made up.

    Answers carry it on into their own threads. ``began`` is when it came, by ``time.monotonic()``.
    """
    since = time.monotonic() if began is None else began
    taken = Taken()
    with bound_contextvars(request=name or secrets.token_hex(8)):
        try:
            yield taken
        finally:
            seconds = time.monotonic() - since
            log.debug("request", kind=kind, milliseconds=round(seconds * 1000, 1), acked=taken.acked)
            if on_ack is not None:
                on_ack(kind, seconds, taken.acked)
