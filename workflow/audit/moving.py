"""The leads' card of an audit follows their channel: only there can a lot be labelled again, or an audit be called off."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import String, and_, cast, exists, literal, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Audit, AuditState, Card, Channel, Outbox, Purpose
from workflow import outbox
from workflow.audit.telling import KIND, UNDER_WAY

STILL_MATTERS = timedelta(days=28)
"""So long after its end the card of a lot that failed comes to another channel."""


def follow(store: Store, now: datetime) -> int:
    """Post the card of audits that run, or failed lately, where the leads' channel has none; how many. A step of the clock.

    Once for each channel: a project names another one, or the card was deleted or could not be posted.
    """
    with store.read() as session:
        due = _without_card(session, now)
    for row in due:
        store.transact(partial(_post, audit_id=row.id, project_id=row.project_id, place=row.slack_id, now=now))
    return len(due)


def _without_card(session: Session, now: datetime) -> list[Any]:
    audit_id, place = cast(col(Audit.id), String), col(Channel.slack_id)
    first = literal(f"{KIND}:").concat(audit_id).concat(":leads")
    shown = exists().where(
        col(Card.kind) == KIND, col(Card.subject_id) == col(Audit.id), col(Card.channel) == col(Channel.slack_id)
    )
    posted = exists().where(col(Outbox.key) == first, col(Outbox.state).not_in(UNDER_WAY))
    again = exists().where(col(Outbox.key) == first.concat(":").concat(place))
    return list(
        session.execute(
            select(col(Audit.id), col(Audit.project_id), col(Channel.slack_id))
            .join(
                Channel, and_(col(Channel.project_id) == col(Audit.project_id), col(Channel.purpose) == Purpose.LEADS)
            )
            .where(_matters(now), place.is_not(None), ~shown, posted, ~again)
            .order_by(col(Audit.id))
        )
    )


def _matters(now: datetime) -> Any:
    failed = and_(col(Audit.state) == AuditState.FAILED, col(Audit.ended_at) > now - STILL_MATTERS)
    return or_(col(Audit.state) == AuditState.RUNNING, failed)


def _post(session: Session, audit_id: int, project_id: int, place: str, now: datetime) -> None:
    outbox.forget_elsewhere(session, KIND, audit_id, place)
    leads = outbox.To(project_id=project_id, purpose=Purpose.LEADS)
    outbox.put(session, now, f"{KIND}:{audit_id}:leads:{place}", KIND, leads, {"id": audit_id}, card=(KIND, audit_id))
