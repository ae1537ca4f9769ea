"""The corpus through the whole import, on both databases: the report, every text, the look before, the second time."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from storage.engine import Store
from tests.conftest import KINDS
from tests.databases import Databases
from tests.intake.test_preview import figures
from tests.intake.world import NOW, items, make_project, refused
from tests.reading.case import Bad, Case
from tests.reading.corpus_cases import CASES, path_of
from workflow import intake
from workflow.errors import RefusedError
from workflow.intake import UnansweredError
from workflow.intake.lots import Report
from workflow.intake.preview import preview
from workflow.intake.steps import standardise
from workflow.reading.json_rows import as_text

NUMBERS = itertools.count()
IMPORTED = [case for case in CASES if not case.fault and not case.question]
NOT_IMPORTED = [case for case in CASES if case.fault or case.question]


@pytest.fixture(scope="module", params=KINDS)
def shared(request: pytest.FixtureRequest, databases: Databases) -> Any:
    """One store for all cases, which have a project each."""
    opened = databases.store(request.param)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def untouched(shared: Store) -> int:
    """A project for what must leave nothing in it."""
    return make_project(shared, name="untouched")


def project_of(shared: Store, case: Case) -> int:
    return make_project(shared, name=f"p{next(NUMBERS)}", fields=case.fields)


def bring_in(shared: Store, project_id: int, case: Case, path: Path) -> Report:
    return intake.import_file(
        shared, project_id, path, lambda: NOW, lambda _: None, None, asked=case.asked, columns=case.mapping
    )


def expected_refusals(case: Case) -> list[Bad]:
    unread = [row for row in case.rows if isinstance(row, Bad)]
    return sorted([*unread, *case.made.refused], key=lambda row: row.line)


BOTH = [*(("sqlite", case) for case in IMPORTED), *(("postgresql", case) for case in IMPORTED[::4])]


@pytest.mark.parametrize(("shared", "case"), BOTH, indirect=["shared"], ids=str)
def test_what_an_import_makes_of_every_row(shared: Store, case: Case, tmp_path: Path) -> None:
    path = path_of(case, tmp_path)
    pid = project_of(shared, case)
    seen = preview(shared, pid, path, asked=case.asked, columns=case.mapping)
    assert not items(shared, pid)
    done = bring_in(shared, pid, case, path)
    assert figures(seen) == figures(done)

    wanted = expected_refusals(case)
    said = refused(shared, done)
    assert len(said) == len(wanted), said
    for (line, field, reason), bad in zip(said, wanted, strict=True):
        assert bad.is_said(line, field, reason), (line, field, reason)
    assert [(row["line"], row["field"], row["reason"]) for row in seen.refused_rows] == said
    made = case.made
    found = (done.items, done.duplicates, done.refused, done.changed, done.labels, done.rows)
    assert found == (made.items, made.duplicates, len(wanted), made.changed, made.labels, len(case.rows))
    written = (done.written.file_format, done.written.encoding, done.written.delimiter)
    assert written == (case.file_format, case.encoding, case.delimiter)

    stored = items(shared, pid)
    for key, text in made.texts.items():
        assert stored[key].fields[case.fields[0]] == text
    assert sorted(tuple(item.fields.items()) for item in stored.values()) == sorted(texts_of(case, done))
    again = bring_in(shared, pid, case, path)
    assert (again.items, again.refused, again.rows) == (0, done.refused, done.rows)
    assert {key: item.id for key, item in items(shared, pid).items()} == {key: item.id for key, item in stored.items()}


def texts_of(case: Case, done: Report) -> list[Any]:
    """The text fields of every row that is stored, put right by the steps: one for every id and text."""
    roles = [done.written.columns.get(column, column) for column in case.columns]
    lines = {bad.line for bad in case.made.refused}
    texts = {}
    for row in case.rows:
        if isinstance(row, Bad) or row[0] in lines:
            continue
        parts = dict(zip(roles, row[1:], strict=False))
        key = as_id(parts.get("id")) or str(row[0])
        texts[key] = tuple((field, standardise(as_id(parts[field]))[0]) for field in case.fields)
    return list(texts.values())


def as_id(value: Any) -> str:
    return value if isinstance(value, str) else as_text(value) or ""


@pytest.mark.parametrize("case", NOT_IMPORTED, ids=str)
def test_what_cannot_be_imported_leaves_nothing(shared: Store, untouched: int, case: Case, tmp_path: Path) -> None:
    pid = untouched
    path = path_of(case, tmp_path)
    with pytest.raises(UnansweredError if case.question else RefusedError) as said:
        bring_in(shared, pid, case, path)
    if case.question:
        assert str(said.value).startswith(case.question)
        assert preview(shared, pid, path, asked=case.asked).questions[0].startswith(case.question)
    assert not items(shared, pid)
