"""The chart of a guideline's effect: agreement before and after with its intervals, label by label, and escalations below.

Before is a hollow grey ring and after a filled blue dot, a little apart, so that nobody needs to tell colours from each
other. matplotlib is imported where it is used, as in `charts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from templates.chart_words import families, fitted, headline, legible
from templates.charts import ALPHA, DPI, FAINT, INK, QUIET, RELIABLE, TENTATIVE, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, HEAD, FOOT, BELOW = 74, 116, 66, 150
"""Pixels: of a row, above the rows, under the axis, and for the panel with escalations."""

WIDTH = 880
"""Narrower than other charts: it is seen in a thread, at a third of a window, where wider ones cannot be read."""

LEFT, RIGHT = 280, 40
NAME = LEFT - 30
MOST_ROWS = 8
APART = 0.15


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure and the ends of its 95 % interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the chart: its name, and the figure before and after."""

    name: str
    before: Dot
    after: Dot


def effect_chart(rows: Sequence[Effect], escalations: Effect | None, title: str, before: str, after: str) -> bytes:
    """A PNG, 880 pixels wide and as high as its rows need (at most eight are drawn).

    ``escalations`` are shares of items, 0 to 1, and are shown per 100. Raises `ValueError` without any row.
    """
    if not rows:
        raise ValueError("a chart needs at least one row")
    from matplotlib.figure import Figure

    rows = rows[:MOST_ROWS]
    below = BELOW if escalations else 0
    height = HEAD + ROW * len(rows) + FOOT + below
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
    upper = _axes(figure, height, top=HEAD, deep=ROW * len(rows))
    _draw(upper, rows)
    _draw_alpha_axis(upper, rows)
    if escalations:
        lower = _axes(figure, height, top=HEAD + ROW * len(rows) + FOOT + 34, deep=ROW)
        _draw(lower, [_per_hundred(escalations)])
        _draw_share_axis(lower, _per_hundred(escalations))
    _draw_title(figure, height, title, before, after)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def effect_alt_text(rows: Sequence[Effect], escalations: Effect | None, title: str, before: str, after: str) -> str:
    """What the chart shows, in sentences, for people who hear it."""
    shown = [
        f"{row.name}: alpha {_figure(row.before)} under {before}, {_figure(row.after)} under {after}."
        for row in rows[:MOST_ROWS]
    ]
    if escalations:
        was, became = (_figure(one, ".1f") for one in (_hundred(escalations.before), _hundred(escalations.after)))
        shown.append(f"{escalations.name}: {was} under {before}, {became} under {after}.")
    return " ".join([f"{title}.", *shown])


def _axes(figure: "Figure", height: int, *, top: int, deep: int) -> "Axes":
    return figure.add_axes((LEFT / WIDTH, 1 - (top + deep) / height, (WIDTH - LEFT - RIGHT) / WIDTH, deep / height))


def _draw(axes: "Axes", rows: Sequence[Effect]) -> None:
    plain_axes(axes)
    axes.grid(visible=False)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), ["" for _ in rows])
    for at, row in enumerate(rows):
        if at:
            axes.axhline(at - 0.5, color=FAINT, linewidth=0.8, zorder=1)
        name = fitted(legible(row.name, at), NAME, 8.5, DPI)
        axes.annotate(
            name, (0, at), xytext=(-10, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=8.5, color=INK, parse_math=False,
            fontfamily=families(name),
        )  # fmt: skip
        _draw_dot(axes, row.before, at - APART, QUIET, filled=False)
        _draw_dot(axes, row.after, at + APART, ALPHA, filled=True)


def _draw_dot(axes: "Axes", dot: Dot, at: float, colour: str, *, filled: bool) -> None:
    if dot.value is None:
        axes.annotate(
            "no figure", (0.01, at), xycoords=("axes fraction", "data"), va="center", fontsize=6.5, color=colour
        )
        return
    if dot.low is not None and dot.high is not None:
        axes.hlines(at, dot.low, dot.high, color=colour, linewidth=2.0 if filled else 1.4, alpha=0.6, zorder=3)
    axes.plot(
        [dot.value], [at], marker="o", markersize=6.4, linestyle="none", markeredgecolor=colour, markeredgewidth=1.5,
        markerfacecolor=colour if filled else "white", zorder=4,
    )  # fmt: skip


def _draw_alpha_axis(axes: "Axes", rows: Sequence[Effect]) -> None:
    ends = [end for row in rows for dot in (row.before, row.after) for end in (dot.value, dot.low) if end is not None]
    low = min([0.0, *ends])
    axes.set_xlim(max(-1.04, low - 0.04), 1.03)
    axes.set_xticks([tick / 5 for tick in range(-5, 6) if tick / 5 >= low - 0.04])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.1f}".replace("-", "\u2212"))
    for level, word, side in ((RELIABLE, "reliable", "left"), (TENTATIVE, "tentative", "right")):
        axes.axvline(level, color=QUIET, linewidth=0.7, linestyle=(0, (2, 3)), zorder=2)
        axes.annotate(
            word, (level, 1), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            ha=side, fontsize=6.5, color=QUIET,
        )  # fmt: skip
    axes.set_xlabel("Krippendorff’s alpha with its 95 % interval", fontsize=7.5, color=QUIET, labelpad=4)


def _draw_share_axis(axes: "Axes", row: Effect) -> None:
    most = max(end for dot in (row.before, row.after) for end in (dot.value or 0, dot.high or 0))
    axes.set_xlim(-0.02 * max(most, 1), max(most * 1.12, 1))
    axes.locator_params(axis="x", nbins=6, integer=True)


def _draw_title(figure: "Figure", height: int, title: str, before: str, after: str) -> None:
    left = 24 / WIDTH
    headline(figure, (left, 1 - 38 / height), title, WIDTH - 48, 12, INK)
    key = figure.add_axes((left, 1 - 92 / height, 1 - 2 * left, 40 / height))
    key.set_axis_off()
    key.set_xlim(0, WIDTH - 48)
    key.set_ylim(-1, 1)
    for at, words, colour, filled in ((12, before, QUIET, False), (172, after, ALPHA, True)):
        _draw_dot(key, Dot(at), 0, colour, filled=filled)
        key.text(at + 16, 0, f"under {words}", fontsize=8.5, color=INK, va="center_baseline", parse_math=False)


def _per_hundred(row: Effect) -> Effect:
    return Effect(row.name, _hundred(row.before), _hundred(row.after))


def _hundred(dot: Dot) -> Dot:
    return Dot(*(None if one is None else 100 * one for one in (dot.value, dot.low, dot.high)))


def _figure(dot: Dot, form: str = ".3f") -> str:
    if dot.value is None:
        return "no figure"
    value, low, high = (f"{one or 0.0:{form}}".replace("-", "\u2212") for one in (dot.value, dot.low, dot.high))
    return value if dot.low is None else f"{value} (95 % interval {low} to {high})"
