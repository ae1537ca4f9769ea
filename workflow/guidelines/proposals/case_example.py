"""A ruled case as a worked example: as Markdown for a guideline, and as a line of a form."""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import Escalation, EscalationState, Item, LabelValue, Project, Role, Ruling
from workflow import people
from workflow.errors import RefusedError
from workflow.guidelines.proposals import example_lines

MAY_USE = (Role.REVIEWER, Role.AUDITOR, Role.LEAD, Role.MANAGER)
"""Annotators may have the item before them yet, and nobody sees a ruling before their own answer."""
LONGEST_FIELD = 400
LONGEST_WHY = 600
_MARKUP = re.compile(r"([\\`*_\[\]<>#~|&])")
_LIST_OR_RULE = re.compile(r"^(\d*)([-+=.)])")


@dataclass(frozen=True)
class Ruled:
    """A case that was ruled, with the ruling that holds; ``fields`` in the project's order."""

    project_id: int
    key: str
    fields: tuple[tuple[str, str], ...]
    value: str
    title: str
    rationale: str


def require(session: Session, case_id: int, slack_id: str) -> Ruled:
    """The ruled case, for somebody who may make an example of it. Raises RefusedError."""
    project_id = session.execute(select(col(Escalation.project_id)).where(col(Escalation.id) == case_id)).scalar()
    if project_id is None:
        raise RefusedError("This case does not exist (any more).")
    people.require(session, project_id, slack_id, *MAY_USE)
    ruled = of_case(session, case_id)
    if ruled is None:
        raise RefusedError("This case has no ruling: only what was ruled can become an example.")
    return ruled


def of_case(session: Session, case_id: int) -> Ruled | None:
    """The ruled case; None where no ruling holds."""
    row = session.execute(
        select(
            col(Escalation.project_id),
            col(Item.key),
            col(Item.fields),
            col(Project.fields).label("names"),
            col(LabelValue.value),
            col(LabelValue.title),
            col(Ruling.rationale),
        )
        .join(Item, col(Item.id) == col(Escalation.item_id))
        .join(Project, col(Project.id) == col(Escalation.project_id))
        .join(Ruling, col(Ruling.escalation_id) == col(Escalation.id))
        .join(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .where(col(Escalation.id) == case_id, col(Escalation.state) == EscalationState.RULED)
        .order_by(col(Ruling.id).desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    fields = tuple((name, row.fields.get(name, "")) for name in row.names)
    return Ruled(row.project_id, row.key, fields, row.value, row.title, row.rationale)


def as_markdown(ruled: Ruled) -> str:
    """The case as a quotation: its texts, the label, and why. Nothing in the item's texts becomes markup."""
    several = len(ruled.fields) > 1
    lines = [f"**Example** (item {_plain(ruled.key, LONGEST_FIELD)})"]
    for name, text in ruled.fields:
        shown = _plain(text, LONGEST_FIELD)
        lines.append(f"*{_plain(name, LONGEST_FIELD)}*: {shown}" if several else shown)
    lines.append(f"→ **{_plain(ruled.title, LONGEST_FIELD)}**: {cut(ruled.rationale, LONGEST_WHY)}")
    return "\n>\n".join(f"> {line}" for line in lines if line) + "\n"


def as_line(ruled: Ruled) -> str:
    """The case as a line of worked examples."""
    return example_lines.line(ruled.key, ruled.value, cut(ruled.rationale, LONGEST_WHY))


def _plain(text: str, most: int) -> str:
    return _LIST_OR_RULE.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", cut(text, most)))


def cut(text: str, most: int) -> str:
    """A text on one line, and cut between two characters that people see."""
    import regex  # type: ignore[import-untyped]

    line = " ".join(text.split())
    if len(line) <= most:
        return line
    kept, length = [], 0
    for found in regex.finditer(r"\X", line[: most + 100]):
        length += len(found[0])
        if length > most:
            break
        kept.append(found[0])
    return "".join(kept).rstrip() + "…"
