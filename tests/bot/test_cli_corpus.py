"""Some of the corpus by the command line: the report as JSON says what the cases say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bot.command_line import Concord
from tests.bot.test_cli import concord, project  # noqa: F401 - fixtures
from tests.reading.case import Bad, Case
from tests.reading.corpus_cases import CASES, path_of

CHOSEN = (
    "plain.csv",
    "carets.csv",
    "sep_line.csv",
    "unclosed_quote.csv",
    "twins, chosen",
    "no header, said",
    "values.csv",
    "broken_element.json",
    "label_studio.json",
    "be_chinese.csv",
    "shift_jis.csv",
    "bad_bytes.csv",
    "types.parquet",
    "le_chinese.csv.gz",
    "hub",
    "table.xlsx",
    "truncated.csv.gz",
    "twins.csv",
)


def options(case: Case) -> list[str]:
    asked = case.asked
    said = [f"--map={role}={column}" for role, column in case.mapping.items()]
    said += [f"--delimiter={asked.delimiter}"] if asked.delimiter else []
    return said + (["--no-header"] if asked.header is False else [])


@pytest.mark.parametrize("name", CHOSEN)
def test_the_command_line_says_what_became_of_a_file(project: Concord, name: str, tmp_path: Path) -> None:  # noqa: F811
    case = next(case for case in CASES if str(case) == name)
    files = tmp_path / "files"
    files.mkdir()
    command = ("import", "rte", str(path_of(case, files)), *options(case), "--json")
    if case.fault or case.question:
        ran = project(*command)
        assert (ran.code, ran.out) == (1, "")
        assert case.question in ran.err if case.question else f"{case.file}{case.fault}" in ran.err
        return
    looked, ran = project(*command, "--dry-run"), project(*command)
    assert (looked.code, ran.code) == (0, 0)
    report: Any = ran.json
    assert json.loads(looked.out) == report | {"lot": None}
    made = case.made
    figures = [report[key] for key in ("format", "encoding", "delimiter", "rows")]
    assert figures == [case.file_format, case.encoding, case.delimiter, len(case.rows)]
    became = [report[key] for key in ("items", "duplicates", "changed", "labels")]
    assert became == [made.items, made.duplicates, made.changed, made.labels]
    assert list(report["columns"]) == list(case.columns)
    wanted = sorted([row for row in (*case.rows, *made.refused) if isinstance(row, Bad)], key=lambda bad: bad.line)
    assert len(report["refused"]) == len(wanted)
    for row, bad in zip(report["refused"], wanted, strict=True):
        assert bad.is_said(row["line"], row["field"], row["reason"])
    again: Any = project(*command).json
    assert (again["items"], again["rows"], again["refused"]) == (0, report["rows"], report["refused"])


def test_how_a_file_is_written_is_said_gzip_apart(project: Concord, tmp_path: Path) -> None:  # noqa: F811
    case = next(case for case in CASES if case.file == "le_chinese.csv.gz")
    ran = project("import", "rte", str(path_of(case, tmp_path)))
    assert "le_chinese.csv.gz: csv, gzip, utf-16-le, separated by ,\n" in ran.err
