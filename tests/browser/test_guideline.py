"""A ruling becomes a rule, in the browser: proposed, given back, approved, announced, read, checked, measured."""

import re

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlmodel import col

from jobs import guidelines
from storage.tables import Guideline, Item, Label
from tests.browser.pages import button, choose, home, message, thread
from tests.chromium import Look
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.test_cases import case
from tests.house.test_guideline_helped import label_under_both, unlike_items

GUIDELINE = "# Rules\n\nBe careful.\n\n## Hedges\n\nWhat may be so is a yes.\n"
RULE, BETTER = "What may be so is a no.", "What may be so is a no, and so is what might."
WHY = "“May” is a hedge."
COMMENT = "Name *might* as well."


def a_ruling(house: House) -> None:
    """Ana finds the only item of her batch unclear, and Rita rules on it."""
    house.ana.get_batch()
    house.ana.flag()
    house.rita.rule("No", WHY, case(house))


def text_of_hedges(form: Locator) -> Locator:
    """The field for the text of the section that was chosen."""
    return form.get_by_role("textbox", name="Text of “Hedges”")


def propose(rita: Page) -> None:
    """From the ruling: the section about hedges, to which the form adds the case; as a rule change."""
    rita.bring_to_front()
    button(message(rita, "Ruled: No"), "Add to guideline").click()
    form = rita.get_by_role("dialog", name="Propose a change")
    choose(rita, form, "Section", "› Hedges")
    expect(text_of_hedges(form)).to_have_value(re.compile(r"^What may be so is a yes\.\n\n> \*\*Example\*\*"))
    text_of_hedges(form).fill(RULE)
    form.get_by_role("textbox", name="What changes, in one line").fill("Hedges imply nothing")
    form.get_by_role("radio", name="Rule change").check()
    button(form, "Propose").click()
    expect(form).to_have_count(0)


def give_back(manager: Page) -> None:
    """A manager reads what differs and what it touches, and asks for changes."""
    manager.bring_to_front()
    card = message(manager, "A change of the guideline is proposed")
    expect(card).to_contain_text("1.0 → 2.0")
    expect(card).to_contain_text("from the ruling on item")
    expect(card.locator("s, del").first).to_have_text("yes")
    expect(card).to_contain_text(WHY)
    button(card, "Request changes").click()
    form = manager.get_by_role("dialog", name="Request changes")
    form.get_by_role("textbox").fill(COMMENT)
    button(form, "Give it back").click()
    expect(message(manager, "Given back").locator(".block button")).to_have_text(["Read all"])


def propose_again(rita: Page) -> None:
    """Who proposed it reads the comment, on the card and in the form, and changes what is filled in."""
    rita.bring_to_front()
    card = message(rita, "Given back")
    expect(card.locator("blockquote").last).to_have_text(COMMENT)
    button(card, "Edit").click()
    form = rita.get_by_role("dialog", name="Propose again")
    expect(form).to_contain_text(COMMENT)
    expect(form.get_by_role("radio", name="Rule change")).to_be_checked()
    choose(rita, form, "Section", "› Hedges")
    expect(text_of_hedges(form)).to_have_value(RULE)
    text_of_hedges(form).fill(BETTER)
    button(form, "Propose").click()
    expect(form).to_have_count(0)


def approve(manager: Page) -> None:
    """The manager approves what was changed, and the card says that it is in force."""
    manager.bring_to_front()
    card = message(manager, "A change of the guideline is proposed")
    expect(card).to_contain_text("and so is what might")
    # What it touches is counted anew, and the card drawn once more: not under the finger.
    expect(card).to_contain_text("It touches nothing")
    button(card, "Approve").click()
    button(manager.get_by_role("dialog", name="Approve this?"), "Approve").click()
    done = message(manager, "In force as 2.0")
    expect(done).to_contain_text("approved it")
    expect(done.locator(".block button")).to_have_text(["Read all"])


def answer(tab: Page, label: str) -> Locator:
    """Answer the only worked example of the check; the dialog."""
    tab.bring_to_front()
    form = tab.get_by_role("dialog", name="Check: guideline 2.0")
    expect(form.locator("blockquote")).to_have_count(1)
    form.get_by_role("radio", name=label, exact=True).check()
    button(form, "Answer").click()
    return form


def read_and_acknowledge(ana: Page) -> None:
    """Held, she reads the version; a wrong answer is explained, the right one counts."""
    ana.bring_to_front()
    home(ana)
    expect(ana.locator("[data-pane=home]")).to_contain_text("Guideline 2.0 is to be read. You get no new batch")
    button(ana, "Get a batch").click()
    held = ana.get_by_role("dialog", name="Concord")
    expect(held).to_contain_text("read guideline 2.0 first")
    button(held, "Read 2.0").click()
    expect(ana.get_by_role("dialog").last).to_contain_text(BETTER)
    while ana.get_by_role("dialog").count():
        ana.keyboard.press("Escape")

    ana.get_by_role("tab", name="Messages").click()
    card = message(ana, "Please read guideline 2.0")
    expect(card).to_contain_text("1 worked example")
    button(card, "I have read 2.0").click()
    told = answer(ana, "Yes")
    expect(told).to_contain_text("One answer is not right")
    expect(told).to_contain_text(f"Right: No. {WHY}")
    button(told, "Try again").click()
    answer(ana, "No")


def much_is_labelled(house: House) -> None:
    """So many items under both versions that it can be said whether the new one helped."""
    known = house.rows(select(col(Item.id)))
    house.bring_in(house.project_id, unlike_items())
    new = [row.id for row in house.rows(select(col(Item.id)).order_by(col(Item.id))) if row not in known]
    house.store.transact(lambda session: label_under_both(session, house, new))
    guidelines.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    house.quiet()


def see_whether_it_helped(lea: Page) -> None:
    """In the thread of the announcement: before and after in words, and a picture that is there and says the same."""
    lea.bring_to_front()
    told = thread(lea, message(lea, "Guideline 2.0 is in force")).locator("article.message", has_text="Did 2.0 help?")
    expect(told).to_contain_text("People agree more than under 1.x.")
    expect(told).to_contain_text("1.x: alpha .008 ")
    expect(told).to_contain_text("2.x: alpha 1.000 ")
    expect(told).to_contain_text("the same 60 items, labelled under 1.x and again under 2.x, in pairs")
    picture = told.locator("img.image")
    expect(picture).to_have_attribute("alt", re.compile("under 1.x.*under 2.x"))
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_a_ruling_becomes_a_rule_that_is_read_before_work_goes_on(open_house: OpenHouse, look: Look) -> None:
    house = open_house(
        items=3, overlap=1, batch_size=1, guideline=GUIDELINE, guidelines={"check": 1, "wanted_width": 1}
    )
    space = house.workspace
    a_ruling(house)
    rita = look("rita", channel=space.channel("rte-review"))
    propose(rita)
    manager = look("max", channel=space.dm("max"))
    give_back(manager)
    rita.bring_to_front()
    rita.locator(f"[data-channel='{space.dm('rita')}']").click()
    propose_again(rita)
    manager.bring_to_front()
    approve(manager)

    ana = look("ana", channel=space.channel("rte"))
    post = message(ana, "Guideline 2.0 is in force")
    expect(post).to_contain_text("Pinned")
    expect(post).to_contain_text("Hedges imply nothing")
    expect(post).to_contain_text("and so is what might")
    read_and_acknowledge(ana)
    card = message(ana, "You have read guideline 2.0")
    button(card, "Get a batch").click()
    batch = message(ana, "item 1 of 1")
    button(batch, "Yes").click()
    expect(ana.locator("article.message", has_text="Batch finished")).to_have_count(2)
    version = house.one(select(col(Guideline.id)).where(col(Guideline.major) == 2))
    assert house.rows(select(col(Label.guideline_id))) == [version]

    lea = look("lea", channel=space.channel("rte-leads"))
    home(lea)
    expect(lea.locator("[data-pane=home]")).to_contain_text("Guideline 2.0: read by 1 of 4. Not yet: ben, cem, rita")
    much_is_labelled(house)
    lea = look("lea", channel=space.channel("rte"))
    see_whether_it_helped(lea)
