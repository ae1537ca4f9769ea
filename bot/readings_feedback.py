"""What people are told of their own work, and how they contest a ruling: the values of those messages and forms."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bot.readings import NOTICE_TEXT, fit
from storage.tables import Project
from workflow import calendar
from workflow.cases import confusions, second_looks, weekly
from workflow.views.dispute import dispute_view, ruling_view
from workflow.views.notice import notice_view, review_notice_view

NAMED = 20
FIRST_CONFUSIONS = 5
FIRST_SECTIONS = 3


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


def week(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The weekly summary of somebody's own work; None where nothing went otherwise any more."""
    project = session.execute(
        select(col(Project.id), col(Project.name), col(Project.time_zone)).where(
            col(Project.id) == context["project_id"]
        )
    ).one()
    since, until = datetime.fromisoformat(context["since"]), datetime.fromisoformat(context["until"])
    mine = confusions.of_person(session, project.id, context["person_id"], since, until)
    figures = second_looks.reviewer_figures(session, project.id, since, until)
    judged = next((one for one in figures if one.person_id == context["person_id"]), None)
    if judged is not None and not weekly.is_worth_telling(judged):
        judged = None
    if not mine.confusions and judged is None:
        return None
    days = (calendar.day_in_words(moment, project.time_zone) for moment in (since, until))
    return {"project": project.name, "project_id": project.id, **dict(zip(("since", "until"), days, strict=True))} | {
        "items": mine.items,
        "same": mine.same,
        "confusions": [_confusion(one) for one in mine.confusions[:FIRST_CONFUSIONS]],
        "more": max(0, len(mine.confusions) - FIRST_CONFUSIONS),
        "judged": None if judged is None else {**asdict(judged), "looks": _looks(judged)},
    }


def _confusion(one: confusions.Confusion) -> dict[str, Any]:
    sections = [{"title": title, "items": items} for title, items in one.sections[:FIRST_SECTIONS]]
    return {"mine": one.mine, "final": one.final, "items": one.items, "sections": sections}


def _looks(figures: second_looks.Figures) -> int:
    return figures.upheld + figures.overturned + figures.right + figures.wrong
