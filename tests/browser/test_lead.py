"""What a lead does, in the browser: the digest with its chart, and people."""

from playwright.sync_api import expect

from tests.browser.pages import button, chat, home, message
from tests.chromium import Look
from tests.house.conftest import OpenHouse

DRAWN = "async (picture) => { await picture.decode(); return picture.naturalWidth; }"


def test_a_lead_asks_for_the_digest_and_posts_it_with_its_chart(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=2)
    for name, title in (("ana", "Yes"), ("ben", "No")):
        somebody = house.someone(name)
        somebody.get_batch()
        somebody.answer(title)
        somebody.answer(title)
    leads = house.workspace.channel("rte-leads")
    lea, boss = look("lea", channel=leads), look("max", channel=leads)
    lea.bring_to_front()
    lea.locator(".composer-field").fill("/concord digest rte")
    lea.keyboard.press("Enter")
    asked = lea.locator("article.message.ephemeral").last
    expect(asked).to_contain_text("rte: quality digest")
    expect(asked).to_contain_text("ana: 2  ·  ben: 2")
    expect(boss.locator("article.message")).to_have_count(0)

    button(asked, "Post to the leads channel").click()
    for tab in (lea, boss):
        posted = tab.locator("article.message:not(.ephemeral)").last
        expect(posted).to_contain_text("rte: quality digest")
        expect(posted).to_contain_text("2 of 2 items with two labels or more")
        chart = posted.locator("img.image")
        expect(chart).to_be_visible()
        assert chart.evaluate(DRAWN) == 1200
        assert "4 labels on one day" in (chart.get_attribute("alt") or "")
        expect(button(posted, "Post to the leads channel")).to_have_count(0)


def test_a_lead_adds_somebody_who_can_work_at_once(open_house: OpenHouse, look: Look) -> None:
    open_house(items=1, overlap=1, people={"ana": ["annotator"], "lea": ["lead"]})
    lea, ben = look("lea"), look("ben")
    home(ben)
    expect(ben.locator("[data-pane=home]")).to_contain_text("You are not in a project yet")

    lea.bring_to_front()
    home(lea)
    expect(lea.locator("[data-pane=home]")).to_contain_text("0 of 1")
    button(lea, "Digest now").click()
    asked = lea.get_by_role("dialog", name="Concord")
    expect(asked.locator("strong", has_text="Expected end")).to_be_visible()
    button(asked, "Close").click()
    button(lea, "People").click()
    form = lea.get_by_role("dialog", name="People")
    expect(form).to_contain_text("ana  annotator")
    form.get_by_role("combobox", name="Person").click()
    lea.get_by_role("option", name="Ben Annotator").click()
    form.get_by_role("checkbox", name="Annotator").check()
    button(form, "Save").click()
    expect(lea.get_by_role("dialog", name="People")).to_have_count(0)

    ben.bring_to_front()
    chat(ben)
    home(ben)
    button(ben, "Get a batch").click()
    chat(ben)
    card = message(ben, "item 1 of 1")
    button(card, "Yes").click()
    expect(message(ben, "Batch finished")).to_be_visible()
