"""A look into a file: everything that an import would say of it, with nothing written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from storage.engine import Store
from storage.tables import PriorLabel
from workflow.intake import importing, lots, sorting
from workflow.intake.changes import OnChange
from workflow.intake.importing import Intake
from workflow.intake.lots import Report, Tally
from workflow.intake.mapping import METADATA
from workflow.intake.screening import Candidate
from workflow.intake.seen import Seen
from workflow.intake.sorting import Sorted
from workflow.near.comparison import Comparison
from workflow.reading.asked import Asked
from workflow.reading.json_rows import as_text
from workflow.reading.rows import Refused, Row

FIRST_ROWS = 5
MOST_REFUSED = 100


@dataclass(frozen=True)
class Preview(Report):
    """What an import would make of a file, as its report would say it.

    ``questions`` are to be answered before it can be imported. ``all_columns`` are those of the file, ``first_rows`` its
    first rows by what their columns become. ``refused_by_reason`` counts them, ``refused_rows`` are the first of them.
    """

    questions: tuple[str, ...] = ()
    all_columns: tuple[str, ...] = ()
    first_rows: tuple[Mapping[str, str], ...] = ()
    refused_by_reason: Mapping[str, int] = field(default_factory=dict)
    refused_rows: tuple[Mapping[str, object], ...] = ()


def preview(
    store: Store,
    project_id: int,
    path: Path,
    *,
    asked: Asked = Asked(),  # noqa: B008 - frozen
    columns: Mapping[str, str] | None = None,
    on_change: OnChange = OnChange.KEEP,
    progress: Callable[[int], None] = lambda _done: None,
    on_refused: Callable[[Mapping[str, object]], None] = lambda _row: None,
) -> Preview:
    """Read a whole file as an import would, and write nothing. ``on_refused`` is told every refused row.

    Where something has to be answered first, only the first rows are read. Raises RefusedError for a file that cannot be
    read as rows.
    """
    intake = importing.look(store, project_id, path, asked, columns or {})
    shown = {
        "written": intake.written,
        "questions": tuple(question.words for question in intake.questions),
        "all_columns": intake.source.columns,
        "first_rows": tuple(_first_rows(intake)),
    }
    if intake.questions:
        return Preview(**shown)  # type: ignore[arg-type]
    figures = _Figures(on_refused=on_refused)
    with closing(intake.chunks()) as chunks, Seen() as seen, Comparison(intake.thresholds) as comparison:
        for chunk in chunks:
            _take(store, project_id, chunk, on_change, seen, comparison, figures, comparing=intake.near.do != "off")
            progress(intake.position)
        pairs, near = _near(store, project_id, intake, comparison)
    tally = figures.tally
    return Preview(
        items=tally.items - near,
        duplicates=tally.duplicates + near,
        refused=tally.refused,
        near=near,
        changed=tally.changed,
        pairs=pairs,
        labels=figures.labels,
        steps=dict(intake.steps),
        filters=dict(intake.filters),
        refused_by_reason=dict(figures.reasons.most_common()),
        refused_rows=tuple(figures.refused),
        **shown,  # type: ignore[arg-type]
    )


@dataclass
class _Figures:
    tally: Tally = field(default_factory=Tally)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, object]] = field(default_factory=list)
    labels: int = 0
    number: int = 0
    on_refused: Callable[[Mapping[str, object]], None] = lambda _row: None

    def refuse(self, row: Refused) -> None:
        """Count a refused row."""
        self.reasons[lots.kind_of(row.field, row.reason)] += 1
        told = {"line": row.line, "field": row.field, "reason": row.reason}
        self.on_refused(told)
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(told)


def _take(
    store: Store,
    project_id: int,
    chunk: list[Candidate | Refused],
    on_change: OnChange,
    seen: Seen,
    comparison: Comparison,
    figures: _Figures,
    *,
    comparing: bool,
) -> None:
    candidates = [row for row in chunk if isinstance(row, Candidate)]
    with store.read() as session:
        found, _ = sorting.sort(session, project_id, None, candidates, on_change, seen)
        figures.labels += _new_labels(session, candidates, found, seen)
    refused = [row for row in chunk if isinstance(row, Refused)] + found.refused
    for refusal in sorted(refused, key=lambda row: row.line):
        figures.refuse(refusal)
    seen.add((row.key for row in candidates), [*found.fresh, *found.doubles])
    for row in found.fresh:
        figures.number += 1
        if comparing:
            comparison.add(figures.number, list(row.fields.values()))
    duplicates = len(found.doubles) + len(found.there)
    figures.tally += Tally(len(found.fresh), duplicates, len(refused), changed=found.changed)


def _new_labels(session: Session, candidates: list[Candidate], found: Sorted, seen: Seen) -> int:
    """How many labels would be stored: one that its item has already, from an import or this file, is not."""
    stored = zip(candidates, found.keys, strict=True)
    labels = {(key, *label) for row, key in stored if key is not None for label in row.labels}
    items = {found.ids[key]: key for key, _, _ in labels if key in found.ids}
    there = session.execute(
        select(col(PriorLabel.item_id), col(PriorLabel.annotator), col(PriorLabel.value_id)).where(
            col(PriorLabel.item_id).in_(items)
        )
    )
    return seen.new_labels(labels - {(items[item_id], annotator, value_id) for item_id, annotator, value_id in there})


def _near(store: Store, project_id: int, intake: Intake, comparison: Comparison) -> tuple[int, int]:
    """How many pairs say nearly the same, and how many items would be linked for it."""
    if intake.near.do == "off":
        return 0, 0
    count, linked = 0, set[int]()
    for pair in comparison.pairs(store, project_id):
        count += 1
        if pair.like_ref not in linked:
            linked.add(pair.ref)
    return count, len(linked) if intake.near.do == "link" else 0


def _first_rows(intake: Intake) -> Iterator[dict[str, str]]:
    """The first rows that can be read, by what their columns become; metadata by its column."""
    with closing(intake.source.rows(lambda _done: None)) as rows:
        shown = 0
        for row in rows:
            if shown == FIRST_ROWS:
                break
            if isinstance(row, Row):
                shown += 1
                yield {_heading(intake, column): as_text(value) or "" for column, value in row.values.items()}


def _heading(intake: Intake, column: str) -> str:
    role = intake.mapping.role_of(column)
    return column if role == METADATA else role
