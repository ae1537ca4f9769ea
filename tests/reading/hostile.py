"""Bytes that no reader expects: files of the corpus, spoilt, and what reading them must keep to."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import strategies as st

from tests.reading import binary_files
from tests.reading.corpus_cases import TEXTS
from workflow.errors import RefusedError
from workflow.reading.asked import Asked
from workflow.reading.opening import open_source
from workflow.reading.rows import LONGEST_LINE

WHOLE = [path.read_bytes() for path in sorted(TEXTS.iterdir())]
BUILT = [make for name, make in binary_files.FILES.items() if name not in ("too_long.csv", "wide.csv")]
SIGNS = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b":",
    b"\x1f\x8b",
    b"PAR1",
    b"\xff\xfe",
    b"sep=",
)
Spoil = tuple[int, int, bytes]

SPOILS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 8), st.sampled_from(SIGNS) | st.binary(max_size=6)), max_size=5
)
ASKED = st.builds(
    Asked,
    st.sampled_from([None, None, "csv", "jsonl", "json", "label-studio"]),
    st.sampled_from([None, None, "utf-8", "utf-16", "gb18030", "shift_jis"]),
    st.sampled_from([None, ",", "x"]),
    st.sampled_from([None, True, False]),
)


def spoilt(raw: bytes, spoils: Sequence[Spoil]) -> bytes:
    """Bytes with some of them cut out, and others put in their place."""
    for at, cut, put in spoils:
        place = at % (len(raw) + 1)
        raw = raw[:place] + put + raw[place + cut :]
    return raw


def read_all(path: Path, asked: Asked) -> int:
    """Read a file to its end as an import does; how many rows. Raises what should never be raised."""
    try:
        source = open_source(path, ("id", "text"), asked)
        count, told = 0, [0]
        for row in source.rows(lambda done: told.__setitem__(0, done)):
            count += 1
            assert told[0] <= source.size
            assert row.line >= 1
            assert len(row.raw) <= 2 * LONGEST_LINE
        return count
    except RefusedError:
        return 0
