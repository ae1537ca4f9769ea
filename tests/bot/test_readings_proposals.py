"""The form and the cards of a proposal hold whatever a guideline brings: hundreds of sections, long names, long reasons."""

import json
from typing import Any

import pytest
from sqlmodel import Session

from bot import readings_proposal_form, readings_proposals
from storage.tables import ProposalState, Verdict
from templates.blocks import render, render_view
from tests.builders import NOW
from tests.templates.oracle import faults
from workflow.guidelines.decisions.deciders import Deciders
from workflow.guidelines.proposals.proposal_form import Opened
from workflow.guidelines.text import diffing

NAMES = {"plain": "name ", "emoji": "👩‍👩‍👧 ", "marks": "<&>*_` ", "rtl": "قاعدة "}
NOBODY: Session = None  # type: ignore[assignment]


def form_of(name: str, part: dict[str, str] | None, chosen: str) -> dict[str, Any]:
    """A form with everything as full as it gets."""
    full = (name * 3000)[:2900]
    many = [(str(number), f"{name * 30}{number}") for number in range(700)]
    return {
        "project": name * 10, "zone": "America/Argentina/ComodRivadavia", "number": "12.34",
        "next": {"clarification": "12.35", "rule_change": "13.0", "new_label": "13.0"},
        "source": "case", "case": name * 20, "findings": 0, "comment": full, "whole": full,
        "sections": many, "section": chosen, "part": part,
        "values": {
            "summary": full[:140], "why": full, "kind": "rule_change", "labels": ["699"], "segments": ["698", "1"],
            "label_changes": full, "examples": full, "date": "2026-12-01", "time": "09:00",
        },
        "labels": many, "segments": many,
    }  # fmt: skip


def drawn_form(monkeypatch: pytest.MonkeyPatch, view: dict[str, Any]) -> dict[str, Any]:
    monkeypatch.setattr(readings_proposal_form, "form_view", lambda _session, _opened, _typed: view)
    values = readings_proposal_form.form(NOBODY, {"opened": str(Opened(2**62, 2**62, 2**62, 7, 2**62))}, NOW)
    payload = render_view("propose.yaml.j2", **values)
    assert faults(payload) == []
    # What is cut here would come back cut, and be proposed so.
    assert not payload.cut
    return dict(payload.view or {})


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_form_as_full_as_it_gets_is_one_that_slack_takes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = (name * 3000)[:590]
    part = {"part": "650", "title": name * 40, "text": text, "behind": ""}
    view = drawn_form(monkeypatch, form_of(name, part, "650"))
    elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert elements["text:650"]["initial_value"] == text
    assert elements["section"]["initial_option"]["value"] == "650"
    assert {one["value"] for one in elements["segments"]["initial_options"]} == {"698", "1"}
    assert elements["why"].get("initial_value") in (None, (name * 3000)[:2900])
    assert len(json.dumps(view)) < 240_000


@pytest.mark.parametrize("text", ["x" * 3001, "&" * 700, "a\x07b", "a\u2028b"])
def test_what_a_field_would_not_give_back_as_it_was_is_not_put_into_one(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    part = {"part": "3", "title": "Negation", "text": text, "behind": "> example"}
    view = drawn_form(monkeypatch, form_of("name ", part, "3"))
    elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert elements["more:3"]["initial_value"] == "> example"
    assert "text:3" not in elements


def card_of(name: str, state: ProposalState) -> dict[str, Any]:
    before = "\n\n".join(f"## {name}{number}\n\nOld {name * 20}" for number in range(60))
    after = "\n\n".join(f"## {name}{number}\n\nNew {name * 20}" for number in range(5, 65))
    long = name * 400
    labels = [{"title": name * 30, "words": "alpha .41 (95 % interval .30 to .52): do not build on it"}] * 40
    decided = [{"name": name * 10, "verdict": verdict, "comment": long, "at": NOW} for verdict in Verdict]
    return {
        "id": 7, "version": 9, "revision": 3, "state": state, "project_id": 1, "project": name * 10, "zone": "UTC",
        "base": "1.0", "current": "1.1", "number": "2.0", "kind": "rule_change", "summary": (name * 40)[:150],
        "why": long, "by": name * 10, "file": name * 40, "item": name * 30, "comment": f"{long} it says",
        "wanted_at": NOW, "diff": diffing.compare(before, after), "label_changes": [name * 60] * 30,
        "labels": [name * 30] * 40, "segments": [name * 30] * 40,
        "examples": [{"key": "i", "fields": [{"name": "t", "text": long}], "title": name * 30, "explanation": long}] * 9,
        "impact": {
            "finished": 10**6, "open": 10**6, "escalated": 7, "people": [name * 20] * 10, "more_people": 490,
            "labels": labels,
        },
        "decisions": decided, "deciders": Deciders((1,), 3, name * 60),
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("state", ProposalState)
def test_a_card_as_full_as_it_gets_is_one_that_slack_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, state: ProposalState
) -> None:
    monkeypatch.setattr(readings_proposals, "proposal_view", lambda _session, _id: card_of(name, state))
    for draw in (readings_proposals.card, readings_proposals.own_card):
        values = draw(NOBODY, {"id": 7, "again": True}, NOW)
        assert values is not None
        payload = render("proposal.yaml.j2", **values)
        assert faults(payload) == []
        pressed = [
            one["action_id"] for block in payload.blocks if block["type"] == "actions" for one in block["elements"]
        ]
        assert "proposal:read" in pressed
        assert ("proposal:approve" in pressed) == (values["face"] == "decide" and state is ProposalState.PROPOSED)
        # A card may leave out, but says so.
        assert values["cut"]


def read_whole(context: dict[str, Any]) -> str:
    """All pages of a proposal, as Slack gets them."""
    read, page, pages = "", 0, 1
    while page < pages:
        page += 1
        values = readings_proposals.text(NOBODY, {**context, "page": page}, NOW)
        assert values is not None
        payload = render_view("reader.yaml.j2", **values)
        assert faults(payload) == []
        assert not payload.cut
        read, pages = read + json.dumps(payload.view), values["pages"]
    return read


@pytest.mark.parametrize("sees", [True, False])
def test_all_of_it_is_read_page_by_page_and_examples_only_by_who_may(
    monkeypatch: pytest.MonkeyPatch, sees: bool
) -> None:
    view = card_of("name ", ProposalState.PROPOSED)
    monkeypatch.setattr(readings_proposals, "proposal_view", lambda _session, _id: view)
    read = read_whole({"id": 7, "examples": sees})
    assert all(f"name {number}" in read for number in range(65))
    assert ("Worked example" in read) == sees


def test_a_conflict_too_long_for_a_card_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict = f"What to do. {'In force. ' * 80} Proposed."
    diff = diffing.compare("# A\n\nx", "# A\n\ny")
    short = {"comment": conflict, "diff": diff, "label_changes": [], "why": "Why", "decisions": []}
    view = card_of("name ", ProposalState.CHANGES_REQUESTED) | short
    monkeypatch.setattr(readings_proposals, "proposal_view", lambda _session, _id: view)
    values = readings_proposals.own_card(NOBODY, {"id": 7}, NOW)
    assert values is not None
    assert values["comment"].startswith("What to do.")
    assert values["cut"]
    assert conflict in read_whole({"id": 7, "examples": False})
