"""Every kind of row: how it is delivered, and how an unknown outcome is settled. ``RULES`` is the whole of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sender import attached, cards, chart, lookup, pins, rows
from bot.sender.delivery import CallFailedError, Delivery
from bot.sender.job import Job, NotNowError, PointlessError, UndeliverableError
from storage.tables import Card, OutboxKind

LOST_CARD = {"message_not_found", "cant_update_message", "edit_window_closed"}


@dataclass(frozen=True)
class Rule:
    """``method`` is what delivering calls in the end, ``looks_with`` what settling calls first, if anything."""

    method: str
    deliver: Callable[[Delivery, Job], None]
    settle: Callable[[Delivery, Job], None]
    looks_with: str | None = None


def deliver_post(delivery: Delivery, job: Job) -> None:
    """A new message."""
    _post(delivery, job, job.context)


def deliver_update(delivery: Delivery, job: Job) -> None:
    """The present truth on a card, unless it shows that already."""
    with delivery.store.read() as session:
        card = session.get(Card, job.card_id) if job.card_id is not None else None
        newest = cards.version_now(delivery, session, job) if card else None
    if card is None:
        raise PointlessError("The message is not there any more.")
    if newest is not None and card.version == newest and not job.context.get(cards.AGAIN):
        _already(delivery, job, card)
        return
    drawn = delivery.drawn(job, job.context)
    delivery.begin(job, place=card.channel)
    content = {"channel": card.channel, "ts": card.ts, "text": drawn.text, "blocks": drawn.blocks}
    try:
        delivery.call(job, "chat.update", delivery.client.chat_update, **content)
    except CallFailedError as failed:
        if failed.trouble.code not in LOST_CARD:
            raise
        cards.forget(delivery, job, card, failed.trouble.words)
        return
    cards.updated(delivery, job, card, drawn.version)


def deliver_ephemeral(delivery: Delivery, job: Job) -> None:
    """A message that one person sees until they reload."""
    if job.person_id is None:
        raise UndeliverableError("The message names no person.")
    person = delivery.person(job)
    place = delivery.place(job)
    drawn = delivery.drawn(job, job.context)
    delivery.begin(job, place=place)
    content = {"channel": place, "user": person.slack_id, "text": drawn.text, "blocks": drawn.blocks}
    delivery.pace.spend_place(place, delivery.clock().timestamp())
    delivery.call(job, "chat.postEphemeral", delivery.client.chat_postEphemeral, **content)
    delivery.store.transact(lambda session: rows.sent(session, job, delivery.clock(), place, None))


def deliver_chart(delivery: Delivery, job: Job) -> None:
    """A picture, then a message that shows it; where the app may not upload, the message alone."""
    if job.file_id is None:
        try:
            chart.upload(delivery, job)
        except CallFailedError as failed:
            if failed.trouble.code != "missing_scope":
                raise
            return _post(delivery, job, job.context)
        raise NotNowError(None, delivery.settings.picture_poll)
    if not chart.is_ready(delivery, job):
        raise NotNowError(None)
    try:
        _post(delivery, job, {**job.context, "file_id": job.file_id})
    except CallFailedError as failed:
        if not chart.is_refused_picture(failed):
            raise
        raise NotNowError(None) from failed
    return None


def deliver_file(delivery: Delivery, job: Job) -> None:
    """A file in its place; where the app may not upload, the row's message, which says how else to get it."""
    try:
        attached.upload(delivery, job)
    except CallFailedError as failed:
        if failed.trouble.code != "missing_scope":
            raise
        _post(delivery, job, job.context)


def settle_again(delivery: Delivery, job: Job) -> None:
    """Doing it once more does no harm, now that the first attempt cannot come after it any more."""
    _send_again(delivery, job)


def settle_post(delivery: Delivery, job: Job) -> None:
    """Look for the message; only where it did not arrive may it be sent again."""
    if not _found(delivery, job):
        _send_again(delivery, job)


def settle_ephemeral(_delivery: Delivery, _job: Job) -> None:
    """Slack keeps no ephemerals, so nobody can look. Said at most once: one too few is asked for again, two confuse."""
    raise UndeliverableError("Concord cannot tell whether this arrived: Slack keeps no record of it.")


def settle_chart(delivery: Delivery, job: Job) -> None:
    """Look for the message, then for the picture; what is missing is done again, and nothing else."""
    if job.sent_channel is not None and _found(delivery, job):
        return
    if job.file_id is not None:
        chart.is_ready(delivery, job)
    _send_again(delivery, job)


def settle_file(delivery: Delivery, job: Job) -> None:
    """Ask for the file by its id, or look for the message that stood in for it; where neither arrived, begin anew."""
    if job.file_id is not None and attached.is_shown(delivery, job):
        return
    settle_post(delivery, job)


RULES: Mapping[OutboxKind, Rule] = {
    OutboxKind.POST: Rule("chat.postMessage", deliver_post, settle_post, "conversations.history"),
    OutboxKind.UPDATE: Rule("chat.update", deliver_update, settle_again),
    OutboxKind.EPHEMERAL: Rule("chat.postEphemeral", deliver_ephemeral, settle_ephemeral),
    OutboxKind.CHART: Rule("chat.postMessage", deliver_chart, settle_chart, "conversations.history"),
    OutboxKind.FILE: Rule("files.completeUploadExternal", deliver_file, settle_file, "files.info"),
    OutboxKind.PIN: Rule("pins.add", pins.pin, settle_again),
}


def _post(delivery: Delivery, job: Job, context: Mapping[str, Any]) -> None:
    place = delivery.place(job)
    thread = delivery.thread(job, place)
    drawn = delivery.drawn(job, context)
    delivery.begin(job, place=place)
    delivery.pace.spend_place(place, delivery.clock().timestamp())
    answer = delivery.call(
        job,
        "chat.postMessage",
        delivery.client.chat_postMessage,
        channel=place,
        text=drawn.text,
        blocks=drawn.blocks,
        thread_ts=thread,
        metadata=lookup.metadata(job.key),
        unfurl_links=False,
        unfurl_media=False,
    )
    cards.posted(delivery, job, str(answer["channel"]), str(answer["ts"]), drawn.version)


def _found(delivery: Delivery, job: Job) -> bool:
    place = job.sent_channel or delivery.place(job)
    ts = lookup.find(delivery, job, place)
    if ts is not None:
        cards.posted(delivery, job, place, ts, None)
    return ts is not None


def _send_again(delivery: Delivery, job: Job) -> None:
    now = delivery.clock()
    delivery.store.transact(lambda session: rows.put_back(session, job, now, None, failed=False))


def _already(delivery: Delivery, job: Job, card: Card) -> None:
    now = delivery.clock()
    delivery.store.transact(lambda session: rows.sent(session, job, now, card.channel, card.ts))
