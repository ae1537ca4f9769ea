"""Guidelines from files and forms: read to the letter, or refused with what they are and what to do."""

import codecs
import io
import zipfile

import pytest
from hypothesis import given

from templates import markdown
from tests.workflow.guideline_texts import documents
from workflow import normalise
from workflow.errors import RefusedError
from workflow.guidelines.text import reading_text
from workflow.guidelines.text.reading_text import LONGEST_GUIDELINE, check, read

TEXT = "# Regeln 🙂\n\n- a\n  - b\n\n| a | b |\n|---|---|\n| ä | قواعد |\n"


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("word/document.xml", "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
    ],
)
def test_a_text_is_read_in_whatever_its_mark_says(data: bytes) -> None:
    assert read(data, "guide.md") == TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty: write what people are to do"),
        ("\ufeff \n\n".encode(), "is empty"),
        (b"%PDF-1.7 ...", "is a PDF: save or export it as Markdown"),
        (zipped(), "an office program: save or export it as Markdown"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is a picture: write its words"),
        (b"\x1f\x8b\x08" + bytes(40), "is compressed: unpack it"),
        (bytes(range(256)) * 40, "is no text"),
        (b"\x00" * 5_000_000, "is too long: a guideline has at most 400,000 characters"),
        (b"word " * 1_000_000, "is too long"),
        (
            "ü".encode() * (LONGEST_GUIDELINE + 1),
            "has 400,002 characters: at most 400,000 can be shown. Keep the rules",
        ),
        ("Grüße\nein Ü".encode("latin-1"), "is not UTF-8 text (line 1): save it as UTF-8"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8\x00", "is no text"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "is a web page"),
        (b"# a\n" * 2_001, "has 2,001 headings"),
        (("- " * 40 + "too deep").encode(), "in each other on line 1, too many to be shown"),
    ],
)
def test_what_is_no_guideline_is_refused_with_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(data, "guide.md")
    assert str(refused.value).startswith("guide.md ")
    assert said in str(refused.value)


def test_the_longest_and_the_deepest_are_read_and_shown_whole() -> None:
    longest = "0123456789 words \n" * (LONGEST_GUIDELINE // 18)
    assert check(longest) == longest
    deepest = "".join("  " * level + f"- level {level}.\n" for level in range(39))
    shown = markdown.plain(check(deepest))
    assert [level for level in range(39) if f"level {level}." not in shown] == []
    quoted = "> " * 79 + "deep"
    assert "deep" in markdown.plain(check(quoted))
    assert markdown.NESTED > reading_text.DEEPEST


@given(documents.filter(str.strip))
def test_reading_changes_nothing_that_can_be_seen(text: str) -> None:
    assert check(text) == normalise.markdown(text)
    assert check(check(text)) == check(text)
