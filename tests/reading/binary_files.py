"""The files of the corpus that are no plain text, each from an explicit text or from bytes, and folders of them."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

PLAIN = "id,text\n1,one\n2,two\n"
CHINESE = "id,text\n1,今天的会议推迟到明天下午三点\n2,请各位同事提前做好准备工作\n3,一定不要迟到\n"
JAPANESE = "id,text\n1,本日の会議は明日の午後三時に延期されました。\n2,よろしくお願いします。\n3,カタカナとｶﾅ\n"
RUSSIAN = "id,text\n1,Совещание перенесено на завтра\n2,Спасибо за понимание\n"
FRENCH = "id,text\n1,Où est passé l’été à la plage ?\n2,« Ça coûte 5 € » répondit-elle\n"
LONG = "x" * 40_000


def xlsx() -> bytes:
    return _zip({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


def docx() -> bytes:
    return _zip({"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})


def _zip(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
    return out.getvalue()


def sqlite() -> bytes:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE item (id TEXT, text TEXT)")
    made.commit()
    return made.serialize()


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table(COLUMNS), out)
    return out.getvalue()


COLUMNS: dict[str, list[Any]] = {
    "id": [2**53 + 1, 7],
    "text": ["007", "two\r\nlines"],
    "score": [0.1, None],
    "price": [Decimal("1.10"), Decimal("2.00")],
    "day": [date(2024, 1, 2), None],
    "at": [datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), None],
    "tags": [["a", "b"], []],
    "good": [True, False],
}


def parquet_of_bytes() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"id": ["1", "2"], "text": ["one", "two"], "photo": [b"\x89PNG", None]}), out)
    return out.getvalue()


def broken_parquet() -> bytes:
    """Sound at both ends, so that it opens; its page is spoilt."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    table = pa.table({"id": [str(n) for n in range(100)], "text": [f"text {n}" for n in range(100)]})
    pq.write_table(table, out, compression="gzip", use_dictionary=False)
    raw = bytearray(out.getvalue())
    raw[40:200] = b"\xaa" * 160
    return bytes(raw)


def arrow_file() -> bytes:
    return _arrow(stream=False)


def arrow_stream() -> bytes:
    return _arrow(stream=True)


def _arrow(*, stream: bool) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    table = pa.table({"id": ["1", "2"], "text": pa.array(["one", "one"]).dictionary_encode(), "n": [1, None]})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "le_mark.csv": lambda: codecs.BOM_UTF16_LE + "id,text\r\n1,naïve €\r\n2,\U0001f44d\r\n".encode("utf-16-le"),
    "be_mark.tsv": lambda: codecs.BOM_UTF16_BE + 'id\ttext\n1\t"two\nlines"\n'.encode("utf-16-be"),
    "le_latin.csv": lambda: PLAIN.encode("utf-16-le"),
    "le_chinese.csv": lambda: CHINESE.encode("utf-16-le"),
    "be_chinese.csv": lambda: CHINESE.encode("utf-16-be"),
    "be_russian.csv": lambda: RUSSIAN.encode("utf-16-be"),
    "le_lines.jsonl": lambda: '{"id": "1", "text": "日本語だけの文章です"}\n{"id": "2", "text": "二"}\n'.encode(
        "utf-16-le"
    ),
    "le_array.json": lambda: '[{"id": "1", "text": "中文字"}]'.encode("utf-16-le"),
    "le_odd_byte.csv": lambda: PLAIN.encode("utf-16-le") + b"3",
    "utf32_mark.csv": lambda: codecs.BOM_UTF32_LE + CHINESE.encode("utf-32-le"),
    "gb18030.csv": lambda: CHINESE.encode("gb18030"),
    "gb18030_four_bytes.csv": lambda: "id,text\n1,\U0001f600 naïve ™\n".encode("gb18030"),
    "shift_jis.csv": lambda: JAPANESE.encode("shift_jis"),
    "windows_1252.csv": lambda: FRENCH.encode("windows-1252"),
    "koi8_r.csv": lambda: RUSSIAN.encode("koi8-r"),
    "bad_bytes.csv": lambda: (
        b"id,text\n1,caf\xc3\xa9 na\xc3\xafve \xe2\x80\x94 d\xc3\xa9j\xc3\xa0\n"
        b'2,caf\xe9\n3,"two\nbad \xff"\n4,\xed\xa0\x80\n5,d\xc3\xa9j\xc3\xa0 vu\n'
    ),
    "bad_bytes.jsonl": lambda: (
        b'{"id": "1", "text": "d\xc3\xa9j\xc3\xa0 vu"}\n{"id": "2", "text": "\xff"}\n'
        b'{"id": "3", "text": "c\xc3\xb4t\xc3\xa9"}\n'
    ),
    "bad_bytes.json": lambda: (
        b'[{"id": "1", "text": "d\xc3\xa9j\xc3\xa0 vu"},\n{"id": "2", "text": "\xff"},\n'
        b'{"id": "3", "text": "c\xc3\xb4t\xc3\xa9"}]'
    ),
    "nuls.csv": lambda: b"id,text\n1,a\x00b\n2,\x00\n3,fine\n",
    "binary.csv": lambda: bytes(range(256)) * 8 + b"\x00" * 8,
    "too_long.csv": f"id,text\n1,{LONG}\n2,{LONG}x\n{'3' * 201},three\n{'4' * 200},four\n".encode,
    "wide.csv": ("id,text" + ",c" * 9_999 + "\n").encode,
    "plain.csv.gz": lambda: gzip.compress(PLAIN.encode()),
    "two_members.jsonl.gz": lambda: (
        gzip.compress(b'{"id": "1", "text": "one"}\n') + gzip.compress(b'{"id": "2", "text": "two"}\n')
    ),
    "array.json.gz": lambda: gzip.compress(b'[{"id": "1", "text": "one"},\n{"id": "2", "text": "two"}]'),
    "le_chinese.csv.gz": lambda: gzip.compress(CHINESE.encode("utf-16-le")),
    "truncated.csv.gz": lambda: gzip.compress(PLAIN.encode() * 50)[:-12],
    "spoilt.csv.gz": lambda: gzip.compress(PLAIN.encode())[:-8] + b"\x00" * 8,
    "twice.csv.gz": lambda: gzip.compress(gzip.compress(PLAIN.encode())),
    "parquet.gz": lambda: gzip.compress(parquet()),
    "empty.csv.gz": lambda: gzip.compress(b""),
    "types.parquet": parquet,
    "bytes.parquet": parquet_of_bytes,
    "truncated.parquet": lambda: parquet()[:-20],
    "broken.parquet": broken_parquet,
    "table.arrow": arrow_file,
    "stream.arrow": arrow_stream,
    "empty.csv": lambda: b"",
    "mark_only.csv": lambda: codecs.BOM_UTF8,
    "table.xlsx": xlsx,
    "table.csv": xlsx,
    "letter.docx": docx,
    "files.zip": lambda: _zip({"items.csv": PLAIN}),
    "nothing.zip": lambda: _zip({}),
    "paper.pdf": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "old.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504,
    "database.csv": sqlite,
    "rows.pkl": lambda: pickle.dumps([{"id": "1", "text": "one"}], protocol=4),
    "old_rows.pkl": lambda: pickle.dumps([{"id": "1", "text": "one"}], protocol=2),
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "rows.csv.bz2": lambda: bz2.compress(PLAIN.encode()),
    "rows.csv.xz": lambda: lzma.compress(PLAIN.encode()),
}


def _saved_to_disk(folder: Path) -> None:
    """As ``Dataset.save_to_disk`` leaves it: an Arrow stream, named by its state."""
    (folder / "data-00000-of-00001.arrow").write_bytes(arrow_stream())
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    (folder / "dataset_info.json").write_text("{}")


def _dictionary_on_disk(folder: Path) -> None:
    for split in ("train", "test"):
        (folder / split).mkdir()
        _saved_to_disk(folder / split)
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


def _hub(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "train.csv").write_text("never,read\n")
    (folder / "data").mkdir()
    (folder / "data" / "test-00000-of-00001.csv").write_text("id,text\n3,three\n4\n")
    (folder / "data" / "train-00000-of-00002.csv").write_text("id,text\n1,one\n")
    (folder / "data" / "train-00001-of-00002.csv").write_text("id,text\n2,two\n")


def _lines_by_split(folder: Path) -> None:
    for split in ("train", "validation"):
        (folder / split).mkdir()
        (folder / split / "part.jsonl").write_text(f'{{"id": "{split[0]}", "text": "{split}"}}\n')


def _no_data(folder: Path) -> None:
    (folder / "notes.md").write_text("nothing\n")


def _broken_state(folder: Path) -> None:
    (folder / "state.json").write_text("{")


FOLDERS: dict[str, Callable[[Path], None]] = {
    "saved": _saved_to_disk,
    "splits": _dictionary_on_disk,
    "hub": _hub,
    "lines": _lines_by_split,
    "no_data": _no_data,
    "broken_state": _broken_state,
}


def put(name: str, folder: Path) -> Path:
    """A file or folder of these, written into ``folder``."""
    path = folder / name
    if name in FOLDERS:
        path.mkdir()
        FOLDERS[name](path)
    else:
        path.write_bytes(FILES[name]())
    return path
