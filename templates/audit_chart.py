"""The chart of audits: error rates with their intervals, audit by audit, and of the newest by label, person and version.

matplotlib is imported where it is used, as in `charts`. A row without an interval says that too few were judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING

from templates.chart_words import families, fitted, headline, legible, measured
from templates.charts import ALPHA, DPI, FAINT, INK, QUIET, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 880
ROW, GROUP, HEAD, FOOT = 38, 40, 92, 62
"""Pixels: of a row, of a heading between rows, above them and under the axis."""

LEFT, RIGHT = 270, 40
NAME = LEFT - 30
FEW = 6.5
"""Points: of the words where too few were judged."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One line: how many of so many were wrong, and the error rate with its interval, None where too few were judged."""

    name: str
    wrong: int
    judged: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a heading."""

    title: str
    rows: Sequence[Rate]


def audit_chart(groups: Sequence[Group], title: str, limits: Sequence[tuple[str, float]] = ()) -> bytes:
    """A PNG, 880 pixels wide and as high as its rows need. ``limits``: names and rates at which a line is drawn.

    Raises `ValueError` without any row.
    """
    places = _places(groups)
    if not any(row for _, row, _ in places):
        raise ValueError("a chart needs at least one row")
    from matplotlib.figure import Figure

    deep = places[-1][0] + ROW / 2
    height = round(HEAD + deep + FOOT)
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((LEFT / WIDTH, FOOT / height, (WIDTH - LEFT - RIGHT) / WIDTH, deep / height))
    _draw_axis(axes, deep, [row for _, row, _ in places if row], limits)
    for at, row, words in places:
        if row:
            _draw_row(axes, row, at, words, [rate for _, rate in limits])
        else:
            _write(axes, words, at, weight="bold", colour=QUIET, size=8)
    headline(figure, (24 / WIDTH, 1 - 36 / height), title, WIDTH - 48, 12, INK)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def audit_alt_text(groups: Sequence[Group], title: str) -> str:
    """What the chart shows, in sentences, for people who hear it."""
    said = [f"{title}."]
    for group in groups:
        said += [f"{group.title}:", *(f"{row.name}: {_in_words(row)}." for row in group.rows)]
    return " ".join(said)


def _places(groups: Sequence[Group]) -> list[tuple[float, Rate | None, str]]:
    """Where each heading (no row) and each row stands, in pixels from the top."""
    found: list[tuple[float, Rate | None, str]] = []
    at = 0.0
    for group in groups:
        if not group.rows:
            continue
        found.append((at + GROUP / 2, None, group.title))
        at += GROUP
        for number, row in enumerate(group.rows):
            found.append((at + ROW / 2, row, legible(row.name, number)))
            at += ROW
    return found


def _draw_axis(axes: "Axes", deep: float, rows: Sequence[Rate], limits: Sequence[tuple[str, float]]) -> None:
    plain_axes(axes)
    axes.grid(visible=False)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.set_ylim(deep, 0)
    axes.set_yticks([])
    most = max([0.05, *(end for row in rows for end in (row.rate, row.high) if end), *(rate for _, rate in limits)])
    axes.set_xlim(-0.015 * most * 100, min(most * 108, 102))
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}\u202f%" if value >= 0 else "")
    axes.set_xlabel("wrong labels, with the 95 % interval", fontsize=7.5, color=QUIET, labelpad=4)
    for name, rate in limits:
        axes.axvline(100 * rate, color=QUIET, linewidth=0.9, linestyle=(0, (2, 3)), zorder=2)
        axes.annotate(
            name, (100 * rate, 1), xycoords=("data", "axes fraction"), xytext=(0, 4), textcoords="offset points",
            ha="center", fontsize=6.5, color=QUIET,
        )  # fmt: skip


def _draw_row(axes: "Axes", row: Rate, at: float, name: str, limits: Sequence[float]) -> None:
    _write(axes, name, at, size=8.5)
    if row.rate is None or row.low is None or row.high is None:
        words = f"too few: {row.judged:,} judged"
        axes.annotate(
            words, (_free(axes, words, limits), at), xytext=(4, 0), textcoords="offset points", va="center",
            fontsize=FEW, color=QUIET, bbox={"pad": 1, "facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
        return
    axes.hlines(at, 100 * row.low, 100 * row.high, color=ALPHA, linewidth=2.0, alpha=0.6, zorder=3)
    axes.plot([100 * row.rate], [at], marker="o", markersize=6, linestyle="none", color=ALPHA, zorder=4)


def _free(axes: "Axes", words: str, limits: Sequence[float]) -> float:
    """The first rate, in per cent, behind which words have room before the next line, else 0."""
    end = axes.get_xlim()[1]
    lines = [0.0, *sorted(100 * rate for rate in limits), end]
    room = 24 + measured(words, FEW, DPI)
    per_pixel = (end - axes.get_xlim()[0]) / (WIDTH - LEFT - RIGHT)
    return next((line for line, other in pairwise(lines) if other - line >= room * per_pixel), lines[0])


def _write(axes: "Axes", words: str, at: float, *, size: float, weight: str = "normal", colour: str = INK) -> None:
    shown = fitted(words, NAME, size, DPI, weight)
    axes.annotate(
        shown, (0, at), xytext=(-10, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="right", va="center", fontsize=size, fontweight=weight, color=colour, parse_math=False,
        fontfamily=families(shown, weight),
    )  # fmt: skip


def _in_words(row: Rate) -> str:
    figures = f"{row.wrong:,} of {row.judged:,} wrong"
    if row.rate is None or row.low is None or row.high is None:
        return f"{figures}, too few to say more"
    return f"{figures}, {100 * row.rate:.1f} % (95 % interval {100 * row.low:.1f} to {100 * row.high:.1f} %)"
