"""Quality assurance in the browser: a dispute among four people, and an audit that fails a lot until it is repaired."""

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Item, ItemState
from tests.browser.pages import button, choose, message
from tests.chromium import Look
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.test_audits import GUIDELINE, tick

NOTE = "“May” is a hedge: it says *less* than the hypothesis."
ARGUMENT = "The second sentence says it outright, <!here> 🙂."
VERDICT = "Ben is right: the second sentence needs no “may”."


def into_dm(tab: Page, house: House, name: str) -> None:
    """Over to their conversation with Concord, where something new waits."""
    unread = tab.locator(f"[data-channel='{house.workspace.dm(name)}']")
    expect(unread.locator(".badge")).to_be_visible()
    unread.click()


def correct(rita: Page) -> None:
    """From the queue's card: the labels are read, and another one is given with a reason and a section."""
    button(message(rita, "1 item to review"), "Next item").click()
    form = rita.get_by_role("dialog", name="Review")
    expect(form).to_contain_text("No  ·  ana, ben")
    expect(form).to_contain_text("drawn by chance")
    button(form, "Correct").click()
    form = rita.get_by_role("dialog", name="Correct")
    choose(rita, form, "The right label", "Yes")
    choose(rita, form, "Why", "A rule of the guideline was missed")
    choose(rita, form, "Section of the guideline", "Hedges")
    form.get_by_role("textbox").fill(NOTE)
    button(form, "Correct").click()
    done = rita.get_by_role("dialog", name="Review")
    expect(done).to_contain_text("Corrected: “Yes”")
    expect(done).to_contain_text("Nothing is left for you to review")
    button(done, "Close").click()


def contest(ben: Page) -> None:
    """Ben reads what became of his label, and says why it should stand."""
    notice = message(ben, "rita corrected an item in review: Yes")
    expect(notice).to_contain_text("Your label: No")
    expect(notice).to_contain_text("A rule of the guideline was missed  ·  guideline, section Hedges")
    expect(notice.locator("blockquote").first).to_have_text(NOTE)
    button(notice, "Contest").click()
    form = ben.get_by_role("dialog", name="Contest a ruling")
    expect(form).to_contain_text("your label: No")
    form.get_by_role("textbox").fill(ARGUMENT)
    button(form, "Contest").click()
    expect(form).to_have_count(0)
    mine = message(ben, "You contested a ruling")
    expect(mine.locator("blockquote").first).to_have_text(ARGUMENT)
    expect(mine.locator(".block button")).to_have_text(["Take back"])


def decide(odo: Page) -> None:
    """The auditor, who has not judged it, is asked by a card of his own, and decides."""
    case = message(odo, "You are asked to rule")
    expect(case).to_contain_text("ben contests “Yes”, ruled by rita")
    expect(case).to_contain_text(ARGUMENT)
    button(case, "No").click()
    form = odo.get_by_role("dialog", name="Rule on an item")
    expect(form).to_contain_text(ARGUMENT)
    choose(odo, form, "Reason", "The text was misread")
    form.get_by_role("textbox").fill(VERDICT)
    button(form, "Rule").click()
    expect(form).to_have_count(0)
    expect(message(odo, "Ruled: No")).to_contain_text(VERDICT)


def test_four_people_take_a_dispute_from_the_label_to_the_final_ruling(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=1, guideline=GUIDELINE, quality={"review": {"share": 1.0}})
    space = house.workspace
    house.ana.get_batch()
    house.ben.get_batch()
    ana, ben = (look(name, channel=space.dm(name)) for name in ("ana", "ben"))
    rita, odo = (look(name, channel=space.channel("rte-review")) for name in ("rita", "odo"))
    for tab in (ana, ben):
        button(message(tab, "item 1 of 1"), "No").click()
        expect(message(tab, "Batch finished")).to_be_visible()
    tick(house)

    correct(rita)
    contest(ben)
    disputed = message(rita, "ben contests")
    expect(disputed).to_contain_text("Needs a ruling")
    button(disputed, "Yes").click()
    expect(message(rita, "judged this item before")).to_be_visible()
    tick(house)
    into_dm(odo, house, "odo")
    decide(odo)

    outcome = message(ben, "odo decided a dispute: No")
    expect(outcome).to_contain_text("You had contested the ruling “Yes”: it was changed.")
    expect(outcome.locator("blockquote").first).to_have_text(VERDICT)
    expect(button(outcome, "Contest")).to_have_count(0)
    expect(message(ben, "The ruling that you contested was changed: No")).to_be_visible()
    expect(message(ana, "odo decided a dispute: No")).to_contain_text("The ruling “Yes” was contested: it was changed.")
    into_dm(rita, house, "rita")
    told = message(rita, "odo decided a dispute: No")
    expect(told).to_contain_text("ben contested your ruling “Yes”: it was changed.")
    assert house.one(select(col(Item.state))).state is ItemState.RULED
