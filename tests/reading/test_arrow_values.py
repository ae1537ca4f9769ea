"""Values that Python cannot hold, or that come in pairs: one costs its own row at most, never the file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workflow.errors import RefusedError
from workflow.reading import arrow_rows
from workflow.reading.asked import Asked
from workflow.reading.json_rows import as_text
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused, Row

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def read(folder: Path, **columns: object) -> list[Row | Refused]:
    path = folder / "rows.parquet"
    pq.write_table(pa.table(columns), path)
    return [row for _, row in arrow_rows.rows(path, list(columns))]


@pytest.mark.parametrize(
    "beyond",
    [
        pa.array([0, 2**30, 1], pa.int32()).cast(pa.date32()),
        pa.array([0, 2**60, 1], pa.timestamp("us")),
        pa.array([0, 2**62, 1], pa.duration("s")),
        pa.array([[0], [2**60], None], pa.list_(pa.timestamp("us"))),
    ],
    ids=lambda values: str(values.type),
)
def test_a_value_out_of_range_costs_its_own_row(tmp_path: Path, beyond: object) -> None:
    first, second, third = read(tmp_path, text=["a", "b", "c"], when=beyond)
    assert isinstance(second, Refused)
    assert (second.line, second.field) == (2, "when")
    assert "out of range" in second.reason
    assert [row.values["text"] for row in (first, third) if isinstance(row, Row)] == ["a", "c"]


def test_the_entries_of_a_map_are_kept(tmp_path: Path) -> None:
    kinds = pa.map_(pa.string(), pa.int32())
    (row,) = read(tmp_path, text=["a"], counts=pa.array([[("x", 1), ("x", 2)]], kinds))
    assert isinstance(row, Row)
    assert row.values["counts"] == [["x", 1], ["x", 2]]


def test_times_keep_their_nanoseconds(tmp_path: Path) -> None:
    rows = read(tmp_path, text=["a", "b"], at=pa.array([1, 2], pa.time64("ns")))
    times = [row.values["at"] for row in rows if isinstance(row, Row)]
    assert times == ["00:00:00.000000001", "00:00:00.000000002"]


def test_binary_data_is_kept_as_what_it_is_and_is_no_text(tmp_path: Path) -> None:
    nested = pa.array([{"bytes": b"abc", "path": "a.png"}, None])
    rows = read(tmp_path, text=["a", "b"], picture=pa.array([b"\xff\x00", None]), image=nested)
    first, second = [row.values for row in rows if isinstance(row, Row)]
    assert (first["picture"], second["picture"]) == ("<binary data: 2 bytes>", None)
    assert first["image"] == {"bytes": "<binary data: 3 bytes>", "path": "a.png"}
    assert as_text(first["picture"]) is None


def test_numbers_of_class_labels_are_their_names(tmp_path: Path) -> None:
    features = {"label": {"names": ["yes", "no"], "_type": "ClassLabel"}, "text": {"dtype": "string", "_type": "Value"}}
    table = pa.table({"text": ["a", "b", "c", "d"], "label": [0, 1, -1, None], "n": [0, 1, 2, 3]})
    kept = {"huggingface": json.dumps({"info": {"features": features}})}
    in_file, beside = tmp_path / "in.parquet", tmp_path / "folder" / "beside.parquet"
    beside.parent.mkdir()
    pq.write_table(table.replace_schema_metadata(kept), in_file)
    pq.write_table(table, beside)
    (beside.parent / "dataset_info.json").write_text(json.dumps({"features": features}))
    for path in (in_file, beside):
        rows = [row for _, row in arrow_rows.rows(path, ["text", "label", "n"])]
        assert [row.values["label"] for row in rows if isinstance(row, Row)] == ["yes", "no", None, None]
        assert [as_text(row.values["n"]) for row in rows if isinstance(row, Row)] == ["0", "1", "2", "3"]


def as_stream(table: Any, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


def test_an_arrow_file_that_points_outside_of_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    as_stream(pa.table({"text": ["one", "two"]}), path)
    raw, ends = path.read_bytes(), (3).to_bytes(4, "little") + (6).to_bytes(4, "little")
    assert raw.count(ends) == 1
    path.write_bytes(raw.replace(ends, (3).to_bytes(4, "little") + (2**30).to_bytes(4, "little")))
    # In a process of its own: reading on would end this one.
    script = (
        "import sys; from pathlib import Path; from workflow.reading import arrow_rows; from workflow.errors import *\n"
        "try: list(arrow_rows.rows(Path(sys.argv[1]), ['text']))\n"
        "except RefusedError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("rows.arrow is broken: ")


def test_a_text_that_is_not_utf8_costs_its_own_row(tmp_path: Path) -> None:
    bad = pa.array([b"a", b"\xff", b"c"]).view(pa.string())
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": bad}), path)
    found = [row for _, row in arrow_rows.rows(path, ["text"])]
    assert [(row.line, isinstance(row, Refused)) for row in found] == [(1, False), (2, True), (3, False)]
    assert isinstance(found[1], Refused)
    assert (found[1].field, found[1].reason) == ("text", "text that is not UTF-8")


def test_a_column_whose_name_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    as_stream(pa.table({"texts": ["one"]}), path)
    path.write_bytes(path.read_bytes().replace(b"texts", b"te\xfft\xff"))
    with pytest.raises(RefusedError, match="cannot be read"):
        open_source(path, (), Asked())
