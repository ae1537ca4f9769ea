"""Writing down which version of a card was last put up, so that the sender need not put it up again.

Answers come by the hundred a second: their versions are gathered for a moment and written in one transaction.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import Card

log = structlog.get_logger()


@dataclass(frozen=True)
class _Version:
    kind: str
    subject_id: int
    version: int


class Shown:
    """Gathers versions by message and writes them; a version is only ever raised."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._later = later
        self._lock = threading.Lock()
        self._gathered: dict[tuple[str, str], _Version] = {}

    def note(self, channel: str, ts: str, kind: str, subject_id: int, version: int) -> None:
        """The message now shows this version of (``kind``, ``subject_id``)."""
        with self._lock:
            first = not self._gathered
            self._gathered[channel, ts] = _Version(kind, subject_id, version)
        if first:
            self._later(self.write)

    def write(self) -> None:
        """Write down what was gathered."""
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        if not gathered:
            return
        now = self._clock()
        rows = [
            {
                "channel": channel,
                "ts": ts,
                "kind": shown.kind,
                "subject_id": shown.subject_id,
                "version": shown.version,
                "created_at": now,
            }
            # In one order everywhere, so that two replicas never wait for each other.
            for (channel, ts), shown in sorted(gathered.items())
        ]
        self._store.transact(lambda session: _raise(session, rows))


def _raise(session: Session, rows: list[dict[str, Any]]) -> None:
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert(Card) if dialect == "postgresql" else sqlite.insert(Card)
    new = insert.excluded
    statement = insert.on_conflict_do_update(
        index_elements=["channel", "ts"],
        set_={"kind": new.kind, "subject_id": new.subject_id, "version": new.version},
        where=or_(col(Card.version) < new.version, col(Card.kind) != new.kind, col(Card.subject_id) != new.subject_id),
    )
    session.execute(statement, rows)
