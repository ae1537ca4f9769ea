"""One Chromium for all tests that look at a page, and a way to look at the workspace's page as somebody.

A plugin of the whole suite: a second Playwright in one process would not start.
"""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.sandbox_fixtures import Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 10_000

Look = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the page cannot be looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser profile, so that tabs share what they remember; what goes wrong in a page fails the test."""
    opened = chromium.new_context(viewport={"width": 1280, "height": 820}, locale="en-GB", timezone_id="UTC")
    opened.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    opened.on("weberror", lambda error: wrong.append(str(error.error)))
    yield opened
    opened.close()
    assert wrong == []


@pytest.fixture
def look(context: BrowserContext, workspace: Workspace) -> Look:
    """Open the page as somebody: ``look("ana", channel="C…")``, in a tab of its own."""

    def open_tab(name: str, channel: str | None = None) -> Page:
        tab = context.new_page()
        place = f"&channel={channel}" if channel else ""
        tab.goto(f"{workspace.url}/?user={workspace.user(name)}{place}")
        expect(tab.locator("[data-pane]")).to_be_visible()
        return tab

    return open_tab
