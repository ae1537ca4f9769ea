"""A message at the top of its channel: pinned, in place of the one that was pinned so before it.

Both calls may be made again and again: a message is pinned or it is not. So an unknown outcome needs no looking.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from bot.sender import rows
from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, PointlessError, UndeliverableError
from bot.slack.errors import Remedy
from storage.tables import Outbox, OutboxKind, OutboxState

NOT_SENT = "The message to be pinned was not delivered. Deliver that one first, then this."
WORDS = {
    "missing_scope": "The app lacks the scope pins:write, so the message is not pinned. Add it (OAuth & Permissions, or the "
    "manifest), install the app again, and try this again.",
    "too_many_pins": "The channel has as many pins as Slack allows. Unpin something there, and try this again.",
    "not_pinnable": "Slack lets nobody pin this message.",
    "message_not_found": "The message to be pinned was deleted.",
}
"""What ends a row: pinning is a courtesy, and trying it for weeks helps nobody."""

HOLDS_UP = (Remedy.WAIT, Remedy.AGAIN, Remedy.LOOK)


@dataclass(frozen=True)
class Place:
    """Where a message is."""

    channel: str
    ts: str


def pin(delivery: Delivery, job: Job) -> None:
    """Unpin the message before, pin this one. In this order, so that a channel with its last free pin has room."""
    with delivery.store.read() as session:
        if _is_followed(session, job):
            raise PointlessError("A later message is pinned in its place already.")
        head, before = _head(session, job), _before(session, job)
    if head is None:
        raise UndeliverableError(NOT_SENT)
    if before is not None and before != head:
        _unpin(delivery, job, before)
    delivery.begin(job, place=head.channel)
    try:
        delivery.call(job, "pins.add", delivery.client.pins_add, channel=head.channel, timestamp=head.ts)
    except CallFailedError as failed:
        if failed.trouble.code != "already_pinned":
            _give_up(failed)
            raise
    delivery.store.transact(lambda session: rows.sent(session, job, delivery.clock(), head.channel, head.ts))


def _unpin(delivery: Delivery, job: Job, before: Place) -> None:
    """Take the former pin down. Where that cannot be done (somebody did, it was deleted) the new one comes all the same."""
    try:
        delivery.call(job, "pins.remove", delivery.client.pins_remove, channel=before.channel, timestamp=before.ts)
    except CallFailedError as failed:
        if failed.trouble.remedy in HOLDS_UP:
            raise


def _give_up(failed: CallFailedError) -> None:
    if (words := WORDS.get(failed.trouble.code)) is not None:
        raise UndeliverableError(words) from failed


def _head(session: Session, job: Job) -> Place | None:
    found = session.execute(
        select(col(Outbox.sent_channel), col(Outbox.sent_ts)).where(
            col(Outbox.key) == job.thread_key, col(Outbox.state) == OutboxState.SENT
        )
    ).first()
    return Place(*found) if found else None


def _before(session: Session, job: Job) -> Place | None:
    pinned = select(col(Outbox.sent_channel), col(Outbox.sent_ts)).where(*_same(job), col(Outbox.id) < job.id)
    found = session.execute(pinned.order_by(col(Outbox.id).desc()).limit(1)).first()
    return Place(*found) if found else None


def _is_followed(session: Session, job: Job) -> bool:
    return (
        session.execute(select(col(Outbox.id)).where(*_same(job), col(Outbox.id) > job.id).limit(1)).first() is not None
    )


def _same(job: Job) -> tuple[ColumnElement[bool], ...]:
    """Messages pinned in each other's place: ``subject`` names the place."""
    return (
        col(Outbox.subject) == job.subject,
        col(Outbox.kind) == OutboxKind.PIN,
        col(Outbox.state) == OutboxState.SENT,
    )
