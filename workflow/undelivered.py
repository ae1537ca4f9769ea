"""What could not be said yet, or not at all, and why: for leads, and for whoever runs Concord."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from storage.tables import Channel, Outbox, OutboxState, Person, Project

MOST = 200
STUCK = (OutboxState.WAITING, OutboxState.UNKNOWN)
UNSENT = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.FAILED)


@dataclass(frozen=True)
class Undelivered:
    """A message that did not arrive. ``to`` is in words; ``still_trying`` while Concord may yet deliver it by itself."""

    id: int
    template: str
    to: str
    reason: str
    still_trying: bool
    since: datetime


@dataclass(frozen=True)
class Message:
    """A row of the outbox as an operator sees it. ``reason`` is empty where nothing has gone wrong yet.

    ``due_at`` is when Concord next tries, or looks; ``maybe_sent`` where a call was begun and nobody knows what came of it.
    """

    id: int
    project: str | None
    state: OutboxState
    kind: str
    template: str
    subject: str
    to: str
    reason: str
    attempts: int
    since: datetime
    due_at: datetime
    maybe_sent: bool


def undelivered(session: Session, project_id: int | None = None, *, most: int = MOST) -> list[Undelivered]:
    """What failed, and what waits for somebody to do something, the newest first; of all projects where none is named."""
    failed = col(Outbox.state) == OutboxState.FAILED
    stuck = and_(col(Outbox.state).in_(STUCK), col(Outbox.error).is_not(None))
    return [
        Undelivered(row.id, row.template, row.to, row.reason, row.state in STUCK, row.since)
        for row in _read(session, _newest(project_id, most).where(or_(failed, stuck)))
    ]


def listed(
    session: Session,
    states: Collection[OutboxState] = UNSENT,
    project_id: int | None = None,
    *,
    before: int | None = None,
    most: int = MOST,
) -> list[Message]:
    """The rows in these states, the newest first; those with smaller ids than ``before``, for the next page."""
    wanted = _newest(project_id, most).where(col(Outbox.state).in_(states))
    return _read(session, wanted if before is None else wanted.where(col(Outbox.id) < before))


def _newest(project_id: int | None, most: int) -> Any:
    statement: Any = (
        select(
            col(Outbox.id),
            col(Project.name).label("project"),
            col(Outbox.state),
            col(Outbox.kind),
            col(Outbox.template),
            col(Outbox.subject),
            col(Outbox.channel),
            col(Outbox.purpose),
            col(Channel.name).label("channel_name"),
            col(Person.name).label("person"),
            col(Outbox.error),
            col(Outbox.attempts),
            col(Outbox.created_at),
            col(Outbox.due_at),
            col(Outbox.sending_since),
        )
        .outerjoin(Project, col(Project.id) == col(Outbox.project_id))
        .outerjoin(
            Channel,
            and_(col(Channel.project_id) == col(Outbox.project_id), col(Channel.purpose) == col(Outbox.purpose)),
        )
        .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
        .order_by(col(Outbox.id).desc())
        .limit(most)
    )
    return statement if project_id is None else statement.where(col(Outbox.project_id) == project_id)


def _read(session: Session, statement: Any) -> list[Message]:
    return [
        Message(
            id=row.id,
            project=row.project,
            state=row.state,
            kind=row.kind.value,
            template=row.template,
            subject=row.subject,
            to=_to(row.channel, row.purpose, row.channel_name, row.person),
            reason=row.error or "",
            attempts=row.attempts,
            since=row.created_at,
            due_at=row.due_at,
            maybe_sent=row.sending_since is not None and row.state in UNSENT,
        )
        for row in session.execute(statement)
    ]


def _to(channel: str | None, purpose: str | None, name: str | None, person: str | None) -> str:
    if purpose:
        return name or f"the {purpose} channel"
    return person or channel or "nobody"
