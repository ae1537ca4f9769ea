"""Which encoding a file is in, from as little as people write: one word in every row."""

from pathlib import Path

import pytest

from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import Row

WORDS = {
    "windows-1252": [
        ["café"],
        ["naïve", "déjà vu"],
        ["São Paulo"],
        ["½ cup", "90°"],
        ["©2020"],
        ["ÉTÉ"],
        ["ÄÖÜ"],
        ["It’s “quoted” – all of it…"],
        ["£5", "€3"],
        ["Größe", "Straße", "über"],
        ["señor", "mañana"],
    ],
    "shift_jis": [
        ["はい", "いいえ"],
        ["良い", "悪い"],
        ["カメラ"],
        ["テスト"],
        ["東京", "大阪", "京都"],
        ["ﾔﾏﾀﾞ ﾀﾛｳ", "ｻﾄｳ ﾊﾅｺ"],
        ["この映画はとても面白かったです。"],
    ],
    "gb18030": [["好", "差"], ["是", "否"], ["正面", "负面"], ["体育", "财经", "科技"], ["质量太差了，退货", "你好"]],
}
CODECS = {"windows-1252": "cp1252"}
CASES = [(encoding, words) for encoding, lists in WORDS.items() for words in lists]


@pytest.mark.parametrize("times", [1, 40])
@pytest.mark.parametrize(
    ("encoding", "words"), CASES, ids=lambda value: "" if isinstance(value, str) else "-".join(value)
)
def test_an_encoding_is_found_from_words(tmp_path: Path, encoding: str, words: list[str], times: int) -> None:
    path = tmp_path / "items"
    path.write_bytes("".join(f"{row}\n" for row in ["text", *words * times]).encode(CODECS.get(encoding, encoding)))
    source = open_source(path, ("text",), Asked())
    assert source.encoding == encoding
    found = [row.values["text"] for row in source.rows(lambda _: None) if isinstance(row, Row)]
    assert found == words * times


def test_a_file_of_one_sign_is_read_in_an_encoding_that_has_it(tmp_path: Path) -> None:
    path = tmp_path / "items"
    path.write_bytes(b"text\n" + b"\x81\x60\n" * 50)
    rows = list(open_source(path, ("text",), Asked()).rows(lambda _: None))
    assert all(isinstance(row, Row) for row in rows)


def test_two_nuls_beside_a_line_end_make_no_sixteen_bit_text(tmp_path: Path) -> None:
    path = tmp_path / "items"
    path.write_bytes(b"id,text,gold,priority\n,,a,\x00\n,,a,\x00\n")
    assert open_source(path, ("text",), Asked()).encoding == "utf-8"
