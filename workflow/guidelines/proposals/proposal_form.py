"""The form in which a change of a guideline is proposed in chat: what it was opened with, and what was typed in it.

The whole text that is proposed comes from the text that the form was opened on and from one part of it: a section that
was written anew (``text:3``), something behind a section (``more:3``), a new section (``text:new``), all of it
(``text:all``). The number is that of the section, so that what was typed never lands in another one.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import ChangeKind, Guideline, LabelValue, Project, Proposal
from workflow import calendar
from workflow.errors import RefusedError
from workflow.guidelines.proposals import example_lines
from workflow.guidelines.proposals.proposing import Change
from workflow.guidelines.proposals.segments import known as segments_known
from workflow.guidelines.text import sections
from workflow.project_form import FormError

KEEP, ALL, NEW = "keep", "all", "new"
BY_DEFAULT = "09:00"
OLD = "This form is from an older version of Concord. Close it and open it again."


@dataclass(frozen=True)
class Opened:
    """What a form was opened with; 0 is none of it.

    Against which version, or on which revision of a proposal; on a ruled case, or on a finding with those that say the same.
    """

    project_id: int
    base_id: int
    proposal_id: int = 0
    revision: int = 0
    escalation_id: int = 0
    finding_id: int = 0

    def __str__(self) -> str:
        return json.dumps(astuple(self))

    @classmethod
    def read(cls, text: str) -> "Opened":
        """From a modal's private metadata. Raises RefusedError."""
        try:
            numbers = json.loads(text)
            if all(type(number) is int and 0 <= number < 2**63 for number in numbers):
                return cls(*numbers)
        except (ValueError, TypeError):
            pass
        raise RefusedError(OLD)


def opened_on(session: Session, opened: Opened) -> str:
    """The text that the form changes: the proposal's, else that of the version. Raises RefusedError where it is gone."""
    if opened.proposal_id:
        text = select(col(Proposal.markdown)).where(
            col(Proposal.id) == opened.proposal_id, col(Proposal.project_id) == opened.project_id
        )
    else:
        text = select(col(Guideline.markdown)).where(
            col(Guideline.id) == opened.base_id, col(Guideline.project_id) == opened.project_id
        )
    found: str | None = session.execute(text).scalar()
    if found is None:
        raise RefusedError(OLD)
    return found


def read(session: Session, opened: Opened, state: Mapping[str, Any], now: datetime) -> Change:
    """The change that a form describes. Raises FormError with all faults, by block."""
    faults: dict[str, str] = {}
    parts: dict[str, Callable[[], Any]] = {
        "markdown": lambda: _text(session, opened, state),
        "kind": lambda: _kind(state),
        "labels_touched": lambda: _labels(session, opened, state),
        "segments_touched": lambda: _segments(session, opened, state),
        "examples": lambda: example_lines.read(session, opened.project_id, str(state.get("examples") or "")),
        "wanted_at": lambda: _wanted(session, opened, state, now),
    }
    values: dict[str, Any] = {}
    for name, part in parts.items():
        try:
            values[name] = part()
        except FormError as error:
            faults |= error.by_field
    if faults:
        raise FormError(faults)
    return Change(
        summary=_one_line(state.get("summary")),
        why=str(state.get("why") or "").strip(),
        label_changes=tuple(_lines(state.get("label_changes"))),
        **values,
    )


def part_of(state: Mapping[str, Any]) -> tuple[str, str, str]:
    """The block with the text that was typed (none: empty), the part it is for, and the text."""
    for block, typed in state.items():
        kind, _, part = block.partition(":")
        if kind in ("text", "more") and part:
            return block, part, str(typed or "")
    return "", "", ""


def segment_mark(segment: str) -> str:
    """What stands for a segment in a form: its own words may be too long for it."""
    return hashlib.sha256(segment.encode()).hexdigest()[:20]


def _text(session: Session, opened: Opened, state: Mapping[str, Any]) -> str:
    whole = opened_on(session, opened)
    block, part, typed = part_of(state)
    chosen = str(state.get("section") or KEEP)
    if part and chosen != part:
        raise FormError({"section": "The text below is of another section still: wait until it is the chosen one's."})
    if not part and chosen != KEEP:
        raise FormError({"section": "The text of this section has not come yet. Choose it once more."})
    try:
        return _changed(whole, state, block, part, typed)
    except FormError:
        raise
    except RefusedError as refused:
        raise FormError({block: str(refused)}) from None


def _changed(whole: str, state: Mapping[str, Any], block: str, part: str, typed: str) -> str:
    if not part or not typed.strip():
        return whole
    if block == f"text:{ALL}":
        return typed
    found = sections.read(whole)
    if part == NEW:
        title = _one_line(state.get("title:new"))
        if not title:
            raise FormError({"title:new": "Give the new section a title."})
        return sections.added(whole, title, typed)
    if not (part.isdecimal() and int(part) < len(found)):
        raise FormError({"section": OLD})
    before = found[int(part)].body
    if block.startswith("more:"):
        return sections.replaced(whole, int(part), f"{before}\n\n{typed.strip()}")
    return whole if typed.strip() == before.strip() else sections.replaced(whole, int(part), typed)


def _kind(state: Mapping[str, Any]) -> ChangeKind:
    if state.get("kind") not in set(ChangeKind):
        raise FormError({"kind": "Choose what kind of change this is."})
    return ChangeKind(state["kind"])


def _labels(session: Session, opened: Opened, state: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = {int(one) for one in state.get("labels") or () if one.isascii() and one.isdecimal() and len(one) < 19}
    found = session.execute(
        select(col(LabelValue.value))
        .where(col(LabelValue.project_id) == opened.project_id, col(LabelValue.id).in_(chosen))
        .order_by(col(LabelValue.position))
    )
    return tuple(found.scalars())


def _segments(session: Session, opened: Opened, state: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = set(state.get("segments") or ())
    return tuple(one for one in segments(session, opened) if segment_mark(one) in chosen) if chosen else ()


def segments(session: Session, opened: Opened) -> list[str]:
    """The segments that a form offers: of labelled items, of the first ones, and those that a proposal names."""
    named: Sequence[str] = ()
    if opened.proposal_id:
        row = select(col(Proposal.segments_touched)).where(col(Proposal.id) == opened.proposal_id)
        named = session.execute(row).scalar() or ()
    return sorted({*segments_known(session, opened.project_id), *named})


def _wanted(session: Session, opened: Opened, state: Mapping[str, Any], now: datetime) -> datetime | None:
    day, at = str(state.get("date") or ""), str(state.get("time") or "")
    if not day:
        if at and at != BY_DEFAULT:
            raise FormError({"date": "Choose the day too, or leave both empty."})
        return None
    zone = session.execute(select(col(Project.time_zone)).where(col(Project.id) == opened.project_id)).scalar_one()
    try:
        wanted = calendar.moment(date.fromisoformat(day), time.fromisoformat(at or BY_DEFAULT), zone)
    except (ValueError, OverflowError):
        raise FormError({"date": "This is no day."}) from None
    if wanted <= now:
        raise FormError({"date": f"This has passed already ({zone}). Leave it empty for: as soon as it is approved."})
    return wanted


def _lines(text: Any) -> list[str]:
    return [line.strip() for line in str(text or "").splitlines() if line.strip()]


def _one_line(text: Any) -> str:
    return " ".join(str(text or "").split())
