"""The digest's chart: a picture of the right size for every kind of week, and a sentence that says the same."""

import io
import subprocess
import sys
import threading
import warnings
from datetime import date, timedelta

import pytest
from PIL import Image

from templates.charts import ChartDay, alt_text, daily_chart

MONDAY = date(2026, 11, 23)


def days(*figures: tuple[int, float | None]) -> list[ChartDay]:
    return [
        ChartDay(
            MONDAY + timedelta(days=n), labels, alpha, *((alpha - 0.05, alpha + 0.05) if alpha is not None else ())
        )
        for n, (labels, alpha) in enumerate(figures)
    ]


def picture(chart: bytes) -> Image.Image:
    return Image.open(io.BytesIO(chart)).convert("RGB")


def colours(image: Image.Image) -> set[tuple[int, int, int]]:
    return {colour for _, colour in image.getcolors(maxcolors=1_000_000) or []}  # type: ignore[misc]


LINE, BAR = (18, 100, 163), (127, 184, 164)


@pytest.mark.parametrize(
    "figures",
    [
        [(120, 0.7)],
        [(0, None)],
        [(0, None), (3, None)],
        [(5, 0.5), (9, None), (1000, 0.8)],
        [(n * 10, -0.2 + n * 0.02) for n in range(60)],
        [(1, 1.0), (2, -1.0)],
    ],
)
def test_a_picture_for_every_kind_of_week(figures: list[tuple[int, float | None]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = picture(daily_chart(days(*figures), "rte $x$ 日本 \x00"))
    assert image.size == (1200, 560)
    seen = colours(image)
    assert (LINE in seen) == any(alpha is not None for _, alpha in figures)
    assert (BAR in seen) == any(labels for labels, _ in figures)


def test_a_day_without_alpha_is_a_gap_and_order_does_not_matter() -> None:
    week = days((1, 0.5), (1, None), (1, 0.5), (1, 0.5))
    joined = days((1, 0.5), (1, 0.5), (1, 0.5), (1, 0.5))
    assert daily_chart(week, "t") == daily_chart(week[::-1], "t")
    assert picture(daily_chart(week, "t")).tobytes() != picture(daily_chart(joined, "t")).tobytes()


def test_figures_without_an_interval() -> None:
    assert picture(daily_chart([ChartDay(MONDAY, 7, 0.4)], "t")).size == (1200, 560)


def test_no_day_no_chart() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        daily_chart([], "t")


def test_threads_may_draw_at_once() -> None:
    week = days((10, 0.5), (20, 0.6))
    expected = daily_chart(week, "t")
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.append(daily_chart(week, "t"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 4


@pytest.mark.parametrize(
    ("week", "words"),
    [
        ([], "rte: no day yet."),
        (days((1, None)), "rte, 23 November 2026: 1 label on one day. Alpha is not defined yet."),
        (
            days((10, 0.5), (1200, 0.6)),
            (
                "rte, 23 November 2026 to 24 November 2026: 1,210 labels on 2 days. "
                "Alpha is 0.600, 95 % interval 0.550 to 0.650; on 23 November 2026 it was 0.500."
            ),
        ),
        (
            [ChartDay(MONDAY, 5, -0.1), ChartDay(MONDAY + timedelta(days=1), 0)],
            (
                "rte, 23 November 2026 to 24 November 2026: 5 labels on 2 days. "
                "Alpha is \u22120.100, on 23 November 2026; not defined since."
            ),
        ),
    ],
)
def test_alt_text_says_what_the_chart_shows(week: list[ChartDay], words: str) -> None:
    assert alt_text(week, "rte") == words


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = "import sys, templates.charts, templates.blocks, templates.markdown; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
