"""Values for reading guidelines: a version page by page, the list of all versions, what differs between two."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bot.reader_pages import page_of
from storage.tables import Guideline, Project
from templates import diff, markdown
from templates.text import shorten
from workflow import calendar
from workflow.guidelines.text import diffing
from workflow.views.versions import compared, versions_view

A_PAGE = 15
SUMMARY = 300
NAME = 60


def in_force(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The version of a project that is in force."""
    current = session.execute(
        select(col(Project.guideline_id)).where(col(Project.id) == context["project_id"])
    ).scalar_one()
    return version(session, {**context, "id": current}, now)


def version(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """A version's whole text. Its pages are named by the version, so that a new one does not come between them."""
    row = session.execute(
        select(
            col(Guideline.project_id),
            col(Guideline.major),
            col(Guideline.minor),
            col(Guideline.markdown),
            col(Project.name),
            col(Project.guideline_id),
        )
        .join(Project, col(Project.id) == col(Guideline.project_id))
        .where(col(Guideline.id) == context["id"])
    ).one()
    number = f"{row.major}.{row.minor}"
    standing = "in force" if row.guideline_id == context["id"] else "not in force"
    return page_of(
        markdown.pages(row.markdown),
        context.get("page", 1),
        f"version:{context['id']}",
        title=f"Guideline {number}",
        subtitle=f"{row.name}, version {number}, {standing}",
        versions_of=row.project_id,
    )


def listed(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """All versions of a project, a page of them."""
    view = versions_view(session, context["project_id"])
    found = view["versions"]
    pages = -(-len(found) // A_PAGE)
    page = min(max(1, context.get("page", 1)), pages)
    source = f"versions:{context['project_id']}"
    return {
        "project": view["project"],
        "versions": [_entry(one, view["zone"]) for one in found[(page - 1) * A_PAGE : page * A_PAGE]],
        "page": page,
        "pages": pages,
        "versions_of": 0,
        "before": f"{source}:{page - 1}",
        "next": f"{source}:{page + 1}",
    }


def _entry(entry: Mapping[str, Any], zone: str) -> dict[str, Any]:
    one = entry["version"]
    return {
        "id": one.id,
        "number": one.number,
        "in_force": entry["in_force"],
        "kind": one.kind.value if one.kind else "",
        "at": calendar.day_in_words(one.at, zone),
        "by": shorten(one.by, NAME) if one.by else "",
        "summary": shorten(one.summary, SUMMARY) if one.summary else "",
        "difference": f"{entry['before']}:{one.id}" if entry["before"] else "",
    }


def difference(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """What differs between two versions, page by page: what became of labels, and every section that changed."""
    found = compared(session, context["before"], context["after"])
    labels = [("Labels", "\n".join(found.labels))] if found.labels else []
    return page_of(
        diff.pages(found.diff.as_values(), behind=labels),
        context.get("page", 1),
        f"difference:{context['before']}:{context['after']}",
        title="What changed",
        subtitle=f"{found.project}, {found.before} → {found.after}: {diffing.in_words(found.diff)}",
        versions_of=found.project_id,
    )
