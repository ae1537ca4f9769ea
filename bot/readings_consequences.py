"""Values for what audits lead to: the card about findings that say the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from templates.text import shorten
from workflow.views.same_findings import same_view

KEY = 60
NOTE = 300
TITLE = 200
FIRST_ITEMS = 6


def same(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """Findings that say the same; None where none is left."""
    view = same_view(session, context["id"])
    if view is None:
        return None
    items = view["items"]
    return {
        **view,
        **{name: shorten(view[name], TITLE) for name in ("value", "correct", "section")},
        "count": len(items),
        "items": [
            {"key": shorten(one["key"], KEY), "note": shorten(one["note"], NOTE) if one["note"].strip() else ""}
            for one in items[:FIRST_ITEMS]
        ],
        "more": max(0, len(items) - FIRST_ITEMS),
    }
