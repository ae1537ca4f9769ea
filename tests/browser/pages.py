"""What people do on the page of the workspace."""

import re

from playwright.sync_api import Locator, Page, expect


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
