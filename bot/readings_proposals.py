"""Values for the cards of a proposal: what it changes and would touch, who decided what; all of it, and as a file."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.reader_pages import page_of
from bot.sender.drawing import Attachment
from storage.tables import ProposalState
from templates import diff, markdown
from templates.text import shorten
from workflow import calendar
from workflow.guidelines.text import diffing
from workflow.views.proposal import proposal_view, texts

DIFF_ROOM = 4_500
"""Characters of the difference: a message holds 11,900 of everything."""
WHY = 900
COMMENT = 600
EXAMPLE = 300
LINE = 200
NAME = 60
FIRST_EXAMPLES = 3
FIRST_DECISIONS = 3
FIRST_LINES = 8
FIRST_NAMES = 5
UNDECIDED = (ProposalState.PROPOSED, ProposalState.CHANGES_REQUESTED)


def card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The card of who may decide."""
    return _card(session, context, "decide")


def own_card(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The card of who proposed it; a draft's stands in the team channel, where people may have its examples before them."""
    return _card(session, context, "own")


def _card(session: Session, context: Mapping[str, Any], face: str) -> dict[str, Any] | None:
    view = proposal_view(session, context["id"])
    if view is None:
        return None
    state: ProposalState = view["state"]
    blocks, cut = diff.blocks(view["diff"].as_values(), DIFF_ROOM)
    examples = view["examples"][:FIRST_EXAMPLES] if face == "decide" else []
    decisions = [_decision(one, view["zone"]) for one in view["decisions"][-FIRST_DECISIONS:]]
    comment = _given_back(view)
    return {
        "face": face,
        "id": view["id"],
        "version": view["version"],
        "value": f"{view['id']}:{view['revision']}",
        "state": state.value,
        "project": view["project"],
        "base": view["base"],
        "current": view["current"],
        "number": view["number"],
        "overtaken": view["base"] != view["current"] and state in UNDECIDED,
        "kind": view["kind"],
        "summary": view["summary"],
        "why": shorten(view["why"], WHY) if view["why"] else "",
        "by": view["by"] or "",
        "file": shorten(view["file"], NAME) if view["file"] else "",
        "dropped": bool(view["file"]) and not view["summary"],
        "item": view["item"] or "",
        "when": _when(view),
        "touched": _touched(view),
        "label_changes": [shorten(line, LINE) for line in view["label_changes"][:FIRST_LINES]],
        "changed": diffing.in_words(view["diff"]).capitalize(),
        "diff": blocks,
        "cut": cut or len(view["label_changes"]) > FIRST_LINES or len(view["why"]) > WHY or _is_long(comment, view),
        "examples": [_example(one) for one in examples],
        "more_examples": len(view["examples"]) - len(examples),
        "impact": _impact(view["impact"]) if face == "decide" and view["impact"] else None,
        "decisions": decisions,
        "comment": shorten(comment, COMMENT) if comment else "",
        "needed": view["deciders"].needed,
        "waits": view["deciders"].words if state is ProposalState.PROPOSED else "",
        "asked_again": bool(context.get("again")) and state in UNDECIDED,
    }


def _given_back(view: Mapping[str, Any]) -> str:
    """Why it was given back where nobody said so, but another version is in the way."""
    said = {one["comment"] for one in view["decisions"]}
    is_back = view["state"] is ProposalState.CHANGES_REQUESTED
    return view["comment"] if is_back and view["comment"] and view["comment"] not in said else ""


def _is_long(comment: str, view: Mapping[str, Any]) -> bool:
    return any(len(one) > COMMENT for one in (comment, *(decided["comment"] for decided in view["decisions"])))


def _when(view: Mapping[str, Any]) -> str:
    return f"{calendar.in_words(view['wanted_at'], view['zone'])} ({view['zone']})" if view["wanted_at"] else ""


def _touched(view: Mapping[str, Any]) -> str:
    """The labels and segments that it touches, as many as a line takes."""
    named = [*view["labels"], *(f"segment {one}" for one in view["segments"])]
    more = f" and {len(named) - FIRST_NAMES} more" if len(named) > FIRST_NAMES else ""
    return ", ".join(shorten(one, NAME // 2) for one in named[:FIRST_NAMES]) + more


def _example(one: Mapping[str, Any]) -> dict[str, str]:
    text = " / ".join(field["text"] for field in one["fields"])
    return {
        "text": shorten(text, EXAMPLE) or " ",
        "title": shorten(one["title"], NAME),
        "explanation": shorten(one["explanation"], EXAMPLE) if one["explanation"] else "",
    }


def _impact(kept: Mapping[str, Any]) -> dict[str, Any]:
    people, more = kept["people"][:FIRST_NAMES], kept["more_people"] + max(0, len(kept["people"]) - FIRST_NAMES)
    named = ", ".join(shorten(one, NAME // 2) for one in people)
    labels = kept["labels"]
    return {
        "any": bool(kept["finished"] or kept["open"] or kept["escalated"]),
        "finished": kept["finished"],
        "open": kept["open"],
        "escalated": kept["escalated"],
        "people": f"{named} and {more:,} more" if more else named,
        "labels": [{"title": shorten(one["title"], NAME), "words": one["words"]} for one in labels[:FIRST_LINES]],
        "more_labels": max(0, len(labels) - FIRST_LINES),
    }


def _decision(one: Mapping[str, Any], zone: str) -> dict[str, str]:
    return {
        "name": shorten(one["name"], NAME),
        "verdict": one["verdict"].value,
        "comment": shorten(one["comment"], COMMENT) if one["comment"] else "",
        "at": calendar.in_words(one["at"], zone),
    }


def text(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """All of a proposal, page by page: why, what becomes of labels, the examples where the reader may see them, the text."""
    view = proposal_view(session, context["id"])
    if view is None:
        return None
    said = [(one["name"], one["comment"]) for one in view["decisions"] if one["comment"]]
    about = [
        ("Why", view["why"]),
        ("Labels", "\n".join(view["label_changes"])),
        ("It touches", ", ".join([*view["labels"], *(f"segment {one}" for one in view["segments"])])),
        *said,
        ("Given back", _given_back(view)),
        *(
            [(f"Worked example: {one['title']}", _whole(one)) for one in view["examples"]]
            if context["examples"]
            else []
        ),
    ]
    first = markdown.text_pages([(name, words) for name, words in about if words])
    pages = [*first, *diff.pages(view["diff"].as_values())]
    subtitle = f"{view['project']}, {view['base']} → {view['number']}"
    return page_of(pages, context.get("page", 1), f"proposal:{view['id']}", title="Proposal", subtitle=subtitle)


def _whole(example: Mapping[str, Any]) -> str:
    texts_of = [field["text"] for field in example["fields"]]
    return "\n".join([*texts_of, f"→ {example['explanation']}"])


def comment_form(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """The modal that asks why something is given back or rejected."""
    view = proposal_view(session, context["id"])
    if view is None:
        return None
    return {
        "verdict": context["verdict"],
        "metadata": f"{context['verdict']}:{view['id']}:{context['revision']}",
        "project": view["project"],
        "by": view["by"] or "",
        "summary": view["summary"],
    }


def diff_words(session: Session, context: Mapping[str, Any], _now: datetime) -> dict[str, Any] | None:
    """What is said where the difference cannot be uploaded."""
    found = texts(session, context["id"])
    return {"before": found[0], "after": found[2]} if found else None


def diff_file(session: Session, context: Mapping[str, Any]) -> Attachment | None:
    """All of a proposal as a .diff file; None where only labels change."""
    found = texts(session, context["id"])
    if found is None:
        return None
    before_name, before, after_name, after = found
    data = diffing.unified(before, after, before_name, after_name).encode()
    if not data:
        return None
    return Attachment(
        io.BytesIO(data), len(data), f"{after_name.removesuffix('.md')}.diff", f"{before_name} → {after_name}"
    )
