"""Values for the card on which a lead decides what is labelled again after a rule change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from templates.text import shorten
from workflow.views.requeue import requeue_view

FIRST_NAMES = 10
NAME = 60


def card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """A requeue's card; of many labels or segments the first are named."""
    view = requeue_view(session, context["id"])
    if view is None:
        return None
    return view | {"labels": _first(view["labels"]), "segments": _first(view["segments"])}


def _first(names: Sequence[str]) -> str:
    shown = ", ".join(shorten(name, NAME) or "–" for name in names[:FIRST_NAMES])
    more = len(names) - FIRST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
