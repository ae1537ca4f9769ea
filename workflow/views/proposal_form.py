"""What the form shows in which a change of a guideline is proposed: filled in from where it was opened."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import ChangeKind, Guideline, LabelValue, Project, Proposal
from workflow.guidelines import versions
from workflow.guidelines.proposals import case_example, example_lines, finding_examples, proposal_form
from workflow.guidelines.proposals.proposal_form import ALL, KEEP, NEW, Opened
from workflow.guidelines.text import sections

NO_TITLE = "(no title)"
BEFORE_ALL = "(before the first heading)"


def form_view(session: Session, opened: Opened, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The form as it is now. ``typed`` is what stands in it, by block, where it is drawn anew. Raises RefusedError."""
    project = session.execute(
        select(col(Project.name), col(Project.time_zone)).where(col(Project.id) == opened.project_id)
    ).one()
    whole = proposal_form.opened_on(session, opened)
    parts = sections.read(whole)
    proposal: Proposal | None = session.get(Proposal, opened.proposal_id) if opened.proposal_id else None
    found = _found(session, opened)
    began = _of_proposal(session, proposal, project.time_zone) if proposal else _blank(found)
    base: Guideline = versions.current(session, opened.project_id)
    if typed is None:
        typed = {**began, "section": KEEP if proposal else _first_section(parts, found)}
    values = {name: typed.get(name) or _nothing(name) for name in began}
    chosen = str(typed.get("section") or "")
    source = ("changes" if opened.revision else "draft") if proposal else "version"
    return {
        "project": project.name,
        "zone": project.time_zone,
        "number": f"{base.major}.{base.minor}",
        "next": {kind.value: "{}.{}".format(*versions.next_number(base, kind)) for kind in ChangeKind},
        "source": ("findings" if opened.finding_id else "case") if found else source,
        "case": found.cases[0].key if found and found.cases else "",
        "findings": found.count if found else 0,
        "comment": proposal.comment if proposal else None,
        "whole": whole.strip("\n"),
        "sections": _offered(parts),
        "section": chosen,
        "part": _part(whole, parts, chosen, "\n".join(map(case_example.as_markdown, found.cases)) if found else ""),
        "values": values,
        "labels": _labels(session, opened.project_id),
        "segments": [(proposal_form.segment_mark(one), one) for one in proposal_form.segments(session, opened)],
    }


def _nothing(name: str) -> Any:
    """What stands in a field that somebody emptied."""
    return {"kind": ChangeKind.CLARIFICATION.value, "labels": [], "segments": []}.get(name, "")


def _found(session: Session, opened: Opened) -> finding_examples.Found | None:
    """What the form was opened on: findings that say the same, or one ruled case."""
    if opened.finding_id:
        return finding_examples.of_finding(session, opened.finding_id)
    ruled = case_example.of_case(session, opened.escalation_id) if opened.escalation_id else None
    if ruled is None:
        return None
    return finding_examples.Found((ruled,), f"A worked example for {ruled.title}"[:200], ruled.rationale, "", 1)


def _first_section(parts: list[sections.Section], found: finding_examples.Found | None) -> str:
    """The section that is chosen at first: the only one, or the one that what was found is about."""
    if len(parts) == 1:
        return "0"
    named = found.section if found else ""
    return next((str(number) for number, part in enumerate(parts) if named and part.title == named), "")


def _blank(found: finding_examples.Found | None) -> dict[str, Any]:
    return {
        "summary": found.summary if found else "",
        "why": found.why if found else "",
        "kind": ChangeKind.CLARIFICATION.value,
        "labels": [],
        "segments": [],
        "label_changes": "",
        "examples": "\n".join(map(case_example.as_line, found.cases)) if found else "",
        "date": "",
        "time": proposal_form.BY_DEFAULT,
    }


def _of_proposal(session: Session, proposal: Proposal, zone: str) -> dict[str, Any]:
    wanted = proposal.wanted_at.astimezone(ZoneInfo(zone)) if proposal.wanted_at else None
    return {
        "summary": proposal.summary,
        "why": proposal.why,
        "kind": proposal.kind.value,
        "labels": [str(one) for one in _touched(session, proposal)],
        "segments": [proposal_form.segment_mark(one) for one in proposal.segments_touched],
        "label_changes": "\n".join(proposal.label_changes),
        "examples": "\n".join(example_lines.written(session, proposal.id or 0)),
        "date": f"{wanted:%Y-%m-%d}" if wanted else "",
        "time": f"{wanted:%H:%M}" if wanted else proposal_form.BY_DEFAULT,
    }


def _touched(session: Session, proposal: Proposal) -> list[int]:
    """The labels that it names. Those found when its impact was counted: one may be called otherwise by now.

    None chosen means all of them, so that a label which is not found again would make it touch everything.
    """
    known = (proposal.impact or {}).get("value_ids") if proposal.labels_touched else None
    named = col(LabelValue.value).in_(proposal.labels_touched)
    if known:
        named = col(LabelValue.id).in_(known)
    found = select(col(LabelValue.id)).where(col(LabelValue.project_id) == proposal.project_id, named)
    return list(session.execute(found.order_by(col(LabelValue.position))).scalars())


def _offered(parts: list[sections.Section]) -> list[tuple[str, str]]:
    """(number, title) of every section, deeper ones marked so."""
    top = min((part.level for part in parts if part.level), default=1)
    return [
        (str(number), "› " * (part.level - top) + (part.title.strip() or NO_TITLE) if part.level else BEFORE_ALL)
        for number, part in enumerate(parts)
    ]


def _part(whole: str, parts: list[sections.Section], chosen: str, example: str) -> dict[str, Any] | None:
    """The part that is to be written, with what stands in it at first: the text itself, and what goes behind it."""
    if chosen == ALL:
        return {"part": ALL, "title": "", "text": whole.strip("\n"), "behind": example}
    if chosen == NEW:
        return {"part": NEW, "title": "", "text": example, "behind": ""}
    if chosen.isdecimal() and int(chosen) < len(parts):
        one = parts[int(chosen)]
        return {"part": chosen, "title": one.title, "text": one.body, "behind": example}
    return None


def _labels(session: Session, project_id: int) -> list[tuple[str, str]]:
    rows = session.execute(
        select(col(LabelValue.id), col(LabelValue.title))
        .where(col(LabelValue.project_id) == project_id, col(LabelValue.retired_at).is_(None))
        .order_by(col(LabelValue.position))
    )
    return [(str(row.id), row.title) for row in rows]
