"""The chart of a digest: agreement with its interval above, labels per day below.

matplotlib is imported where it is used, since it takes most of a second; figures are made without pyplot, so that
several threads may draw at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from templates.chart_words import headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 1200, 560, 150
RELIABLE, TENTATIVE = 0.8, 0.667

INK, QUIET, FAINT = "#1d1c1d", "#616061", "#e4e4e7"
ALPHA, BAND, BARS = "#1264a3", "#1264a3", "#7fb8a4"


@dataclass(frozen=True, slots=True)
class ChartDay:
    """One digest: `labels` recorded, alpha over all labels so far and its 95 % interval.

    `alpha` is None where it is not defined, `low` and `high` where there is no interval (too few items).
    """

    day: date
    labels: int
    alpha: float | None = None
    low: float | None = None
    high: float | None = None


def daily_chart(days: Sequence[ChartDay], title: str, *, agreement: str = "Alpha", labels: str = "Labels") -> bytes:
    """A PNG of 1200 x 560 pixels, in order of days; days without a digest are a gap in the line and an empty place.

    Raises `ValueError` without any day.
    """
    if not days:
        raise ValueError("a chart needs at least one day")
    from matplotlib.figure import Figure

    days = sorted(days, key=lambda one: one.day)
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.75, 1])
    figure.subplots_adjust(left=0.075, right=0.925, top=0.85, bottom=0.105, hspace=0.16)
    _draw_alpha(upper, days)
    _draw_labels(lower, days)
    _draw_dates(lower, days)
    _draw_titles(figure, upper, lower, title, agreement, labels)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def alt_text(days: Sequence[ChartDay], title: str) -> str:
    """What the chart shows, in a sentence or two, for people who hear it."""
    if not days:
        return f"{title}: no day yet."
    days = sorted(days, key=lambda one: one.day)
    first, last = days[0], days[-1]
    total = sum(one.labels for one in days)
    span = _day(first.day) if len(days) == 1 else f"{_day(first.day)} to {_day(last.day)}"
    sentences = [f"{title}, {span}: {total:,} {'label' if total == 1 else 'labels'} on {_days(len(days))}."]
    defined = [one for one in days if one.alpha is not None]
    if not defined:
        sentences.append("Alpha is not defined yet.")
        return " ".join(sentences)
    newest = defined[-1]
    text = f"Alpha is {_figure(newest.alpha)}"
    if newest.low is not None and newest.high is not None:
        text += f", 95 % interval {_figure(newest.low)} to {_figure(newest.high)}"
    if newest is not last:
        text += f", on {_day(newest.day)}; not defined since"
    if len(defined) > 1:
        text += f"; on {_day(defined[0].day)} it was {_figure(defined[0].alpha)}"
    sentences.append(text + ".")
    return " ".join(sentences)


def _draw_alpha(axes: "Axes", days: Sequence[ChartDay]) -> None:
    low, high = _range(days)
    axes.set_ylim(low, high)
    axes.set_yticks([tick / 4 for tick in range(-4, 5) if low <= tick / 4 <= high])
    axes.yaxis.set_major_formatter(lambda value, _: _axis_figure(value))
    for level, word in ((RELIABLE, "reliable"), (TENTATIVE, "tentative")):
        if low < level < high:
            axes.axhline(level, color=QUIET, linewidth=0.7, linestyle=(0, (2, 3)), zorder=1)
            axes.annotate(
                word, (1.006, level), xycoords=("axes fraction", "data"), va="center", fontsize=6.5, color=QUIET
            )
    for run in _runs(days):
        dates = [one.day for one in run]
        banded = [one for one in run if one.low is not None and one.high is not None]
        if len(banded) == len(run) > 1:
            axes.fill_between(
                _axis(dates), [one.low or 0.0 for one in run], [one.high or 0.0 for one in run],
                color=BAND, alpha=0.14, linewidth=0, zorder=2,
            )  # fmt: skip
        axes.plot(_axis(dates), [one.alpha or 0.0 for one in run], color=ALPHA, linewidth=1.8, zorder=4)
    _draw_points(axes, [one for one in days if one.alpha is not None])
    if all(one.alpha is None for one in days):
        axes.text(
            0.5, 0.36, "not defined yet", transform=axes.transAxes, ha="center", va="center", fontsize=9,
            color=QUIET, bbox={"facecolor": "white", "edgecolor": "none", "pad": 4},
        )  # fmt: skip
    plain_axes(axes)
    axes.tick_params(axis="x", length=0)


def _draw_points(axes: "Axes", days: Sequence[ChartDay]) -> None:
    """Every figure as a point with its interval; the last one is written out."""
    few = len(days) <= 45
    for one in days:
        if one.alpha is None:
            continue
        if one.low is not None and one.high is not None and few:
            axes.vlines(_axis([one.day]), one.low, one.high, color=ALPHA, linewidth=1.0, alpha=0.45, zorder=3)
    if few:
        axes.plot(
            _axis([one.day for one in days]), [one.alpha or 0.0 for one in days], linestyle="none", marker="o",
            markersize=4.6, markerfacecolor="white", markeredgecolor=ALPHA, markeredgewidth=1.5, zorder=5,
        )  # fmt: skip
    if days:
        last = days[-1]
        axes.plot(_axis([last.day]), [last.alpha or 0.0], marker="o", markersize=5.6, color=ALPHA, zorder=6)
        axes.annotate(
            _figure(last.alpha), (_axis([last.day])[0], last.alpha or 0.0), xytext=(0, 8),
            textcoords="offset points", ha="center", fontsize=9, fontweight="bold", color=ALPHA, zorder=7,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        )  # fmt: skip


def _draw_labels(axes: "Axes", days: Sequence[ChartDay]) -> None:
    most = max(one.labels for one in days)
    axes.bar(_axis([one.day for one in days]), [one.labels for one in days], width=0.62, color=BARS, zorder=2)
    axes.set_ylim(0, most * 1.28 if most else 1)
    if len(days) <= 16:
        for one in days:
            axes.annotate(
                f"{one.labels:,}", (_axis([one.day])[0], one.labels), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=7, color=QUIET,
            )  # fmt: skip
    plain_axes(axes)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == int(value) else "")
    axes.locator_params(axis="y", nbins=3, integer=True)


def _draw_dates(axes: "Axes", days: Sequence[ChartDay]) -> None:
    first, last = days[0].day, days[-1].day
    span = (last - first).days + 1
    margin = max(0.8, span * 0.03, (9 - span) / 2)  # a week at least, so that few bars do not become walls
    axes.set_xlim(first.toordinal() - margin, last.toordinal() + margin)
    step = max(1, -(-span // 10))
    ticks = [last - timedelta(days=back) for back in range(0, span, step)][::-1]
    axes.set_xticks(_axis(ticks), [f"{tick.day} {tick:%b}" for tick in ticks])


def _draw_titles(figure: "Figure", upper: "Axes", lower: "Axes", title: str, agreement: str, labels: str) -> None:
    headline(figure, (0.075, 0.942), title, round(0.85 * WIDTH), 12.5, INK)
    for axes, text in ((upper, f"{agreement} with its 95 % interval"), (lower, f"{labels} per day")):
        axes.annotate(
            text, (0, 1), xytext=(0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=8, color=QUIET
        )


def plain_axes(axes: "Axes") -> None:
    """Faint lines, small figures, no frame."""
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c8c8cc")
    axes.tick_params(labelsize=8, labelcolor=QUIET, length=0, pad=4)


def _range(days: Sequence[ChartDay]) -> tuple[float, float]:
    """Of the vertical axis: what is shown with air around it, up to 1; from 0 unless something lies below."""
    shown = [
        value for one in days if one.alpha is not None for value in (one.alpha, one.low, one.high) if value is not None
    ]
    if not shown:
        return 0.0, 1.05
    lowest = min(shown)
    return (max(-1.05, lowest - 0.08) if lowest < 0 else 0.0), 1.05


def _runs(days: Sequence[ChartDay]) -> list[list[ChartDay]]:
    """Days one after the other with a figure; a missing day or a missing figure ends a run."""
    runs: list[list[ChartDay]] = []
    for one in days:
        if one.alpha is None:
            continue
        if runs and one.day - runs[-1][-1].day == timedelta(days=1):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _axis(dates: Sequence[date]) -> list[Any]:
    return [one.toordinal() for one in dates]


def _figure(value: float | None) -> str:
    if value is None:
        return "not defined"
    text = f"{value:.3f}"
    return ("\u2212" + text[1:] if float(text) else text[1:]) if text.startswith("-") else text


def _axis_figure(value: float) -> str:
    return f"{value:.2f}".replace("-", "\u2212") if value else "0"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _days(count: int) -> str:
    return "one day" if count == 1 else f"{count} days"
