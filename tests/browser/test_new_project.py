"""A project is made, filled and changed in the browser: ``/concord new``, a file, ``/concord settings``."""

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Item, Project
from tests.browser.pages import button, choose, command, drop, message, thread
from tests.chromium import Look
from tests.house.conftest import OpenHouse

QUESTION = "Is it worth reading?"
LABELS = "yes | Worth it | Somebody learns something\nno | Not worth it"


def new_form(tab: Page) -> Locator:
    """Open the form for a new project."""
    command(tab, "/concord new")
    form = tab.get_by_role("dialog", name="New project")
    expect(form).to_be_visible()
    return form


def fault(form: Locator, field: str) -> Locator:
    """What is said at the field with this name."""
    return form.locator(".input", has=form.page.get_by_role("textbox", name=field, exact=True)).get_by_role("alert")


def test_a_project_is_made_after_two_faults_and_takes_a_file(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=0, people={"lea": ["lead"]}, channels={
        "team": "#rte-leads", "review": "#rte-leads", "leads": "#rte-leads",
    })  # fmt: skip
    lea = look("lea", channel=house.workspace.channel("rte"))
    form = new_form(lea)
    form.get_by_role("textbox", name="Name").fill("Daily News")
    form.get_by_role("textbox", name="Question").fill(QUESTION)
    form.get_by_role("textbox", name="Labels").fill("yes | Same\nno | Same")
    button(form, "Make it").click()
    expect(form.get_by_role("alert")).to_have_count(2)
    expect(fault(form, "Name")).to_contain_text("a-z")
    expect(fault(form, "Labels")).to_contain_text("Label 2")
    expect(form.get_by_role("textbox", name="Name")).to_have_value("Daily News")
    expect(form.get_by_role("textbox", name="Question")).to_have_value(QUESTION)
    assert house.count(Project) == 1

    form.get_by_role("textbox", name="Name").fill("news")
    form.get_by_role("textbox", name="Labels").fill(LABELS)
    choose(lea, form, "Annotators", "Ana Annotator")
    lea.keyboard.press("Escape")
    button(form, "Make it").click()
    expect(form).to_have_count(0)

    lea.locator(f"[data-channel='{house.workspace.dm('lea')}']").click()
    made = message(lea, "news is made")
    expect(made).to_contain_text(QUESTION)
    expect(made).to_contain_text("#rte")
    expect(made.locator("pre")).to_contain_text("name: news")
    expect(made.locator("pre")).to_contain_text("title: Worth it")

    lea.locator(f"[data-channel='{house.workspace.channel('rte')}']").click()
    drop(lea, "today.csv", "id,text\nn1,The first\nn2,The second\n")
    talk = thread(lea, message(lea, "today.csv"))
    button(talk, "Import").click()
    expect(message(lea, "Imported as lot")).to_contain_text("2 rows = 2 items")
    assert {row.key for row in house.rows(select(col(Item.key)))} == {"n1", "n2"}

    house.ana.get_batch()
    ana = look("ana", channel=house.workspace.dm("ana"))
    expect(message(ana, "item 1 of 2")).to_contain_text(QUESTION)


def test_an_overlap_is_changed_in_the_settings(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=1)
    lea = look("lea", channel=house.workspace.channel("rte"))
    command(lea, "/concord settings rte")
    form = lea.get_by_role("dialog", name="Settings")
    overlap = form.get_by_label("People on each item")
    expect(overlap).to_have_value("2")
    overlap.fill("5")
    button(form, "Save").click()
    expect(form).to_have_count(0)
    told = lea.get_by_role("dialog", name="Concord")
    expect(told).to_contain_text("Saved.")
    expect(told).to_contain_text("overlap: 2 -> 5")
    expect(told).to_contain_text("3 annotators")
    assert house.one(select(col(Project.overlap))).overlap == 5
