"""Characters that nobody sees: which of them a script or an emoji needs, and the rest taken out.

The scripts and their characters: Unicode 17, chapters 9 (Middle East), 12 and 16 (joiners in Indic scripts, spaces between
words of South East Asia), UTS 51 (emoji sequences), UAX 9 (direction marks).
"""

import re
import unicodedata

import regex  # type: ignore[import-untyped]

# Soft hyphen, word joiner, byte order mark, deprecated format characters: no script is spelt with them.
_NEVER = "\u00ad\u2060\ufeff\u206a-\u206f"
_JOINERS = "\u200b\u200c\u200d\u180e"
_DIRECTION = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_TAGS = "\U000e0000-\U000e007f"
_ANY = re.compile(f"[{_NEVER}{_JOINERS}{_DIRECTION}{_TAGS}]")

_JOINED_SCRIPTS = (
    "Arabic Syriac Mandaic Mongolian Nko Phags_Pa Manichaean Psalter_Pahlavi Hanifi_Rohingya Sogdian Adlam Chorasmian "
    "Old_Uyghur Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala Tibetan Myanmar Khmer "
    "Balinese Javanese Sundanese Chakma Grantha Kaithi Khudawadi Limbu Meetei_Mayek Modi Newa Sharada Siddham Tirhuta"
)
# Written without spaces: U+200B tells where a word ends.
_UNSPACED_SCRIPTS = "Thai Lao Khmer Myanmar Tai_Le New_Tai_Lue Tai_Tham Tai_Viet Balinese Javanese Tibetan"


def _letters(scripts: str) -> str:
    of_scripts = "".join(f"\\p{{scx={script}}}" for script in scripts.split())
    return f"(?V1)[[{of_scripts}]&&[\\p{{L}}\\p{{M}}]]"


_JOINED = regex.compile(_letters(_JOINED_SCRIPTS))
_UNSPACED = regex.compile(_letters(_UNSPACED_SCRIPTS))
_MONGOLIAN = regex.compile(_letters("Mongolian"))
_RIGHT_TO_LEFT = regex.compile(r"(?V1)[[\p{bc=R}\p{bc=AL}]&&\p{L}]")
_PICTURE = regex.compile(r"\p{Extended_Pictographic}")
_PICTURE_END = regex.compile(r"[\p{Extended_Pictographic}\uFE0F\U0001F3FB-\U0001F3FF]")

_ALWAYS = re.compile(f"[{_NEVER}]+")
_ALWAYS_AND_DIRECTION = re.compile(f"[{_NEVER}{_DIRECTION}]+")
# The flags of England, Scotland and Wales are a black flag and tags; other tags are hidden text.
_FLAG_OR_TAGS = re.compile(f"(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{3,6}}\U000e007f)|[{_TAGS}]+")
_JOINER_RUN = re.compile(f"[{_JOINERS}]+")
_ZWSP, _ZWNJ, _ZWJ, _MVS = tuple(_JOINERS)


def without(text: str) -> str:
    """The text without the invisible characters that nothing in it needs; put through twice it changes once."""
    if _ANY.search(text) is None:
        return text
    text = _FLAG_OR_TAGS.sub(lambda found: found[1] or "", text)
    text = (_ALWAYS if _RIGHT_TO_LEFT.search(text) else _ALWAYS_AND_DIRECTION).sub("", text)
    return _JOINER_RUN.sub(_needed, text)


def _needed(run: re.Match[str]) -> str:
    """Of a run of joiners those that what stands around the run has use for."""
    text, start, end = run.string, run.start(), run.end()
    before, after = _cluster_before(text, start), _cluster_after(text, end)
    left, right = _JOINED.search(before) is not None, _JOINED.search(after) is not None
    kept = set()
    if left or right or (_PICTURE_END.match(text[start - 1 : start]) and _PICTURE.match(after)):
        # At the end of a word too: it shows a letter in the form that it has inside one.
        kept.add(_ZWJ)
    if left and right:
        kept.add(_ZWNJ)
    if _UNSPACED.search(before) and _UNSPACED.search(after):
        kept.add(_ZWSP)
    if _MONGOLIAN.search(before) and _MONGOLIAN.search(after):
        kept.add(_MVS)
    return "".join(character for character in run.group() if character in kept)


def _cluster_before(text: str, end: int) -> str:
    """The character before a place with the marks on it: normalising may change the order of marks."""
    start = end
    while start > 0 and unicodedata.category(text[start - 1])[0] == "M":
        start -= 1
    return text[max(0, start - 1) : end]


def _cluster_after(text: str, start: int) -> str:
    """The marks after a place, or the character there."""
    end = start
    while end < len(text) and unicodedata.category(text[end])[0] == "M":
        end += 1
    return text[start : max(end, start + 1)]
