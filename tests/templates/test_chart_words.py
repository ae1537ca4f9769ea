"""Words in charts: names of every script where a font has them, cut to their room, and never over a line."""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from matplotlib.font_manager import fontManager
from PIL import Image

from templates import chart_words
from templates.audit_chart import Group, Rate, audit_chart
from templates.chart_words import drawable, families, fitted, legible, measured


def forget() -> None:
    chart_words._others.cache_clear()
    chart_words._found.cache_clear()


@pytest.fixture
def other_font(tmp_path: Path) -> Iterator[str]:
    """A font without bold letters, which has two characters that matplotlib's own has not."""
    pen = TTGlyphPen(None)
    for number, corner in enumerate([(0, 0), (0, 900), (900, 900), (900, 0)]):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "one", "two"])
    font.setupCharacterMap({ord("日"): "one", ord("本"): "two"})
    font.setupGlyf(dict.fromkeys([".notdef", "one", "two"], square))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", "one", "two"], (1000, 0)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": "Two Letters", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "two.ttf")
    fontManager.addfont(tmp_path / "two.ttf")
    forget()
    yield "Two Letters"
    fontManager.ttflist[:] = [one for one in fontManager.ttflist if one.name != "Two Letters"]
    fontManager._findfont_cached.cache_clear()  # type: ignore[attr-defined]
    forget()


def drawn(*rows: Rate, title: str = "rte") -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = audit_chart([Group("by person", rows)], title, [("AQL", 0.02), ("LTPD", 0.08)])
    return np.asarray(Image.open(io.BytesIO(chart)).convert("L"))


def test_a_name_is_drawn_where_some_font_has_it(other_font: str, caplog: pytest.LogCaptureFixture) -> None:
    assert legible("日 Ana 本 龘", 0) == "日 Ana 本"
    assert other_font in families("日本")
    assert drawable("日本", "bold") == ""
    assert measured(fitted("日" * 50, 240, 8.5, 150), 8.5, 150) <= 240
    drawn(Rate("日本", 1, 20, 0.05, 0.01, 0.2), title="日本 " * 30)
    assert caplog.messages == []


def test_a_name_that_no_font_has_is_a_number_and_long_ones_keep_to_their_room() -> None:
    assert legible("\U000e0100\U0001fbff", 2) == "Row 3"
    for name in ("W" * 50, "محمد علي " * 20, "x"):
        assert measured(fitted(name, 240, 8.5, 150), 8.5, 150) <= 240
    assert fitted("x", 240, 8.5, 150) == "x"


def test_names_are_written_from_right_to_left_unless_matplotlib_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    assert legible("محمد علي", 0) == "محمد علي"
    monkeypatch.setattr(chart_words, "_writes_backwards", lambda: False)
    assert legible("محمد علي", 0) == "Row 1"


def test_words_do_not_lie_over_the_line_of_a_rate() -> None:
    image = drawn(Rate("ana", 2, 2), Rate("ben", 12_345, 12_345), Rate("cem", 1, 40, 0.025, 0.01, 0.09))
    below = image[150:210, 272:]
    assert (below < 150).any(), "the words of two rows"
    dark = (image[100:210, 272:] < 150).sum(axis=0)
    line = int(dark.argmax())
    beside = np.r_[line - 9 : line - 2, line + 3 : line + 9]
    assert (below[:, beside] == 255).all()
