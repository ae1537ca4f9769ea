"""In which encoding a text is written: by its marks, by whether it is UTF-8, else by what reads most like a language."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from workflow.errors import RefusedError

UTF_8 = "utf-8"
UTF_8_SIG = "utf-8-sig"
ENCODINGS = (
    UTF_8,
    UTF_8_SIG,
    "utf-16-le",
    "utf-16-be",
    "windows-1252",
    "gb18030",
    "shift_jis",
    "utf-32-le",
    "utf-32-be",
)
"""What Concord finds by itself; any other that Python knows can be said."""

# The mark of UTF-32 begins as that of UTF-16 does.
_MARKS = {
    codecs.BOM_UTF8: UTF_8_SIG,
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_CANDIDATES = {"cp1252": "windows-1252", "gb18030": "gb18030", "cp932": "shift_jis", "shift_jis": "shift_jis"}
_CODECS = {"windows-1252": "cp1252", "shift_jis": "cp932", "gb18030": "gb18030"}
# In Western texts a letter with an accent stands alone among others; in those of two bytes a sign hardly any byte does, and
# then it is most often one of these, which no Western letter is.
_HIGH = re.compile(b"[\x80-\xff]+")
_NO_LATIN = bytes({*range(0x80, 0xA0)} - {0x80, 0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99})
_FULL_WIDTH = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
MOSTLY = 0.8
LONGEST_CAPITALS = 3
# A text of 16-bit units whose letters are Latin has a NUL in every other byte.
FEWEST_NULS = 0.2
_PLAIN = bytes((*range(0x20, 0x7F), 9, 10, 13))
MOST_ODD = 0.01


@dataclass(frozen=True)
class Evidence:
    """What one look at all of a file's bytes gave: its beginning, whether it is UTF-8, and lines that are not ASCII."""

    head: bytes
    is_utf8: bool
    odd_lines: bytes


def asked(name: str, head: bytes = b"") -> str:
    """An encoding by a name that somebody gave, for a file that begins so: its mark says which order is meant.

    Raises RefusedError for what is none, or none of texts."""
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        raise RefusedError(f"There is no encoding {name!r}: write one such as {', '.join(ENCODINGS)}.") from None
    if not getattr(found, "_is_text_encoding", True) or found.name in ("idna", "punycode", "undefined"):
        raise RefusedError(f"{name!r} is no encoding of texts: write one such as {', '.join(ENCODINGS)}.")
    marked = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), "")
    if marked.startswith(found.name):
        return marked
    if found.name == "utf-16":
        return _sixteen_bit(head) or "utf-16-le"
    return {"cp1252": "windows-1252", "utf-32": "utf-32-le"}.get(found.name, found.name)


def found(evidence: Evidence) -> str:
    """The encoding that a file is written in, one of ``ENCODINGS``."""
    for mark, name in _MARKS.items():
        if evidence.head.startswith(mark):
            return name
    if units := _sixteen_bit(evidence.head):
        return units
    if evidence.is_utf8 or _mostly_utf8(evidence.odd_lines):
        return UTF_8
    return _by_language(evidence.odd_lines)


def mark_of(encoding: str, head: bytes) -> int:
    """How many bytes of a file's beginning are a mark, to be left out by whoever decodes the rest."""
    mark = next((mark for mark, name in _MARKS.items() if name == encoding), b"")
    return len(mark) if mark and head.startswith(mark) else 0


def _sixteen_bit(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is often NUL, and those between hardly ever."""
    head = head[: len(head) // 2 * 2]
    if not head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd >= FEWEST_NULS * half and even < odd / 20:
        return "utf-16-le"
    if even >= FEWEST_NULS * half and odd < even / 20:
        return "utf-16-be"
    if not (even or odd) or _almost_ascii(head):
        return None
    by_order = {name: _likeness(head, name) for name in ("utf-16-le", "utf-16-be")}
    best = max(by_order, key=lambda name: by_order[name])
    return best if by_order[best] > 0 else None


def _almost_ascii(head: bytes) -> bool:
    """Whether bytes are a text by themselves but for a few: in 16-bit texts of any script about half are no plain signs."""
    return len(head.translate(None, _PLAIN)) <= 0.25 * len(head)


def _likeness(head: bytes, encoding: str) -> float:
    """How much 16-bit units of this order look like lines of text; 0 where they cannot be.

    Letters alone say little: most pairs of any two bytes are one in some script. But the wrong order, and a text of bytes,
    have no line ends, since U+0A00 is nothing, and hit what is no character much sooner than a text does.
    """
    text = head.decode(encoding, "replace")
    plain = sum(one in "\t\r\n" or " " <= one <= "~" for one in text)
    odd = sum(unicodedata.category(one) in ("Cn", "Co", "Cc") or one == "\ufffd" for one in text)
    odd -= sum(one in "\t\r\n" for one in text)
    ends = sum(text.count(one) for one in "\r\n")
    # In a text of bytes a NUL may stand beside a line end by chance; but then most line ends have none.
    lines = ends > sum(head.count(one) for one in b"\r\n") / 2 or (not ends and text.startswith(("{", "[")))
    return plain / len(text) if lines and odd <= MOST_ODD * len(text) + 1 else 0.0


def _mostly_utf8(lines: bytes) -> bool:
    """Whether more characters of the odd lines are UTF-8 than bytes are not: a UTF-8 file with a few bad bytes."""
    decoded = lines.decode(UTF_8, "surrogateescape")
    bad = sum("\udc80" <= one <= "\udcff" for one in decoded)
    return sum(one > "\x7f" for one in decoded) - bad > bad


def _by_language(lines: bytes) -> str:
    from charset_normalizer import from_bytes

    runs = _HIGH.findall(lines)
    alone = b"".join(run for run in runs if len(run) == 1)
    if _share(len(alone), len(runs)) and _share(len(alone.translate(None, _NO_LATIN)), len(alone)):
        return "windows-1252"
    best = from_bytes(lines, cp_isolation=[*_CANDIDATES], threshold=0.5).best()
    found = _CANDIDATES.get(best.encoding, "windows-1252") if best else "windows-1252"
    # Capitals with accents are also Japanese letters of half width; but those make longer words.
    half = found == "shift_jis" and not _FULL_WIDTH.search(lines.decode("cp932", "replace"))
    found = "windows-1252" if half and len(b"".join(runs)) <= LONGEST_CAPITALS * len(runs) else found
    return (
        found if _share(len(runs) - _odd(lines, found), len(runs)) else min(_CODECS, key=lambda one: _odd(lines, one))
    )


def _odd(lines: bytes, encoding: str) -> int:
    return lines.decode(_CODECS[encoding], "replace").count("\ufffd")


def _share(some: int, of: int) -> bool:
    return some >= MOSTLY * of
