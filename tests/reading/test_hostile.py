"""Whatever bytes a file has, reading it ends, and says only what can be said to people."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reading.hostile import ASKED, BUILT, SPOILS, WHOLE, Spoil, read_all, spoilt
from workflow.reading.asked import Asked

FOLDER = Path(tempfile.mkdtemp())


def read_bytes(raw: bytes, asked: Asked) -> None:
    path = FOLDER / "items"
    path.write_bytes(raw)
    read_all(path, asked)


@given(st.binary(max_size=300), ASKED)
@settings(max_examples=150)
def test_any_bytes(raw: bytes, asked: Asked) -> None:
    read_bytes(raw, asked)


@given(st.sampled_from(WHOLE), SPOILS, ASKED)
@settings(max_examples=150)
def test_spoilt_texts(raw: bytes, spoils: list[Spoil], asked: Asked) -> None:
    read_bytes(spoilt(raw, spoils), asked)


@given(st.sampled_from(BUILT).map(lambda make: make()), SPOILS, ASKED)
@settings(max_examples=100)
def test_spoilt_binary_files(raw: bytes, spoils: list[Spoil], asked: Asked) -> None:
    read_bytes(spoilt(raw, spoils), asked)
