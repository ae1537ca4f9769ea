"""How often a row has come in a file, counted on disk: memory does not grow with the file."""

import sqlite3
from types import TracebackType
from typing import Self


class Occurrences:
    """Counts keys in a private temporary database, which is gone when it is closed, or the process is."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a temporary file that no other can open.
        self._counts = sqlite3.connect("", isolation_level=None)
        self._counts.execute("PRAGMA journal_mode = OFF")
        self._counts.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, times INTEGER) WITHOUT ROWID")
        self._counts.execute("BEGIN")

    def count(self, key: str) -> int:
        """How often the key has come by now, this time included."""
        seen = "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times"
        [times] = self._counts.execute(seen, (key,)).fetchone()
        return int(times)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._counts.close()
