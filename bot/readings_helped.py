"""Values for the post that says whether a guideline version helped: from the numbers that were kept when it was told."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from bot.sender.drawing import Picture
from storage.tables import GuidelineEffect
from templates.effect_chart import MOST_ROWS, Dot, Effect, effect_alt_text, effect_chart
from templates.text import shorten
from workflow.agreement_words import figure
from workflow.guidelines.comparison.comparing import Verdict

ALL = "All labels"
ESCALATED = "Escalations per 100 items"
NAMED = 3
TITLE = 60


def helped(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """What changed, what was compared, how surely."""
    numbers = _kept(session, context["id"])
    if numbers is None:
        return None
    rows = numbers["rows"]
    return {
        "project": numbers["project"],
        "number": numbers["number"],
        "before": numbers["before"],
        "after": numbers["after"],
        "headline": headline(rows, numbers["before"]),
        "rows": [_row(row) for row in rows[:MOST_ROWS]],
        "more_rows": max(0, len(rows) - MOST_ROWS) + numbers["more_labels"],
        "escalations": _escalations(numbers),
        "compared": compared(numbers),
        "notes": _notes(numbers),
        "file_id": context.get("file_id", ""),
        "alt_text": effect_alt_text(*_drawn(numbers)),
    }


def picture(session: Session, context: Mapping[str, Any]) -> Picture:
    """The chart of the same numbers."""
    numbers = _kept(session, context["id"])
    if numbers is None:
        raise LookupError("the measurement is gone")
    shown = _drawn(numbers)
    return Picture(effect_chart(*shown), effect_alt_text(*shown), f"guideline-{numbers['number']}.png")


def headline(rows: Sequence[Mapping[str, Any]], before: str) -> str:
    """What can be said, in a sentence or two: of the labels that a version is about, where there are several."""
    about = [row for row in rows if row["title"]] or rows
    by: dict[str, list[str]] = {verdict.value: [] for verdict in Verdict}
    for row in about:
        by[row["verdict"]].append(shorten(row["title"], TITLE))
    rose, fell, same, few = (by[verdict.value] for verdict in Verdict)
    said = []
    if rose:
        said.append(f"People agree more{_on(rose)} than under {before}.")
    if fell:
        said.append(f"People agree less{_on(fell)} than under {before}.")
    if same:
        said.append(f"No detectable change{_on(same) if said or few else ''}.")
    if few:
        said.append(f"Too few items yet to say{_on(few)}.")
    return " ".join(said)


def _on(titles: Sequence[str]) -> str:
    named = [title for title in titles if title]
    if not named:
        return ""
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f" on {', '.join(named[:NAMED])}{more}"


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": shorten(row["title"], TITLE) or ALL,
        "verdict": row["verdict"],
        "before": _side(row["before"]),
        "after": _side(row["after"]),
        "change": _change(row),
    }


def _side(side: Mapping[str, Any]) -> str:
    words = figure(side["value"])
    if side["low"] is not None:
        return f"{words} ({figure(side['low'])} to {figure(side['high'])})"
    if side["needed"]:
        return f"{words}, too few: {side['seen']} of {side['needed']} items"
    return words if side["value"] is not None else "no figure"


def _change(row: Mapping[str, Any]) -> str:
    if row["change"] is None:
        return ""
    return f"{signed(row['change'])} ({_reach(row, signed)})"


def signed(value: float) -> str:
    """``+.29``, ``−.05``: with its sign, and two decimals as an interval of a difference deserves no more."""
    return _rounded(value, 2).replace("0.", ".", 1)


def _per_hundred(value: float) -> str:
    """``+2.1``: more of a hundred."""
    return _rounded(100 * value, 1)


def _rounded(value: float, decimals: int) -> str:
    text = f"{abs(value):.{decimals}f}"
    return text if not float(text) else ("+" if value > 0 else "\u2212") + text


def _reach(row: Mapping[str, Any], words: Callable[[float], str]) -> str:
    """Both ends of an interval; one that is rounded to nought though it does not contain it says so."""
    low, high = words(row["low"]), words(row["high"])
    if row["verdict"] == Verdict.ROSE and low == words(0):
        low = f"just above {low}"
    if row["verdict"] == Verdict.FELL and high == words(0):
        high = f"just below {high}"
    return f"{low} to {high}"


def _escalations(numbers: Mapping[str, Any]) -> str:
    row = numbers["escalations"]
    if row is None:
        return ""
    was, became = row["before"], row["after"]
    shares = f"{_hundred(was)} under {numbers['before']}, {_hundred(became)} under {numbers['after']}"
    reach, change = _reach(row, _per_hundred), _per_hundred(row["change"])
    word = {"rose": "more than before", "fell": "fewer than before"}.get(row["verdict"], "no detectable change")
    return f"{shares}; change {change} ({reach}): {word}. Of {was['items']:,} and {became['items']:,} items that ended."


def _hundred(side: Mapping[str, Any]) -> str:
    return f"{100 * side['value']:.1f} ({100 * side['low']:.1f} to {100 * side['high']:.1f})"


def compared(numbers: Mapping[str, Any]) -> str:
    """What was compared with what."""
    before, after = numbers["before"], numbers["after"]
    first = numbers["rows"][0]
    was, became = (max(row[side]["items"] for row in numbers["rows"]) for side in ("before", "after"))
    within = f" of {', '.join(numbers['segments'][:NAMED])}{' …' if len(numbers['segments']) > NAMED else ''}"
    where = within if numbers["segments"] else ""
    if numbers["design"] == "others":
        kinds = f"{first['kinds']} of {first['all_kinds']}" if first["all_kinds"] > 1 else "one"
        return (
            f"Compared: {was:,} items{where} labelled under {before} with {became:,} others that were new under {after}, "
            f"each kind (segment and difficulty) with its like, weighted to one mix; {kinds} had enough of both."
        )
    twice = f"Compared: the same {became:,} items{where}, labelled under {before} and again under {after}, in pairs."
    if numbers["design"] == "same":
        return twice
    return (
        f"{twice} They were given out again for labels that they had, so each is looked at with one such label set aside: "
        "else agreement would seem to rise by itself."
    )


def _notes(numbers: Mapping[str, Any]) -> str:
    notes = "Alpha is Krippendorff’s; intervals are 95 %, for these people on items like these."
    if len(numbers["rows"]) > 1:
        notes += " Each line stands by itself: of twenty, one is off by chance."
    if numbers["again"]:
        items = "1 item" if numbers["again"] == 1 else f"{numbers['again']:,} items"
        notes += f" On {items} somebody answered a second time, and may remember."
    return notes


def _drawn(numbers: Mapping[str, Any]) -> tuple[list[Effect], Effect | None, str, str, str]:
    rows = [_effect(shorten(row["title"], TITLE) or ALL, row) for row in numbers["rows"]]
    ends = numbers["escalations"]
    title = f"{numbers['project']}: before and after guideline {numbers['number']}"
    return rows, ends and _effect(ESCALATED, ends), title, numbers["before"], numbers["after"]


def _effect(name: str, row: Mapping[str, Any]) -> Effect:
    before, after = (Dot(row[side]["value"], row[side]["low"], row[side]["high"]) for side in ("before", "after"))
    return Effect(name, before, after)


def _kept(session: Session, effect_id: int) -> dict[str, Any] | None:
    numbers: dict[str, Any] | None = session.execute(
        select(col(GuidelineEffect.numbers)).where(col(GuidelineEffect.id) == effect_id)
    ).scalar()
    return numbers if numbers is not None and numbers.get("told") else None
