"""A ruling is contested in chat, from its notice to a decision by somebody else, and both are told."""

from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import once, until


def told(somebody: Someone, part: str) -> Json:
    """The newest message in somebody's DM that says this."""
    found: list[Json] = until(
        lambda: [one for one in somebody.messages() if part in words(one) and not one["ephemeral"]]
    )
    return found[-1]


def case(house: House, part: str) -> Json:
    """The case's card in the review channel that says this."""
    found: list[Json] = until(
        lambda: [one for one in house.rita.messages("rte-review") if seen.is_card(one, "case") and part in words(one)]
    )
    return found[-1]


def ruled(house: House) -> Json:
    """Rita rules “yes” where Ana says yes and Ben no; the notice that Ben gets."""
    for somebody, title in ((house.ana, "Yes"), (house.ben, "No")):
        somebody.get_batch()
        somebody.answer(title)
    house.rita.rule("Yes", "It does imply it.", case(house, "the labels disagree"))
    return told(house.ben, "rita ruled: Yes")


def contested(house: House, notice: Json, argument: str) -> Json:
    """Ben contests; the card of his dispute."""
    house.ben.press_ok(notice, "Contest")
    form = house.ben.modal()
    assert "rita ruled Yes  ·  your label: No" in words(form)
    assert house.ben.submit(form, {"argument": " "})["errors"].keys() == {"argument"}
    assert house.ben.submit(form, {"argument": argument})["ok"]
    return told(house.ben, "You contested a ruling")


def test_a_dispute_goes_to_somebody_who_has_not_judged_it_and_both_are_told(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    notice = ruled(house)
    assert "Your label: No" in words(notice)
    assert "A borderline case" in words(notice)
    argument = "<!here> the second sentence *denies* it."
    mine = contested(house, notice, argument)
    assert argument in seen.quoted(mine)
    shown = case(house, "contests")
    assert "ben contests “Yes”: <!here> the second sentence denies it." in words(shown)
    assert "rita had ruled so: " in words(shown)
    assert house.rita.hears(lambda: house.rita.press(shown, "Yes"), "judged this item before", "rte-review")
    house.odo.rule("No", "It denies it.", shown)
    outcome = told(house.ben, "odo decided a dispute: No")
    assert "You had contested the ruling “Yes”: it was changed." in words(outcome)
    assert "Contest" not in titles(outcome)
    assert "ben contested your ruling “Yes”: it was changed." in words(told(house.rita, "odo decided a dispute: No"))
    assert "The ruling “Yes” was contested: it was changed." in words(told(house.ana, "odo decided a dispute: No"))
    settled = once(lambda: house.ben.see(mine["ts"]), lambda now: "was changed: No" in words(now))
    assert titles(settled) == []
    over = case(house, "Ruled: No")
    assert "its ruling was contested" in words(over)
    assert "its ruling was contested" in over["text"]
    assert "ben contested “Yes”: " in words(over)
    assert house.ben.hears(lambda: house.ben.press(notice, "Contest"), "contested this ruling before")


def test_a_dispute_is_taken_back_by_who_contests(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    mine = contested(house, ruled(house), "No.")
    house.ben.press_ok(mine, "Take back")
    once(lambda: house.ben.see(mine["ts"]), lambda now: "Over: you contest this ruling no more" in words(now))
    case(house, "Over: the ruling is contested no more")
    case(house, "Ruled: Yes")
