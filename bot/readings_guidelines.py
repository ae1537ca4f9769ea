"""Values for what is said of a new guideline version: its announcement, the card that asks to read it, its check."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Guideline, Project
from templates import diff
from templates.text import shorten
from workflow import calendar
from workflow.guidelines.acknowledgement import checking, coverage
from workflow.views import guideline as views

DIFF_TEXT = 3000
WHY_TEXT = 1500
EXAMPLE_TEXT = 400
FIRST_EXAMPLES = 3
FIRST_LABEL_CHANGES = 20
FIRST_MISSING = 10
FIRST_SKIPPED = 3
QUESTION_TEXT = 3000
NO_SUMMARY = "The guideline has a new text"


def announcement(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The post in the team channel."""
    view = views.version_view(session, context["id"])
    if view is None:
        return None
    since = f"{calendar.in_words(view['at'], view['zone'])} ({view['zone']})"
    return {**_changes(view), "since": since, "asks": view["held_from"] is not None}


def acknowledgement(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The card that asks somebody to read a version."""
    view = views.acknowledgement_view(session, context["id"], now)
    if view is None:
        return None
    kept = ("id", "version", "state", "later", "hold", "paused", "check", "wrong", "annotates", "since")
    return {
        **_changes(view),
        **{name: view[name] for name in kept},
        "at": _local(view["acknowledged_at"], view["zone"]),
        "waits_since": calendar.day_in_words(view["asked_at"], view["zone"]) if view["reminders"] else "",
        "hold_from": _local(view["held_since"], view["zone"]),
        "skipped": _foremost(view["skipped"]),
        "more_skipped": max(0, len(view["skipped"]) - FIRST_SKIPPED),
    }


def check(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The examples that are still to be answered; or why the answers by example in ``wrong`` are not right."""
    view = views.acknowledgement_view(session, context["id"], now)
    if view is None:
        return None
    left = checking.questions(session, context["id"]) if view["state"] == views.WAITING else []
    wrong = context.get("wrong") or ()
    room = QUESTION_TEXT // max(1, len(left))
    return {
        "project": view["project"],
        "number": view["number"],
        "guideline_id": view["guideline_id"],
        "metadata": str(context["id"]),
        "question": _question(session, view["project_id"]),
        "labels": [{"id": option.id, "title": option.title} for option in left[0].options] if left else [],
        "questions": []
        if wrong
        else [{"block": f"example:{one.id}", "fields": _fields(one.fields, room)} for one in left],
        "wrong": [_wrong(one) for one in wrong],
    }


def unread(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The post that tells leads who has not read; nothing where a later version is the one to read."""
    found = coverage.of(session, context["project_id"])
    if found.guideline_id != context["id"] or not found.is_wanted:
        return None
    row = session.execute(
        select(col(Project.name), col(Project.time_zone), col(Guideline.held_from))
        .join(Guideline, col(Guideline.project_id) == col(Project.id))
        .where(col(Guideline.id) == context["id"])
    ).one()
    later = row.held_from is not None and row.held_from > now
    return {
        "project": row.name,
        "days": context["days"],
        "coverage": covered(found),
        "hold_from": _local(row.held_from, row.time_zone) if later else "",
    }


def to_read(session: Session, project_id: int, person_id: int, zone: str, now: datetime) -> dict[str, Any] | None:
    """What somebody has to read, for their Home and beside a batch that they do not get."""
    found = views.to_read(session, project_id, person_id, now)
    if found is None:
        return None
    return {**found, "from": _local(found["held_since"], zone), "may": found["id"] > 0}


def covered(found: coverage.Coverage | Mapping[str, Any]) -> dict[str, Any]:
    """How many have read, and the first names of those who have not."""
    one = found if isinstance(found, Mapping) else vars(found)
    missing = list(one["missing"])
    return {
        "version": one["version"],
        "asked": one["asked"],
        "acknowledged": one["acknowledged"],
        "missing": missing[:FIRST_MISSING],
        "more": max(0, len(missing) - FIRST_MISSING),
    }


def _changes(view: Mapping[str, Any]) -> dict[str, Any]:
    shown, cut = diff.blocks(view["changes"], DIFF_TEXT)
    # What the check asks is not answered beside it.
    examples = [] if view["asks_examples"] else view["examples"]
    return {
        "project": view["project"],
        "project_id": view["project_id"],
        "guideline_id": view["guideline_id"],
        "number": view["number"],
        "kind": view["kind"],
        "by": view["by"],
        "summary": view["summary"] or NO_SUMMARY,
        "why": shorten(view["why"], WHY_TEXT),
        "labels": view["labels"][:FIRST_LABEL_CHANGES],
        "changed": view["changed"],
        "diff": shown,
        "cut": cut or len(view["labels"]) > FIRST_LABEL_CHANGES,
        "examples": [_example(one) for one in examples[:FIRST_EXAMPLES]],
        "more_examples": max(0, len(examples) - FIRST_EXAMPLES),
    }


def _foremost(skipped: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The versions to name: what changed rules before what made them clearer, the newest of each."""
    chosen = sorted(skipped, key=lambda one: (one["rules"], one["id"]))[-FIRST_SKIPPED:]
    return sorted(chosen, key=lambda one: one["id"])


def _example(one: Mapping[str, Any]) -> dict[str, str]:
    text = "\n".join(field["text"] for field in one["fields"])
    return {
        "text": shorten(text, EXAMPLE_TEXT) or " ",
        "title": one["title"],
        "explanation": shorten(one["explanation"], EXAMPLE_TEXT),
    }


def _fields(fields: Sequence[tuple[str, str]], room: int) -> list[dict[str, str]]:
    share = room // max(1, len(fields))
    return [{"name": name, "text": shorten(text, share) or " "} for name, text in fields]


def _wrong(one: Mapping[str, Any]) -> dict[str, str]:
    text = "\n".join(text for _, text in one["fields"])
    return {
        "text": shorten(text, QUESTION_TEXT // 4) or " ",
        "given": one["chosen"],
        "title": one["right"],
        "explanation": shorten(one["why"], WHY_TEXT),
    }


def _question(session: Session, project_id: int) -> str:
    return str(session.execute(select(col(Project.question)).where(col(Project.id) == project_id)).scalar_one())


def _local(moment: datetime | None, zone: str) -> str:
    return f"{calendar.in_words(moment, zone)} ({zone})" if moment else ""
