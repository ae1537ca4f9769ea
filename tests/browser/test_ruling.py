"""An unclear item on its way from annotator to reviewer and back, in the browser."""

from playwright.sync_api import expect

from tests.browser.pages import button, choose, message
from tests.chromium import Look
from tests.house.conftest import OpenHouse


def test_a_reviewer_rules_and_who_flagged_it_reads_why(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=1)
    house.ana.get_batch()
    ana = look("ana", channel=house.workspace.channel("rte"))
    rita = look("rita", channel=house.workspace.channel("rte-review"))
    house.ana.flag(note="Which of *both*?")

    case = message(rita, "Needs a ruling")
    expect(case).to_contain_text("ana: several labels fit. Which of *both*?")
    button(case, "Yes").click()
    form = rita.get_by_role("dialog", name="Rule on an item")
    expect(form.get_by_role("combobox", name="Ruling")).to_have_text("Yes")
    button(form, "Rule").click()
    expect(form.get_by_role("alert").first).to_have_text("Please complete this required field.")
    choose(rita, form, "Reason", "A borderline case")
    form.get_by_role("textbox").fill("Rule 1: the first reading counts.")
    button(form, "Rule").click()
    expect(rita.get_by_role("dialog")).to_have_count(0)
    ruled = message(rita, "Ruled: Yes")
    expect(ruled).to_contain_text("rita ruled Yes")
    expect(ruled).to_contain_text("A borderline case")
    expect(ruled).to_contain_text("Rule 1: the first reading counts.")
    expect(ruled.locator(".block button")).to_have_text(["Add to guideline"])
    expect(rita.locator("article.message")).to_have_count(1)

    unread = ana.locator(f"[data-channel='{house.workspace.dm('ana')}']")
    expect(unread.locator(".badge")).to_be_visible()
    unread.click()
    notice = ana.locator("article.message").last
    expect(notice).to_contain_text("rita ruled: Yes")
    expect(notice.locator("blockquote").first).to_have_text("Rule 1: the first reading counts.")
    expect(notice).to_contain_text("You had flagged this item as unclear.")
    expect(ana.locator("article.message")).to_have_count(2)


def test_a_reviewer_sees_labels_only_on_asking_and_sends_back(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=1)
    house.ben.get_batch()
    house.ben.answer("No")
    house.ana.get_batch()
    house.ana.flag()
    rita = look("rita", channel=house.workspace.channel("rte-review"))
    case = message(rita, "Needs a ruling")
    expect(case).not_to_contain_text("ben")
    button(case, "Show labels").click()
    shown = rita.get_by_role("dialog", name="Labels so far")
    expect(shown).to_contain_text("No  ben")
    button(shown, "Close").click()

    button(case, "Send back").click()
    form = rita.get_by_role("dialog", name="Send back")
    form.get_by_role("textbox").fill("Read the second sentence.")
    button(form, "Send back").click()
    expect(message(rita, "Sent back")).to_contain_text("Read the second sentence.")

    ana = look("ana", channel=house.workspace.dm("ana"))
    expect(ana.locator("article.message").last).to_contain_text("rita sent an item back to you")
    card = message(ana, "item 1 of 1")
    expect(card).to_contain_text("A reviewer sent this item back to you")
    button(card, "No").click()
    expect(message(ana, "Batch finished")).to_be_visible()
