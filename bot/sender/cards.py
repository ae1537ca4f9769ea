"""After a message is there: the card it left, and whether that card shows the truth."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col

from bot.sender import rows
from bot.sender.delivery import Delivery
from bot.sender.job import Job
from storage.tables import Card, Outbox, OutboxState
from workflow import outbox

UNSEEN = -1
"""A card whose version nobody knows: it is drawn anew whatever the thing's version is."""


def posted(delivery: Delivery, job: Job, channel: str, ts: str, version: int | None) -> None:
    """A message is there, drawn at ``version``; None where it was found and nobody knows what it shows."""
    now = delivery.clock()

    def record(session: Session) -> None:
        rows.sent(session, job, now, channel, ts)
        if job.card_kind is not None and job.subject_id is not None:
            _keep(session, job, now, channel, ts)
            _shows(delivery, session, job, now, channel, ts, version)

    delivery.store.transact(record)


def updated(delivery: Delivery, job: Job, card: Card, version: int | None) -> None:
    """A card was written anew."""
    now = delivery.clock()

    def record(session: Session) -> None:
        rows.sent(session, job, now, card.channel, card.ts)
        _shows(delivery, session, job, now, card.channel, card.ts, version)

    delivery.store.transact(record)


def version_now(delivery: Delivery, session: Session, job: Job) -> int | None:
    """The version of the thing that a row's card shows."""
    if job.card_kind is None or job.subject_id is None:
        return None
    if delivery.version_of is not None:
        return delivery.version_of(session, job.card_kind, job.subject_id)
    drawn = delivery.draw.draw(session, job.template, job.context)
    return drawn.version if drawn else None


def forget(delivery: Delivery, job: Job, card: Card, reason: str) -> None:
    """The message cannot be written any more: nobody tries again."""
    now = delivery.clock()

    def record(session: Session) -> None:
        rows.settle(session, job, now, OutboxState.DROPPED, reason)
        session.execute(update(Outbox).where(col(Outbox.card_id) == card.id).values(card_id=None))
        session.execute(delete(Card).where(col(Card.id) == card.id))

    delivery.store.transact(record)


def _keep(session: Session, job: Job, now: datetime, channel: str, ts: str) -> None:
    card = {
        "kind": job.card_kind,
        "subject_id": job.subject_id,
        "person_id": job.person_id,
        "channel": channel,
        "ts": ts,
        "version": UNSEEN,
        "created_at": now,
    }
    session.execute(outbox.insert_or_skip(session, Card, ["channel", "ts"]).values(**card))


def _shows(
    delivery: Delivery, session: Session, job: Job, now: datetime, channel: str, ts: str, version: int | None
) -> None:
    """Write down which version the card shows; where the thing has moved since, have every copy written anew.

    Another writer may have put a newer version on the card while this one was on its way. Which of the two came last
    nobody knows then, so the card counts as unseen. The card is in the session before the thing's version is read under
    a lock: whoever changes the thing has either seen the card, or is seen here.
    """
    newest = version_now(delivery, session, job)
    moved = newest is not None and newest != version
    session.execute(
        update(Card)
        .where(col(Card.channel) == channel, col(Card.ts) == ts)
        .values(version=UNSEEN if moved or version is None else version)
    )
    if moved and newest is not None and job.card_kind is not None and job.subject_id is not None:
        outbox.rewrite(session, now, job.card_kind, job.subject_id, newest, job.template)
