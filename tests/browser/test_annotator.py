"""An annotator's day, in the browser."""

import re

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Assignment, Flag, Place
from tests.browser.pages import button, chat, home
from tests.chromium import Look
from tests.house.conftest import OpenHouse


def take_batch(tab: Page) -> Locator:
    """*Get a batch* in App Home, then over to the messages: the card."""
    home(tab)
    button(tab, "Get a batch").click()
    chat(tab)
    card = tab.locator("article.message").last
    expect(card).to_contain_text("item 1 of")
    return card


def test_a_batch_is_labelled_changed_skipped_and_flagged(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=4)
    tab = look("ana")
    card = take_batch(tab)
    first = card.locator("blockquote").inner_text()

    button(card, "Yes").click()
    expect(card).to_contain_text("item 2 of 4  ·  1 answered")
    button(card, "Back").click()
    expect(card).to_contain_text("You labelled this item Yes")
    expect(card.locator("blockquote")).to_have_text(first)
    button(card, "No").click()
    expect(card).to_contain_text("item 2 of 4  ·  1 answered")

    button(card, "Skip").click()
    expect(card).to_contain_text("item 3 of 4  ·  2 answered")

    button(card, "Unclear").click()
    form = tab.get_by_role("dialog", name="What is unclear?")
    form.get_by_role("combobox", name="Reason").click()
    tab.get_by_role("option", name="Several labels fit").click()
    form.get_by_role("textbox", name="What should the reviewer know?").fill("Both readings <!channel> are fine")
    button(form, "Flag it").click()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(card).to_contain_text("item 4 of 4  ·  3 answered")

    button(card, "Yes").click()
    expect(card).to_contain_text("Batch finished")
    expect(card.locator(".field")).to_have_text(["Labelled\n2", "Flagged as unclear\n1", "Skipped\n1"])
    done = house.rows(select(col(Assignment.state), col(Assignment.value_id)).order_by(col(Assignment.position)))
    values = house.values()
    assert [(row.state, values.get(row.value_id)) for row in done] == [
        (Place.LABELLED, "no"),
        (Place.SKIPPED, None),
        (Place.FLAGGED, None),
        (Place.LABELLED, "yes"),
    ]
    assert house.one(select(col(Flag.note))).note == "Both readings <!channel> are fine"


def test_a_batch_is_done_by_keyboard_alone_and_heard(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=2)
    house.ana.get_batch()
    tab = look("ana", channel=house.workspace.dm("ana"))
    card = tab.locator("article.message").last
    expect(card).to_contain_text("item 1 of 2")
    tab.get_by_role("button", name="Label this item Yes").focus()
    tab.keyboard.press("Enter")
    expect(card).to_contain_text("item 2 of 2")
    tab.get_by_role("button", name="Label this item No").focus()
    tab.keyboard.press("Space")
    expect(card).to_contain_text("Batch finished")
    names = [one.get_attribute("aria-label") or one.inner_text() for one in card.get_by_role("button").all()]
    assert "Get another batch of this project" in names
    assert all(names)
    heard = house.ana.card()["text"]
    assert "2 labelled" in heard


def test_two_people_work_in_two_tabs_and_never_see_each_other(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=4, overlap=1, batch_size=2)
    tabs = {name: look(name) for name in ("ana", "ben")}
    for tab in tabs.values():
        home(tab)
    for tab in tabs.values():
        button(tab, "Get a batch").click()
    seen: dict[str, list[str]] = {"ana": [], "ben": []}
    for tab in tabs.values():
        chat(tab)
    for position in (1, 2):
        for name, title in (("ana", "Yes"), ("ben", "No")):
            card = tabs[name].locator("article.message").last
            expect(card).to_contain_text(f"item {position} of 2")
            seen[name].append(card.locator("blockquote").inner_text())
            button(card, title).click()
    for tab in tabs.values():
        expect(tab.locator("article.message").last).to_contain_text("Batch finished")
        expect(tab.locator("article.message")).to_have_count(1)
    assert len({*seen["ana"], *seen["ben"]}) == 4, "with overlap 1 nobody gets what somebody else has"
    chosen = house.rows(select(col(Assignment.person_id), col(Assignment.value_id)))
    values = house.values()
    assert {(row.person_id, values[row.value_id]) for row in chosen} == {
        (house.person("ana"), "yes"),
        (house.person("ben"), "no"),
    }


def test_a_long_text_is_read_in_full_in_a_narrow_window(open_house: OpenHouse, look: Look) -> None:
    words = " ".join(f"word{number}" for number in range(2000))
    many = [{"value": f"v{number}", "title": f"Label number {number}"} for number in range(1, 13)]
    house = open_house(items=[{"id": "long", "text": words}, {"id": "rtl", "text": "مرحبا بالعالم 🙂"}], labels=many)
    house.ana.get_batch()
    tab = look("ana", channel=house.workspace.dm("ana"))
    tab.set_viewport_size({"width": 420, "height": 800})
    card = tab.locator("article.message").last
    for position in (1, 2):
        expect(card).to_contain_text(f"item {position} of 2")
        if "word0" in card.inner_text():
            read_all(tab, card)
        assert tab.evaluate(
            "[...document.querySelectorAll('.feed')].every((one) => one.scrollWidth <= one.clientWidth)"
        )
        card.get_by_role("combobox").click()
        tab.get_by_role("option", name="Label number 12").click()
    expect(card).to_contain_text("Batch finished")
    assert [house.values()[row.value_id] for row in house.rows(select(col(Assignment.value_id)))] == ["v12", "v12"]


def read_all(tab: Page, card: Locator) -> None:
    """Turn the pages of the whole text, each of which has some of it."""
    button(card, "Read all").click()
    reader = tab.get_by_role("dialog", name="Whole text")
    read: list[list[str]] = []
    for page in (1, 2):
        expect(reader).to_contain_text(f"Page {page} of 2")
        read.append(re.findall("word[0-9]+", reader.inner_text()))
        if page == 1:
            button(reader, "Next page").click()
    assert all(read), "no page is empty"
    assert [word for page in read for word in page] == [f"word{number}" for number in range(2000)]
    button(reader, "Close").click()
    expect(reader).to_have_count(0)
