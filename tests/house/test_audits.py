"""Audits in chat: from the form with its meaning to blind answers of two auditors, their verdicts, and the end."""

from collections import Counter
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from jobs import quality
from storage.tables import Audit, AuditState, Finding, FindingState, Item, ItemState
from tests.house.conftest import OpenHouse
from tests.house.house import TEAM, House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import all_at_once, once, until

GUIDELINE = "# Rules\n\nBe careful.\n\n## Hedges\n\nMay is a hedge."
AUDITORS = {**TEAM, "cem": ["auditor"]}


def finished(open_house: OpenHouse, items: int, **spec: Any) -> House:
    """A house in which two people labelled everything."""
    house = open_house(items=items, people=AUDITORS, guideline=GUIDELINE, **spec)
    for name in ("ana", "ben"):
        shown = house.someone(name).get_batch()
        while "Batch finished" not in words(shown):
            shown = house.someone(name).answer("No")
    return house


def tick(house: House, **by: float) -> None:
    house.clock.forward(**by)
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)


def card(who: Someone, part: str, channel: str | None = None) -> Json:
    """The audit's card once it says this; there is one in each place."""

    def seen() -> list[Json]:
        heads = [m for m in who.messages(channel) if not m["ephemeral"]]
        return [m for m in heads if str(m["blocks"][0].get("block_id", "")).startswith("audit:")]

    [found] = once(seen, lambda posts: len(posts) == 1 and part in words(posts[0]))
    return found


def sent(who: Someone, view: Json, part: str, **typed: Any) -> Json:
    """The modal once it was sent and says this; what is typed goes by the fields' names."""
    done = who.submit(view, named(view, **typed))
    assert done["ok"], done
    return once(who.modal, lambda now: part in words(now))


def named(view: Json, **typed: Any) -> dict[str, Any]:
    parts = str(view["private_metadata"]).split(":")
    return {f"{name}:{parts[1]}" if len(parts) == 3 else name: one for name, one in typed.items()}


def pressed(who: Someone, view: Json, title: str, part: str) -> Json:
    who.press_ok(view, title)
    return once(who.modal, lambda now: part in words(now))


def judging(who: Someone, view: Json, verdict: str) -> Json:
    """The modal that asks for what belongs to a verdict."""
    block = next(name for name in named(view, verdict=verdict))
    return who.choose(view, block, verdict, {block: verdict})


def option(view: Json, title: str) -> str:
    """The value of an option of a form, by its words."""
    options = [one for block in view["blocks"] for one in (block.get("element") or {}).get("options", [])]
    return next(str(one["value"]) for one in options if one["text"]["text"] == title)


def started(house: House, size: int) -> Json:
    """An audit by its form, drawn; the card in the leads' channel."""
    house.lea.command("/concord audit", "rte-leads")
    form = house.lea.choose(house.lea.modal(), "plan", "items")
    shown = sent(house.lea, form, f"{size} of", size=str(size))
    sent(house.lea, shown, "Audit 1 is started", why="After the new rule")
    tick(house)
    return card(house.lea, f"0 of {size} judged", "rte-leads")


def test_an_audit_from_the_form_to_its_end(open_house: OpenHouse) -> None:
    house = finished(open_house, 7)
    odo, cem, lea = house.odo, house.cem, house.lea
    house.ana.hears(lambda: house.ana.command("/concord audit", "rte"), "auditor", "rte")

    # What it means stands there before the start; a form that is sent twice starts one audit.
    lea.command("/concord audit", "rte-leads")
    form = lea.modal()
    assert "smaller than the one that fails" in str(lea.submit(form, {"aql": "8", "ltpd": "2"}))
    shown = sent(lea, form, "accept with", aql="2", ltpd="60")
    assert "passes a lot with 2 % errors 95 times in 100, and one with 60 % at most 10 times in 100" in words(shown)
    form = lea.choose(pressed(lea, shown, "Change", "How is the sample drawn?"), "plan", "items")
    shown = sent(lea, form, "6 of 7 items", size="6")
    assert house.count(Audit) == 0
    all_at_once([lambda: lea.submit(shown, {"why": "After the new rule"})] * 2)
    once(lea.modal, lambda now: "Audit 1 is started" in words(now))
    tick(house)
    asked = [card(one, "You are asked to audit 6 items") for one in (odo, cem)]
    [audit] = house.rows(select(col(Audit.state), col(Audit.size), col(Audit.why)))
    assert tuple(audit) == (AuditState.RUNNING, 6, "After the new rule")

    # Two auditors at once are given two items, and see no label before they have answered.
    assert titles(asked[0]) == ["Audit next item"]
    all_at_once([lambda: odo.press_ok(asked[0], "Audit next item"), lambda: cem.press_ok(asked[1], "Audit next item")])
    first, other = odo.modal(), cem.modal()
    assert first["private_metadata"] != other["private_metadata"]
    assert titles(first) == ["Yes", "No", "Guideline", "Stop"]
    assert "has the label" not in words(first)

    # Wrong: what belongs to it is asked for, the item is corrected, and who labelled it is told.
    seen = pressed(odo, first, "Yes", "The item has the label No")
    assert "You said Yes" in words(seen)
    odo.press(first, "No")
    form = judging(odo, seen, "wrong")
    found = named(form, verdict="wrong", severity="major", reason="slip", value=option(form, "Yes"))
    assert "the people who labelled it will read it" in str(odo.submit(form, found | named(form, note=" ")))
    found |= named(form, note="It says “all” 🙂", section=option(form, "Hedges"))
    all_at_once([lambda: odo.submit(form, found)] * 2)
    second = once(odo.modal, lambda now: "wrong, corrected to Yes" in words(now))
    assert until(lambda: [m for m in house.ana.messages() if "It says “all” 🙂" in words(m)])
    assert house.count(Finding, col(Finding.state) == FindingState.JUDGED) == 1

    # Unclear, with the section; then right, which an answer that agrees is from the start.
    form = judging(odo, pressed(odo, second, "Yes", "You said Yes"), "unclear")
    third = sent(
        odo, form, "unclear, noted", verdict="unclear", reason="guideline_silent", section=option(form, "Hedges")
    )
    pressed(odo, third, "Stop", "You gave the item back")
    nextone = pressed(cem, other, "No", "The item has the label that you gave")
    while "Nothing is left" not in words(nextone) and "All items" not in words(nextone):
        nextone = sent(cem, nextone, "right", verdict="right")
        if "Yes" in titles(nextone):
            nextone = pressed(cem, nextone, "No", "Can this label stand?")
    assert "All items of audit 1 are judged" in words(nextone)

    tick(house)
    ended = card(lea, "1 of 6 wrong, 1 unclear", "rte-leads")
    assert titles(ended) == []
    assert "1 major" in words(ended)
    assert "After the new rule" in words(card(odo, "all judged"))
    found_states = Counter(row.state for row in house.rows(select(col(Item.state))))
    assert found_states == {ItemState.RULED: 1, ItemState.ACCEPTED: 6}


def test_a_targeted_audit_is_asked_for_and_called_off(open_house: OpenHouse) -> None:
    house = finished(open_house, 4)
    assert "New audit" in titles(house.max.home())
    house.max.press_ok(house.max.home(), "New audit")
    form = house.max.choose(house.max.modal(), "design", "targeted")
    refused = house.max.submit(form, {"design": "targeted", "half_width": "4", "expected": "5"})
    assert "Say below what you suspect" in str(refused)
    shown = sent(
        house.max, form, "All of the finished items are suspected", design="targeted", person=option(form, "ana")
    )
    form = pressed(house.max, shown, "Change", "What do you suspect?")
    shown = sent(house.max, form, "2  ·  suspected", items="i1\ni3", person="any")
    assert "2 of 2  ·  not suspected" in words(shown)
    sent(house.max, shown, "Audit 1 is started")
    tick(house)
    shown = card(house.lea, "suspected if among 2 suspects", "rte-leads")
    house.cem.press_ok(card(house.cem, "You are asked"), "Audit next item")
    late = house.cem.modal()
    house.lea.press_ok(shown, "Call off")
    assert "called off by lea" in words(card(house.lea, "was called off", "rte-leads"))
    assert titles(card(house.cem, "was called off")) == []
    house.cem.hears(lambda: house.cem.press(late, "No"), "called off")
    assert house.count(Finding, col(Finding.answer_id).is_not(None)) == 0


def test_a_card_counts_along_once_a_minute(open_house: OpenHouse) -> None:
    house = finished(open_house, 3)
    shown = started(house, 3)
    house.cem.command("/concord audit next")
    seen = pressed(house.cem, house.cem.modal(), "No", "Can this label stand?")
    sent(house.cem, seen, "right", verdict="right")
    tick(house)
    assert "0 of 3 judged" in words(house.lea.see(shown["ts"], "rte-leads"))
    tick(house, seconds=70)
    assert "1 of 3 judged" in words(card(house.lea, "1 of 3 judged", "rte-leads"))
    assert "2 items to audit" in words(house.odo.home())
