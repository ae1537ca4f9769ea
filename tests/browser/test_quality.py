"""Quality assurance in the browser: a dispute among four people, and an audit that fails a lot until it is repaired."""

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Audit, AuditState, Item, ItemState
from tests.browser.pages import button, choose, command, message
from tests.browser.test_annotator import take_batch
from tests.chromium import Look
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.test_audits import AUDITORS, GUIDELINE, tick

NOTE = "“May” is a hedge: it says *less* than the hypothesis."
ARGUMENT = "The second sentence says it outright, <!here> 🙂."
VERDICT = "Ben is right: the second sentence needs no “may”."


def into_dm(tab: Page, house: House, name: str) -> None:
    """Over to their conversation with Concord, where something new waits."""
    tab.bring_to_front()
    unread = tab.locator(f"[data-channel='{house.workspace.dm(name)}']")
    expect(unread.locator(".badge")).to_be_visible()
    unread.click()


def correct(rita: Page) -> None:
    """From the queue's card: the labels are read, and another one is given with a reason and a section."""
    rita.bring_to_front()
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
    ben.bring_to_front()
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
    odo.bring_to_front()
    case = message(odo, "You are asked to rule")
    expect(case).to_contain_text("ben contests “Yes”: ")
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
        tab.bring_to_front()
        button(message(tab, "item 1 of 1"), "No").click()
        expect(message(tab, "Batch finished")).to_be_visible()
    tick(house)

    correct(rita)
    contest(ben)
    rita.bring_to_front()
    disputed = message(rita, "ben contests")
    expect(disputed).to_contain_text("odo is asked to rule")
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


def start_an_audit(lea: Page) -> None:
    """By its form: what it means is read before it starts."""
    lea.bring_to_front()
    command(lea, "/concord audit")
    form = lea.get_by_role("dialog", name="New audit")
    form.get_by_role("textbox", name="It passes with").fill("20")
    form.get_by_role("textbox", name="It fails with").fill("70")
    button(form, "Show what it means").click()
    expect(form).to_contain_text("3 of 9 items, accept with up to 1 wrong")
    expect(form).to_contain_text("up to 1 wrong\nit passes")
    expect(form).to_contain_text("2 or more wrong\nit fails")
    form.get_by_role("textbox", name="Why this audit?").fill("Are hedges labelled as the guideline has it?")
    button(form, "Start").click()
    expect(lea.get_by_role("dialog")).to_contain_text("Audit 1 is started")
    lea.keyboard.press("Escape")


def answer(tab: Page, label: str, done: int) -> Locator:
    """The auditor's own answer, which comes before the label; the form for the verdict."""
    tab.bring_to_front()
    form = tab.get_by_role("dialog", name="Audit")
    expect(form).to_contain_text(f"{done} of 3 judged")
    expect(form.get_by_role("radio")).to_have_count(0)
    expect(form).not_to_contain_text("The item has the label")
    button(form, label).click()
    expect(form).to_contain_text("The item has the label")
    return form


def find_wrong(odo: Page, done: int) -> None:
    """The label cannot stand, and the right one is the auditor's own."""
    odo.bring_to_front()
    form = answer(odo, "Yes", done)
    expect(form).to_contain_text("The item has the label No\nYou said Yes")
    form.get_by_role("radio", name="Wrong").check()
    expect(form.get_by_role("combobox", name="The right label")).to_have_text("Yes")
    form.get_by_role("radio", name="Major").check()
    choose(odo, form, "Why", "A rule of the guideline was missed")
    form.get_by_role("textbox").fill(NOTE)
    button(form, "Next item").click()


def find_right(tab: Page, label: str, done: int) -> str:
    """Who agrees has nothing to fill in; the text of the item."""
    tab.bring_to_front()
    form = answer(tab, label, done)
    text = form.locator("blockquote").inner_text()
    expect(form.get_by_role("radio", name="it can stand")).to_be_checked()
    button(form, "Next item").click()
    return text


def all_judged(tab: Page, audit: int) -> None:
    tab.bring_to_front()
    expect(tab.get_by_role("dialog", name="Audit")).to_contain_text(f"All items of audit {audit} are judged")
    tab.keyboard.press("Escape")


def label_again(tab: Page, items: int) -> None:
    """People read why their work comes again, and do it."""
    tab.bring_to_front()
    expect(message(tab, "too many were wrong")).to_contain_text("2 of 3 wrong")
    card = take_batch(tab)
    for _ in range(items):
        before = card.locator("blockquote").inner_text()
        button(card, "Yes").click()
        expect(card.locator("blockquote", has_text=before)).to_have_count(0)
    expect(message(tab, "Batch finished")).to_be_visible()


def test_an_audit_fails_a_lot_that_is_repaired_and_passes(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=9, overlap=1, people=AUDITORS, guideline=GUIDELINE)
    space = house.workspace
    house.ana.get_batch()
    for _ in range(9):
        house.ana.answer("No")
    lea = look("lea", channel=space.channel("rte-leads"))
    start_an_audit(lea)
    tick(house)
    odo = look("odo", channel=space.dm("odo"))
    asked = message(odo, "You are asked to audit 3 items")
    expect(asked).to_contain_text("Are hedges labelled as the guideline has it?")
    button(asked, "Audit next item").click()
    find_wrong(odo, 0)
    find_wrong(odo, 1)
    right = find_right(odo, "No", 2)
    all_judged(odo, 1)
    tick(house)

    failed = message(lea, "Audit 1: failed")
    expect(failed).to_contain_text("2 of 3 wrong")
    expect(failed).to_contain_text("2 major")
    button(failed, "Label the lot again").click()
    asks = lea.get_by_role("dialog", name="Label the lot again?")
    expect(asks).to_contain_text("6 items go back to people")
    expect(asks).to_contain_text("Work of ana")
    button(asks, "Label again").click()
    tick(house)
    expect(message(lea, "Audit 1: failed, being labelled again")).to_contain_text(
        "6 items were given out again, by lea"
    )

    ana = look("ana", channel=space.dm("ana"))
    label_again(ana, 6)
    for _ in range(2):
        tick(house)
    cem = look("cem", channel=space.dm("cem"))
    button(message(cem, "the items of audit 1, which failed"), "Audit next item").click()
    form = cem.get_by_role("dialog", name="Audit")
    for done in range(3):
        expect(form).to_contain_text(f"{done} of 3 judged")
        find_right(cem, "No" if form.locator("blockquote").inner_text() == right else "Yes", done)
    all_judged(cem, 2)
    tick(house)
    expect(message(lea, "Audit 2: passed")).to_contain_text("0 of 3 wrong")
    expect(message(lea, "Audit 1: failed, and labelled again since")).to_contain_text("audited again: audit 2")
    states = house.rows(select(col(Audit.state)).order_by(col(Audit.id)))
    assert [row.state for row in states] == [AuditState.REPAIRED, AuditState.PASSED]
