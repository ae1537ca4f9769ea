"""What people are told of their own work, and how they contest a ruling: the values of those messages and forms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.readings import NOTICE_TEXT, fit
from workflow import calendar
from workflow.views.dispute import dispute_view, ruling_view
from workflow.views.notice import notice_view, review_notice_view

NAMED = 20


def notice(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The notice of a ruling or a correction."""
    view = notice_view(session, context["id"], context["person_id"], now)
    if view is None:
        return None
    fields, _ = fit(view["fields"], NOTICE_TEXT)
    until = f"{calendar.in_words(view['until'], view['zone'])} ({view['zone']})" if view["until"] else ""
    return {**view, "fields": fields, "until": until}


def review_notice(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The notice of work that a reviewer sent back, or of a fault that they noted."""
    view = review_notice_view(session, context["ids"], context["person_id"])
    if view is None:
        return None
    fields, _ = fit(view["fields"], NOTICE_TEXT)
    named = ", ".join(view["keys"][:NAMED])
    more = len(view["keys"]) - NAMED
    return {**view, "fields": fields, "keys": f"{named} and {more} more" if more > 0 else named}


def dispute(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The card of a dispute, for who contests."""
    view = dispute_view(session, context["id"])
    if view is not None:
        view["fields"], _ = fit(view["fields"], NOTICE_TEXT)
    return view


def contest_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The modal behind *Contest*."""
    view = ruling_view(session, context["id"], context["person_id"])
    if view is None:
        return None
    view["fields"], _ = fit(view["fields"], NOTICE_TEXT)
    return {**view, "metadata": str(context["id"])}
