"""What a proposal begins with that comes from equal findings of audits: their cases as worked examples, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Finding, Item, ItemState, Ruling
from workflow import people
from workflow.audit import same_findings
from workflow.audit.same_findings import Equal
from workflow.errors import RefusedError
from workflow.guidelines.proposals import case_example
from workflow.guidelines.proposals.case_example import Ruled, cut

MOST = 5
ROOM = 2400
"""Characters of a field that worked examples, or the notes of auditors, take; Slack gives it 3,000."""
LONGEST_NOTE = 300


@dataclass(frozen=True)
class Found:
    """``cases`` are ruled as the findings say; ``section`` is the one that most of them name, empty for none."""

    cases: tuple[Ruled, ...]
    summary: str
    why: str
    section: str
    count: int


def require(session: Session, finding_id: int, slack_id: str) -> int:
    """The project of a finding, for somebody who may make examples of its cases. Raises RefusedError."""
    project_id = session.execute(select(col(Finding.project_id)).where(col(Finding.id) == finding_id)).scalar()
    if project_id is None:
        raise RefusedError("This finding does not exist (any more).")
    people.require(session, project_id, slack_id, *case_example.MAY_USE)
    if not same_findings.equal(session, finding_id):
        raise RefusedError("Nothing is left of these findings: their items were taken out. Nothing was changed.")
    return int(project_id)


def first_case(session: Session, finding_id: int) -> int:
    """The case that a proposal comes from, as far as one holds; 0 for none."""
    return next(iter(_cases(session, same_findings.equal(session, finding_id))), 0)


def of_finding(session: Session, finding_id: int) -> Found | None:
    """What the form begins with, from all findings that say the same as this one; None where there is none."""
    found = same_findings.equal(session, finding_id)
    if not found:
        return None
    ruled = [one for case_id in _cases(session, found)[:MOST] if (one := case_example.of_case(session, case_id))]
    sections = [one.section for one in found if one.section]
    return Found(
        cases=tuple(_fitting(ruled)),
        summary=_summary(found[0]),
        why=_why(found),
        section=max(sections, key=sections.count) if sections else "",
        count=len(found),
    )


def _cases(session: Session, found: Sequence[Equal]) -> list[int]:
    """The cases of these items whose ruling still holds and says what the finding said."""
    wanted = {one.item_id: one.correct_id for one in found if one.correct_id is not None}
    rows = session.execute(
        select(col(Ruling.item_id), col(Ruling.value_id), col(Ruling.escalation_id))
        .join(Item, col(Item.id) == col(Ruling.item_id))
        .where(col(Ruling.item_id).in_(wanted), col(Item.state) == ItemState.RULED)
        .order_by(col(Ruling.id))
    )
    last = {row.item_id: row for row in rows}
    held = [last[item_id] for item_id in wanted if item_id in last and last[item_id].value_id == wanted[item_id]]
    return [row.escalation_id for row in held]


def _fitting(ruled: Sequence[Ruled]) -> list[Ruled]:
    """As many as a field of the form holds: a text cut at its end would be proposed so."""
    kept: list[Ruled] = []
    room = ROOM
    for one in ruled:
        room -= max(len(case_example.as_markdown(one)), len(case_example.as_line(one))) + 2
        if kept and room < 0:
            break
        kept.append(one)
    return kept


def _summary(one: Equal) -> str:
    said = f"When it is {one.correct} and not {one.value}" if one.correct else f"What was unclear: {one.section}"
    return cut(said, 140)


def _why(found: Sequence[Equal]) -> str:
    one = found[0]
    what = f"“{one.value}” was wrong, “{one.correct}” is right" if one.correct else f"“{one.section}” is unclear"
    lines = [cut(f"Audits found of {len(found)} items that {what}.", ROOM // 2)]
    room = ROOM - len(lines[0])
    for each in found:
        line = cut(f"{each.key}: {each.note}", LONGEST_NOTE) if each.note.strip() else ""
        room -= len(line) + 1
        if line and room >= 0:
            lines.append(line)
    return "\n".join(lines)
