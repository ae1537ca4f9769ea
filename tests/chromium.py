"""One Chromium for all tests that look at a page, and a way to look at the workspace's page as somebody.

A plugin of the whole suite: a second Playwright in one process would not start.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, WebError, expect, sync_playwright

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
WINDOW: ViewportSize = {"width": 1280, "height": 820}

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


class Profile:
    """A browser profile with tabs that are used again: a fresh one of each takes Chromium more than a second of work."""

    def __init__(self, chromium: Browser) -> None:
        self.context = chromium.new_context(viewport=WINDOW, locale="en-GB", timezone_id="UTC")
        self.context.set_default_timeout(PATIENCE)
        self._free: list[Page] = []
        self._lent: list[Page] = []

    def tab(self) -> Page:
        """A tab in front, like a new one."""
        tab = self._free.pop() if self._free else self.context.new_page()
        self._lent.append(tab)
        tab.bring_to_front()
        return tab

    def clean(self) -> None:
        """Forget what the pages remembered; lent tabs are empty again, all others closed."""
        self.context.set_offline(False)
        lent, self._lent = self._lent, []
        for tab in self.context.pages:
            if tab in self._free:
                continue
            with suppress(Error):  # gone, or on a page that may remember nothing
                tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            if tab not in lent or not self._emptied(tab):
                tab.close()

    def _emptied(self, tab: Page) -> bool:
        try:
            tab.unroute_all()
            tab.goto("about:blank")
            tab.emulate_media(color_scheme="light", reduced_motion="no-preference")
            tab.set_viewport_size(WINDOW)
            tab.mouse.move(0, 0)
        except Error:
            return False
        self._free.append(tab)
        return True


@pytest.fixture(scope="session")
def _profile(chromium: Browser) -> Profile:
    return Profile(chromium)


@pytest.fixture
def context(_profile: Profile) -> Iterator[BrowserContext]:
    """One browser profile, so that tabs share what they remember; what goes wrong in a page fails the test."""
    wrong: list[str] = []

    def note(error: WebError) -> None:
        wrong.append(str(error.error))

    _profile.context.on("weberror", note)
    yield _profile.context
    _profile.clean()
    _profile.context.remove_listener("weberror", note)
    assert wrong == []


@pytest.fixture
def look(context: BrowserContext, _profile: Profile, workspace: Workspace) -> Look:
    """Open the page as somebody: ``look("ana", channel="C…")``, in a tab of its own."""

    def open_tab(name: str, channel: str | None = None) -> Page:
        tab = _profile.tab()
        place = f"&channel={channel}" if channel else ""
        tab.goto(f"{workspace.url}/?user={workspace.user(name)}{place}")
        expect(tab.locator("[data-pane]")).to_be_visible()
        return tab

    return open_tab
