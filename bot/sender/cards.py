"""After a message is there: the card it left, and whether that card shows the truth."""

from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlmodel import Session, col

from bot.sender import rows
from bot.sender.delivery import Delivery
from bot.sender.job import Job
from storage.tables import Card, Lane, Outbox, OutboxKind, OutboxState
from workflow import outbox

UNSEEN = -1
"""A card whose version nobody knows: it is drawn anew whatever the thing's version is."""

AGAIN = "again"
"""In the context of an update: write the card even where it is said to show the newest version."""


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
        session.execute(select(col(Card.id)).where(col(Card.id) == card.id).with_for_update())
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
    """Write down which version the card shows; where the thing has moved since, have the card written once more.

    The card is in the session before the thing's version is read under a lock: whoever changes the thing has either
    seen the card, or is seen here. The version put down may be lower than what another writer of this card has put.
    """
    here = and_(col(Card.channel) == channel, col(Card.ts) == ts)
    session.execute(update(Card).where(here).values(version=UNSEEN if version is None else version))
    newest = version_now(delivery, session, job)
    if newest is not None and newest != version:
        card_id = session.execute(select(col(Card.id)).where(here)).scalar_one_or_none()
        _write_again(session, job, now, card_id, channel, newest)


def _write_again(session: Session, job: Job, now: datetime, card_id: int | None, channel: str, version: int) -> None:
    """Have a card drawn whatever its version says.

    Another writer may put the newest version on it at this moment, before or after our older one arrived: nobody can
    tell. So the row that rewrites the card, ours or one that waits already, is told to write in any case.
    """
    subject = f"{job.card_kind}:{job.subject_id}"
    context = {"id": job.subject_id, AGAIN: True}
    waits = and_(
        col(Outbox.subject) == subject,
        col(Outbox.card_id) == card_id,
        col(Outbox.kind) == OutboxKind.UPDATE,
        col(Outbox.state) == OutboxState.WAITING,
    )
    told = session.execute(update(Outbox).where(waits).values(context=context).returning(col(Outbox.id)))
    if card_id is None or told.first() is not None:
        return
    row = {
        "key": f"{subject}:v{version}:c{card_id}:again",
        "lane": int(Lane.URGENT),
        "kind": OutboxKind.UPDATE,
        "subject": subject,
        "channel": channel,
        "template": job.template,
        "context": context,
        "card_kind": job.card_kind,
        "subject_id": job.subject_id,
        "card_id": card_id,
        "state": OutboxState.WAITING,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
    session.execute(outbox.insert_or_skip(session, Outbox, ["key"]).values(**row))
