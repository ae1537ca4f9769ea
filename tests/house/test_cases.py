"""What is unclear or disputed: flagged, ruled, changed, sent back; every copy of the card and everybody told."""

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Assignment, Card, Escalation, EscalationState, Flag, Item, ItemState, Place, Ruling
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import once, until


def case(house: House, where: str = "rte-review") -> Json:
    """The case's card in a channel, with its channel."""
    found: list[Json] = until(
        lambda: [message for message in house.rita.messages(where) if seen.is_card(message, "case")]
    )
    return found[-1]


def disputed(house: House, where: str = "rte-review") -> Json:
    """Ana says yes and Ben no; the case's card."""
    for somebody, title in ((house.ana, "Yes"), (house.ben, "No")):
        somebody.get_batch()
        somebody.answer(title)
    return case(house, where)


def notices(somebody: Someone) -> list[str]:
    """Rulings in somebody's DM."""
    found = [words(one) for one in somebody.messages() if not seen.is_card(one) and not one["ephemeral"]]
    return [text for text in found if "ruled" in text or "changed a ruling" in text or "sent an item back" in text]


def settled(house: House, part: str) -> list[Json]:
    """Every copy of the case's card, once all of them say this."""
    return once(house.case_cards, lambda cards: cards and all(part in words(card) for card in cards))


def test_a_flag_is_a_case_for_the_reviewer(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    text = seen.quoted(house.ana.get_batch())[0]
    card = house.ana.flag("Who is “he”?", "not_enough_context")
    assert "Batch finished" in words(card)
    assert "Flagged as unclear\n1" in words(card)
    shown = case(house)
    assert text in seen.quoted(shown)
    assert "somebody found it unclear" in words(shown)
    assert "ana: not enough context. Who is “he”?" in words(shown)
    assert titles(shown) == ["Yes", "No", "Send back", "Pass up", "Show labels", "Guideline"]
    back = house.ana.answer("Back", card)
    assert "waits for a reviewer" in words(back)
    assert "Yes" not in titles(back)


def test_the_flag_form_wants_a_reason(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    card = house.ana.get_batch()
    house.ana.press_ok(card, "Unclear")
    view = house.ana.modal()
    assert house.ana.submit(view, {"note": "no reason chosen"})["errors"]["reason"]
    assert house.count(Flag) == 0


def test_nobody_new_is_given_a_flagged_item(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.ana.get_batch()
    house.ana.flag()
    case(house)
    told = house.ben.hears(lambda: house.ben.press(house.ben.home(), "Get a batch"), "wait for a reviewer")
    assert "rte" in told


def test_a_ruling_is_on_every_copy_and_told_to_who_labelled(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    assert "the labels disagree" in words(shown)
    assert "Send back" not in titles(shown)
    lines = "Because <!channel> & *bold* `code`\nis quoted."
    house.rita.rule("Yes", lines, shown)
    for card in settled(house, "Ruled: Yes"):
        assert "rita ruled Yes" in words(card)
        assert lines in seen.quoted(card)
        assert titles(card) == ["Add to guideline"]
    for somebody, own in ((house.ana, "Yes"), (house.ben, "No")):
        told = until(lambda one=somebody: notices(one))  # type: ignore[misc]
        assert len(told) == 1
        assert "rita ruled: Yes" in told[0]
        assert f"Your label: {own}" in told[0]
        newest = somebody.messages()[-1]
        assert lines in seen.quoted(newest)
        assert "&lt;!channel&gt;" in newest["text"], "the notification carries no live mention"
    assert house.one(select(col(Item.state), col(Item.final_value_id))).state is ItemState.RULED
    assert notices(house.cem) == []


def test_the_card_is_ruled_in_two_channels(open_house: OpenHouse) -> None:
    house = open_house(items=1, channels={"team": "#rte", "review": "#rte-review", "leads": "#rte-leads"})
    shown = disputed(house)
    with house.store.write() as session:
        copy = house.workspace.call(
            "chat.postMessage", channel=house.workspace.channel("rte"), text="a copy", blocks=shown["blocks"]
        )
        session.add(
            Card(
                kind="escalation",
                subject_id=seen.subject(shown),
                channel=copy["channel"],
                ts=copy["ts"],
                created_at=house.clock(),
            )
        )
    house.rita.rule("No", "Not implied.", shown)
    settled(house, "Ruled: No")
    until(lambda: "Ruled: No" in words(house.rita.see(copy["ts"], "rte")))


def test_a_ruling_needs_its_reason(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    house.rita.press_ok(shown, "Yes")
    done = house.rita.submit(house.rita.modal(), {"rationale": "   ", "reason": "slip"})
    assert "rationale" in done["errors"]
    assert house.count(Ruling) == 0


def test_a_ruling_changed_from_home_is_told_again(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    house.rita.rule("Yes", "First thought.", shown)
    settled(house, "Ruled: Yes")
    until(lambda: notices(house.ana))
    home = once(house.rita.home, lambda view: "Change" in titles(view))
    house.rita.press_ok(home, "Change")
    view = house.rita.modal()
    assert "rita ruled Yes" in words(view)
    assert "First thought." in words(view)
    no = next(key for key, value in house.values().items() if value == "no")
    assert house.rita.submit(view, {"value": str(no), "rationale": "Second thought.", "reason": "misread"})["ok"]
    for card in settled(house, "Ruled: No"):
        assert "(before: Yes)" in words(card)
        assert seen.quoted(card)[-1] == "Second thought."
    for somebody in (house.ana, house.ben):
        told = until(lambda one=somebody: notices(one)[1:])  # type: ignore[misc]
        assert len(told) == 1
        assert "changed a ruling: No" in told[0]
    assert house.one(select(col(Item.final_value_id))).final_value_id == no


def test_sent_back_the_flagger_has_the_item_again(open_house: OpenHouse) -> None:
    house = open_house(items=2, overlap=1)
    house.ana.get_batch()
    flagged = seen.quoted(house.ana.card())
    house.ana.flag("Which sense?")
    card = house.ana.answer("Yes")
    assert "Batch finished" in words(card)
    shown = case(house)
    house.rita.press_ok(shown, "Send back")
    view = house.rita.modal()
    assert house.rita.submit(view, {"rationale": "The first sense."})["ok"]
    for one in settled(house, "Sent back"):
        assert titles(one) == []
        assert "The first sense." in seen.quoted(one)
    again = once(house.ana.card, lambda now: "item 1 of 2" in words(now))
    assert flagged[0] in seen.quoted(again)
    assert "sent this item back to you" in words(again)
    assert "The first sense." in words(again)
    assert "Yes" in titles(again)
    told = until(lambda: notices(house.ana))
    assert "sent an item back to you" in told[0]
    house.ana.answer("No", again)
    assert house.count(Item, col(Item.state) == ItemState.ACCEPTED) == 2
    assert house.one(select(col(Escalation.state))).state is EscalationState.SENT_BACK


def test_who_looks_at_labels_is_not_given_the_item(open_house: OpenHouse) -> None:
    people = {"ana": ["annotator"], "ben": ["annotator"], "rita": ["reviewer", "annotator"], "lea": ["lead"]}
    house = open_house(items=1, overlap=2, people=people)
    house.ana.get_batch()
    house.ana.flag("?")
    shown = case(house)
    house.rita.press_ok(shown, "Show labels")
    assert "Nobody has labelled this item yet." in words(house.rita.modal())
    house.rita.close_modals()
    house.rita.press_ok(case(house), "Send back")
    assert house.rita.submit(house.rita.modal(), {"rationale": "Read again."})["ok"]
    settled(house, "Sent back")
    house.rita.hears(lambda: house.rita.press(house.rita.home(), "Get a batch"), "needs other people")
    barred = house.rows(select(col(Assignment.state)).where(col(Assignment.person_id) == house.person("rita")))
    assert [row.state for row in barred] == [Place.BARRED]


def test_the_case_card_shows_no_labels_but_the_modal_does(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    assert "ana" not in words(shown).split()
    house.rita.press_ok(shown, "Show labels")
    told = words(house.rita.modal())
    assert "Yes  ana" in told
    assert "No  ben" in told


def test_a_ruling_closes_the_places_that_are_still_open(open_house: OpenHouse) -> None:
    house = open_house(items=2, overlap=2)
    house.ana.get_batch()
    house.ben.get_batch()
    mine = house.ben.card()
    house.ana.flag()
    shown = case(house)
    house.rita.rule("Yes", "Clear enough.", shown)
    settled(house, "Ruled: Yes")
    after = house.ben.changed(mine)
    assert seen.quoted(after) != seen.quoted(mine), "Ben's card moves on to the item that is still open"
    assert notices(house.ben) == [], "who had answered nothing is told nothing"
    until(lambda: notices(house.ana))


def test_a_late_label_after_the_ruling_is_kept_and_marked(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.rita.rule("Yes", "So it is.", disputed(house))
    settled(house, "Ruled: Yes")
    card = house.ana.answer("Back")
    assert "A reviewer has ruled on this item" in words(card)
    assert "Unclear" not in titles(card)
    house.ana.answer("No", card)
    mine = house.one(
        select(col(Assignment.value_id), col(Assignment.counted_id), col(Assignment.after_ruling)).where(
            col(Assignment.person_id) == house.person("ana")
        )
    )
    assert house.values()[mine.value_id] == "no"
    assert house.values()[mine.counted_id] == "yes", "what was said before the ruling counts for agreement"
    assert mine.after_ruling
    assert house.one(select(col(Item.state))).state is ItemState.RULED


def test_changing_a_disputed_label_settles_the_case(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    disputed(house)
    house.ana.answer("Back")
    house.ana.answer("No")
    for card in settled(house, "the labels agree after all"):
        assert titles(card) == []
    assert house.one(select(col(Escalation.state))).state is EscalationState.WITHDRAWN


def test_two_reviewers_at_once_leave_one_ruling(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    house.rita.press_ok(shown, "Yes")
    house.lea.press_ok(shown, "No")
    first, second = house.rita.modal(), house.lea.modal()
    assert house.rita.submit(first, {"rationale": "One.", "reason": "other"})["ok"]
    done = house.lea.submit(second, {"rationale": "Two.", "reason": "other"})
    assert "rita ruled “Yes” meanwhile" in done["errors"]["value"]
    assert house.count(Ruling) == 1


def test_a_button_on_an_old_case_card_shows_the_ruling(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    shown = disputed(house)
    house.rita.rule("Yes", "So it is.", shown)
    card = settled(house, "Ruled: Yes")[0]
    stale = house.workspace.call(
        "chat.update", channel=shown["channel"], ts=card["ts"], text="stale", blocks=shown["blocks"]
    )
    assert stale["ok"]
    house.lea.press_ok(shown, "No")
    settled(house, "Ruled: Yes")
    assert house.workspace.modals("lea") == []
