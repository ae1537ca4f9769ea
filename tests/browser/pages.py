"""What people do on the page of the workspace."""

import re

from playwright.sync_api import Locator, Page, expect

DROP = """(pane, [name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, {type: "text/csv"}));
  for (const kind of ["dragenter", "drop"])
    pane.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def button(place: Page | Locator, title: str) -> Locator:
    """The button with exactly these words on it, whatever a screen reader says of it."""
    return place.locator("button").filter(has_text=re.compile(f"^{re.escape(title)}$"))


def message(tab: Page, text: str) -> Locator:
    """The newest message that says this."""
    return tab.locator("article.message", has_text=text).last


def home(tab: Page) -> None:
    """Over to App Home."""
    tab.locator(".sidebar").get_by_text("App Home").click()
    expect(tab.locator("[data-pane=home]")).to_be_visible()


def chat(tab: Page) -> None:
    """From App Home over to the messages."""
    tab.get_by_role("tab", name="Messages").click()
    expect(tab.locator(".composer")).to_be_visible()


def drop(tab: Page, name: str, text: str) -> None:
    """Drop a file on the open conversation and send it."""
    tab.locator("[data-pane]").evaluate(DROP, [name, text])
    expect(tab.locator(".attachment.is-there")).to_have_count(1)
    tab.locator(".composer .composer-field").first.press("Enter")
    expect(tab.locator("article.message", has=tab.locator(".file-card")).last).to_contain_text(name)


def thread(tab: Page, root: Locator) -> Locator:
    """Open the thread under a message."""
    root.hover()
    root.get_by_role("button", name="Reply in thread").click()
    opened = tab.locator("#thread")
    expect(opened.locator("article.message").first).to_be_visible()
    return opened


def choose(tab: Page, form: Locator, label: str, option: str) -> None:
    """Choose in a select of a modal."""
    form.get_by_role("combobox", name=re.compile(rf"^{re.escape(label)}\b")).click()
    tab.get_by_role("option", name=option, exact=True).click()


def command(tab: Page, text: str) -> None:
    """Say a slash command in the open conversation."""
    field = tab.locator(".composer-field").first
    field.fill(text)
    field.press("Enter")
