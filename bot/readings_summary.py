"""Values for the audit summary: its words, its chart, and the file with the findings in its thread."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.sender.drawing import Attachment, Picture
from templates.audit_chart import Group, Rate, audit_alt_text, audit_chart
from templates.text import shorten
from workflow import calendar
from workflow.audit import findings_file as findings
from workflow.audit import plan, spells
from workflow.audit import summary as counting
from workflow.audit.acceptance import percent
from workflow.audit.summary import Change, Ended, Summary
from workflow.cases.second_looks import Figures

FIRST_AUDITS = 4
FIRST_ROWS = 5
FIRST_REVIEWERS = 8
WHICH = 200
WHY = 300
NAME = 40
HEADINGS = {"labels": "by label", "people": "by person", "versions": "by guideline version"}
CHART_ROWS = 5


def summary(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The summary; None where its audit is gone and nothing else is to be told."""
    found = _found(session, context)
    if not found.is_worth_telling:
        return None
    since, until = (datetime.fromisoformat(context[name]) for name in ("since", "until"))
    newest = found.audits[0] if found.audits else None
    return {
        "project_id": found.project_id,
        "project": found.project,
        "weekly": not context["audit_id"],
        "since": calendar.day_in_words(since, found.zone),
        "until": calendar.day_in_words(until, found.zone),
        "audits": [_audit(one) for one in found.audits[:FIRST_AUDITS]],
        "more_audits": max(0, len(found.audits) - FIRST_AUDITS),
        "groups": _groups(newest) if newest else [],
        "newest": newest.id if newest else 0,
        "trend": _trend(found),
        "passed": found.passed,
        "failed": found.failed,
        "disputes": found.disputes,
        "contested": found.contested,
        "overturned": found.overturned,
        "ruling": _spells(found.spells),
        "reviewers": [_reviewer(one) for one in found.reviewers[:FIRST_REVIEWERS]],
        "more_reviewers": max(0, len(found.reviewers) - FIRST_REVIEWERS),
        "file_id": context.get("file_id"),
        "alt_text": audit_alt_text(*_drawn(found)[:2]) if newest else "",
    }


def picture(session: Session, context: Mapping[str, Any]) -> Picture:
    """The chart: audits one after the other, and the newest by label, person and version."""
    groups, title, limits = _drawn(_found(session, context))
    return Picture(
        audit_chart(groups, title, limits), audit_alt_text(groups, title), f"audits-{context['project_id']}.png"
    )


def findings_words(_session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """What is said where the file cannot be uploaded."""
    commands = "\n".join(f"concord audit findings {one} -o findings-{one}.csv" for one in context["audit_ids"])
    return {
        "message": "The findings could not be put here: Concord may not upload files (it lacks the scope files:write). "
        f"Whoever runs it writes them out with\n{commands}"
    }


def findings_file(session: Session, context: Mapping[str, Any]) -> Attachment:
    """The findings as CSV, written to disk as they are read."""
    ids = context["audit_ids"]
    # Closed by whoever uploads it.
    data = tempfile.TemporaryFile()  # noqa: SIM115
    for line in findings.as_csv(session, ids):
        data.write(line.encode())
    size = data.tell()
    data.seek(0)
    many = f"audit {ids[0]}" if len(ids) == 1 else f"{len(ids)} audits"
    return Attachment(data, size, f"findings-audit-{ids[0]}.csv", f"Findings of {many}")


def _found(session: Session, context: Mapping[str, Any]) -> Summary:
    since, until = (datetime.fromisoformat(context[name]) for name in ("since", "until"))
    return counting.of_period(session, context["project_id"], since, until, context["audit_id"])


def _audit(one: Ended) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "design": one.design,
        "size": one.size,
        "population": one.population,
        "which": shorten(one.which, WHICH),
        "why": shorten(one.why, WHY) if one.why.strip() else "",
        "again_of": one.again_of,
        "found": one.result["words"],
    }


def _groups(newest: Ended) -> list[dict[str, Any]]:
    """By label, person and version; one of a kind says nothing that the whole does not."""
    found = []
    for kind, title in HEADINGS.items():
        rows = _worst(newest.result.get(kind, []))
        if len(rows) > 1:
            lines = [{"name": shorten(one["name"], NAME), "words": _figures(one)} for one in rows[:FIRST_ROWS]]
            found.append({"title": title.capitalize(), "rows": lines, "more": max(0, len(rows) - FIRST_ROWS)})
    return found


def _worst(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The highest error rates first, then those with too few to say."""
    return sorted(rows, key=lambda one: (one["rate"] is None, -(one["rate"] or 0.0), -one["judged"]))


def _figures(one: Mapping[str, Any]) -> str:
    counted = f"{one['wrong']:,} of {one['judged']:,} wrong"
    return f"{counted}, too few to say more" if one["rate"] is None else f"{_rate(one)}, {counted}"


def _rate(one: Mapping[str, Any]) -> str:
    low, high = (round(one[end], 3) for end in ("low", "high"))
    return f"{percent(round(one['rate'], 3))} ({100 * low:.4g} to {percent(high)})"


def _trend(found: Summary) -> str:
    """How the rate moved over comparable audits, in words."""
    if len(found.trend) < 2:
        return ""
    rates = ", ".join(f"{percent(round(one.result['rate']['rate'], 3))} (audit {one.id})" for one in found.trend)
    return f"{rates}. {_moved(found.change)}" if found.change else f"{rates}."


def _moved(change: Change) -> str:
    low, high = 100 * change.low, 100 * change.high
    reach = f"95 % interval {_points(low)} to {_points(high)} points"
    if not change.is_detectable:
        return f"No detectable change since audit {change.since_audit} ({reach})."
    word = "more" if change.by > 0 else "fewer"
    return f"{abs(100 * change.by):.1f} points {word} wrong than in audit {change.since_audit} ({reach})."


def _points(value: float) -> str:
    return f"{value:.1f}".replace("-", "\u2212") if round(value, 1) else "0"


def _spells(found: spells.Spells) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "median": spells.in_words(found.median) if found.median is not None else "",
        "ninetieth": spells.in_words(found.ninetieth) if found.ninetieth is not None else "",
        "open": found.open,
        "oldest": spells.in_words(found.oldest) if found.oldest is not None else "",
    }


def _reviewer(one: Figures) -> dict[str, Any]:
    looks = one.upheld + one.overturned + one.right + one.wrong
    return {**asdict(one), "name": shorten(one.name, NAME), "looks": looks, "same": one.upheld + one.right}


def _drawn(found: Summary) -> tuple[list[Group], str, list[tuple[str, float]]]:
    """The groups of the chart, its title, and the rates at which lots pass and fail."""
    newest = found.audits[0]
    shown = found.trend if any(one.id == newest.id for one in found.trend) else [*found.trend[-3:], newest]
    groups = [Group("Audits", [_line(f"audit {one.id}, {_day(one, found.zone)}", one.result) for one in shown])]
    for kind, title in HEADINGS.items():
        rows = _worst(newest.result.get(kind, []))
        if len(rows) > 1:
            lines = [Rate(one["name"], **_numbers(one)) for one in rows[:CHART_ROWS]]
            groups.append(Group(f"Audit {newest.id} {title}", lines))
    by = plan.read(newest.plan)
    limits = [("AQL", by.aql), ("LTPD", by.ltpd)] if by.kind is plan.Kind.ACCEPTANCE else []
    return groups, f"{found.project}: error rates", limits


def _day(one: Ended, zone: str) -> str:
    return calendar.day_in_words(one.ended_at, zone).rpartition(" ")[0]


def _line(name: str, result: Mapping[str, Any]) -> Rate:
    return Rate(name, result["wrong"], result["judged"], **result["rate"])


def _numbers(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("wrong", "judged", "rate", "low", "high")}
