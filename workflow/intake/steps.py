"""Standardising: named steps, in a fixed order, each of which a project can switch off."""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping

from workflow import normalise
from workflow.normalise import AROUND_LINE_END, BLANK_LINES, LINE_ENDS, SPACES

# What Arabic and the Indic scripts, and emoji, are spelt with: between two such characters a joiner means something.
_JOINER = re.compile("[\u200c\u200d]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOTHING = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_PLAIN = re.compile("[!-~]+(?: [!-~]+)*")


def _html_entities(text: str) -> str:
    """``&amp;`` and the like become what they stand for, once; only closed ones, since addresses have others."""
    return normalise.without_entities(text) if "&" in text else text


def _line_ends(text: str) -> str:
    """CR, CR LF, NEL and the Unicode separators become LF."""
    return LINE_ENDS.sub("\n", text)


def _control_characters(text: str) -> str:
    """NUL and the other control characters go, but for tabs and line ends."""
    return _CONTROLS.sub("", text)


def _invisible_characters(text: str) -> str:
    """What leaves no mark goes: zero-width characters, soft hyphens, direction marks where no script needs them."""
    if text.isascii():
        return text
    text = _NOTHING.sub("", text)
    if _DIRECTION.search(text) and not any(unicodedata.bidirectional(one) in ("R", "AL") for one in text):
        text = _DIRECTION.sub("", text)
    return _JOINER.sub(lambda found: found.group() if _joins(text, found.start()) else "", text)


def _joins(text: str, at: int) -> bool:
    """Whether a joiner at a place is part of how its script is spelt: between letters beyond Latin, or in an emoji."""
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    return bool(before and after) and all(_is_joined(one) for one in (before, after))


def _is_joined(one: str) -> bool:
    kind = unicodedata.category(one)
    if kind in ("So", "Sk") or one == "\ufe0f":
        return True
    # Latin, Greek and Cyrillic letters stand below; the scripts that join begin with Armenian and Hebrew.
    return one >= "\u0590" and kind[0] in "LM"


def _unicode_nfc(text: str) -> str:
    """Characters that can be written in several ways are written in one (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _white_space(text: str) -> str:
    """Runs of spaces become one, blank lines at most one, and the ends are trimmed."""
    text = SPACES.sub(" ", text)
    if "\n" in text:
        text = BLANK_LINES.sub("\n\n", AROUND_LINE_END.sub("\n", text))
    return text.strip(" \n")


STEPS: Mapping[str, Callable[[str], str]] = {
    "html_entities": _html_entities,
    "line_ends": _line_ends,
    "control_characters": _control_characters,
    "invisible_characters": _invisible_characters,
    "unicode_nfc": _unicode_nfc,
    "white_space": _white_space,
}


def standardise(raw: str, off: Collection[str] = ()) -> tuple[str, tuple[str, ...]]:
    """A text put right by all steps but those that are ``off``, and the names of the steps that changed it.

    What no database can keep, NUL and lone surrogates, becomes U+FFFD whatever is off; halves of a pair are joined.
    """
    if raw.isascii() and "&" not in raw and _PLAIN.fullmatch(raw):
        return raw, ()
    text, touched = normalise.joined_surrogates(raw), []
    for name, step in STEPS.items():
        if name in off:
            continue
        made = step(text)
        if made != text:
            touched.append(name)
            text = made
    return normalise.storable(text), tuple(touched)
