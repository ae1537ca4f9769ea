"""Values for the cards of an audit and for the modal in which its items are judged."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.readings import CARD_TEXT, fit
from storage.tables import AuditState, AuditVerdict
from templates.text import shorten
from workflow.audit.opened import Opened
from workflow.cases import citing, reasons
from workflow.views.audit import audit_view
from workflow.views.finding import finding_view, judged_view, others_have, progress

KEY = 60
OPTION = 72
"""Characters of an option; Slack takes 75."""
FIRST_TIERS = 6
WHICH = 600
WHY = 600
WHOSE = 100
ASKED_WHICH = 80
GOING_ON = (AuditState.DRAWING, AuditState.RUNNING)


def card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """An audit's card in the leads' channel."""
    return _card(session, context["id"], leads=True)


def asked_card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The same with each auditor, who is asked to judge."""
    return _card(session, context["id"], leads=False)


def _card(session: Session, audit_id: int, *, leads: bool) -> dict[str, Any] | None:
    view = audit_view(session, audit_id)
    if view is None:
        return None
    result = view["result"]
    # Who judges reads this before they answer: leads too, where there is no auditor.
    blind = view["state"] in GOING_ON and not (leads and view["auditors"])
    return {
        **view,
        "leads": leads,
        "which": shorten(view["which_blind" if blind else "which"], WHICH),
        "why": shorten(view["why"], WHY),
        "tiers": view["tiers"][:FIRST_TIERS],
        "found": result["words"] if result else "",
        "repair": _repair(view["repair"], view["which"]) if leads else None,
        "severities": result["severities"] if result and result["wrong"] else None,
    }


def _repair(view: Mapping[str, Any] | None, which: str) -> dict[str, Any] | None:
    """Names are cut to what a question before a click may hold: the number and the reason stay."""
    return {**view, "which": shorten(which, ASKED_WHICH), "whose": shorten(view["whose"], WHOSE)} if view else None


def modal(session: Session, context: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The modal as ``opened`` says, for the person ``person_id``; ``said`` is what came of their last click, ``verdict``
    what they chose in the form.
    """
    opened, person_id = Opened.read(context["opened"]), int(context["person_id"])
    item = finding_view(session, opened.finding_id, person_id) if opened.finding_id else None
    counted = progress(session, opened.audit_id)
    verdict = _verdict(context, item)
    return {
        "metadata": str(opened),
        "audit_id": opened.audit_id,
        "said": context.get("said", ""),
        "done": _done(session, opened, person_id),
        "stopped": bool(context.get("stopped")),
        "item": _item(item) if item else None,
        "verdict": verdict,
        "reasons": _reasons(verdict),
        "sections": _sections(session, item["project_id"]) if item and verdict in ASKING else [],
        "judged": counted["judged"],
        "size": counted["size"],
        "left": counted["left"],
        "with_others": others_have(session, opened.audit_id, person_id, now),
    }


ASKING = (AuditVerdict.WRONG, AuditVerdict.UNCLEAR)


def _verdict(context: Mapping[str, Any], item: Mapping[str, Any] | None) -> str:
    """What is chosen in the form; where the auditor agrees with the label, that it is right."""
    if item is None or item["verdict"] is None:
        return ""
    chosen = str(context.get("verdict") or "")
    if chosen in set(AuditVerdict):
        return chosen
    return AuditVerdict.RIGHT.value if item["verdict"]["agrees"] else ""


def _reasons(verdict: str) -> list[dict[str, str]]:
    offered = {AuditVerdict.WRONG: tuple(reasons.TITLES), AuditVerdict.UNCLEAR: reasons.ABOUT_GUIDELINE}
    codes = offered.get(AuditVerdict(verdict), ()) if verdict else ()
    return [{"code": code.value, "title": reasons.TITLES[code]} for code in codes]


def _sections(session: Session, project_id: int) -> list[dict[str, str]]:
    return [{"value": one.value, "title": shorten(one.title, OPTION)} for one in citing.offered(session, project_id)]


def _done(session: Session, opened: Opened, person_id: int) -> dict[str, Any] | None:
    view = judged_view(session, opened.done_id, person_id) if opened.done_id else None
    return {**view, "key": shorten(view["key"], KEY)} if view else None


def _item(view: Mapping[str, Any]) -> dict[str, Any]:
    fields, long = fit(view["fields"], CARD_TEXT)
    judging = view["verdict"]
    return {
        **view,
        "fields": fields,
        "long": long,
        "labels": _fitted(view["labels"]),
        "verdict": {**judging, "labels": _fitted(judging["labels"])} if judging else None,
    }


def _fitted(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "title": shorten(one["title"], OPTION)} for one in labels]
