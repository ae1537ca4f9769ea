"""A change of the guideline on its way: written in a form, from a ruling or in a file; decided about; given back."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Decision, DropState, Example, FileDrop, Guideline, Project, Proposal, ProposalState
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import TEAM, House
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.test_cases import case, disputed
from tests.house.test_drops import drop, is_told, press_as_seen, replies
from tests.house.waiting import once, until

Json = dict[str, Any]

LONG = "A rule that is long. " * 200
GUIDELINE = f"# Rules\n\nBe careful.\n\n## Negation\n\nTwo negations are one.\n\n## Lists\n\n{LONG}\n"
FILLED = {"summary": "Double negation is none", "why": "Three rulings said so.", "kind": "rule_change"}


def a_house(open_house: OpenHouse, **spec: Any) -> House:
    return open_house(**{"items": 1, "guideline": GUIDELINE, **spec})


def open_form(who: Someone) -> Json:
    assert who.command("/concord guideline propose")["ok"]
    return who.modal()


def fields(view: Json) -> dict[str, Any]:
    """What stands in the fields of a modal at first, by block."""
    found = {}
    for block, element in seen.elements(view):
        initial = element.get("initial_value") or element.get("initial_option") or element.get("initial_options")
        found[str(block.get("block_id"))] = initial
    return found


def cards(who: Someone, state: str = "", channel: str | None = None) -> list[Json]:
    """Cards of proposals that say this, the oldest first."""
    found = [one for one in who.messages(channel) if seen.is_card(one, "proposal")]
    return [one for one in found if state in words(one)]


def card(who: Someone, state: str = "") -> Json:
    return until(lambda: cards(who, state))[-1]


def propose(who: Someone, text: str = "Two negations are none.", **more: Any) -> None:
    view = who.choose(open_form(who), "section", "1")
    done = who.submit(view, {"text:1": text, **FILLED, **more})
    assert done == {"ok": True, "action": "close"}, done


def the_proposal(house: House) -> Proposal:
    found: Proposal = house.one(select(Proposal).order_by(col(Proposal.id).desc()).limit(1))[0]
    return found


def test_a_section_is_changed_in_the_form_and_a_manager_approves(open_house: OpenHouse) -> None:
    house = a_house(open_house)
    form = open_form(house.ana)
    assert "text:1" not in fields(form)
    form = house.ana.choose(form, "section", "1", {**FILLED, "labels": [str(max(house.values()))]})
    assert fields(form)["text:1"] == "Two negations are one."
    form = house.ana.choose(form, "section", "0")
    shown = fields(form)
    assert shown["text:0"] == "Be careful."
    assert (shown["summary"], shown["why"]) == (FILLED["summary"], FILLED["why"])
    assert shown["kind"]["value"] == "rule_change"
    assert [one["text"]["text"] for one in shown["labels"]] == ["No"]
    form = house.ana.choose(form, "section", "1")
    assert house.ana.submit(form, {"text:1": "Two negations are none."})["ok"]
    asked = card(house.max)
    assert titles(asked) == ["Approve", "Request changes", "Reject", "Read all"]
    said = words(asked)
    for part in (
        FILLED["summary"],
        FILLED["why"],
        "1.0 → 2.0",
        "ana",
        "Negation",
        "touches nothing that is labelled",
        "No",
    ):
        assert part in said
    assert {"one", "none"} <= {one["text"].strip(" .") for one in styled(asked)}
    file = until(lambda: attached(house.max, asked))
    assert "-Two negations are one.\n+Two negations are none.\n" in file
    assert titles(card(house.ana)) == ["Read all", "Withdraw"]
    house.max.press_ok(asked, "Approve")
    for who in (house.max, house.ana):
        done = card(who, "In force as 2.0")
        assert titles(done) == ["Read all"]
        assert "max approved it" in words(done)
    version = house.one(select(Guideline).join(Project, col(Project.guideline_id) == col(Guideline.id)))[0]
    assert version.markdown == GUIDELINE.replace("are one.", "are none.")
    assert (version.major, version.minor) == (2, 0)


def styled(message: Json) -> list[Json]:
    """Words that are struck through or bold, in a message's rich text."""
    parts = [part for block in message["blocks"] if block["type"] == "rich_text" for part in block["elements"]]
    return [one for part in parts for one in part["elements"] if {"strike", "bold"} & set(one.get("style", {}))]


def attached(who: Someone, message: Json) -> str | None:
    """The file in the thread under a message."""
    found = who.space.messages(who.name, message["channel"], thread_ts=message["ts"])
    files = [one["files"][0] for one in found if one.get("files")]
    return who.space.http.request("GET", who.space.url + files[0]["url"]).data.decode() if files else None


def test_it_is_given_back_with_a_comment_changed_and_proposed_again(open_house: OpenHouse) -> None:
    house = a_house(open_house, people={**TEAM, "odo": ["manager"]})
    propose(house.ana)
    asked, others = card(house.max), card(house.odo)
    house.max.press_ok(asked, "Request changes")
    assert house.max.submit(house.max.modal(), {"comment": "Name an <!here> example."})["ok"]
    back = once(lambda: card(house.ana, "Given back"), lambda one: "Edit" in titles(one))
    assert "max asked for changes" in words(back)
    assert "Name an <!here> example." in seen.quoted(back)
    assert titles(card(house.odo, "Given back")) == ["Read all"]
    assert "max asked for changes" in house.odo.hears(partial(press_as_seen, house.odo, others, "Approve"), "max asked")
    assert press_as_seen(house.ben, back, "Edit")["ok"]
    until(lambda: [one for one in house.ben.messages() if "Only ana, who proposed this" in words(one)])

    house.ana.press_ok(back, "Edit")
    form = house.ana.modal()
    shown = fields(form)
    assert shown["summary"] == FILLED["summary"]
    assert shown["section"]["value"] == "keep"
    assert "Name an <!here> example." in seen.quoted(form)
    form = house.ana.choose(form, "section", "1")
    assert fields(form)["text:1"] == "Two negations are none."
    assert house.ana.submit(form, {"text:1": "Two negations are none: “not unlike”."})["ok"]
    again = once(lambda: card(house.odo, "is proposed"), lambda one: "not unlike" in words(one))
    house.odo.press_ok(again, "Reject")
    assert house.odo.submit(house.odo.modal(), {"comment": "It was right as it was."})["ok"]
    for who in (house.max, house.odo, house.ana):
        assert titles(card(who, "Rejected")) == ["Read all"]
    assert house.count(Decision) == 2
    assert house.count(Guideline) == 1


def test_nobody_approves_their_own_and_with_nobody_else_it_is_said(open_house: OpenHouse) -> None:
    house = a_house(open_house, people={"max": ["manager"], "ana": ["annotator"], "rita": ["reviewer"]})
    form = house.max.choose(open_form(house.max), "section", "1")
    told = house.max.hears(lambda: house.max.submit(form, {"text:1": "Other.", **FILLED}), "Nobody can decide")
    assert "/concord people" in told
    own = card(house.max)
    assert "Approve" not in titles(own)
    assert the_proposal(house).state is ProposalState.PROPOSED
    house.max.press_ok(own, "Withdraw")
    assert titles(card(house.max, "Withdrawn")) == ["Read all"]


def test_a_long_section_is_not_cut_and_faults_are_said_at_their_fields(open_house: OpenHouse) -> None:
    house = a_house(open_house)
    form = house.ana.choose(open_form(house.ana), "section", "2")
    assert "longer than the 3,000 characters" in words(form)
    assert "text:2" not in fields(form)
    assert fields(form)["more:2"] is None
    yesterday = f"{house.clock() - timedelta(days=2):%Y-%m-%d}"
    wrong = {"examples": "i1 = maybe | so", "date": yesterday, **FILLED}
    told = house.ana.submit(form, wrong)
    assert told["action"] == "errors"
    assert set(told["errors"]) == {"examples", "date"}
    told = house.ana.submit(form, {"examples": "i1 = yes | so", "date": None, "label_changes": "turn yes"})
    assert "neither ruled nor a gold item" in told["errors"]["examples"]
    assert {"examples", "label_changes"} == set(told["errors"])
    told = house.ana.submit(form, {"examples": "", "label_changes": ""})
    assert "Nothing is changed" in told["errors"]["more:2"]
    assert house.ana.submit(form, {"more:2": "And one more."})["ok"]
    card(house.max)
    assert the_proposal(house).markdown == f"{GUIDELINE.rstrip()}\n\nAnd one more.\n"


def test_a_ruling_becomes_a_worked_example(open_house: OpenHouse) -> None:
    here = {"team": "#rte", "review": "#rte", "leads": "#rte-leads"}
    house = a_house(open_house, items=[{"id": "i1", "text": "Not *un*like <!here> it"}], overlap=2, channels=here)
    shown = disputed(house, "rte")
    house.rita.rule("No", "Two negations are none.", shown)
    ruled = once(lambda: case(house, "rte"), lambda one: "Ruled: No" in words(one))
    assert titles(ruled) == ["Add to guideline"]
    house.ana.hears(lambda: house.ana.press(ruled, "Add to guideline"), "Only a reviewer", "rte")
    home = once(house.rita.home, lambda view: "Change" in titles(view))
    house.rita.press_ok(home, "Change")
    house.rita.press_ok(house.rita.modal(), "Add to guideline")
    once(house.rita.modal, lambda view: "examples" in fields(view))
    house.rita.close_modals()
    house.rita.press_ok(ruled, "Add to guideline")
    form = house.rita.modal()
    assert fields(form)["examples"] == "i1 = no | Two negations are none."
    form = house.rita.choose(form, "section", "1")
    text = fields(form)["text:1"]
    assert text.startswith("Two negations are one.\n\n> **Example** (item i1)")
    assert "Not \\*un\\*like \\<!here\\> it" in text
    form = house.rita.choose(form, "section", "2")
    assert fields(form)["more:2"].startswith("> **Example** (item i1)")
    assert house.rita.submit(form, {"kind": "clarification"})["ok"]
    asked = card(house.max)
    assert "from the ruling on item i1" in words(asked)
    assert "1.0 → 1.1" in words(asked)
    assert "Not *un*like <!here> it" in seen.quoted(asked)
    example = house.one(select(Example))[0]
    assert house.values()[example.value_id] == "no"
    assert the_proposal(house).escalation_id is not None


def test_a_dropped_guideline_is_the_draft_of_who_brought_it(open_house: OpenHouse) -> None:
    house = a_house(open_house)
    text = GUIDELINE.replace("are one.", "are none.") + "\n## New\n\nA new one.\n"
    dropped = drop(house, text.encode(), "guideline.md", by="ana")
    draft = until(lambda: [one for one in replies(house, dropped) if seen.is_card(one, "proposal")])[0]
    assert titles(draft) == ["Propose", "Read all", "Discard"]
    assert "1 section changed, 1 added" in words(draft)
    assert house.one(select(col(FileDrop.state)))[0] is DropState.GUIDELINE
    assert len(replies(house, dropped)) == 1
    for title in ("Propose", "Discard"):
        is_told(house, house.lea, dropped, partial(house.lea.press, draft, title), "Only")
    house.ana.press_ok(draft, "Propose")
    done = house.ana.submit(house.ana.modal(), FILLED)
    assert done == {"ok": True, "action": "close"}, done
    card(house.max)
    assert the_proposal(house).markdown == text
    now = once(lambda: replies(house, dropped)[0], lambda one: "is proposed" in words(one))
    assert titles(now) == ["Read all", "Withdraw"]


def test_what_is_no_guideline_is_refused_and_a_draft_can_be_discarded(open_house: OpenHouse) -> None:
    house = a_house(open_house, people={name: roles for name, roles in TEAM.items() if name != "cem"})
    said = {
        "nothing differs": drop(house, GUIDELINE.encode(), "same.md"),
        "is no text": drop(house, bytes(range(256)) * 40, "binary.md"),
        "too long": drop(house, b"a rule\n" * 800_000, "large.markdown"),
        "not in the project": drop(house, b"# Mine\n", "mine.md", by="cem"),
    }
    for part, dropped in said.items():
        refused = until(partial(saying, house, dropped, part))
        assert titles(refused) == ["Look again"]
    assert house.count(Proposal) == 0
    dropped = drop(house, b"# Other\n", "other.md")
    draft = until(lambda: [one for one in replies(house, dropped) if seen.is_card(one, "proposal")])[0]
    house.ana.press_ok(draft, "Discard")
    gone = once(lambda: replies(house, dropped)[0], lambda one: "Discarded" in words(one))
    assert titles(gone) == ["Read all"]
    assert the_proposal(house).state is ProposalState.WITHDRAWN


def saying(house: House, dropped: Json, part: str) -> Json | None:
    return next((one for one in replies(house, dropped) if part in words(one)), None)
