"""Text put right for names, documents and comparing: invisible characters, Unicode, white space. Case and words stay."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence

_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
# The zero width joiners stay: emoji, Persian and Indic scripts are spelt with them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff]")
_SPACES = re.compile("[\t\v\f \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_AROUND_LINE_END = re.compile(" ?\n ?")
_BLANK_LINES = re.compile("\n{3,}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

REPLACEMENT = "\ufffd"


def spaced(raw: str) -> str:
    """Text as it is compared and shown: line ends become LF, what cannot be seen goes, NFC, runs of spaces become one.

    Applied twice it changes nothing more. What items say is put right by ``intake.steps``, which can be switched off.
    """
    clean = raw
    if not clean.isascii():
        clean = whole(clean)
    if not clean.isprintable():
        clean = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", clean))
    clean = _SPACES.sub(" ", unicodedata.normalize("NFC", clean))
    if "\n" in clean:
        clean = _BLANK_LINES.sub("\n\n", _AROUND_LINE_END.sub("\n", clean))
    return clean.strip(" \n")


def name(raw: str) -> str:
    """A name of something (a label value, a column, a segment): NFC, on one line, trimmed."""
    return " ".join(spaced(raw).split("\n"))


def markdown(raw: str) -> str:
    """A whole document: line ends become LF and control characters go; indentation and blank lines mean something."""
    return _INVISIBLE.sub("", _LINE_ENDS.sub("\n", storable(raw))).strip("\n") + "\n"


def storable(raw: str) -> str:
    """What both databases can keep: NUL and lone surrogates become U+FFFD, all else stays as typed."""
    if not raw.isascii():
        raw = joined_surrogates(raw)
    return _UNSTORABLE.sub(REPLACEMENT, raw)


def printable(raw: str) -> bool:
    """Whether a text stands on one line and has no control character or lone surrogate in it."""
    return _UNPRINTABLE.search(raw) is None


def whole(raw: str) -> str:
    """Pairs of surrogate halves made one character, and halves that stand alone U+FFFD."""
    return _SURROGATE.sub(REPLACEMENT, joined_surrogates(raw))


def joined_surrogates(raw: str) -> str:
    """Two halves of a character, as some escapes write it, made one; halves that stand alone are left."""
    if _SURROGATE.search(raw) is None:
        return raw
    return raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def digest(fields: Sequence[str]) -> str:
    """SHA-256 of all text fields together, in hex; ``["ab", "c"]`` and ``["a", "bc"]`` differ."""
    unambiguous = json.dumps(list(fields), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(unambiguous.encode()).hexdigest()
