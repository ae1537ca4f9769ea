"""The operator's hand in the outbox: a message is tried again, or given up. What a sender has in hand is left to it.

A row is read under lock before anything is decided, so that a sender which takes it at the same moment comes either before
or after: it finds the row as it is then, and its own statements ask for the state and the lease they found.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlmodel import Session, col

from storage.tables import Outbox, OutboxKind, OutboxState
from workflow import history
from workflow.errors import RefusedError

MOST = 1000


@dataclass(frozen=True)
class Outcome:
    """What became of one row: whether it was changed, and what to tell."""

    id: int
    done: bool
    words: str


def retry(session: Session, ids: Collection[int], now: datetime, by: int | None) -> list[Outcome]:
    """Have messages that failed sent after all, and those that wait for their turn sent now. At most 1,000 a call.

    One that may have arrived is looked for first: it becomes unknown, and the sender settles it as every unknown one.
    """
    return _each(session, ids, lambda row: _retry(session, row, now, by))


def drop(session: Session, ids: Collection[int], reason: str, now: datetime, by: int | None) -> list[Outcome]:
    """Give up messages that wait or failed: they are never sent. ``reason`` is kept with them. At most 1,000 a call."""
    if not reason.strip():
        raise RefusedError("Say why, for whoever wonders later where the message is.")
    return _each(session, ids, lambda row: _drop(session, row, reason.strip(), now, by))


def failed(session: Session, project_id: int | None = None, *, after: int = 0, most: int = MOST) -> list[int]:
    """The ids of failed messages that are greater than ``after``, in their order."""
    wanted = select(col(Outbox.id)).where(col(Outbox.state) == OutboxState.FAILED, col(Outbox.id) > after)
    if project_id is not None:
        wanted = wanted.where(col(Outbox.project_id) == project_id)
    return list(session.execute(wanted.order_by(col(Outbox.id)).limit(most)).scalars())


def _each(session: Session, ids: Collection[int], work: Callable[[Row[Any]], Outcome]) -> list[Outcome]:
    rows = session.execute(
        select(
            col(Outbox.id),
            col(Outbox.state),
            col(Outbox.kind),
            col(Outbox.error),
            col(Outbox.project_id),
            col(Outbox.sending_since),
            col(Outbox.lease_until),
            col(Outbox.due_at),
        )
        .where(col(Outbox.id).in_(sorted(set(ids))[:MOST]))
        .order_by(col(Outbox.id))
        .with_for_update(key_share=True)
    ).all()
    outcomes = {row.id: work(row) for row in rows}
    return [outcomes.get(one, Outcome(one, done=False, words="there is no such message")) for one in dict.fromkeys(ids)]


def _retry(session: Session, row: Row[Any], now: datetime, by: int | None) -> Outcome:
    fresh: dict[str, Any] = {"due_at": now, "attempts": 0, "settled_at": None, "lease_until": None}
    if row.state is OutboxState.WAITING:
        _write(session, row, now, by, "outbox.retried", {"due_at": now, "attempts": 0})
        return Outcome(row.id, done=True, words="is sent now")
    if row.state is not OutboxState.FAILED:
        return Outcome(row.id, done=False, words=_why_not(row, now))
    if row.sending_since is None:
        gone = {"error": None, "sent_channel": None}
        _write(session, row, now, by, "outbox.retried", {**fresh, **gone, "state": OutboxState.WAITING})
        return Outcome(row.id, done=True, words="is sent again")
    if row.kind is OutboxKind.EPHEMERAL:
        words = "may have been seen, and Slack keeps no record of it: let the person ask again"
        return Outcome(row.id, done=False, words=words)
    _write(session, row, now, by, "outbox.retried", {**fresh, "state": OutboxState.UNKNOWN})
    return Outcome(
        row.id, done=True, words="may have arrived: Concord looks for it, and sends it where it is not there"
    )


def _drop(session: Session, row: Row[Any], reason: str, now: datetime, by: int | None) -> Outcome:
    held = row.lease_until is not None and row.lease_until > now
    droppable = (OutboxState.WAITING, OutboxState.FAILED, OutboxState.UNKNOWN)
    if row.state not in droppable or (row.state is OutboxState.UNKNOWN and held):
        return Outcome(row.id, done=False, words=_why_not(row, now))
    values = {"state": OutboxState.DROPPED, "error": f"Dropped: {reason}", "settled_at": now, "lease_until": None}
    _write(session, row, now, by, "outbox.dropped", values, {"reason": reason})
    maybe = row.state is not OutboxState.WAITING and row.sending_since is not None
    return Outcome(row.id, done=True, words="is dropped; it may have arrived before" if maybe else "is dropped")


def _why_not(row: Row[Any], now: datetime) -> str:
    if row.state is OutboxState.UNKNOWN and not (row.lease_until is not None and row.lease_until > now):
        return f"may have arrived: Concord looks for it by itself, not before {row.due_at:%Y-%m-%d %H:%M:%S} UTC"
    return {
        OutboxState.SENT: "was sent",
        OutboxState.DROPPED: "was dropped",
        OutboxState.SENDING: "is just being sent: look again in a minute",
        OutboxState.UNKNOWN: "may have arrived, and Concord is just looking for it: look again in a minute",
    }[row.state]


def _write(
    session: Session,
    row: Row[Any],
    now: datetime,
    by: int | None,
    action: str,
    values: dict[str, Any],
    said: dict[str, Any] | None = None,
) -> None:
    session.execute(update(Outbox).where(col(Outbox.id) == row.id).values(**values))
    history.note(
        session, now, action, "outbox", row.id,
        project_id=row.project_id, actor_id=by, before={"state": row.state, "reason": row.error},
        after={"state": values.get("state", row.state), **(said or {})},
    )  # fmt: skip
