"""Values for the form that starts an audit, and for what it means."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import AuditDesign, Project
from templates.text import shorten
from workflow import quality_rules
from workflow.audit import form, listing, sizes, starting
from workflow.audit.form import OFFERS, Opened
from workflow.audit.offered import Option
from workflow.audit.scope import By
from workflow.errors import RefusedError

OPTION = 72
"""Characters of an option; Slack takes 75."""
ITEMS = 2_000
WHICH = 600
HALF_WIDTH = 0.04
SIZE = "100"
MOST = {"half_width": 50, "size": 999_999_999}
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def new(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The form with what is typed in it, asking for what belongs to the chosen design and plan."""
    opened = Opened.read(context["opened"])
    return {
        "metadata": str(Opened(opened.project_id, {})),
        "project": _name(session, opened.project_id),
        "design": opened.design.value,
        "may_pass": opened.design is AuditDesign.RANDOM,
        "plan": opened.kind.value,
        "narrowed": opened.narrowed,
        "by": By(opened.text("by")).value if opened.text("by") in set(By) else By.LABEL.value,
        "ways": [one.value for one in By],
        "offers": _offers(session, opened) if opened.narrowed else {},
        "low": bool(opened.typed.get("low")),
        "items": opened.text("items")[:ITEMS],
        "since": opened.text("since") if DAY.fullmatch(opened.text("since")) else "",
        "numbers": _numbers(session, opened),
    }


def _offers(session: Session, opened: Opened) -> dict[str, dict[str, Any]]:
    return {block: _offer(offer(session, opened.project_id), opened.text(block)) for block, offer in OFFERS.items()}


def _offer(options: list[Option], typed: str) -> dict[str, Any]:
    shown = [{"value": one.value, "title": shorten(one.title, OPTION)} for one in options]
    return {"options": shown, "chosen": next((one for one in shown if one["value"] == typed), None)}


def _numbers(session: Session, opened: Opened) -> dict[str, str]:
    """What the fields for numbers hold: what was typed, else what the project or the methods go by."""
    rules = quality_rules.of_project(session, opened.project_id).audits
    known = {"aql": rules.aql, "ltpd": rules.ltpd, "half_width": HALF_WIDTH, "expected": sizes.EXPECTED}
    start = {**{name: f"{100 * share:.6g}" for name, share in known.items()}, "size": SIZE}
    return {name: opened.text(name) if _fits(name, opened.text(name)) else start[name] for name in start}


def _fits(name: str, typed: str) -> bool:
    """Whether Slack takes what was typed as what a field for a number holds at first."""
    return NUMBER.fullmatch(typed) is not None and float(typed) <= MOST.get(name, 100)


def meaning(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """What the audit that a form asks for would draw, and what that means; or why there is nothing to draw.

    ``counting``: that is not looked at yet.
    """
    opened = Opened.read(context["opened"])
    head = {"metadata": str(opened), "project": _name(session, opened.project_id)}
    if context.get("counting"):
        return {**head, "counting": True, "problem": "", "seen": None}
    try:
        wanted = form.read(session, opened)
        seen = starting.preview(session, opened.project_id, wanted)
    except RefusedError as refused:
        return {**head, "counting": False, "problem": str(refused), "seen": None}
    targeted = opened.design is AuditDesign.TARGETED
    which = listing.in_words(session, opened.project_id, wanted.scope, targeted=targeted)
    return {
        **head,
        "counting": False,
        "problem": "",
        "seen": {
            "which": shorten(which, WHICH),
            "all": seen.size == seen.population,
            "accept": seen.accept or 0,
            "fails": (seen.accept or 0) + 1,
            "passes": seen.accept is not None,
            "words": seen.words,
            "tiers": _tiers(seen),
        },
    }


def _tiers(seen: starting.Preview) -> list[dict[str, Any]]:
    tiers = seen.tiers if len(seen.tiers) > 1 else ()
    return [{"name": one.name, "population": one.population, "size": one.size} for one in tiers]


def _name(session: Session, project_id: int) -> str:
    return str(session.execute(select(col(Project.name)).where(col(Project.id) == project_id)).scalar_one())
