"""Ids and texts that a file has had so far, kept on disk: memory does not grow with the file."""

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from workflow.intake.changes import Known
from workflow.intake.screening import Candidate


class Seen:
    """What a file has had so far, in a private temporary database.

    An import needs to know its ids alone; a look, which stores nothing, the ids and texts that would be stored by now.
    """

    def __init__(self) -> None:
        # An empty name is SQLite's for a temporary file that no other can open.
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("CREATE TABLE came (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._rows.execute("CREATE TABLE id (key TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID")
        self._rows.execute("CREATE TABLE text (digest TEXT PRIMARY KEY) WITHOUT ROWID")
        self._rows.execute(
            "CREATE TABLE label (key TEXT, annotator TEXT, value INTEGER, PRIMARY KEY (key, annotator, value)) WITHOUT ROWID"
        )
        self._rows.execute("BEGIN")

    def add(self, keys: Iterable[str], stored: Iterable[Candidate]) -> None:
        """A chunk's ids, and the rows that an import would have stored of it."""
        self._rows.executemany("INSERT OR IGNORE INTO came VALUES (?)", ((key,) for key in keys))
        for row in stored:
            self._rows.execute("INSERT OR REPLACE INTO id VALUES (?, ?)", (row.key, row.digest))
            self._rows.execute("INSERT OR IGNORE INTO text VALUES (?)", (row.digest,))

    def new_labels(self, labels: Iterable[tuple[str, str, int]]) -> int:
        """Keep labels, each by its item's id, its annotator and its value; how many of them the file had not had yet."""
        before = self._rows.total_changes
        self._rows.executemany("INSERT OR IGNORE INTO label VALUES (?, ?, ?)", labels)
        return self._rows.total_changes - before

    def came(self, keys: Iterable[str]) -> set[str]:
        """Those of these ids that the file has had."""
        return {key for key in keys if self._has("SELECT 1 FROM came WHERE key = ?", key)}

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """Those of these ids that would be stored by now."""
        found = {key: self._has("SELECT digest FROM id WHERE key = ?", key) for key in keys}
        return {key: Known(key, 0, row[0], now=True) for key, row in found.items() if row}

    def texts(self, digests: Iterable[str]) -> dict[str, int]:
        """Those of these texts that would be stored by now."""
        return {digest: 0 for digest in digests if self._has("SELECT 1 FROM text WHERE digest = ?", digest)}

    def _has(self, statement: str, key: str) -> Any:
        return self._rows.execute(statement, (key,)).fetchone()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
