"""A case goes its way in chat: somebody is asked, passes it up, others reply, and like cases are decided alike."""

from storage.tables import Member, Role
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import once, until
from workflow.cases import asking

TEXT = "The council met on Tuesday and agreed that the bridge over the old canal is closed for repairs until May."


def asked(somebody: Someone, part: str = "You are asked to rule") -> Json:
    """The case's card in somebody's DM."""
    found = until(lambda: [one for one in somebody.messages() if seen.is_card(one, "case") and part in words(one)])
    return found[-1]


def cards(house: House, part: str, many: int = 1) -> list[Json]:
    """The cases' cards in the review channel, once so many say this."""
    channel = {"channel": house.workspace.channel("rte-review")}
    found = once(house.case_cards, lambda now: sum(part in words(one) for one in now) == many)
    return [one | channel for one in found if part in words(one)]


def flagged(house: House, items: int) -> None:
    house.ana.get_batch()
    for _ in range(items):
        house.ana.flag("Which one?")


def test_a_case_is_asked_of_people_in_turn_and_ruled_where_it_is_read(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    flagged(house, 1)
    [card] = cards(house, "Needs a ruling")
    assert "is asked to rule" not in words(card)
    asking.ask(house.store, house.clock())
    house.concord.sender.nudge()
    mine = asked(house.rita)
    assert "rita is asked to rule until" in words(mine)
    assert "step 1 of 3" in words(mine)
    cards(house, "rita is asked to rule until")
    said = house.rita.hears(lambda: house.rita.press(mine, "Pass up"), "Passed up")
    assert "odo is asked now" in said
    his = asked(house.odo)
    assert "step 2 of 3" in words(his)
    house.odo.rule("No", "Neither.", his)
    [card] = cards(house, "Ruled: No")
    assert "odo ruled No" in words(card)
    assert "A borderline case" in words(card)
    for somebody in (house.rita, house.odo):
        assert titles(asked(somebody, "Ruled: No")) == ["Add to guideline"]


def test_replies_are_read_before_ruling_and_like_cases_are_decided_alike(open_house: OpenHouse) -> None:
    house = open_house([{"id": "i1", "text": TEXT}, {"id": "i2", "text": TEXT.replace("May", "June")}], overlap=1)
    flagged(house, 2)
    first, second = cards(house, "Needs a ruling", many=2)
    house.rita.rule("No", "It is about the bridge.", first)
    cards(house, "Ruled: No")
    house.workspace.say("lea", "I read it as the canal &amp; all", second["channel"], thread_ts=second["ts"])
    house.quiet()
    house.rita.press_ok(second, "Yes")
    form = once(house.rita.modal, lambda view: "In the thread" in words(view))
    assert "lea: I read it as the canal" in words(form)
    assert "alike): No, ruled by rita. It is about the bridge." in words(form)
    assert TEXT in words(form), "what the like item says"
    assert house.rita.submit(form, {"rationale": "Here it is."})["errors"].keys() == {"reason"}
    typed = {"rationale": "Here it is.", "reason": "borderline"}
    done = house.rita.submit(form, typed)
    assert "was ruled “No” by rita. Say why this one differs." in done["errors"]["departure"]
    assert house.rita.submit(form, typed | {"departure": "June is no May."})["ok"]
    [card] = cards(house, "Ruled: Yes")
    assert "Otherwise than on item" in words(card)
    assert "June is no May." in words(card)


def test_who_flagged_the_item_is_told_so_before_the_form(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    with house.store.write() as session:
        rita = house.person("rita")
        session.add(Member(project_id=house.project_id, person_id=rita, role=Role.ANNOTATOR, since=house.clock()))
    house.rita.get_batch()
    house.rita.flag("Which one?")
    [card] = cards(house, "Needs a ruling")
    assert house.rita.hears(lambda: house.rita.press(card, "No"), "somebody else has to judge it", "rte-review")
