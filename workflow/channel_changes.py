"""What becomes of a project's channels when something happens to them in Slack, noted the moment Slack tells it."""

from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlmodel import Session, col

from storage.tables import Card, Channel, Outbox, OutboxState
from workflow import new_project

UNSENT = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


def joined(session: Session, slack_id: str, now: datetime) -> None:
    """Concord came into a channel: it may post there, and a channel that was not found may be this one: look again."""
    unseen = and_(col(Channel.slack_id).is_(None), col(Channel.problem).is_not(None))
    before = new_project.told(session)
    here = or_(col(Channel.slack_id) == slack_id, unseen)
    session.execute(update(Channel).where(here).values(problem=None))
    new_project.tell_anew(session, before, now)


def left(session: Session, slack_id: str, now: datetime) -> None:
    """Concord was taken out of a channel."""
    _report(session, slack_id, "Concord is not in {}: invite it there.", now)


def archived(session: Session, slack_id: str, now: datetime) -> None:
    """A channel was closed."""
    _report(session, slack_id, "{} is archived: unarchive it, or choose another channel.", now)


def unarchived(session: Session, slack_id: str, now: datetime) -> None:
    """A channel was opened again; whoever was in it still is."""
    _report(session, slack_id, None, now)


def renamed(session: Session, slack_id: str, name: str) -> None:
    """A channel has another name."""
    session.execute(update(Channel).where(col(Channel.slack_id) == slack_id).values(name=f"#{name}"))


def moved(session: Session, old: str, new: str) -> None:
    """A channel has another id. Its cards are rewritten, and what waits is said, in the channel by its new one."""
    session.execute(update(Channel).where(col(Channel.slack_id) == old).values(slack_id=new))
    waiting = and_(col(Outbox.channel) == old, col(Outbox.state).in_(UNSENT))
    session.execute(update(Outbox).where(waiting).values(channel=new))
    session.execute(update(Outbox).where(col(Outbox.sent_channel) == old).values(sent_channel=new))
    session.execute(update(Card).where(col(Card.channel) == old).values(channel=new))


def _report(session: Session, slack_id: str, words: str | None, now: datetime) -> None:
    before = new_project.told(session)
    rows = select(col(Channel.project_id), col(Channel.purpose), col(Channel.name))
    for row in session.execute(rows.where(col(Channel.slack_id) == slack_id)).all():
        this = and_(col(Channel.project_id) == row.project_id, col(Channel.purpose) == row.purpose)
        problem = None if words is None else words.format(row.name)
        session.execute(update(Channel).where(this).values(problem=problem))
    new_project.tell_anew(session, before, now)
