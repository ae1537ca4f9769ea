"""The life of an outbox row: claimed with a lease, sent, put back, unknown, settled. One statement each.

A writer states the lease it holds, so that a sender which was taken for dead changes nothing any more. Only ``sent`` does
not ask: a message that is there is there.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, and_, select, update
from sqlmodel import Session, col

from bot.sender.due import IS_FIRST, OPEN, OUTBOX, Candidate
from bot.sender.job import COLUMNS, Job, LeaseLostError
from storage.tables import Outbox, OutboxState

TAKEN = (OutboxState.SENDING, OutboxState.UNKNOWN)


def claim(session: Session, row: Candidate, now: datetime, until: datetime) -> Job | None:
    """Take a row until the lease is over; None where somebody else was faster."""
    values: dict[str, Any] = {"lease_until": until}
    if row.state is OutboxState.WAITING:
        values |= {"state": OutboxState.SENDING, "sending_since": None}
    else:
        values |= {"due_at": until}
    taken = session.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == row.id, OUTBOX.c.state == row.state, OUTBOX.c.due_at <= now, IS_FIRST)
        .values(**values)
        .returning(*(OUTBOX.c[name] for name in COLUMNS))
    ).one_or_none()
    return Job(**taken._mapping) if taken else None


def begin(
    session: Session, job: Job, now: datetime, until: datetime, *, place: str | None = None, file_id: str | None = None
) -> None:
    """The call that cannot be taken back comes next. Raises LeaseLostError where the row is not ours any more.

    ``file_id`` is remembered in the row alone, to be asked for after a crash; the job knows it once the upload is done.
    """
    values: dict[str, Any] = {"sending_since": now, "lease_until": until}
    values |= {"sent_channel": place} if place else {}
    values |= {"file_id": file_id} if file_id else {}
    _write(session, job, (OutboxState.SENDING,), values)


def sent(session: Session, job: Job, now: datetime, channel: str | None, ts: str | None) -> None:
    """The message is there."""
    session.execute(
        update(Outbox)
        .where(col(Outbox.id) == job.id, col(Outbox.state).in_(OPEN))
        .values(state=OutboxState.SENT, sent_channel=channel, sent_ts=ts, error=None, settled_at=now, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def put_back(session: Session, job: Job, due_at: datetime, error: str | None, *, failed: bool) -> None:
    """Nothing was sent: the row waits until ``due_at``."""
    values = {
        "state": OutboxState.WAITING,
        "due_at": due_at,
        "sending_since": None,
        "lease_until": None,
        "file_id": job.file_id,
        "sent_channel": None,
        "error": error,
        "attempts": job.attempts + failed,
    }
    _write(session, job, TAKEN, values)


def unknown(session: Session, job: Job, due_at: datetime, error: str) -> None:
    """It may have been sent, or not: to be looked up at ``due_at``."""
    values = {
        "state": OutboxState.UNKNOWN,
        "due_at": due_at,
        "lease_until": None,
        "error": error,
        "attempts": job.attempts + 1,
    }
    _write(session, job, TAKEN, values)


def settle(
    session: Session, job: Job, now: datetime, state: OutboxState, reason: str, *, refused: bool = False
) -> None:
    """The row ends without having been sent, and says why.

    ``refused``: the call it had begun is known to have had no effect, so that nobody need look before trying it again.
    """
    values: dict[str, Any] = {"state": state, "error": reason, "settled_at": now, "lease_until": None}
    _write(session, job, TAKEN, values | ({"sending_since": None} if refused else {}))


def take_over(session: Session, now: datetime) -> int:
    """Rows of senders that died: those that had begun a call are unknown, the others just wait. How many."""
    over = and_(col(Outbox.state) == OutboxState.SENDING, col(Outbox.lease_until) <= now)
    waiting = {"state": OutboxState.WAITING, "lease_until": None}
    lost = {
        "state": OutboxState.UNKNOWN,
        "lease_until": None,
        "due_at": now,
        "error": "Concord was stopped while it sent this.",
    }
    changed = 0
    for begun, values in (
        (col(Outbox.sending_since).is_(None), waiting),
        (col(Outbox.sending_since).is_not(None), lost),
    ):
        statement = update(Outbox).where(over, begun).values(**values)
        result = session.execute(statement.execution_options(synchronize_session=False))
        changed += _count(result)
    return changed


def any_over(session: Session, now: datetime) -> bool:
    """Whether there is something for ``take_over``; a read, so that looking costs no writer's turn."""
    over = select(col(Outbox.id)).where(col(Outbox.state) == OutboxState.SENDING, col(Outbox.lease_until) <= now)
    return session.execute(over.limit(1)).first() is not None


def _write(session: Session, job: Job, states: Collection[OutboxState], values: dict[str, Any]) -> None:
    ours = and_(col(Outbox.id) == job.id, col(Outbox.state).in_(states), col(Outbox.lease_until) == job.lease_until)
    statement = update(Outbox).where(ours).values(**values).execution_options(synchronize_session=False)
    if _count(session.execute(statement)) == 0:
        raise LeaseLostError(f"outbox row {job.id}")


def _count(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
