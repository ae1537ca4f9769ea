"""A proposal's cards: what it changes, what it would touch, how far it has come, who decided what."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from storage.tables import (
    Decision,
    Escalation,
    Example,
    FileDrop,
    Guideline,
    Item,
    LabelValue,
    Person,
    Project,
    Proposal,
    Verdict,
)
from workflow.guidelines import versions
from workflow.guidelines.decisions import deciders, impact
from workflow.guidelines.labels import label_changes
from workflow.guidelines.text import diffing
from workflow.views.batch import shown_fields


def proposal_version(session: Session, proposal_id: int) -> int | None:
    """The version of a proposal's cards."""
    found = session.execute(select(col(Proposal.version)).where(col(Proposal.id) == proposal_id)).scalar()
    return int(found) if found is not None else None


def hold_proposal(session: Session, proposal_id: int) -> None:
    """Wait for whoever is changing the proposal, and let nobody change it until the session ends."""
    session.execute(select(col(Proposal.id)).where(col(Proposal.id) == proposal_id).with_for_update(read=True))


def proposal_view(session: Session, proposal_id: int) -> dict[str, Any] | None:
    """What a proposal's cards show now; None where there is no such proposal."""
    head = _head(session, proposal_id)
    if head is None:
        return None
    row: Proposal = head.Proposal
    current = versions.current(session, row.project_id)
    made = head.made_major is not None
    next_number = versions.next_number(current, row.kind)
    return {
        "id": proposal_id,
        "version": row.version,
        "revision": row.revision,
        "state": row.state,
        "project_id": row.project_id,
        "project": head.project,
        "zone": head.time_zone,
        "field_names": head.fields,
        "base": f"{head.major}.{head.minor}",
        "current": f"{current.major}.{current.minor}",
        "number": "{}.{}".format(*((head.made_major, head.made_minor) if made else next_number)),
        "kind": row.kind.value,
        "summary": row.summary,
        "why": row.why,
        "by": head.by,
        "file": head.file,
        "item": head.item,
        "comment": row.comment,
        "wanted_at": row.wanted_at,
        "diff": diffing.compare(head.before, row.markdown),
        "label_changes": _in_words(row.label_changes),
        "labels": _titles(session, row),
        "segments": list(row.segments_touched),
        "examples": _examples(session, proposal_id, head.fields),
        "impact": _impact(session, row.impact) if row.impact is not None else None,
        "decisions": _decisions(session, row),
        "deciders": deciders.who(session, proposal_id),
    }


def texts(session: Session, proposal_id: int) -> tuple[str, str, str, str] | None:
    """(name before, text before, name after, text after) of a proposal, for a file that shows the difference."""
    head = _head(session, proposal_id)
    if head is None:
        return None
    before = f"{head.project}-{head.major}.{head.minor}.md"
    return before, head.before, f"{head.project}-proposed-{proposal_id}.md", head.Proposal.markdown


def _head(session: Session, proposal_id: int) -> Any:
    made = Guideline.__table__.alias("made")  # type: ignore[attr-defined]
    return session.execute(
        select(
            Proposal,
            col(Project.name).label("project"),
            col(Project.time_zone),
            col(Project.fields),
            col(Guideline.major),
            col(Guideline.minor),
            col(Guideline.markdown).label("before"),
            made.c.major.label("made_major"),
            made.c.minor.label("made_minor"),
            col(Person.name).label("by"),
            col(FileDrop.name).label("file"),
            col(Item.key).label("item"),
        )
        .join(Project, col(Project.id) == col(Proposal.project_id))
        .join(Guideline, col(Guideline.id) == col(Proposal.base_id))
        .outerjoin(made, made.c.id == col(Proposal.guideline_id))
        .outerjoin(Person, col(Person.id) == col(Proposal.by_id))
        .outerjoin(FileDrop, col(FileDrop.id) == col(Proposal.file_drop_id))
        .outerjoin(Escalation, col(Escalation.id) == col(Proposal.escalation_id))
        .outerjoin(Item, col(Item.id) == col(Escalation.item_id))
        .where(col(Proposal.id) == proposal_id)
    ).first()


def _in_words(lines: Sequence[str]) -> list[str]:
    return label_changes.in_words(label_changes.parse(lines)) if lines else []


def _titles(session: Session, proposal: Proposal) -> list[str]:
    """Titles of the labels that it touches; a value of which nothing is known any more is shown itself."""
    found = session.execute(
        select(col(LabelValue.value), col(LabelValue.title)).where(
            col(LabelValue.project_id) == proposal.project_id, col(LabelValue.value).in_(proposal.labels_touched)
        )
    )
    title_of = {row.value: row.title for row in found}
    return [title_of.get(value, value) for value in proposal.labels_touched]


def _examples(session: Session, proposal_id: int, names: Sequence[str]) -> list[dict[str, Any]]:
    rows = session.execute(
        select(col(Example.fields), col(Example.explanation), col(LabelValue.title), col(Item.key))
        .join(LabelValue, col(LabelValue.id) == col(Example.value_id))
        .outerjoin(Item, col(Item.id) == col(Example.item_id))
        .where(col(Example.proposal_id) == proposal_id)
        .order_by(col(Example.position))
    )
    return [
        {
            "key": row.key or "",
            "fields": shown_fields(row.fields, names),
            "title": row.title,
            "explanation": row.explanation,
        }
        for row in rows
    ]


def _impact(session: Session, kept: dict[str, Any]) -> dict[str, Any]:
    names, more = impact.names(session, kept)
    return {**kept, "people": names, "more_people": more}


def _decisions(session: Session, proposal: Proposal) -> list[dict[str, Any]]:
    """What was decided of its present revision, the first first."""
    rows = session.execute(
        select(col(Person.name), col(Decision.verdict), col(Decision.comment), col(Decision.at))
        .join(Person, col(Person.id) == col(Decision.person_id))
        .where(col(Decision.proposal_id) == proposal.id, col(Decision.revision) == proposal.revision)
        .order_by(col(Decision.id))
    )
    return [{"name": row.name, "verdict": Verdict(row.verdict), "comment": row.comment, "at": row.at} for row in rows]
