"""What stands behind a case, fitted to what its card and its modal can hold."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from templates.text import shorten
from workflow import calendar
from workflow.views import case_background as background

ARGUMENT = 1000
REASON = 400
PRECEDENT = 200
LIKE_TEXT = 300
REPLY = 400
FIRST_DISPUTES = 3
DEPARTURE = 600


def shown(view: Mapping[str, Any]) -> dict[str, Any]:
    """A case with its disputes, its precedents and who is asked, as long as there is room for them."""
    ruling, asked, passed = view["ruling"], view["asked"], view["passed"]
    return {
        **view,
        "passed": _cut(passed, "text", ARGUMENT) if passed else None,
        "disputes": [
            _cut(_cut(one, "argument", ARGUMENT), "reason", REASON) for one in view["disputes"][:FIRST_DISPUTES]
        ],
        "precedents": like(view["precedents"]),
        "ruling": _cut(ruling, "departure", DEPARTURE) if ruling else None,
        "asked": {**asked, "words": _utc(asked["until"])} if asked else None,
        "pass_up": f"{view['id']}:{asked['step']}" if asked else "",
    }


def like(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rulings on like items, and what those say, cut to what there is room for."""
    return [_cut(_cut(one, "rationale", PRECEDENT), "text", LIKE_TEXT) for one in found]


def form(session: Session, view: Mapping[str, Any]) -> dict[str, Any]:
    """What the modal has besides: the reasons and sections to choose from, and what was said in the thread."""
    replies, more = background.said(session, view["id"])
    return {
        "reasons": background.reason_choices(),
        "sections": background.section_choices(session, view["project_id"]),
        "replies": [_cut(one, "text", REPLY) for one in replies],
        "more_replies": more,
    }


def _cut(one: Mapping[str, Any], name: str, most: int) -> dict[str, Any]:
    return {**one, name: shorten(one[name], most)}


def _utc(seconds: int) -> str:
    """A moment in words, for whoever reads a message where Slack does not show times in one's own zone."""
    return f"{calendar.in_words(datetime.fromtimestamp(seconds, UTC), 'UTC')} UTC" if seconds else ""
