"""A dataset's folder that is not as it should be, or that other people made."""

from pathlib import Path

import pytest

from workflow.errors import RefusedError
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Refused


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"dataset_dict.json": '{"splits": ["."]}'}, "dataset_dict.json cannot be read"),
        ({"dataset_dict.json": '{"splits": ["../other"]}'}, "dataset_dict.json cannot be read"),
        ({"dataset_dict.json": '{"splits": 1}'}, "dataset_dict.json cannot be read"),
        ({"dataset_dict.json": "[" * 5000}, "dataset_dict.json cannot be read"),
        ({"state.json": '{"_data_files": [{"filename": "../items.csv"}]}'}, "state.json cannot be read"),
        ({"state.json": '{"_data_files": [{"file": "a"}]}'}, "state.json cannot be read"),
        ({"state.json": '{"_data_files": [{"filename": "data.arrow"}]}'}, "lacks data.arrow"),
        ({"notes.txt": "text", ".git/a.csv": "text\na"}, "a folder without data files"),
    ],
)
def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    (tmp_path / "items.csv").write_text("text\nsecret\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(RefusedError, match=said):
        open_source(make(folder, files), ("text",), Asked())


def test_a_column_split_stays_beside_the_splits(tmp_path: Path) -> None:
    folder = make(tmp_path, {"train.csv": "text,split\na,x\n", "Test.JSONL": '{"text": "b"}\n'})
    source = open_source(folder, ("text",), Asked())
    assert source.columns == ("text", "split", "split (2)")
    found = [list(row.values.values()) for row in source.rows(lambda _: None) if not isinstance(row, Refused)]
    assert found == [["a", "x", "train"], ["b", None, "test"]]


def test_a_refused_row_says_its_file(tmp_path: Path) -> None:
    source = open_source(
        make(tmp_path, {"en/train/0.csv": "text\na\n", "en/test/0.csv": "text,b\n1\n"}), ("text",), Asked()
    )
    [bad] = [row for row in source.rows(lambda _: None) if isinstance(row, Refused)]
    assert bad.reason.endswith("(in en/test/0.csv)")
