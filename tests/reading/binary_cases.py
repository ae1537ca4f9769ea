"""Encodings, compression, Parquet, Arrow, datasets' folders, and files that are something else."""

from tests.reading.binary_files import LONG
from tests.reading.case import Bad, Case, Made, Typed
from workflow.reading.asked import Asked
from workflow.reading.json_rows import Binary

CHINESE = ((2, "1", "今天的会议推迟到明天下午三点"), (3, "2", "请各位同事提前做好准备工作"), (4, "3", "一定不要迟到"))
RUSSIAN = ((2, "1", "Совещание перенесено на завтра"), (3, "2", "Спасибо за понимание"))
PLAIN = ((2, "1", "one"), (3, "2", "two"))
NOT_UTF_8 = "not UTF-8: the byte 0x"


def _arrow(file: str, *rows: object, **more: object) -> Case:
    return Case(file, rows=rows, **{"encoding": "", "delimiter": "", **more})  # type: ignore[arg-type]


CASES = (
    Case("le_mark.csv", rows=((2, "1", "naïve €"), (3, "2", "\U0001f44d")), made=Made(2), encoding="utf-16-le"),
    Case(
        "be_mark.tsv",
        rows=((2, "1", "two\nlines"),),
        made=Made(1),
        encoding="utf-16-be",
        delimiter="\t",
        asked=Asked(encoding="utf-16"),
    ),
    Case("le_latin.csv", rows=PLAIN, made=Made(2), encoding="utf-16-le"),
    Case("le_chinese.csv", rows=CHINESE, made=Made(3), encoding="utf-16-le"),
    Case("be_chinese.csv", rows=CHINESE, made=Made(3), encoding="utf-16-be"),
    Case(
        "be_chinese.csv",
        rows=CHINESE,
        made=Made(3),
        encoding="utf-16-be",
        asked=Asked(encoding="UTF-16"),
        name="be chinese, asked without an order",
    ),
    Case("be_russian.csv", rows=RUSSIAN, made=Made(2), encoding="utf-16-be"),
    Case(
        "le_lines.jsonl",
        rows=((1, "1", "日本語だけの文章です"), (2, "2", "二")),
        made=Made(2),
        file_format="jsonl",
        encoding="utf-16-le",
        delimiter="",
    ),
    Case("le_array.json", rows=((1, "1", "中文字"),), made=Made(1), file_format="json", encoding="utf-16-le", delimiter=""),
    Case(
        "le_odd_byte.csv",
        rows=(*PLAIN, Bad(4, "", "not utf-16-le: the byte 0x33 at character 1")),
        made=Made(2),
        encoding="utf-16-le",
    ),
    Case("utf32_mark.csv", rows=CHINESE, made=Made(3), encoding="utf-32-le"),
    Case("gb18030.csv", rows=CHINESE, made=Made(3), encoding="gb18030"),
    Case(
        "gb18030_four_bytes.csv",
        rows=((2, "1", "\U0001f600 naïve ™"),),
        made=Made(1),
        encoding="gb18030",
        asked=Asked(encoding="GB18030"),
    ),
    Case(
        "shift_jis.csv",
        rows=(
            (2, "1", "本日の会議は明日の午後三時に延期されました。"),
            (3, "2", "よろしくお願いします。"),
            (4, "3", "カタカナとｶﾅ"),
        ),
        made=Made(3),
        encoding="shift_jis",
    ),
    Case(
        "windows_1252.csv",
        rows=((2, "1", "Où est passé l’été à la plage ?"), (3, "2", "« Ça coûte 5 € » répondit-elle")),
        made=Made(2),
        encoding="windows-1252",
    ),
    Case("koi8_r.csv", rows=RUSSIAN, made=Made(2), encoding="koi8-r", asked=Asked(encoding="koi8-r")),
    Case(
        "bad_bytes.csv",
        rows=(
            (2, "1", "café naïve — déjà"),
            Bad(3, "", f"{NOT_UTF_8}E9 at character 6"),
            Bad(4, "", f"{NOT_UTF_8}FF at character 5"),
            Bad(6, "", f"{NOT_UTF_8}ED at character 3"),
            (7, "5", "déjà vu"),
        ),
        made=Made(2),
    ),
    Case(
        "bad_bytes.jsonl",
        rows=((1, "1", "déjà vu"), Bad(2, "", f"{NOT_UTF_8}FF at character 22"), (3, "3", "côté")),
        made=Made(2),
        file_format="jsonl",
        delimiter="",
    ),
    Case(
        "bad_bytes.json",
        rows=((1, "1", "déjà vu"), Bad(2, "", f"{NOT_UTF_8}FF at character 22"), (3, "3", "côté")),
        made=Made(2),
        file_format="json",
        delimiter="",
    ),
    Case(
        "nuls.csv",
        rows=((2, "1", "a\x00b"), (3, "2", "\x00"), (4, "3", "fine")),
        made=Made(2, refused=(Bad(3, "text", "empty"),), texts={"1": "ab"}),
    ),
    Case("binary.csv", fault=" is no text: it is binary"),
    Case(
        "too_long.csv",
        rows=((2, "1", LONG), (3, "2", LONG + "x"), (4, "3" * 201, "three"), (5, "4" * 200, "four")),
        made=Made(2, refused=(Bad(3, "text", "too long: 40,001 characters"), Bad(4, "id", "too long: 201 characters"))),
    ),
    Case("wide.csv", fault=" has 10,001 columns, at most 10,000"),
    Case("plain.csv.gz", rows=PLAIN, made=Made(2), compression="gzip"),
    Case(
        "two_members.jsonl.gz",
        rows=((1, "1", "one"), (2, "2", "two")),
        made=Made(2),
        file_format="jsonl",
        delimiter="",
        compression="gzip",
    ),
    Case(
        "array.json.gz",
        rows=((1, "1", "one"), (2, "2", "two")),
        made=Made(2),
        file_format="json",
        delimiter="",
        compression="gzip",
    ),
    Case("le_chinese.csv.gz", rows=CHINESE, made=Made(3), encoding="utf-16-le", compression="gzip"),
    Case("truncated.csv.gz", fault=" is compressed, and broken: Compressed file ended"),
    Case("spoilt.csv.gz", fault=" is compressed, and broken: CRC check failed"),
    Case("twice.csv.gz", fault=" is compressed twice"),
    Case("parquet.gz", fault=" is a Parquet file compressed once more"),
    Case("empty.csv.gz", fault=" is empty"),
    _arrow(
        "types.parquet",
        (
            1, Typed("9007199254740993"), "007", Typed("0.1"), Typed("1.10"), "2024-01-02", "2024-01-02T03:04:05+00:00",
            ["a", "b"], True,
        ),
        (2, Typed("7"), "two\r\nlines", None, Typed("2.00"), None, None, [], False),
        columns=("id", "text", "score", "price", "day", "at", "tags", "good"),
        file_format="parquet",
        made=Made(2, texts={"9007199254740993": "007", "7": "two\nlines"}),
    ),
    _arrow(
        "bytes.parquet",
        (1, "1", "one", Binary("<binary data: 4 bytes>")),
        (2, "2", "two", None),
        columns=("id", "text", "photo"),
        file_format="parquet",
        made=Made(2),
    ),
    Case("truncated.parquet", fault=" cannot be read: "),
    _arrow("table.arrow", (1, "1", "one", Typed("1")), (2, "2", "one", None), columns=("id", "text", "n"),
           file_format="arrow", made=Made(1, 1)),
    _arrow("stream.arrow", (1, "1", "one", Typed("1")), (2, "2", "one", None), columns=("id", "text", "n"),
           file_format="arrow", made=Made(1, 1)),
    _arrow("saved", (1, "1", "one", Typed("1")), (2, "2", "one", None), columns=("id", "text", "n"),
           file_format="dataset", made=Made(1, 1)),
    _arrow(
        "splits",
        (1, "1", "one", Typed("1"), "train"),
        (2, "2", "one", None, "train"),
        (1, "1", "one", Typed("1"), "test"),
        (2, "2", "one", None, "test"),
        columns=("id", "text", "n", "split"),
        file_format="dataset",
        made=Made(1, 3),
    ),
    Case(
        "hub",
        ("id", "text", "split"),
        (
            (2, "1", "one", "train"),
            (2, "2", "two", "train"),
            (2, "3", "three", "test"),
            Bad(3, "", "too few columns: 1 instead of 2 (in data/test-00000-of-00001.csv)"),
        ),
        Made(3),
        file_format="dataset",
    ),
    Case(
        "lines",
        ("id", "text", "split"),
        ((1, "t", "train", "train"), (1, "v", "validation", "validation")),
        Made(2),
        file_format="dataset",
        delimiter="",
    ),
    Case("no_data", fault=" is a folder without data files"),
    Case("broken_state", fault="/state.json cannot be read"),
    Case("empty.csv", fault=" is empty"),
    Case("mark_only.csv", fault=" is empty"),
    Case("table.xlsx", fault=" is a spreadsheet: save it as CSV UTF-8"),
    Case("table.csv", fault=" is a spreadsheet: save it as CSV UTF-8"),
    Case("letter.docx", fault=" is a document of a word processor"),
    Case("files.zip", fault=" is a spreadsheet or zip file: unpack it"),
    Case("nothing.zip", fault=" is an empty zip file"),
    Case("paper.pdf", fault=" is a PDF"),
    Case("old.xls", fault=" is an old Excel file"),
    Case("database.csv", fault=" is a SQLite database"),
    Case("rows.pkl", fault=" is a Python pickle"),
    Case("old_rows.pkl", fault=" is a Python pickle"),
    Case("picture.csv", fault=" is a picture"),
    Case("rows.csv.bz2", fault=" is compressed by bzip2"),
    Case("rows.csv.xz", fault=" is compressed by xz"),
)  # fmt: skip
