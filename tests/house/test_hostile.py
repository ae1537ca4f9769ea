"""The worst texts that people and files can bring, through every card: nothing is refused by Slack, nothing goes live."""

import pytest
from sqlmodel import col

from storage.tables import Outbox, OutboxState
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import titles, words
from tests.house.waiting import once, until

NASTY = (
    "<!channel> <@U1> *b* _i_ `c` </b> {{x}} {% y %} &amp; \" ' \\ \u2028 \u202e rtl العربية 👩‍👩‍👧‍👦 é\u0301\u0301 "
)
TEXTS = {
    "nasty": (NASTY * 60)[:3000],
    "ampersands": "&" * 3000,
    "angles": "<>" * 1500,
    "families": "👩‍👩‍👧‍👦" * 250,
    "marks": ("a" + "\u0301" * 20) * 140,
    "lines": "x\n" * 1500,
    "one word": "w" * 3000,
    "stars": "*" * 3000,
}


def typed(text: str) -> str:
    """What a project file takes of a text: one line, nothing that cannot be seen."""
    return "".join(" " if char in "\n\u2028" else char for char in text if char != "\u202e").strip()


def refused(house: House) -> list[tuple[str, str]]:
    """Calls that Slack refused because of what was in them."""
    bad = ("invalid_blocks", "invalid_arguments", "msg_blocks_too_long", "msg_too_long", "invalid_metadata_format")
    return [(call["method"], call["outcome"]) for call in house.workspace.log() if call["outcome"] in bad]


@pytest.mark.parametrize("kind", list(TEXTS))
def test_the_worst_texts_reach_every_card(open_house: OpenHouse, kind: str) -> None:
    text = TEXTS[kind]
    house = open_house(
        [{"id": f"{typed(text[:40])}{number}", "one": text * 3, "two": f"{text}{number}"} for number in range(2)],
        fields=["one", "two"],
        question=typed(text[:300]) + "?",
        labels=[
            {"value": "yes", "title": f"Yes {typed(text[:25])}", "description": typed(text[:900])},
            {"value": "no", "title": "No", "description": typed(text[:900])},
        ],
        guideline=f"# Rules\n\n{text * 5}\n\n```\n{text}\n```\n\n| a | b |\n|---|---|\n| {text[:50]} | x |",
    )
    yes = next(title for title in titles(house.ana.get_batch()) if title.startswith("Yes"))
    for button in ("Read all", "Guideline"):
        house.ana.press_ok(house.ana.card(), button)
        house.ana.modal()
        house.ana.close_modals()
    house.ana.answer(yes)
    house.ana.flag(text)
    house.ben.get_batch()
    house.ben.answer("No")
    if "Unclear" in titles(house.ben.card()):
        house.ben.flag(text)
    cards = once(house.case_cards, lambda found: len(found) == 2)
    channel = {"channel": house.workspace.channel("rte-review")}
    for card in cards:
        house.rita.press_ok(card | channel, "Show labels")
        house.rita.modal()
        house.rita.close_modals()
        house.rita.press_ok(card | channel, "Send back" if "Send back" in titles(card) else "No")
        assert house.rita.submit(house.rita.modal(), {"rationale": text, "reason": "other"})["ok"]
    once(house.case_cards, lambda found: all(set(titles(card)) <= {"Add to guideline"} for card in found))
    house.quiet()
    home = house.rita.home()
    if "Change" in titles(home):
        house.rita.press_ok(home, "Change")
        assert words(house.rita.modal())
    house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "digest", "rte-leads")
    house.lea.hears(lambda: house.lea.command(f"/concord {text[:500]}", "rte-leads"), "There is no", "rte-leads")

    assert refused(house) == []
    assert house.count(Outbox, col(Outbox.state) == OutboxState.FAILED) == 0
    sent = [one for name in ("ana", "ben") for one in house.posts(name)] + house.case_cards()
    assert [one["text"] for one in sent if "<!channel>" in one["text"] or "<@U1>" in one["text"]] == []


def test_a_hundred_labels(open_house: OpenHouse) -> None:
    many = [{"value": f"v{number}", "title": f"{number:03} {'t' * 71}"} for number in range(100)]
    house = open_house(items=1, labels=many, overlap=2)
    for name, number in (("ana", 0), ("ben", 99)):
        house.someone(name).get_batch()
        house.someone(name).answer(many[number]["title"])
    card = until(house.case_cards)[0] | {"channel": house.workspace.channel("rte-review")}
    house.rita.rule(many[50]["title"], "Between them.", card)
    once(house.case_cards, lambda found: f"Ruled: {many[50]['title']}" in words(found[0]))
    shown = house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "digest", "rte-leads")
    assert many[0]["title"] in shown
    assert refused(house) == []


def test_a_batch_of_a_hundred_items(open_house: OpenHouse) -> None:
    house = open_house(items=100, batch_size=100, overlap=1)
    assert "item 1 of 100" in words(house.ana.get_batch())
    assert "item 2 of 100" in words(house.ana.answer("Yes"))
    assert seen.titles(house.ana.card())
