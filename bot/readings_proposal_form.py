"""Values for the form in which a change of a guideline is proposed: what fits in it, and what does not."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from templates.foreign import escaped_length
from templates.text import clean, shorten
from workflow.guidelines.proposals.proposal_form import ALL, KEEP, NEW, Opened
from workflow.project_form import fits
from workflow.views.proposal_form import form_view

TITLE = 60
"""Characters of an option; Slack takes 75."""
MOST_OPTIONS = 100
# A view may have 250 KB: what is typed takes 70 of them at most, and what is chosen stands in it twice.
SECTIONS_ROOM = 50_000
LABELS_ROOM = SEGMENTS_ROOM = 20_000


def form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    """The form; ``opened`` is what it was opened with, ``typed`` what stands in it where it is drawn anew."""
    opened = Opened.read(context["opened"])
    view = form_view(session, opened, context.get("typed"))
    values = view["values"]
    sections, more_sections = _fitting(_sections(view), SECTIONS_ROOM, 90 * MOST_OPTIONS, [view["section"]])
    labels, more_labels = _fitting(view["labels"], LABELS_ROOM, MOST_OPTIONS, values["labels"])
    segments, more_segments = _fitting(view["segments"], SEGMENTS_ROOM, MOST_OPTIONS, values["segments"])
    return {
        "metadata": str(opened),
        "again": view["source"] == "changes",
        "source": view["source"],
        "project": view["project"],
        "number": view["number"],
        "case": view["case"],
        "findings": view["findings"],
        "zone": view["zone"],
        "comment": shorten(view["comment"], 2900, escaped_length) if view["comment"] else "",
        "section_groups": _grouped(sections),
        "more_sections": more_sections,
        "part": _part(view["part"]) if view["part"] else None,
        "form": {name: _whole_or_nothing(values[name]) for name in values if name not in ("labels", "segments")},
        "next": view["next"],
        "labels": labels,
        "any_label": any(one["chosen"] for one in labels),
        "more_labels": more_labels,
        "segments": segments,
        "any_segment": any(one["chosen"] for one in segments),
        "more_segments": more_segments,
    }


def _sections(view: Mapping[str, Any]) -> list[tuple[str, str]]:
    whole = [(ALL, "All of it, at once")] if len(view["sections"]) > 1 and _is_editable(view["whole"]) else []
    return [(KEEP, "(the text stays as it is)"), *view["sections"], (NEW, "A new section"), *whole]


def _is_editable(text: str) -> bool:
    """Whether a field of a form shows a text as it is, so that it comes back as it was."""
    return fits(text) and clean(text) == text


def _whole_or_nothing(text: str) -> str:
    """A text cut at its end would be proposed so. What stands in a field already stays there where it is drawn anew."""
    return text if _is_editable(text) else ""


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """What is typed of the text: the part itself, with an example at its end, where a field can hold it."""
    both = "\n\n".join(text for text in (part["text"], part["behind"].strip()) if text)
    long = not _is_editable(both)
    title = shorten(part["title"], TITLE, escaped_length) if part["title"] else ""
    what = {NEW: "The new section", ALL: "The whole guideline"}.get(
        part["part"], f"Text of “{title}”" if title else "Text"
    )
    return {
        "value": part["part"],
        "block": f"{'more' if long else 'text'}:{part['part']}",
        "new": part["part"] == NEW,
        "title": part["title"],
        "long": long,
        "label": f"Added at the end of “{title}”" if long else what,
        "hint": "Markdown. The heading stays as it is." if part["part"] not in (NEW, ALL) and not long else "Markdown.",
        "text": part["behind"].strip() if long else both,
    }


def _fitting(
    options: Sequence[tuple[str, str]], room: int, most: int, chosen: Iterable[str]
) -> tuple[list[dict[str, Any]], int]:
    """The options that fit, in their order, those that are chosen before others; and how many do not."""
    wanted = set(chosen)
    shown: set[str] = set()
    for value, title in sorted(options, key=lambda option: option[0] not in wanted):
        room -= len(json.dumps(shorten(title, TITLE, escaped_length))) + len(value) + 80
        if room < 0 or len(shown) == most:
            break
        shown.add(value)
    offered = [
        {"value": value, "title": shorten(title, TITLE, escaped_length) or " ", "chosen": value in wanted}
        for value, title in options
        if value in shown
    ]
    return offered, len(options) - len(offered)


def _grouped(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Slack takes a hundred options in one group."""
    chunks = [options[at : at + MOST_OPTIONS] for at in range(0, len(options), MOST_OPTIONS)]
    return [{"label": f"From {chunk[0]['title']}", "options": chunk} for chunk in chunks]
