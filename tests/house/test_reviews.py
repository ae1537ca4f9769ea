"""Reviews in chat: two reviewers at one queue, from the pick to accept, correct, send back and pass up."""

from typing import Any

from sqlalchemy import select
from sqlmodel import col

from jobs import quality
from storage.tables import Assignment, Item, ItemState, Place, Review, ReviewState
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.test_forged import forge, submitted
from tests.house.waiting import all_at_once, once, until

ALL = {"review": {"share": 1.0}}
GUIDELINE = "# Rules\n\nBe careful.\n\n## Hedges\n\nMay is a hedge."


def labelled(open_house: OpenHouse, items: int, **spec: Any) -> House:
    """A house in which two people labelled everything, and the clock has looked at it."""
    house = open_house(items=items, quality=ALL, guideline=GUIDELINE, **spec)
    for name in ("ana", "ben"):
        shown = house.someone(name).get_batch()
        while "Batch finished" not in words(shown):
            shown = house.someone(name).answer("No")
    tick(house)
    return house


def tick(house: House, **by: float) -> None:
    house.clock.forward(**by)
    quality.keep_up(house.store, house.clock(), house.concord.sender.nudge)


def card(house: House, part: str) -> Json:
    """The standing card once it says this; there is only ever one."""

    def seen() -> list[Json]:
        return [m for m in house.rita.messages("rte-review") if "to review" in words(m).lower() and not m["ephemeral"]]

    [found] = once(seen, lambda posts: len(posts) == 1 and part in words(posts[0]))
    return found


def sent(who: Someone, view: Json, part: str, **typed: Any) -> Json:
    """The modal once it was sent and says this; what is typed goes by the fields' names."""
    end = str(view["private_metadata"]).split(":")[2]
    done = who.submit(view, {f"{name}:{end}": value for name, value in typed.items()})
    assert done["ok"], done
    return once(who.modal, lambda now: part in words(now))


def pressed(who: Someone, view: Json, title: str, part: str) -> Json:
    who.press_ok(view, title)
    return once(who.modal, lambda now: part in words(now))


def states(house: House) -> dict[str, ItemState]:
    return {row.key: row.state for row in house.rows(select(col(Item.key), col(Item.state)))}


def test_two_reviewers_work_through_the_queue(open_house: OpenHouse) -> None:
    house = labelled(open_house, 7)
    rita, lea = house.rita, house.lea
    shown = card(house, "7 items to review")
    assert titles(shown) == ["Next item"]
    house.ana.hears(lambda: house.ana.command("/concord review", "rte"), "reviewer", "rte")

    all_at_once([lambda: rita.press_ok(shown, "Next item"), lambda: lea.press_ok(shown, "Next item")])
    first, other = rita.modal(), lea.modal()
    assert first["private_metadata"] != other["private_metadata"]
    assert house.count(Review, col(Review.state) == ReviewState.CLAIMED) == 2
    assert "No  ·  ana, ben" in words(first)
    assert titles(first) == ["Correct", "Send back", "Pass up", "Guideline", "ana in a row", "Stop"]

    # Accepted, taken back, accepted again; what was sent comes once more, and then from somebody who may not.
    second = sent(rita, first, "Accepted.")
    assert "4 more items of ana labelled the same" in words(second)
    again = pressed(rita, second, "Undo", "Taken back")
    assert again["private_metadata"].split(":")[2] == first["private_metadata"].split(":")[2]
    second = sent(rita, again, "Accepted.")
    for name, opened in (("rita", again), ("rita", first), ("ana", second), ("max", second)):
        assert forge(house, name, submitted("review", opened["private_metadata"], {}))["ok"]
    assert house.count(Review, col(Review.state) == ReviewState.ACCEPTED) == 1

    # The other reviewer corrects: the reason is asked for, and everybody who labelled it is told.
    form = pressed(lea, other, "Correct", "The right label")
    assert not lea.submit(form, {})["ok"]
    assert "needs a note" in str(lea.submit(form, named(form, value=value(house, "yes"), reason="other")))
    done = sent(
        lea, form, "Corrected: “Yes”", value=value(house, "yes"), reason="misread", section=option(form, "Hedges")
    )
    assert until(lambda: [m for m in house.ben.messages() if "lea" in words(m) and "Yes" in words(m)])
    lea.press_ok(done, "Stop")
    once(lea.modal, lambda now: "You gave the item back" in words(now))

    # Back to who labelled it; then to nobody, with a note; then up.
    form = pressed(rita, second, "Send back", "Who labels it again")
    assert titles(form) == ["Back to the item"]
    third = sent(rita, form, "with ana again", whose=str(house.person("ana")), reason="rule_missed", note="Read §2 🙂")
    form = pressed(rita, third, "Send back", "Who labels it again")
    fourth = sent(rita, form, "ben is told", whose=str(house.person("ben")), reason="slip", mode="noted")
    form = pressed(rita, fourth, "Pass up", "What are you unsure of?")
    fifth = sent(rita, form, "Passed up", note="Is may a hedge?")
    assert until(house.case_cards)

    # What is left is accepted one by one, and together.
    last = sent(rita, fifth, "Accepted.")
    assert "Accept it too" not in titles(last)
    nothing = sent(rita, last, "Nothing is left for you to review")
    assert titles(nothing) == ["Undo", "Sent back"]
    assert "with ana" in words(pressed(rita, nothing, "Sent back", "A rule of the guideline was missed"))
    found = list(states(house).values())
    assert {state: found.count(state) for state in found} == {
        ItemState.ACCEPTED: 4, ItemState.RULED: 1, ItemState.OPEN: 1, ItemState.ESCALATED: 1,
    }  # fmt: skip
    tick(house, seconds=70)
    shown = card(house, "Nothing to review")
    assert "1 sent back and not done yet" in words(shown)
    house.ana.answer("No")
    tick(house, seconds=70)
    assert titles(card(house, "1 item to review")) == ["Next item"]


def test_a_run_of_one_kind_is_decided_together(open_house: OpenHouse) -> None:
    house = labelled(open_house, 6)
    house.rita.press_ok(house.rita.home(), "Next item")
    house.rita.press_ok(house.rita.modal(), "ana in a row")
    view = once(house.rita.modal, lambda now: "In the usual order" in titles(now))
    second = sent(house.rita, view, "Accepted.")
    third = pressed(house.rita, second, "Accept these 4 too", "4 more accepted")
    assert house.count(Review, col(Review.state) == ReviewState.ACCEPTED) == 5
    again = pressed(house.rita, third, "Undo", "4 taken back: they are in review again.")
    assert "Undo" not in titles(again)
    assert house.count(Review, col(Review.state) == ReviewState.ACCEPTED) == 1
    third = sent(house.rita, again, "Accepted.")
    third = pressed(house.rita, third, "Accept these 3 too", "3 more accepted")
    form = pressed(house.rita, third, "Send back", "Who labels it again")
    done = sent(house.rita, form, "Nothing is left", reason="slip", mode="other")
    assert "Undo" not in titles(done)


def test_somebody_elses_review_is_not_shown_to_who_held_it_too_long(open_house: OpenHouse) -> None:
    house = labelled(open_house, 1)
    house.rita.command("/concord review", "rte-review")
    late = house.rita.modal()
    tick(house, minutes=31)
    # Nobody else took it: who comes back late goes on.
    form = pressed(house.rita, late, "Correct", "The right label")
    tick(house, minutes=31)
    house.lea.command("/concord review", "rte-review")
    assert "No  ·  ana, ben" in words(house.lea.modal())
    refused = house.rita.submit(form, named(form, value=value(house, "yes"), reason="slip"))
    assert "lea looks at it now" in str(refused)
    gone = pressed(house.rita, form, "Back to the item", "lea looks at it")
    assert "ana, ben" not in words(gone)
    assert house.one(select(col(Item.state))).state is ItemState.IN_REVIEW
    # They were shown the labels, so nobody gives them the item.
    assert [row.state for row in house.rows(places(house, "rita"))] == [Place.BARRED]


def named(view: Json, **typed: Any) -> dict[str, Any]:
    end = str(view["private_metadata"]).split(":")[2]
    return {f"{name}:{end}": one for name, one in typed.items()}


def value(house: House, name: str) -> str:
    return next(str(one) for one, called in house.values().items() if called == name)


def option(view: Json, title: str) -> str:
    """The value of an option of a form, by its words."""
    options = [one for block in view["blocks"] for one in (block.get("element") or {}).get("options", [])]
    return next(str(one["value"]) for one in options if one["text"]["text"] == title)


def places(house: House, name: str) -> Any:
    return select(col(Assignment.state)).where(col(Assignment.person_id) == house.person(name))
