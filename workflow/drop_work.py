"""What the clock does with dropped files: it takes one with a lease, and says what came of it.

Whoever works states the lease they hold: a worker that was taken for dead, or whose file was cancelled, changes nothing
any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select, update
from sqlmodel import Session, col

from storage.tables import DropState, FileDrop, Lane, Outbox, OutboxKind, OutboxState, Purpose
from workflow import normalise, outbox
from workflow.drops import BLIND_ROLES, CARD

WAITING = (DropState.NEW, DropState.ASKED)
UNSENT = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNKNOWN)


class LostError(Exception):
    """The file is somebody else's by now, or was cancelled: hands off."""


@dataclass
class Work:
    """A file in the hands of the clock. ``lease_until`` is also the proof of the claim."""

    id: int
    project_id: int | None
    channel: str
    file_id: str
    slack_user: str
    name: str
    size: int
    state: DropState
    choices: Mapping[str, Any]
    preview: Mapping[str, Any]
    by_id: int | None
    attempts: int
    created_at: datetime
    lease_until: datetime


_COLUMNS = [getattr(FileDrop, name) for name in Work.__dataclass_fields__]


def claim(session: Session, now: datetime, until: datetime) -> Work | None:
    """The next file that waits, until the lease is over: those to be looked at first, since that is quickly done."""
    free = and_(
        col(FileDrop.state).in_(WAITING), or_(col(FileDrop.lease_until).is_(None), col(FileDrop.lease_until) <= now)
    )
    order = case((col(FileDrop.state) == DropState.NEW, 0), else_=1)
    first = select(col(FileDrop.id)).where(free).order_by(order, col(FileDrop.id)).limit(1).scalar_subquery()
    taken = session.execute(
        update(FileDrop)
        .where(col(FileDrop.id) == first, free)
        .values(lease_until=until, attempts=col(FileDrop.attempts) + 1)
        .returning(*_COLUMNS)
        .execution_options(synchronize_session=False)
    ).first()
    return Work(**taken._mapping) if taken else None


def any_waiting(session: Session, now: datetime) -> bool:
    """Whether there is something to claim; a read, so that looking costs no writer's turn."""
    free = or_(col(FileDrop.lease_until).is_(None), col(FileDrop.lease_until) <= now)
    found = select(col(FileDrop.id)).where(col(FileDrop.state).in_(WAITING), free).limit(1)
    return session.execute(found).first() is not None


def next_due(session: Session) -> datetime | None:
    """When a file that was put off, or that somebody holds, may be claimed next."""
    found: datetime | None = session.execute(
        select(func.min(col(FileDrop.lease_until))).where(col(FileDrop.state).in_(WAITING))
    ).scalar()
    return found


def settled(session: Session, ids: list[int]) -> set[int]:
    """Those of the drops whose file is needed no more, or that are not there at all."""
    needed = select(col(FileDrop.id)).where(
        col(FileDrop.id).in_(ids), col(FileDrop.state).in_((*WAITING, DropState.READY))
    )
    return set(ids) - set(session.execute(needed).scalars())


def keep(session: Session, work: Work, until: datetime) -> None:
    """Still at it. Raises LostError."""
    _write(session, work, lease_until=until)


def progress(session: Session, work: Work, done_bytes: int, now: datetime) -> None:
    """How far an import is, on its card too: as soon as Slack has taken what was to be written there before."""
    under_way = select(col(Outbox.id)).where(
        col(Outbox.card_kind) == CARD, col(Outbox.subject_id) == work.id, col(Outbox.state).in_(UNSENT)
    )
    if session.execute(under_way.limit(1)).first() is not None:
        _write(session, work, done_bytes=done_bytes)
        return
    _show(session, work, now, done_bytes=done_bytes)


def known(
    session: Session, work: Work, name: str, size: int, thread: str | None, now: datetime, *, is_guideline: bool = False
) -> None:
    """What Slack says of the file: its card goes under the message that brought it, or into the channel.

    A guideline of one project needs none: the card of its draft comes instead.
    """
    preview = {**work.preview, "thread": thread, **({"guideline": True} if is_guideline else {})}
    name = normalise.storable(name)
    values: dict[str, Any] = {"name": name, "size": size, "preview": preview}
    if work.project_id is None:
        values |= {"state": DropState.READY, "lease_until": None, "attempts": 0}
    _write(session, work, **values)
    work.name, work.size, work.preview = name, size, preview
    if work.project_id is None or not is_guideline:
        _post(session, work, now)


def looked(session: Session, work: Work, found: Mapping[str, Any], now: datetime) -> None:
    """What a look into the file showed: a lead decides."""
    preview = {**work.preview, "looked": dict(found)}
    _show(session, work, now, state=DropState.READY, preview=preview, problem=None, **_LET_GO)


def refused(session: Session, work: Work, words: str, now: datetime, *, readable: bool = False) -> None:
    """The file cannot be taken, and why. ``readable``: it is there, but not as rows, which another mapping may change."""
    preview = {**work.preview, "readable": readable}
    _show(session, work, now, state=DropState.REFUSED, problem=words, preview=preview, settled_at=now, **_LET_GO)
    _post(session, work, now)


def overlooked(session: Session, work: Work, why: str, now: datetime) -> None:
    """No file for us (a picture, or one of our own): nothing is said."""
    _write(session, work, state=DropState.REFUSED, problem=why, settled_at=now, **_LET_GO)


def changed(session: Session, work: Work, words: str, now: datetime) -> None:
    """The file is another one than was looked at: it is looked at anew, and a lead decides again."""
    preview = {name: value for name, value in work.preview.items() if name not in ("looked", "asked_at")}
    _show(session, work, now, state=DropState.NEW, preview={**preview, "note": words}, attempts=0, lease_until=None)


def imported(session: Session, work: Work, lot_id: int, refused_rows: int, now: datetime) -> None:
    """All rows are in; the refused ones come as a file."""
    _show(session, work, now, state=DropState.IMPORTED, lot_id=lot_id, settled_at=now, **_LET_GO)
    if refused_rows:
        blind = has_answers(work.preview)
        to = outbox.To(work.project_id, Purpose.LEADS) if blind else outbox.To(channel=work.channel)
        outbox.put(
            session,
            now,
            f"drop:{work.id}:refused",
            "drop_refused",
            to,
            {"id": work.id, "lot_id": lot_id},
            lane=Lane.URGENT,
            kind=OutboxKind.FILE,
            thread_key=None if blind else _thread_key(work),
        )


def became_guideline(session: Session, work: Work, now: datetime) -> None:
    """The file is a guideline, and a draft is made of it in this transaction. Raises LostError."""
    _show(session, work, now, state=DropState.GUIDELINE, problem=None, settled_at=now, **_LET_GO)


def has_answers(preview: Mapping[str, Any]) -> bool:
    """Whether a file has columns that its rows must not be shown with to people who have yet to label."""
    return bool(BLIND_ROLES & set((preview.get("looked") or {}).get("columns", {}).values()))


def later(session: Session, work: Work, due_at: datetime, *, failed: bool) -> None:
    """Nothing came of it this time: not before ``due_at``. What was nobody's failure is not counted."""
    _write(session, work, lease_until=due_at, attempts=work.attempts if failed else work.attempts - 1)


_LET_GO: dict[str, Any] = {"lease_until": None, "attempts": 0}


def _post(session: Session, work: Work, now: datetime) -> None:
    outbox.put(
        session, now, _card_key(work), CARD, outbox.To(channel=work.channel), {"id": work.id},
        card=(CARD, work.id), thread_key=message_thread(work),
    )  # fmt: skip


def _card_key(work: Work) -> str:
    return f"drop:{work.id}"


def message_thread(work: Work) -> str | None:
    """The thread of the message that brought the file."""
    ts = work.preview.get("thread")
    return str(outbox.Thread(work.channel, ts)) if ts else None


def _thread_key(work: Work) -> str:
    return message_thread(work) or _card_key(work)


def _show(session: Session, work: Work, now: datetime, **values: Any) -> None:
    """Write the row, and with it every copy of its card."""
    version = _write(session, work, version=col(FileDrop.version) + 1, **values)
    outbox.rewrite(session, now, CARD, work.id, version, CARD)


def _write(session: Session, work: Work, **values: Any) -> int:
    written = session.execute(
        update(FileDrop)
        .where(
            col(FileDrop.id) == work.id,
            col(FileDrop.state) == work.state,
            col(FileDrop.lease_until) == work.lease_until,
        )
        .values(**values)
        .returning(col(FileDrop.version))
        .execution_options(synchronize_session=False)
    ).scalar()
    if written is None:
        raise LostError(f"dropped file {work.id}")
    return int(written)
