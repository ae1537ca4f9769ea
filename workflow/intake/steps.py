"""The standardising steps: what is done to a text as it comes in, each step by its name, always in this order.

Case, words and punctuation stay. Everything here is plain Python: a text comes out the same whatever database keeps it.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from html.entities import html5
from types import MappingProxyType

from workflow import normalise
from workflow.intake import invisible

Step = Callable[[str], str]

# Only entities that are closed: "?a=1&copy=2" in an address is not a copyright sign.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
# Tab, vertical tab, form feed and the line ends are white space: taking them out would glue words together.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
# A lone plain space is right as it is, and the commonest character of all: it is never matched.
_SPACES = re.compile("(?: (?=[{0} ])|[{0}])[{0} ]*".format("\t\v\f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"))
_LINE_END = "[\r\n\x85\u2028\u2029]"
_AROUND_LINE_END = re.compile(f" (?={_LINE_END})|(?<={_LINE_END}) ")
_BLANK_LINES = re.compile(rf"(\r\n|{_LINE_END})\1{{2,}}")
_ENDS = " \r\n\x85\u2028\u2029"


def standardise(raw: str, off: Collection[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The text after all steps that are not ``off``, and the names of the steps that changed it.

    A pair of surrogate halves is one character, whatever is off; what no database keeps (a lone half, a NUL that no
    step takes out) becomes U+FFFD. Put through twice, a text changes once; entities alone are decoded once each time.
    """
    if _is_plain(raw):
        return raw, ()
    text = raw if raw.isascii() else normalise.whole(raw)
    changed = []
    for name, step in STEPS.items():
        if name not in off:
            before, text = text, step(text)
            if text != before:
                changed.append(name)
    return (normalise.storable(text) if "\x00" in text else text), tuple(changed)


def html_entities(text: str) -> str:
    """``&eacute;``, ``&#233;`` and ``&#xE9;`` become what they stand for, once: ``&amp;lt;`` becomes ``&lt;``."""
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def line_ends(text: str) -> str:
    """CR LF, CR, NEL (U+0085) and the separators U+2028 and U+2029 become LF."""
    if text.isascii() and "\r" not in text:
        return text
    return _LINE_ENDS.sub("\n", text)


def control_characters(text: str) -> str:
    """The control characters that are no white space go: C0 with NUL, DEL, C1."""
    return text if text.isprintable() else _CONTROL.sub("", text)


def invisible_characters(text: str) -> str:
    """Zero width characters, soft hyphens, direction marks and hidden tags go, but where a script or an emoji needs them."""
    return text if text.isascii() else invisible.without(text)


def unicode_nfc(text: str) -> str:
    """One way of writing for one character: Unicode NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def white_space(text: str) -> str:
    """Runs of spaces and tabs become one space, blank lines at most one; none around line ends and at both ends."""
    text = _SPACES.sub(" ", text)
    if not text.isprintable():
        text = _BLANK_LINES.sub(r"\1\1", _AROUND_LINE_END.sub("", text))
    return text.strip(_ENDS)


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        step.__name__: step
        for step in (html_entities, line_ends, control_characters, invisible_characters, unicode_nfc, white_space)
    }
)


def _is_plain(raw: str) -> bool:
    """Whether no step has anything to do: most rows of most files."""
    return (
        raw.isascii()
        and raw.isprintable()
        and "&" not in raw
        and "  " not in raw
        and not raw.startswith(" ")
        and not raw.endswith(" ")
    )


def _decoded(entity: re.Match[str]) -> str:
    found = entity.group()
    if found[1] != "#" and found[1:] not in html5:
        return found
    return html.unescape(found)
