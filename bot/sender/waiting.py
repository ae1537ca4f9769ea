"""Rows that wait for a channel or a person that Slack has not shown yet: saying which, and what to do."""

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlmodel import Session, col

from storage.tables import Channel, Outbox, OutboxState, Person, Project


def unexplained(session: Session, now: datetime) -> dict[str, list[int]]:
    """The ids of rows that wait for a channel or a person Slack has not shown yet, by what to do about it."""
    rows = session.execute(
        select(
            col(Outbox.id),
            col(Outbox.purpose),
            col(Project.name),
            col(Channel.name),
            col(Channel.problem),
            col(Person.name),
            col(Person.problem),
        )
        .outerjoin(Project, col(Project.id) == col(Outbox.project_id))
        .outerjoin(
            Channel,
            and_(col(Channel.project_id) == col(Outbox.project_id), col(Channel.purpose) == col(Outbox.purpose)),
        )
        .outerjoin(Person, col(Person.id) == col(Outbox.person_id))
        .where(
            col(Outbox.state) == OutboxState.WAITING,
            col(Outbox.due_at) <= now,
            col(Outbox.error).is_(None),
            col(Outbox.channel).is_(None),
            or_(
                and_(col(Outbox.purpose).is_not(None), col(Channel.slack_id).is_(None)),
                and_(
                    col(Outbox.purpose).is_(None),
                    col(Outbox.person_id).is_not(None),
                    col(Person.slack_id).is_(None),
                    col(Person.active).is_(True),
                ),
            ),
        )
        .limit(1000)
    )
    reasons: dict[str, list[int]] = {}
    for row_id, purpose, project, channel, channel_problem, person, person_problem in rows:
        if purpose:
            words = _no_channel(purpose, project, channel, channel_problem)
        else:
            words = f"Slack has not shown Concord {person} yet. {person_problem or 'Check the name in the project.'}"
        reasons.setdefault(words, []).append(row_id)
    return reasons


def explain(session: Session, reasons: dict[str, list[int]]) -> None:
    """Write down why rows wait."""
    for words, ids in reasons.items():
        session.execute(
            update(Outbox)
            .where(col(Outbox.id).in_(ids), col(Outbox.state) == OutboxState.WAITING)
            .values(error=words)
            .execution_options(synchronize_session=False)
        )


def _no_channel(purpose: str, project: str | None, channel: str | None, problem: str | None) -> str:
    if channel is None:
        return f"The project {project} has no {purpose} channel. Name one: concord project edit."
    what = problem or "Make it in Slack and invite Concord there (/invite @concord), or name another channel."
    return f"Slack has not shown Concord the channel {channel}. {what}"
