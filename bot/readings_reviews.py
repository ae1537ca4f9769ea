"""Values for a reviewer's modal, the standing card of the queue, and the list of what was sent back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.readings import CARD_TEXT, FIRST_FLAGS, NOTE, fit
from bot.readings_cases import like
from storage.tables import ReviewState
from templates.text import shorten
from workflow.cases import citing, reasons
from workflow.review import queue, runs
from workflow.review.opened import Face, Opened
from workflow.views.case_background import like_cases
from workflow.views.review import decided_view, review_view
from workflow.views.review_queue import back_view, queue_view

FIRST_VALUES = 10
FIRST_NAMES = 12
NAME = 60
KEY = 60
OPTION = 72
"""Characters of an option; Slack takes 75."""
RUNS = {ReviewState.ACCEPTED: "accept", ReviewState.SENT_BACK: "back"}


def modal(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The modal as ``opened`` says, for the person ``person_id``; ``said`` is what came of their last click."""
    opened, person_id = Opened.read(context["opened"]), int(context["person_id"])
    item = review_view(session, opened.review_id, person_id, now) if opened.review_id else None
    done = _done(session, opened, person_id)
    face = opened.face if item or opened.face is Face.STOPPED else Face.ITEM
    kept = replace(opened, version=item["version"] if item else 0, face=face, run=done["ids"])
    asks = item is not None and face in (Face.CORRECT, Face.BACK)
    return {
        "metadata": str(kept),
        "face": face.value,
        "said": context.get("said", ""),
        "done_id": opened.done_id,
        "done_key": done["key"],
        "run": len(done["ids"]),
        "run_kind": done["kind"],
        "run_about": done["about"],
        "may_undo": done["kind"] == "accept",
        "taken": len(opened.taken),
        "item": _item(item) if item else None,
        "in_row": bool(item and opened.about_id == item["about"]["id"]),
        "reasons": [{"code": code.value, "title": title} for code, title in reasons.TITLES.items()] if asks else [],
        "sections": _sections(session, opened.project_id) if asks else [],
        # What was ruled on like items is searched for, and is of use to who gives another label alone.
        "precedents": like(like_cases(session, item["item_id"])) if item and face is Face.CORRECT else [],
        "project_id": opened.project_id,
        **(_left(session, opened.project_id, now) if item is None else {"waiting": 0, "back": 0}),
    }


def queue_card(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """The standing card of a project's review channel."""
    return queue_view(session, context["id"], now)


def sent_back(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What was sent back and is not done yet."""
    view = back_view(session, context["project_id"], now)
    items = [{**one, "key": shorten(one["key"], KEY), "names": _names(one["people"])} for one in view["items"]]
    return {**view, "items": items}


def _left(session: Session, project_id: int, now: datetime) -> dict[str, int]:
    """What waits for others where nothing is left for this reviewer; counted only then, for it asks all that wait."""
    counted = queue.counts(session, project_id, None, now)
    return {"waiting": counted.waiting + counted.claimed, "back": counted.back}


def _done(session: Session, opened: Opened, person_id: int) -> dict[str, Any]:
    """What was decided just before, as far as it can still be taken back or done to others like it."""
    view = decided_view(session, opened.done_id) if opened.done_id else None
    kind = RUNS.get(view["state"]) if view and view["by_id"] == person_id else None
    ids = tuple(runs.of(session, opened.done_id, person_id=person_id)) if kind else ()
    about = shorten(view["about"], NAME) if view else ""
    return {"key": shorten(view["key"], KEY) if view else "", "kind": kind or "", "ids": ids, "about": about}


def _item(view: Mapping[str, Any]) -> dict[str, Any]:
    fields, long = fit(view["fields"], CARD_TEXT)
    flags = view["flags"]
    return {
        **view,
        "fields": fields,
        "long": long,
        "flags": [{**flag, "note": shorten(flag["note"], NOTE)} for flag in flags[:FIRST_FLAGS]],
        "more_flags": max(0, len(flags) - FIRST_FLAGS),
        "about": {**view["about"], "name": shorten(view["about"]["name"], NAME)},
        "said": [{**one, "names": _names(one["people"])} for one in view["said"][:FIRST_VALUES]],
        "people": [{**one, "name": shorten(one["name"], OPTION)} for one in view["people"][:100]],
        "labels": [{**one, "title": shorten(one["title"], OPTION)} for one in view["labels"]],
    }


def _sections(session: Session, project_id: int) -> list[dict[str, str]]:
    return [{"value": one.value, "title": shorten(one.title, OPTION)} for one in citing.offered(session, project_id)]


def _names(people: Sequence[str]) -> str:
    shown = ", ".join(shorten(name, NAME) or "–" for name in people[:FIRST_NAMES])
    more = len(people) - FIRST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
