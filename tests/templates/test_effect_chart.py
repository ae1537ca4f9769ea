"""The chart of a version's effect: as high as its rows, before and after told apart by form, and its words."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from templates.effect_chart import MOST_ROWS, Dot, Effect, effect_alt_text, effect_chart

RISE = Effect("Implies", Dot(0.412, 0.35, 0.47), Dot(0.711, 0.64, 0.77))
ENDS = Effect("Escalations per 100 items", Dot(0.12, 0.09, 0.16), Dot(0.05, 0.03, 0.08))
BEFORE, AFTER = (97, 96, 97), (18, 100, 163)


def drawn(rows: list[Effect], escalations: Effect | None = None, title: str = "rte") -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Image.open(io.BytesIO(effect_chart(rows, escalations, title, "1.x", "2.x"))).convert("RGB")


def count(image: Image.Image, wanted: tuple[int, int, int]) -> int:
    return next((n for n, colour in image.getcolors(maxcolors=1_000_000) or [] if colour == wanted), 0)


@pytest.mark.parametrize(
    "row",
    [
        RISE,
        Effect("日本 $x$ \x00 " + "long " * 90, Dot(-0.9, -1.0, -0.2), Dot(1.0, 0.9, 1.0)),
        Effect("مرحبا", Dot(0.5), Dot(0.5)),
        Effect("", Dot(None), Dot(0.5, 0.4, 0.6)),
    ],
)
def test_a_picture_for_every_kind_of_row(row: Effect) -> None:
    image = drawn([row], title=row.name or "rte")
    assert image.size[0] == 880, "wider ones cannot be read in a thread"
    assert count(image, AFTER) > 200


def test_it_is_as_high_as_it_needs_to_be() -> None:
    heights = [drawn([RISE] * rows).size[1] for rows in (1, 2, MOST_ROWS, MOST_ROWS + 5)]
    assert heights[0] < heights[1] < heights[2] == heights[3]
    assert drawn([RISE], ENDS).size[1] > heights[0]


def longest_run(image: Image.Image, wanted: tuple[int, int, int]) -> int:
    """Pixels of one colour beside each other, at most."""
    longest = run = 0
    for here in (np.asarray(image) == wanted).all(axis=-1).ravel():
        run = run + 1 if here else 0
        longest = max(longest, run)
    return longest


def test_before_is_a_ring_and_after_is_a_dot() -> None:
    """Told apart without any colours: a ring is hollow."""
    image = drawn([RISE], ENDS)
    assert longest_run(image, AFTER) > 1.3 * longest_run(image, BEFORE) > 0


def test_no_row_no_chart() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        effect_chart([], None, "t", "1.x", "2.x")


def test_alt_text_says_what_the_chart_shows() -> None:
    rows = [RISE, Effect("Neutral", Dot(-0.1), Dot(None))]
    assert effect_alt_text(rows, ENDS, "rte", "1.x", "2.x") == (
        "rte. "
        "Implies: alpha 0.412 (95 % interval 0.350 to 0.470) under 1.x, 0.711 (95 % interval 0.640 to 0.770) under 2.x. "
        "Neutral: alpha \u22120.100 under 1.x, no figure under 2.x. "
        "Escalations per 100 items: 12.0 (95 % interval 9.0 to 16.0) under 1.x, 5.0 (95 % interval 3.0 to 8.0) under 2.x."
    )
