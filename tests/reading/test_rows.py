"""Reading rows: code point for code point, by physical line, and no line lost whatever is wrong with a file."""

import csv
import io
import json
import re
from codecs import BOM_UTF8
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.reading import csv_rows, json_rows, names, physical_lines
from workflow.reading.rows import Refused, Row

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
HEADER = ["id", "text", "more"]


def read_csv(raw: bytes) -> list[Row | Refused]:
    table = csv_rows.table(physical_lines.read(io.BytesIO(raw.removeprefix(BOM_UTF8)), universal=True), ",")
    assert isinstance(table, csv_rows.Table)
    return list(table.named(names.told_apart(table.first), header=True))


def read_jsonl(raw: bytes) -> list[Row | Refused]:
    return list(json_rows.read(physical_lines.read(io.BytesIO(raw), universal=False)))


def written(table: list[list[str]], line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=line_end, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return out.getvalue().encode()


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_a_table_comes_back_code_point_for_code_point(
    table: list[list[str]], line_end: str, quoting: int, mark: bool
) -> None:
    raw = written([HEADER, *table], line_end, quoting)
    found = read_csv(b"\xef\xbb\xbf" * mark + raw)
    assert [list(row.values.values()) for row in found if isinstance(row, Row)] == table
    lines = [2]
    for cells in table:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in cells))
    assert [row.line for row in found] == lines[:-1]


@given(
    st.lists(
        st.lists(st.sampled_from(["a", '"', ",", 'x"y', "two\nlines", "", "é"]), min_size=3, max_size=3), max_size=6
    ),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from([b'"', b",", b"\n", b"", b"\xff", b"\r"])), max_size=4),
)
def test_no_line_is_lost_in_a_corrupted_table(table: list[list[str]], spoils: list[tuple[int, bytes]]) -> None:
    body = bytearray(written(table))
    for place, what in spoils:
        body[min(place, len(body)) : min(place, len(body)) + 1] = what
    lines = re.split(b"\r\n|\n|\r", bytes(body))
    found = read_csv(b"id,text,more\n" + bytes(body))
    covered: list[int] = []
    for row in found:
        # A row that breaks at a quote gives the lines after its first back.
        covered += range(row.line, row.line + len(re.findall("\r\n|\n|\r", row.raw)) + 1)
    assert len(covered) == len(set(covered))
    assert set(covered) >= {number for number, line in enumerate(lines, start=2) if line}


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(0, 4))
def test_one_unclosed_quote_costs_one_row(table: list[list[str]], where: int) -> None:
    plain = [[re.sub(r'[\n"]', "", cell) or "x" for cell in cells] for cells in table]
    encoded = [written([cells]).decode().rstrip("\n") for cells in plain]
    encoded.insert(min(where, len(encoded)), '"open,b,c')
    found = read_csv(("id,text,more\n" + "\n".join(encoded)).encode())
    bad = [row for row in found if isinstance(row, Refused)]
    quoted_later = any('"' in line for line in encoded[min(where, len(plain)) + 1 :])
    if not quoted_later:
        assert [row.line for row in bad] == [min(where, len(plain)) + 2]
        assert [list(row.values.values()) for row in found if isinstance(row, Row)] == plain


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ('a,"b\nc",d\n"x', [(4, "broken quotes")]),
        ("1,2\n1,2,3\n1,2,3,4", [(2, "too few columns: 2 instead of 3"), (4, "too many columns: 4 instead of 3")]),
        ('1,5" disk,3\n1,2,3', [(2, "inside a field")]),
        ('1,"a"b,3\n1,2,3', [(2, "after a closing quote")]),
        ('1, "a",3\n1,2,3', [(2, "inside a field")]),
        ("\n\n1,2\n\n", [(4, "too few")]),
        ('1,"a\n\nb",3\n1,2', [(5, "too few")]),
    ],
)
def test_broken_rows_are_refused_where_they_begin(body: str, refused: list[tuple[int, str]]) -> None:
    found = [row for row in read_csv(f"id,text,more\n{body}".encode()) if isinstance(row, Refused)]
    assert [row.line for row in found] == [line for line, _ in refused]
    for row, (_, reason) in zip(found, refused, strict=True):
        assert reason in row.reason


def test_a_line_that_is_not_utf8_is_named_and_the_rest_is_read() -> None:
    found = read_csv(b'id,text\n1,a\n2,\xe9\n3,c\n4,"x\ny\xff"\n5,e\n')
    assert [(row.line, type(row)) for row in found] == [(2, Row), (3, Refused), (4, Row), (5, Refused), (7, Row)]
    assert "0xE9 at character 3" in found[1].reason  # type: ignore[union-attr]
    assert "0xFF at character 2" in found[3].reason  # type: ignore[union-attr]


def test_a_first_row_that_cannot_be_read_is_explained() -> None:
    said = csv_rows.table(physical_lines.read(io.BytesIO(b'"id,text\n'), universal=True), ",")
    assert isinstance(said, str)
    assert "broken quotes" in said
    assert csv_rows.table(physical_lines.read(io.BytesIO(b"\n\n"), universal=True), ",") is None


@pytest.mark.parametrize(
    ("given_names", "told"),
    [
        (["id", "text"], ["id", "text"]),
        (["text", "id", " text "], ["text", "id", "text (2)"]),
        (["", "a", ""], ["column 1", "a", "column 3"]),
        (["text", "text (2)", "text"], ["text", "text (2)", "text (3)"]),
    ],
)
def test_columns_are_told_apart(given_names: list[str], told: list[str]) -> None:
    assert names.told_apart(given_names) == told


@pytest.mark.parametrize(
    ("first", "doubtful"),
    [
        (["id", "text"], False),
        (["body", "topic"], False),
        (["1", "a text"], True),
        (["3.5", "x"], True),
        (["text", "2024"], False),
        (["What a long sentence this is, which nobody would call a name", "yes"], True),
    ],
)
def test_a_first_row_that_looks_like_data_is_doubted(first: list[str], doubtful: bool) -> None:
    assert (names.doubt(first, ("text", "id")) is not None) == doubtful


@pytest.mark.parametrize("read", [read_csv, read_jsonl])
def test_a_line_without_end_is_refused_and_the_next_one_read(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (physical_lines, csv_rows):
        monkeypatch.setattr(module, "LONGEST_LINE", 100)
    first = b"text\n" if read is read_csv else b'{"text": "a"}\n'
    last = b"fine\n" if read is read_csv else b'{"text": "fine"}\n'
    found = read(first + b'"' + b"x" * 350 + b"\n" + last)[-2:]
    assert isinstance(found[0], Refused)
    assert "longer than 100" in found[0].reason
    assert isinstance(found[1], Row)
    assert (found[1].line, found[1].values["text"]) == (3, "fine")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CELL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELL, inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "text", "a b", "\u00e9"]), JSON), max_size=5), st.booleans())
def test_objects_come_back_with_their_types(objects: list[dict[str, Any]], escaped: bool) -> None:
    raw = "\n".join(json.dumps(entry, ensure_ascii=escaped) for entry in objects).replace("\\u0000", "").encode()
    wanted = [json.loads(line) for line in raw.split(b"\n") if line]
    found = read_jsonl(raw)
    assert [row.values for row in found if isinstance(row, Row)] == wanted
    assert [row.line for row in found] == list(range(1, len(objects) + 1))


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("[1]", "", "not an object but a list"),
        ("null", "", "not an object but null"),
        ('"x"', "", "not an object but text"),
        ("{", "", "not JSON"),
        ('{"a": 1} {"b": 2}', "", "not JSON"),
        ('{"a": NaN}', "", "NaN is not a value"),
        ('{"a": -Infinity}', "", "-Infinity is not a value"),
        ('{"a": 1e999}', "", "too large"),
        ('{"a": ' + "9" * 5000 + "}", "", "too many digits"),
        ('{"text": "a", "text": "b"}', "text", "twice"),
        ('{"a": {"b": 1, "b": 2}}', "b", "twice"),
        ('{"a": 1, " a": 2}', "", "same name"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "", "nested"),
        ('{"a": ' + "[" * 100_000, "", "nested too deeply"),
        ("{'a': 1}", "", "not JSON"),
    ],
)
def test_one_bad_line_never_stops_the_rest(line: str, field: str, reason: str) -> None:
    found = read_jsonl(f'{{"text": "a"}}\n\n{line}\n{{"text": "b"}}'.encode())
    assert [type(row) for row in found] == [Row, Refused, Row]
    bad = found[1]
    assert isinstance(bad, Refused)
    assert (bad.line, bad.field) == (3, field)
    assert reason in bad.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10", "10"),
        ("-0", "-0"),
        ("1.10", "1.10"),
        ("1E3", "1E3"),
        (str(2**63 + 1), str(2**63 + 1)),
        ("true", "true"),
        ("null", ""),
        ('"a"', "a"),
        ("[]", None),
        ("{}", None),
    ],
)
def test_values_are_the_text_that_was_typed(value: str, text: str | None) -> None:
    [row] = read_jsonl(f'{{"id": {value}}}'.encode())
    assert isinstance(row, Row)
    assert json_rows.as_text(row.values["id"]) == text


def test_numbers_in_metadata_stay_exact() -> None:
    [row] = read_jsonl(b'{"n": 9007199254740993, "x": 0.1}')
    assert isinstance(row, Row)
    assert json.dumps(row.values) == '{"n": 9007199254740993, "x": 0.1}'
