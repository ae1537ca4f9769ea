"""Files become items: read, mapped, put right, compared, stored; what was refused is kept, line by line."""

import itertools
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from storage import locks
from storage.engine import Store
from storage.tables import LotState
from workflow import normalise
from workflow.errors import BusyError, RefusedError
from workflow.intake import loading, lots, opening, screening, undoing
from workflow.intake.changes import OnChange
from workflow.intake.lots import CHUNK, Report, Written
from workflow.intake.mapping import KNOWN_ROLES, Mapped, Question, mapped
from workflow.intake.occurrences import Occurrences
from workflow.intake.screening import Candidate, Rules
from workflow.intake.seen import Seen
from workflow.intake.spec import NearSpec
from workflow.near import index, links
from workflow.near.comparison import Comparison
from workflow.near.similarity import Thresholds
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused, Row
from workflow.reading.source import Source

LARGEST_CHUNK = 4_000_000
HEADER = "header"


class UnansweredError(RefusedError):
    """A file about which something has to be answered before it can be imported."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        super().__init__("\n".join(question.words for question in questions))
        self.questions = questions


@dataclass
class Intake:
    """A file about to be imported into a project: what was read of it, what its columns are, what its rows were so far."""

    source: Source
    asked: Rules
    mapping: Mapped
    questions: tuple[Question, ...]
    steps: Counter[str] = field(default_factory=Counter)
    filters: Counter[str] = field(default_factory=Counter)
    position: int = 0
    """How many bytes of the file are read."""

    @property
    def near(self) -> NearSpec:
        """What becomes of texts that say nearly the same."""
        return self.asked.near

    @property
    def thresholds(self) -> Thresholds:
        """From which similarity on texts are near."""
        return Thresholds(self.near.threshold, self.near.long_threshold)

    @property
    def written(self) -> Written:
        """How the file is written."""
        source = self.source
        return Written(
            source.file_format,
            source.encoding,
            source.delimiter,
            source.header,
            self.mapping.roles,
            source.compression,
        )

    def chunks(self) -> Generator[list[Candidate | Refused], None, None]:
        """The rows, screened, in chunks for one transaction each."""
        with closing(self.source.rows(self._read_to)) as rows, Occurrences() as occurrences:
            yield from _chunks(self._screened(rows, occurrences))

    def _read_to(self, position: int) -> None:
        self.position = position

    def _screened(self, rows: Iterable[Row | Refused], occurrences: Occurrences) -> Iterator[Candidate | Refused]:
        for row in rows:
            found = screening.screen(row, self.asked, self.mapping)
            self.filters.update(found.caught)
            if isinstance(found.row, Candidate):
                self.steps.update(found.row.steps)
                if found.row.made and not found.row.labels:
                    found = screening.Screened(found.row.again(occurrences.count(found.row.key)))
            yield found.row


def look(store: Store, project_id: int, path: Path, asked: Asked, columns: Mapping[str, str]) -> Intake:
    """Open a file for a project. Raises RefusedError for one that cannot be read as rows."""
    with store.read() as session:
        rules = screening.rules(session, project_id)
    source = open_source(path, (*rules.fields, *KNOWN_ROLES), asked)
    mapping = mapped(source.columns, rules.fields, columns)
    doubts = () if asked.header is not None else tuple(Question(HEADER, words) for words in source.doubts)
    return Intake(source, rules, mapping, (*doubts, *mapping.questions))


def import_file(
    store: Store,
    project_id: int,
    path: Path,
    now: Callable[[], datetime],
    progress: Callable[[int], None],
    by: int | None,
    *,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    columns: Mapping[str, str] | None = None,
    on_change: OnChange = OnChange.KEEP,
    name: str | None = None,
) -> Report:
    """Import a file into a project; ``columns`` has role -> column where that is not by name, ``name`` what it is called.

    1,000 rows a transaction, in constant memory but for eight bytes an item. ``progress`` is told how many bytes of the
    file are done. Nothing of the file is open to people before all of it is in; what is stopped on the way is undone.

    Raises RefusedError for a file that cannot be read as rows, and while another import into the project runs;
    UnansweredError where something has to be chosen first; OSError where the file cannot be opened.
    """
    with locks.held(store, _lock(project_id)) as free:
        if not free:
            raise BusyError("Another import into this project is running: wait until it is done.")
        _recover(store, project_id, now())
        intake = look(store, project_id, path, asked, columns or {})
        if intake.questions:
            raise UnansweredError(intake.questions)
        # A name of bytes that are no UTF-8, as old archives have, comes with lone surrogates.
        called = normalise.storable(name or path.name)
        lot_id = _fill(store, project_id, intake, called, now, progress, by, on_change)
        opening.open_lot(store, lot_id, now)
    with store.read() as session:
        return lots.report(session, lot_id)


def _fill(
    store: Store,
    project_id: int,
    intake: Intake,
    name: str,
    now: Callable[[], datetime],
    progress: Callable[[int], None],
    by: int | None,
    on_change: OnChange,
) -> int:
    """Bring every row of a file into a new lot; its id. What is stopped on the way is undone."""
    with closing(intake.chunks()) as chunks, Comparison(intake.thresholds) as comparison, Seen() as seen:
        # A file that cannot be read at all leaves no lot behind.
        first = next(chunks, [])
        sha256, written = intake.source.sha256, intake.written
        lot_id = store.transact(lambda session: lots.begin(session, project_id, name, sha256, written, now(), by))
        try:
            _check_same(store, project_id, intake)
            for chunk in itertools.chain([first], chunks):
                load = partial(loading.load, project_id=project_id, lot_id=lot_id, on_change=on_change, seen=seen)
                loaded = store.transact(partial(load, rows=chunk, now=now()))
                seen.add((row.key for row in chunk if isinstance(row, Candidate)), ())
                if intake.near.do != "off":
                    for item_id, fields in sorted(loaded.fresh.items()):
                        comparison.add(item_id, list(fields.values()))
                progress(intake.position)
            near = _compare(store, project_id, lot_id, intake, comparison, now())
            end = partial(lots.all_in, lot_id=lot_id, near=near, steps=intake.steps, filters=intake.filters, now=now())
            store.transact(end)
        except BaseException:
            undoing.undo_running(store, lot_id, now())
            raise
    return lot_id


def _check_same(store: Store, project_id: int, intake: Intake) -> None:
    """A project's fields may change as long as it has no lot: now that it has one, they are as they were read.

    Labels may change with a version of the guideline at any time: those that this file is read by were there when it began.
    """
    with store.read() as session:
        rules = screening.rules(session, project_id)
    if (rules.fields, rules.value_ids) != (intake.asked.fields, intake.asked.value_ids):
        raise RefusedError("The project was changed just now: import the file again.")


def _compare(store: Store, project_id: int, lot_id: int, intake: Intake, comparison: Comparison, now: datetime) -> int:
    """Find what says nearly the same as something else, and keep it; how many items were linked for that."""
    if intake.near.do == "off":
        return 0
    from workflow.near import kept_bands

    index.build(store, project_id)
    link = intake.near.do == "link"
    pairs = comparison.pairs(store, project_id)
    near = links.record(store, project_id, lot_id, pairs, link, now, intake.thresholds)
    comparison.keep(store, project_id)
    store.transact(partial(kept_bands.mark, project_id=project_id, lot_id=lot_id))
    return near if link else 0


def recover(store: Store, now: datetime) -> None:
    """Finish or undo imports whose process is gone: finish where every row was in. A running import is not touched."""
    with store.read() as session:
        projects = {project_id for project_id, _, _ in lots.unfinished(session)}
    for project_id in sorted(projects):
        with locks.held(store, _lock(project_id)) as free:
            if free:
                _recover(store, project_id, now)


def undo(store: Store, project_id: int, lot_id: int, now: datetime, by: int | None) -> None:
    """Take a complete lot back, as ``undoing.undo_complete`` says."""
    with locks.held(store, _lock(project_id)) as free:
        if not free:
            raise RefusedError("An import into this project is running: wait until it is done.")
        _recover(store, project_id, now)
        undoing.undo_complete(store, lot_id, now, by)


def _recover(store: Store, project_id: int, now: datetime) -> None:
    with store.read() as session:
        left = [(lot_id, state) for project, lot_id, state in lots.unfinished(session) if project == project_id]
    for lot_id, state in left:
        if state is LotState.RUNNING:
            undoing.undo_running(store, lot_id, now)
        else:
            opening.open_lot(store, lot_id, lambda: now)


def _lock(project_id: int) -> str:
    return f"import-{project_id}"


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
