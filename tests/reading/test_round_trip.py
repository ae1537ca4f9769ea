"""Any table of any text, written as CSV, TSV or JSON Lines in any encoding, comes back as it was, or is refused by line."""

import csv
import itertools
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage.engine import Store
from tests.intake.world import NOW, items, make_project, refused
from workflow import intake
from workflow.intake.steps import STEPS, standardise
from workflow.normalise import storable
from workflow.reading.asked import Asked
from workflow.reading.encodings import ENCODINGS
from workflow.reading.opening import open_source
from workflow.reading.rows import Row

HEADER = ["id", "text", "more"]
MARKS = {"utf-8-sig": b"\xef\xbb\xbf"}
Tables = list[list[str]]


def codec(encoding: str) -> str:
    return "utf-8" if encoding == "utf-8-sig" else encoding


def writable(text: str, encoding: str) -> str:
    """Those of the characters that an encoding has, and gives back."""
    return "".join(one for one in text if _comes_back(one, codec(encoding)))


def _comes_back(one: str, encoding: str) -> bool:
    try:
        return one.encode(encoding).decode(encoding) == one
    except UnicodeError:
        return False


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, Tables]:
    encoding = draw(st.sampled_from(ENCODINGS))
    cell = st.text(max_size=10).map(lambda text: writable(text, encoding))
    some = st.sampled_from(
        ["", " ", '"', '""', "\r", "\n", "\r\n", ",", "\t", ";", "|", "007", "NA", "a b", "é", "\x00", "&amp;"]
    )
    row = st.lists(st.one_of(cell, some.map(lambda text: writable(text, encoding))), min_size=3, max_size=3)
    return encoding, draw(st.lists(row, max_size=5))


def as_table(table: Sequence[Sequence[str]], delimiter: str, quoting: int, line_end: str) -> str:
    """A table as RFC 4180 writes it. The library's writer leaves a line end other than its own without quotes."""
    every = quoting == csv.QUOTE_ALL

    def cell(text: str) -> str:
        quoted = every or any(sign in text for sign in (delimiter, '"', "\r", "\n"))
        return '"' + text.replace('"', '""') + '"' if quoted else text

    return "".join(delimiter.join(map(cell, row)) + line_end for row in table)


def on_disk(text: str, encoding: str) -> Path:
    path = Path(tempfile.mkdtemp()) / "items"
    path.write_bytes(MARKS.get(encoding, b"") + text.encode(codec(encoding)))
    return path


def read(path: Path, asked: Asked) -> list[list[Any]]:
    source = open_source(path, ("text", "id"), asked)
    rows = list(source.rows(lambda _done: None))
    assert all(isinstance(row, Row) for row in rows), rows
    assert source.columns == tuple(HEADER) or not rows
    return [list(row.values.values()) for row in rows if isinstance(row, Row)]


@given(
    tables(),
    st.sampled_from([",", "\t", ";", "|", "^"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(max_examples=300)
def test_a_table_comes_back(made: tuple[str, Tables], delimiter: str, quoting: int, line_end: str) -> None:
    encoding, table = made
    path = on_disk(as_table([HEADER, *table], delimiter, quoting, line_end), encoding)
    assert read(path, Asked("csv", encoding, delimiter)) == table


@given(tables(), st.booleans())
@settings(max_examples=200)
def test_json_lines_come_back(made: tuple[str, Tables], escaped: bool) -> None:
    encoding, table = made
    assume(table)
    lines = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=escaped) for row in table]
    path = on_disk("".join(line + "\n\n" for line in lines), encoding)
    wanted = [[storable(cell) for cell in row] for row in table]
    assert read(path, Asked("jsonl", encoding)) == wanted


WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "on", "café", "2", "3.5", "yes"]), min_size=1, max_size=6).map(
    " ".join
)


@given(
    st.lists(st.tuples(st.integers(0, 10**6).map(str), WORDS, WORDS), min_size=1, max_size=8),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]),
)
def test_a_plain_table_is_found_out(table: Tables, delimiter: str, line_end: str, encoding: str) -> None:
    path = on_disk(as_table([HEADER, *table], delimiter, csv.QUOTE_MINIMAL, line_end), encoding)
    source = open_source(path, ("text", "id"), Asked())
    assert (source.file_format, source.encoding, source.delimiter) == ("csv", encoding, delimiter)
    assert read(path, Asked()) == [list(row) for row in table]


NUMBERS = itertools.count()
OFF = dict.fromkeys(STEPS, False)


@pytest.mark.parametrize("steps", [{}, OFF], ids=["steps on", "steps off"])
@given(tables(), st.sampled_from([",", "\t"]), st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_stored_is_what_was_typed_put_right(
    store: Store,
    steps: dict[str, bool],
    made: tuple[str, Tables],
    delimiter: str,
    lines: bool,
) -> None:
    encoding, table = made
    assume(table)
    table = [[str(number), *row[1:]] for number, row in enumerate(table)]
    written = (
        "".join(json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) + "\n" for row in table)
        if lines
        else as_table([HEADER, *table], delimiter, csv.QUOTE_MINIMAL, "\n")
    )
    asked = Asked("jsonl" if lines else "csv", encoding, None if lines else delimiter)
    path = on_disk(written, encoding)
    pid = make_project(store, name=f"p{next(NUMBERS)}", steps=steps)
    off = frozenset(name for name, on in steps.items() if not on)
    wanted = {row[0]: standardise(storable(row[1]) if lines else row[1], off)[0] for row in table}
    done = intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None, asked=asked)
    empty = {key for key, text in wanted.items() if not text or text.isspace()}
    stored = {key: item.fields["text"] for key, item in items(store, pid).items()}
    assert stored == {key: text for key, text in wanted.items() if key not in empty}
    assert done.rows == len(table)
    assert [(field, reason) for _, field, reason in refused(store, done)] == [("text", "empty")] * len(empty)
    ids = {key: item.id for key, item in items(store, pid).items()}
    again = intake.import_file(store, pid, path, lambda: NOW, lambda _: None, None, asked=asked)
    assert (again.items, again.rows) == (0, done.rows)
    assert {key: item.id for key, item in items(store, pid).items()} == ids
