"""What a file is, where it is easily mistaken for something else."""

from pathlib import Path

import pytest

from workflow.errors import RefusedError
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Row

NOTHING = Asked()


def values(folder: Path, raw: bytes, asked: Asked = NOTHING) -> list[list[object]]:
    path = folder / "items"
    path.write_bytes(raw)
    rows = list(open_source(path, ("id", "text"), asked).rows(lambda _done: None))
    assert all(isinstance(row, Row) for row in rows), rows
    return [list(row.values.values()) for row in rows if isinstance(row, Row)]


@pytest.mark.parametrize(
    "texts",
    [
        ["Hello, world", "One, two"],
        ["Tom &amp; Jerry", "Q&amp;A; and more", "none"],
        ["a|b", "c, d"],
        ["Once; only", "plain", "plain too"],
    ],
)
def test_one_column_of_sentences_is_read_whole(tmp_path: Path, texts: list[str]) -> None:
    assert values(tmp_path, "\n".join(["text", *texts]).encode()) == [[text] for text in texts]


def test_signs_within_texts_are_not_taken_for_the_delimiter(tmp_path: Path) -> None:
    assert values(tmp_path, b"id;text;price\n1;a, b, c;1,50\n2;d, e, f;2,50\n")[0] == ["1", "a, b, c", "1,50"]
    assert values(tmp_path, b"key\tsaid\n1\ta, b, c\n2\td, e, f\n")[1] == ["2", "d, e, f"]


@pytest.mark.parametrize("asked", [Asked(), Asked(encoding="shift_jis")], ids=["found", "asked"])
def test_shift_jis_has_the_signs_that_windows_adds(tmp_path: Path, asked: Asked) -> None:
    text = "①番の髙橋さん、㈱日本の波〜です"
    raw = f"id,text\n1,こんにちは世界\n2,{text}\n".encode("cp932", "replace").replace(b"?", b"\x81\x60")
    assert values(tmp_path, raw, asked) == [["1", "こんにちは世界"], ["2", text]]


def test_a_byte_that_is_no_shift_jis_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "items"
    path.write_bytes(b"id,text\n1,\x80A\n2,\x81\n3," + "世".encode("shift_jis") + b"\n4,\x80")
    rows = list(open_source(path, ("id", "text"), Asked(encoding="shift_jis")).rows(lambda _done: None))
    assert [row.line for row in rows if not isinstance(row, Row)] == [2, 3, 5]
    assert [row.values["text"] for row in rows if isinstance(row, Row)] == ["世"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"---\nname: x\nfields:\n  - text\n", "YAML"),
        (b"%YAML 1.2\n---\n- a\n- b\n", "YAML"),
        (b"<!-- saved from -->\n<html><body>", "a web page"),
        (b"\xef\xbb\xbf\n <!DOCTYPE HTML><p>", "a web page"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>', "a spreadsheet kept as XML"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
        (b"ID3\x03\x00\x00\x00\x00\x00\x21TIT2", "a sound"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "a picture"),
        (b"\x00\x00\x00\x18ftypheic", "a film or a picture"),
        (b"items.csv".ljust(257, b"\x00") + b"ustar\x0000", "an archive"),
        (b"\x93NUMPY\x01\x00", "an array of NumPy"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(raw)
    with pytest.raises(RefusedError, match=f"is {said}"):
        open_source(path, ("id", "text"), Asked())


@pytest.mark.parametrize(
    "header",
    [
        "ID3,text",
        "wOFF,text",
        "id,text,WEBP",
        "abc,ftyp",
        "OggS,text",
        "GIF,text",
        "---",
        "- a",
        "name: x",
        "<b>",
        "PK",
    ],
)
def test_a_table_is_not_taken_for_something_else(tmp_path: Path, header: str) -> None:
    row = ",".join("x" for _ in header.split(","))
    assert values(tmp_path, f"{header}\n{row}\n".encode()) == [["x"] * len(header.split(","))]


@pytest.mark.parametrize("first", ["# made by hand", "garbage, here", "null", '{"id": 0, "text": "cut', "x", '"id"'])
def test_a_bad_first_line_does_not_make_json_lines_a_table(tmp_path: Path, first: str) -> None:
    path = tmp_path / "items"
    path.write_bytes(f'{first}\n{{"id": 1, "text": "a, b"}}\n{{"id": 2, "text": "c"}}\n'.encode())
    source = open_source(path, ("id", "text"), Asked())
    assert (source.file_format, source.columns) == ("jsonl", ("id", "text"))
    rows = list(source.rows(lambda _done: None))
    assert [(row.line, isinstance(row, Row)) for row in rows] == [(1, False), (2, True), (3, True)]


def test_a_column_of_json_is_a_column(tmp_path: Path) -> None:
    assert values(tmp_path, b'text\n"{""a"": 1}"\n"{""a"": 2}"\n') == [['{"a": 1}'], ['{"a": 2}']]


@pytest.mark.parametrize(
    ("rows", "doubtful"),
    [
        (["good,pos", "bad,neg", "fine,pos"], True),
        (["good,pos", "bad,neg"], False),
        (["body,source", "a,web", "body,source", "b,web"], False),
        (["text,pos", "bad,pos"], False),
        (["a,", "b,", "c,"], False),
    ],
)
def test_a_first_row_whose_values_come_again_may_be_data(tmp_path: Path, rows: list[str], doubtful: bool) -> None:
    path = tmp_path / "items"
    path.write_text("\n".join(rows))
    source = open_source(path, ("id", "text"), Asked())
    assert [doubt.count("'pos', which comes again") for doubt in source.doubts] == [1] * doubtful
    assert open_source(path, ("id", "text"), Asked(header=True)).doubts == ()
