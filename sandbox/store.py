"""What lies on disk: one SQLite file of JSON records, read whole at the start, written before any answer.

Records put during a request are written in one transaction by ``flush``; the server calls it before the
answer leaves, so an effect that was answered survives a kill of the process (not a loss of power).
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """A table of (kind, key, body); ``put`` and ``drop`` wait in memory until ``flush``."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("PRAGMA wal_autocheckpoint=4000")
        self._db.execute("CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))")
        self._waiting: dict[tuple[str, str], Any] = {}

    def put(self, kind: str, key: str, thing: Any) -> None:
        """Keep ``thing`` (a dataclass of JSON values, or a dict) under (kind, key); the last one put wins."""
        self._waiting[kind, key] = thing

    def drop(self, kind: str, key: str) -> None:
        """Forget (kind, key)."""
        self._waiting[kind, key] = None

    def flush(self) -> None:
        """Write what waits, as one transaction."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        gone = [key for key, thing in waiting.items() if thing is None]
        kept = [(kind, key, _dump(thing)) for (kind, key), thing in waiting.items() if thing is not None]
        self._db.execute("BEGIN")
        if gone:
            self._db.executemany("DELETE FROM record WHERE kind = ? AND key = ?", gone)
        self._db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
        self._db.execute("COMMIT")

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Every record of a kind, by key."""
        for (body,) in self._db.execute("SELECT body FROM record WHERE kind = ? ORDER BY key", (kind,)):
            yield json.loads(body)

    def clear(self, *kinds: str) -> None:
        """Forget every record of these kinds."""
        self.flush()
        self._db.executemany("DELETE FROM record WHERE kind = ?", [(kind,) for kind in kinds])

    def close(self) -> None:
        """Write what waits and let go of the file."""
        self.flush()
        self._db.close()


def _dump(thing: Any) -> str:
    return json.dumps(thing if isinstance(thing, dict) else vars(thing))
