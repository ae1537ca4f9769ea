"""Files become items: read, put right, compared, stored; what was refused is kept, line by line, with the reason."""

import hashlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from storage import locks
from storage.engine import Store
from storage.tables import LotState
from workflow.errors import RefusedError
from workflow.intake import loading, lots, screening
from workflow.intake.lots import CHUNK, Report
from workflow.intake.occurrences import Occurrences
from workflow.intake.screening import Candidate, Rules
from workflow.reading import csv_rows, json_rows, physical_lines
from workflow.reading.rows import Refused, Row

LARGEST_CHUNK = 4_000_000

_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SPREADSHEETS = {".xlsx", ".xls", ".xlsm", ".ods", ".numbers"}


def import_file(
    store: Store,
    project_id: int,
    path: Path,
    now: Callable[[], datetime],
    progress: Callable[[int], None],
    by: int | None,
    *,
    file_format: str | None = None,
) -> Report:
    """Import a CSV or JSON Lines file (by its suffix, unless ``file_format`` says csv or jsonl) into a project.

    1,000 rows a transaction, in constant memory but for eight bytes an item. ``progress`` is told how many bytes of the
    file are done. Nothing of the file is open to people before all of it is in; what is stopped on the way is undone.

    Raises RefusedError for a file that cannot be read as rows, and while another import into the project runs; OSError
    where the file cannot be opened.
    """
    file_format = file_format or _format(path)
    with path.open("rb") as file, locks.held(store, _lock(project_id)) as free:
        if not free:
            raise RefusedError("Another import into this project is running: wait until it is done.")
        _recover(store, project_id, now())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        with store.read() as session:
            asked = screening.rules(session, project_id)
        with closing(_rows(file, file_format, asked)) as rows:
            chunks = _chunks(rows)
            # A file that cannot be read at all leaves no lot behind.
            first = next(chunks, [])
            lot_id = store.transact(lambda session: lots.begin(session, project_id, path.name, sha256, now(), by))
            try:
                for chunk in itertools.chain([first], chunks):
                    store.transact(partial(loading.load, project_id=project_id, lot_id=lot_id, rows=chunk, now=now()))
                    progress(file.tell())
                store.transact(partial(lots.all_in, lot_id=lot_id, now=now()))
            except BaseException:
                lots.undo(store, lot_id, now())
                raise
        loading.open_lot(store, lot_id, now)
    with store.read() as session:
        return lots.report(session, lot_id)


def recover(store: Store, now: datetime) -> None:
    """Finish or undo imports whose process is gone: finish where every row was in. A running import is not touched."""
    with store.read() as session:
        projects = {project_id for project_id, _, _ in lots.unfinished(session)}
    for project_id in sorted(projects):
        with locks.held(store, _lock(project_id)) as free:
            if free:
                _recover(store, project_id, now)


def _recover(store: Store, project_id: int, now: datetime) -> None:
    with store.read() as session:
        left = [(lot_id, state) for project, lot_id, state in lots.unfinished(session) if project == project_id]
    for lot_id, state in left:
        if state is LotState.RUNNING:
            lots.undo(store, lot_id, now)
        else:
            loading.open_lot(store, lot_id, lambda: now)


def _lock(project_id: int) -> str:
    return f"import-{project_id}"


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _SPREADSHEETS:
        raise RefusedError(f"{path.name} is a spreadsheet: save it as CSV UTF-8, and import that.")
    if suffix not in _FORMATS:
        raise RefusedError(
            f"{path.name} is neither .csv nor .jsonl (one JSON object a line): say which it is with --format."
        )
    return _FORMATS[suffix]


def _rows(file: BinaryIO, file_format: str, asked: Rules) -> Generator[Candidate | Refused, None, None]:
    lines = physical_lines.read(file, universal=file_format == "csv")
    rows = csv_rows.read(lines, asked.fields) if file_format == "csv" else json_rows.read(lines)
    with Occurrences() as occurrences:
        for row in rows:
            screened = screening.screen(row, asked) if isinstance(row, Row) else row
            if isinstance(screened, Candidate) and screened.made:
                screened = screened.again(occurrences.count(screened.key))
            yield screened


def _chunks(rows: Iterable[Candidate | Refused]) -> Iterator[list[Candidate | Refused]]:
    chunk: list[Candidate | Refused] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.raw)
        if len(chunk) == CHUNK or size > LARGEST_CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
