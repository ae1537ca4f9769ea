"""Saying things: a row in the transaction that made them true. The sender delivers, and keeps what it cannot deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from storage.tables import Card, Lane, Outbox, OutboxKind, OutboxState, Purpose

_SAID = "something was put into the outbox"
_THREAD = "message:"


@dataclass(frozen=True)
class To:
    """A recipient: a project's channel by purpose, a person's DM, or a channel by its Slack id."""

    project_id: int | None = None
    purpose: Purpose | None = None
    person_id: int | None = None
    channel: str | None = None


@dataclass(frozen=True)
class Thread:
    """The thread under somebody else's message; ``str`` of it is a row's ``thread_key``."""

    channel: str
    ts: str

    def __str__(self) -> str:
        return f"{_THREAD}{self.channel}:{self.ts}"


@dataclass(frozen=True)
class Message:
    """What is said to whom, under which key; the rest as in ``put``."""

    key: str
    to: To
    context: Mapping[str, Any]
    card: tuple[str, int] | None = None
    subject: str | None = None
    thread_key: str | None = None


def thread_of(thread_key: str) -> Thread | None:
    """The thread under somebody else's message that a row goes to; None where the head is a row of the outbox."""
    if not thread_key.startswith(_THREAD):
        return None
    channel, _, ts = thread_key.removeprefix(_THREAD).partition(":")
    return Thread(channel, ts)


def put(
    session: Session,
    now: datetime,
    key: str,
    template: str,
    to: To,
    context: Mapping[str, Any],
    *,
    lane: Lane = Lane.WAITED_FOR,
    kind: OutboxKind = OutboxKind.POST,
    subject: str | None = None,
    card: tuple[str, int] | None = None,
    thread_key: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Say ``template`` with ``context`` once: a second row with the same ``key`` is dropped.

    ``card`` is (kind, subject id) where the message is to be rewritten later; ``subject`` orders rows about one message
    and defaults to the card, else to the key.
    """
    message = Message(key, to, context, card, subject, thread_key)
    row = _row(now, message, template, lane, kind, due_at)
    session.execute(insert_or_skip(session, Outbox, ["key"]).values(**row))
    session.info[_SAID] = True


def put_all(session: Session, now: datetime, template: str, messages: Sequence[Message], *, lane: Lane) -> None:
    """Say ``template`` to many at once: one statement for all of them."""
    if messages:
        rows = [_row(now, message, template, lane, OutboxKind.POST, None) for message in messages]
        session.connection().execute(insert_or_skip(session, Outbox, ["key"]), rows)
        session.info[_SAID] = True


def _row(
    now: datetime, message: Message, template: str, lane: Lane, kind: OutboxKind, due_at: datetime | None
) -> dict[str, Any]:
    card = message.card
    return {
        "key": message.key,
        "lane": int(lane),
        "kind": kind,
        "subject": message.subject or (f"{card[0]}:{card[1]}" if card else message.key),
        "project_id": message.to.project_id,
        "purpose": message.to.purpose,
        "person_id": message.to.person_id,
        "channel": message.to.channel,
        "template": template,
        "context": dict(message.context),
        "card_kind": card[0] if card else None,
        "subject_id": card[1] if card else None,
        "thread_key": message.thread_key,
        "state": OutboxState.WAITING,
        "attempts": 0,
        "due_at": due_at or now,
        "created_at": now,
    }


def pin(session: Session, now: datetime, to: To, head: str, place: str) -> None:
    """Pin the message of the row with the key ``head``, in place of what was last pinned under the name ``place``."""
    put(
        session, now, f"pin:{head}", "pin", to, {},
        lane=Lane.URGENT, kind=OutboxKind.PIN, subject=place, thread_key=head,
    )  # fmt: skip


def rewrite(
    session: Session,
    now: datetime,
    kind: str,
    subject_id: int,
    version: int,
    template: str,
) -> None:
    """Rewrite every copy of a card from the store, once per version; a copy not yet posted will show the truth anyway."""
    row = _rewriting(now, kind, subject_id, template, Lane.URGENT)
    types = SQLModel.metadata.tables["outbox"].c
    copies = (
        select(
            literal(f"{kind}:{subject_id}:v{version}:c").concat(cast(col(Card.id), String)),
            col(Card.id),
            col(Card.channel),
            *(literal(value, types[name].type) for name, value in row.items()),
        )
        .where(col(Card.kind) == kind, col(Card.subject_id) == subject_id)
        # The sender forgets a card that was deleted in Slack: not in this moment.
        .with_for_update(read=True, key_share=True)
    )
    session.execute(insert_or_skip(session, Outbox, ["key"]).from_select(["key", "card_id", "channel", *row], copies))
    session.info[_SAID] = True


def forget_elsewhere(session: Session, kind: str, subject_id: int, place: str) -> None:
    """Leave the copies of a card that are not in the channel ``place`` as they are: Concord may not be where they are."""
    there = (col(Card.kind) == kind, col(Card.subject_id) == subject_id, col(Card.channel) != place)
    ids = list(session.execute(select(col(Card.id)).where(*there).order_by(col(Card.id)).with_for_update()).scalars())
    session.execute(update(Outbox).where(col(Outbox.card_id).in_(ids)).values(card_id=None))
    session.execute(delete(Card).where(col(Card.id).in_(ids)))


def rewrite_all(
    session: Session, now: datetime, kind: str, versions: Mapping[int, int], template: str, *, lane: Lane
) -> None:
    """The same for many cards, by subject id with the version of each: two statements for all of them."""
    copies = session.execute(
        select(col(Card.id), col(Card.channel), col(Card.subject_id))
        .where(col(Card.kind) == kind, col(Card.subject_id).in_(versions))
        .order_by(col(Card.id))
        .with_for_update(read=True, key_share=True)
    ).all()
    rows = [
        {
            "key": f"{kind}:{card.subject_id}:v{versions[card.subject_id]}:c{card.id}",
            "card_id": card.id,
            "channel": card.channel,
            **_rewriting(now, kind, card.subject_id, template, lane),
        }
        for card in copies
    ]
    if rows:
        session.connection().execute(insert_or_skip(session, Outbox, ["key"]), rows)
        session.info[_SAID] = True


def _rewriting(now: datetime, kind: str, subject_id: int, template: str, lane: Lane) -> dict[str, Any]:
    return {
        "lane": int(lane),
        "kind": OutboxKind.UPDATE,
        "subject": f"{kind}:{subject_id}",
        "template": template,
        "context": {"id": subject_id},
        "card_kind": kind,
        "subject_id": subject_id,
        "state": OutboxState.WAITING,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }


def said(session: Session) -> bool:
    """Whether this session put anything into the outbox, so that the sender looks once it is committed."""
    return _SAID in session.info


def supersede(session: Session, now: datetime, key: str, reason: str) -> None:
    """Take back what has not been sent and is no longer true."""
    session.execute(
        update(Outbox)
        .where(col(Outbox.key) == key, col(Outbox.state) == OutboxState.WAITING)
        .values(state=OutboxState.DROPPED, error=reason, settled_at=now)
    )


def insert_or_skip(session: Session, table: type[Any], unique: list[str]) -> Any:
    """An INSERT that does nothing where the unique columns are already taken."""
    dialect = session.get_bind().dialect.name
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return statement.on_conflict_do_nothing(index_elements=unique)
