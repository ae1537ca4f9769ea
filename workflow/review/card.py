"""The one standing card of a project in its review channel: how much waits, and the button to the next item."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Card, Channel, Lane, Outbox, OutboxKind, OutboxState, Purpose, Review
from workflow import outbox
from workflow.views.review_queue import queue_view

KIND = "review_queue"
EVERY = timedelta(minutes=1)
UNDER_WAY = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


def keep(store: Store, now: datetime) -> int:
    """Post the card of a project once something waits there, and rewrite it when its numbers changed; how many.

    A card is written once a minute at most: a reviewer decides faster than that. The clock's step.
    """
    done = 0
    with store.read() as session:
        due = [(one, place) for one, place in _places(session) if not _is_fresh(session, one, place, now)]
    for project_id, place in due:
        with store.read() as session:
            write = _what_to_write(session, project_id, place, now)
        if write is not None:
            store.transact(write)
            done += 1
    return done


def _what_to_write(session: Session, project_id: int, place: str, now: datetime) -> "partial[None] | None":
    view = queue_view(session, project_id, now)
    if view is None:
        return None
    mine = (col(Card.kind) == KIND, col(Card.subject_id) == project_id, col(Card.channel) == place)
    shown = list(session.execute(select(col(Card.version)).where(*mine)).scalars())
    if not shown:
        wanted = bool(view["waiting"] or view["back"]) and not _is_undelivered(session, project_id, place)
        return partial(_post, project_id=project_id, place=place, now=now) if wanted else None
    if all(version == view["version"] for version in shown):
        return None
    return partial(_rewrite, project_id=project_id, now=now)


def _places(session: Session) -> list[tuple[int, str]]:
    """The projects that have reviews, each with its review channel as it is now, where Slack has shown it."""
    reviewed = exists().where(col(Review.project_id) == col(Channel.project_id))
    rows = session.execute(
        select(col(Channel.project_id), col(Channel.slack_id))
        .where(reviewed, col(Channel.purpose) == Purpose.REVIEW, col(Channel.slack_id).is_not(None))
        .order_by(col(Channel.project_id))
    )
    return [(row.project_id, row.slack_id) for row in rows]


def _is_fresh(session: Session, project_id: int, place: str, now: datetime) -> bool:
    """Whether the card was written less than a minute ago, or is being written; what waits for another channel is not it."""
    here = or_(col(Outbox.channel).is_(None), col(Outbox.channel) == place)
    lately = or_(col(Outbox.state).in_(UNDER_WAY), col(Outbox.created_at) > now - EVERY)
    mine = col(Outbox.subject) == _subject(project_id)
    return bool(session.execute(select(exists().where(mine, here, lately))).scalar())


def _is_undelivered(session: Session, project_id: int, place: str) -> bool:
    """Whether the card could not be posted there: that is kept and shown to leads, and not tried again every day."""
    failed = exists().where(
        col(Outbox.subject) == _subject(project_id),
        col(Outbox.key).startswith(f"{_subject(project_id)}:{place}:"),
        col(Outbox.kind) == OutboxKind.POST,
        col(Outbox.state) == OutboxState.FAILED,
    )
    return bool(session.execute(select(failed)).scalar())


def _post(session: Session, project_id: int, place: str, now: datetime) -> None:
    outbox.forget_elsewhere(session, KIND, project_id, place)
    # With the day in its key, a card that somebody deleted comes back the next day.
    outbox.put(
        session, now, f"{_subject(project_id)}:{place}:{now.date()}", KIND,
        outbox.To(project_id=project_id, purpose=Purpose.REVIEW), {"id": project_id},
        lane=Lane.URGENT, card=(KIND, project_id),
    )  # fmt: skip


def _rewrite(session: Session, project_id: int, now: datetime) -> None:
    minute = int(now.timestamp()) // int(EVERY.total_seconds())
    outbox.rewrite(session, now, KIND, project_id, minute, KIND)


def _subject(project_id: int) -> str:
    return f"{KIND}:{project_id}"
