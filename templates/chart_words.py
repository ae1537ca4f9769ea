"""Words in charts: in fonts that have their characters, cut to the room they have; nothing is drawn as an empty box.

matplotlib is imported where it is used, as in `charts`.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from templates.text import clean, shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BASE = "DejaVu Sans"
"""It comes with matplotlib, and has Latin, Greek, Cyrillic, Hebrew and Arabic."""

NO_WORDS = ("Last Resort", "STIX", "cm")
"""How the names of fonts begin that have no letters: boxes and mathematics."""

WRITES_BACKWARDS_SINCE = (3, 11)
"""The version of matplotlib that joins letters and writes from right to left."""


def drawable(text: str, weight: str = "normal") -> str:
    """The text in one line, without characters that no font here has: the message says them anyway.

    Empty where it is to be written from right to left and matplotlib is too old for that.
    """
    text = " ".join(clean(text).split())
    if not _writes_backwards() and any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return ""
    missing = _found(text, weight)[1]
    return "".join(character for character in text if character not in missing).strip()


def legible(name: str, at: int) -> str:
    """The name of a row as far as it can be drawn, else its number."""
    return drawable(name) or f"Row {at + 1}"


def families(text: str, weight: str = "normal") -> Sequence[str]:
    """The font families that a text is to be drawn in, each for what those before it lack."""
    return _found(text, weight)[0]


def fitted(text: str, pixels: int, size: float, dpi: int, weight: str = "normal") -> str:
    """As much of the beginning of a drawable text as has room, with an ellipsis; ``size`` is in points."""
    return shorten(text, pixels, lambda part: max(len(part), measured(part, size, dpi, weight)))


def measured(text: str, size: float, dpi: int, weight: str = "normal") -> int:
    """How wide a text is, in pixels."""
    from matplotlib.backends import backend_agg
    from matplotlib.font_manager import FontProperties

    agg: Any = backend_agg
    font = FontProperties(family=[*families(text, weight)], size=size, weight=weight)
    wide: float = agg.RendererAgg(1, 1, dpi).get_text_width_height_descent(text, font, ismath=False)[0]
    return round(wide)


def headline(figure: "Figure", at: tuple[float, float], title: str, pixels: int, size: float, colour: str) -> None:
    """Write a chart's title: in bold, unless only a font without bold letters has its characters."""
    words = drawable(title)
    weight = "bold" if drawable(title, "bold") == words else "normal"
    shown = fitted(words, pixels, size, round(figure.dpi), weight)
    figure.text(
        *at, shown, fontsize=size, fontweight=weight, color=colour, va="center", parse_math=False,
        fontfamily=families(shown, weight),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _found(text: str, weight: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The families that have the characters of a text, and the characters that none has."""
    missing = frozenset(text) - _having(BASE, weight, frozenset(text))
    found = [BASE]
    for family in _others(weight) if missing else ():
        here = _having(family, weight, missing)
        if here:
            found.append(family)
            missing -= here
        if not missing:
            break
    return tuple(found), missing


def _having(family: str, weight: str, characters: frozenset[str]) -> frozenset[str]:
    """Which of the characters a family has; none where its file cannot be read or holds pictures of letters."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        font = get_font(findfont(FontProperties(family=family, weight=weight), fallback_to_default=False))
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    if not font.scalable:
        return frozenset()
    return frozenset(character for character in characters if font.get_char_index(ord(character)))


@cache
def _others(weight: str) -> tuple[str, ...]:
    """The other families that matplotlib finds in this very weight (it warns of others), those without serifs first."""
    return tuple(sorted(_names(weight), key=lambda name: ("Noto Sans" not in name, "Sans" not in name, name)))


def _names(weight: str) -> Iterator[str]:
    from matplotlib.font_manager import fontManager, weight_dict

    wanted = (weight, weight_dict[weight])
    upright = {font.name for font in fontManager.ttflist if font.weight in wanted and font.style == "normal"}
    for name in upright - {BASE}:
        if not name.startswith(NO_WORDS) and "Emoji" not in name:
            yield name


@cache
def _writes_backwards() -> bool:
    import matplotlib

    return tuple(matplotlib.__version_info__[:2]) >= WRITES_BACKWARDS_SINCE
