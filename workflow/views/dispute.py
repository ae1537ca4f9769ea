"""A dispute as who contests a ruling sees it, and the form in which they do."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.tables import Dispute, DisputeState, Item, LabelValue, Person, Project, Ruling
from workflow.cases.dispute_outcomes import version
from workflow.views.batch import shown_fields
from workflow.views.notice import own_label


def dispute_version(session: Session, dispute_id: int) -> int | None:
    """The version of a dispute's card."""
    state = session.execute(select(col(Dispute.state)).where(col(Dispute.id) == dispute_id)).scalar()
    return version(state) if state is not None else None


def hold_dispute(session: Session, dispute_id: int) -> None:
    """Wait for whoever is changing the dispute, and let nobody change it until the session ends."""
    session.execute(select(col(Dispute.id)).where(col(Dispute.id) == dispute_id).with_for_update(read=True))


def dispute_view(session: Session, dispute_id: int) -> dict[str, Any] | None:
    """What the card of a dispute shows now: what was contested and why, and what came of it."""
    final, judge = aliased(Ruling), aliased(Person)
    decided = aliased(LabelValue)
    row = session.execute(
        select(col(Dispute.state), col(Dispute.argument), col(Dispute.ruling_id), col(Dispute.person_id))
        .add_columns(col(decided.title).label("decided"), col(judge.name).label("judge"))
        .add_columns(col(final.rationale).label("because"))
        .outerjoin(final, col(final.id) == col(Dispute.settled_by_id))
        .outerjoin(judge, col(judge.id) == col(final.person_id))
        .outerjoin(decided, col(decided.id) == col(final.value_id))
        .where(col(Dispute.id) == dispute_id)
    ).first()
    ruling = ruling_view(session, row.ruling_id, row.person_id) if row is not None else None
    if row is None or ruling is None:
        return None
    return {
        **ruling,
        "id": dispute_id,
        "version": version(row.state),
        "open": row.state is DisputeState.OPEN,
        "withdrawn": row.state is DisputeState.WITHDRAWN,
        "granted": row.state is DisputeState.GRANTED,
        "argument": row.argument,
        "decided": row.decided or "",
        "judge": row.judge or "",
        "because": row.because or "",
    }


def ruling_view(session: Session, ruling_id: int, person_id: int | None) -> dict[str, Any] | None:
    """A ruling as who wants to contest it sees it, beside their own label."""
    row = session.execute(
        select(col(Ruling.item_id), col(Ruling.rationale), col(LabelValue.title), col(Person.name))
        .add_columns(col(Item.key), col(Item.fields), col(Project.fields).label("names"))
        .add_columns(col(Project.name).label("project"))
        .join(Item, col(Item.id) == col(Ruling.item_id))
        .join(Project, col(Project.id) == col(Item.project_id))
        .join(Person, col(Person.id) == col(Ruling.person_id))
        .outerjoin(LabelValue, col(LabelValue.id) == col(Ruling.value_id))
        .where(col(Ruling.id) == ruling_id)
    ).first()
    if row is None:
        return None
    return {
        "project": row.project,
        "key": row.key,
        "fields": shown_fields(row.fields, row.names),
        "title": row.title or "",
        "reviewer": row.name,
        "rationale": row.rationale,
        "own": (own_label(session, row.item_id, person_id) if person_id is not None else None) or "",
    }
