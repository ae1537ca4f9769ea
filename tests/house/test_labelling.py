"""An annotator's day: a batch from Home, labels, changed labels, skips, and the card after each."""

from sqlalchemy import select
from sqlmodel import col

from storage.tables import Assignment, History, Item, ItemState, Label, Place
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import titles, words
from tests.house.waiting import all_at_once, once, until


def labels(house: House, name: str) -> list[str]:
    """Somebody's labels in force, item by item."""
    person = house.rows(
        select(col(Assignment.position), col(Assignment.value_id), col(Assignment.state))
        .where(col(Assignment.person_id) == house.person(name))
        .order_by(col(Assignment.position))
    )
    values = house.values()
    return [values.get(row.value_id, row.state.value) for row in person]


def test_a_batch_is_labelled_item_by_item(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    card = house.ana.get_batch()
    assert "item 1 of 3" in words(card)
    assert titles(card) == ["Yes", "No", "Unclear", "Skip", "Guideline"]
    first = seen.quoted(card)

    card = house.ana.answer("Yes")
    assert "item 2 of 3" in words(card)
    assert "1 answered" in words(card)
    assert seen.quoted(card) != first

    card = house.ana.answer("No")
    card = house.ana.answer("Yes")
    assert "Batch finished" in words(card)
    assert "Labelled\n3" in words(card)
    assert labels(house, "ana") == ["yes", "no", "yes"]
    assert len(house.ana.cards()) == 1


def test_back_shows_the_answer_and_changes_it(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    house.ana.get_batch()
    house.ana.answer("Yes")
    house.ana.answer("Yes")
    card = house.ana.answer("Back")
    assert "item 2 of 3" in words(card)
    assert "You labelled this item Yes" in words(card)
    card = house.ana.answer("Back")
    assert "item 1 of 3" in words(card)

    card = house.ana.answer("No")
    assert "item 3 of 3" in words(card), "after a change the next open item is shown"
    assert labels(house, "ana") == ["no", "yes", "open"]
    changes = house.rows(select(col(Label.value_id), col(Label.previous_value_id)).order_by(col(Label.id)))
    assert [(house.values()[new], house.values().get(old)) for new, old in changes] == [
        ("yes", None),
        ("yes", None),
        ("no", "yes"),
    ]


def test_forward_comes_back_to_where_one_was(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    house.ana.get_batch()
    house.ana.answer("Yes")
    house.ana.answer("Back")
    card = house.ana.answer("Forward")
    assert "item 2 of 3" in words(card)
    assert "Forward" not in titles(card)


def test_a_skipped_item_goes_to_others(open_house: OpenHouse) -> None:
    house = open_house(items=2, overlap=1, skip="others")
    first = seen.quoted(house.ana.get_batch())
    card = house.ana.answer("Skip")
    assert seen.quoted(card) != first
    house.ana.answer("Yes")
    assert "Skipped\n1" in words(house.ana.card())

    card = house.ben.get_batch()
    assert "item 1 of 1" in words(card)
    assert seen.quoted(card) == first
    house.ben.answer("No")
    skipped = house.rows(select(History).where(col(History.action) == "item.skipped"))
    assert len(skipped) == 1
    assert house.count(Item, col(Item.state) == ItemState.ACCEPTED) == 2


def test_a_skipped_item_may_come_back_later(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1, skip="later")
    first = house.ana.get_batch()
    house.ana.answer("Skip")
    again = house.ana.get_batch()
    assert again["ts"] != first["ts"]
    house.ana.answer("Yes", again)
    assert labels(house, "ana") == ["yes"]


def test_no_skip_where_the_project_forbids_it(open_house: OpenHouse) -> None:
    house = open_house(items=1, skip="never")
    assert "Skip" not in titles(house.ana.get_batch())


def test_three_who_skip_send_the_item_to_a_reviewer(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1)
    for somebody in (house.ana, house.ben, house.cem):
        somebody.get_batch()
        somebody.answer("Skip")
    case = until(house.case_cards)[0]
    assert "three people skipped it" in words(case)
    assert "Send back" not in titles(case), "nobody flagged it"


def test_the_end_of_a_batch_offers_another(open_house: OpenHouse) -> None:
    house = open_house(items=5, batch_size=2)
    house.ana.get_batch()
    house.ana.answer("Yes")
    done = house.ana.answer("Yes")
    assert titles(done) == ["Another batch", "Back", "Guideline"]
    house.ana.press_ok(done, "Another batch")
    second = until(lambda: house.ana.cards()[1:])[0]
    assert "item 1 of 2" in words(second)
    assert house.count(Assignment, col(Assignment.state) == Place.OPEN) == 2
    back = house.ana.answer("Back", done)
    assert "item 2 of 2" in words(back), "the finished batch can still be changed"


def test_get_batch_shows_an_open_batch_again_instead(open_house: OpenHouse) -> None:
    house = open_house(items=3, batch_size=2)
    house.ana.get_batch()
    house.ana.answer("Yes")
    again = house.ana.get_batch()
    assert "item 2 of 2" in words(again)
    assert house.count(Assignment) == 2
    old, new = house.ana.cards()
    house.ana.answer("No", new)
    assert "Batch finished" in words(house.ana.see(new["ts"]))
    house.ana.press_ok(old, "Yes")
    until(lambda: "Batch finished" in words(house.ana.see(old["ts"])))
    assert labels(house, "ana")[1] == "yes", "a click on the older copy counts as well: it is the later click"


def test_a_double_click_on_get_a_batch_puts_up_one_card(open_house: OpenHouse) -> None:
    house = open_house(items=3, batch_size=1)
    home = house.ana.home()
    for _ in range(3):
        house.ana.press_ok(home, "Get a batch")
    house.quiet()
    card = house.ana.answer("Yes")
    for _ in range(3):
        house.ana.press_ok(card, "Another batch")
    house.quiet()
    assert len(house.ana.cards()) == 2


def test_the_card_of_a_batch_whose_items_went_to_another_shows_it(open_house: OpenHouse) -> None:
    house = open_house(items=2, overlap=1, skip="later")
    old = house.ana.get_batch()
    house.ana.answer("Skip")
    house.ana.answer("Skip")
    house.ana.get_batch()
    now = once(
        lambda: house.ana.see(old["ts"]), lambda card: seen.version(card) == house.card_version(seen.subject(old))
    )
    assert "0 items" in words(now)
    assert titles(now) == ["Another batch", "Guideline"]


def test_two_people_at_once_never_get_the_same_last_place(open_house: OpenHouse) -> None:
    house = open_house(items=3, overlap=1, batch_size=3)
    homes = {name: house.someone(name).home() for name in ("ana", "ben", "cem")}
    all_at_once([lambda n=name: house.someone(n).press(homes[n], "Get a batch") for name in homes])  # type: ignore[misc]
    house.quiet()
    places = house.rows(select(col(Assignment.item_id), col(Assignment.person_id)))
    assert len({row.item_id for row in places}) == len(places) == 3
    assert sum(len(house.someone(name).cards()) for name in homes) == 1


def test_many_labels_are_chosen_from_a_list(open_house: OpenHouse) -> None:
    many = [{"value": f"v{number}", "title": f"Value {number}"} for number in range(12)]
    house = open_house(items=2, labels=many)
    card = house.ana.get_batch()
    assert [title for title in titles(card) if title.startswith("Value")] == [f"Value {n}" for n in range(12)]
    house.ana.answer("Value 11")
    card = house.ana.answer("Back")
    select_element = next(element for _, element in seen.elements(card) if element["type"] == "static_select")
    assert select_element["initial_option"]["text"]["text"] == "Value 11"
    assert labels(house, "ana") == ["v11", "open"]


def test_eight_labels_are_still_buttons(open_house: OpenHouse) -> None:
    house = open_house(items=1, labels=[f"v{number}" for number in range(8)])
    assert all(element["type"] == "button" for _, element in seen.elements(house.ana.get_batch()))


def test_somebody_in_two_projects_chooses(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.make_project([{"id": "x", "text": "Of the other project"}], name="other", question="And this one?")
    home = house.ana.home()
    assert titles(home).count("Get a batch") == 2
    done = house.ana.hears(lambda: house.ana.command("/concord batch"), "Which project?")
    assert "rte" in done
    assert "other" in done
    assert house.ana.command("/concord batch other") == {"ok": True}
    assert seen.quoted(house.ana.card()) == ["Of the other project"]
