"""The corpus, file by file and row by row, as the reader sees it."""

from pathlib import Path

import pytest

from tests.reading import binary_files
from tests.reading.case import Bad, Case, shown
from tests.reading.corpus_cases import CASES, TEXTS, path_of
from workflow.errors import RefusedError
from workflow.intake.mapping import KNOWN_ROLES
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused

READABLE = [case for case in CASES if not case.fault]
FAULTY = [case for case in CASES if case.fault]


def test_every_file_of_the_corpus_has_a_case() -> None:
    files = {path.name for path in TEXTS.iterdir() if path.name != ".gitattributes"}
    built = {*binary_files.FILES, *binary_files.FOLDERS}
    assert {case.file for case in CASES} | {"broken.parquet"} == files | built
    assert not files & built
    assert len(files | built) >= 60
    assert len({str(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", READABLE, ids=str)
def test_a_file_is_read_row_by_row(case: Case, tmp_path: Path) -> None:
    source = open_source(path_of(case, tmp_path), (*case.fields, *KNOWN_ROLES), case.asked)
    assert source.columns == case.columns
    found = (source.file_format, source.encoding, source.delimiter, source.compression)
    assert found == (case.file_format, case.encoding, case.delimiter, case.compression)
    told: list[int] = []
    rows = list(source.rows(told.append))
    assert len(rows) == len(case.rows)
    for row, wanted in zip(rows, case.rows, strict=True):
        if isinstance(wanted, Bad):
            assert isinstance(row, Refused), row
            assert wanted.is_said(row.line, row.field, row.reason), row
        else:
            assert shown(row, source.columns) == wanted
            assert [type(value) for value in shown(row, source.columns)] == [type(value) for value in wanted]  # type: ignore[union-attr]
    assert all(0 <= done <= source.size for done in told)
    assert told == sorted(told)
    assert list(source.rows(lambda _done: None)) == rows


@pytest.mark.parametrize("case", FAULTY, ids=str)
def test_a_file_that_cannot_be_read_is_refused_by_what_it_is(case: Case, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        open_source(path_of(case, tmp_path), (*case.fields, *KNOWN_ROLES), case.asked)
    said = str(refused.value)
    assert said.removeprefix("The first row of ").removeprefix(case.file).startswith(case.fault)


def test_a_parquet_file_with_a_spoilt_page_is_refused_where_it_breaks(tmp_path: Path) -> None:
    source = open_source(binary_files.put("broken.parquet", tmp_path), ("text",), CASES[0].asked)
    with pytest.raises(RefusedError, match=r"broken\.parquet is broken: "):
        list(source.rows(lambda _done: None))
