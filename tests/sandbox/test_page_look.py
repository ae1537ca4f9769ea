"""How the page looks and who looks at it: themes, people, narrow windows, keyboard and screen reader."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox import page
from tests.chromium import Look
from tests.sandbox_fixtures import Workspace

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LIGHTNESS = """() => {
  const [red, green, blue] = getComputedStyle(document.querySelector(".stage")).backgroundColor.match(/[0-9]+/g).map(Number);
  return (red + green + blue) / 3;
}"""


def test_dark_follows_the_system_until_somebody_chooses(look: Look) -> None:
    tab = look("ana")
    assert tab.evaluate(LIGHTNESS) > 200
    tab.emulate_media(color_scheme="dark")
    expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    assert tab.evaluate(LIGHTNESS) < 60
    tab.get_by_role("button", name="Switch to light mode").click()
    assert tab.evaluate(LIGHTNESS) > 200
    tab.reload()
    expect(tab.get_by_role("button", name="Switch to dark mode")).to_be_visible()
    assert tab.evaluate(LIGHTNESS) > 200


def test_somebody_else_is_one_choice_away(look: Look, workspace: Workspace) -> None:
    tab = look("ana", channel=workspace.channel("rte"))
    expect(tab.locator("#person-button")).to_contain_text("You are: Ana Annotator")
    tab.locator("#person-button").click()
    tab.keyboard.type("lea")
    tab.keyboard.press("Enter")
    expect(tab.locator("#person-button")).to_contain_text("You are: Lea Lead")
    expect(tab.locator("[data-channel]", has_text="rte-leads")).to_be_visible()
    assert workspace.user("lea") in tab.url
    tab.go_back()
    expect(tab.locator("#person-button")).to_contain_text("You are: Ana Annotator")
    expect(tab.locator("[data-channel]", has_text="rte-leads")).to_have_count(0)


def test_a_person_opens_in_a_tab_of_their_own(look: Look, context: BrowserContext) -> None:
    tab = look("ana")
    tab.locator("#person-button").click()
    with context.expect_page() as opened:
        tab.get_by_role("link", name="Open a new tab as Rita Reviewer").click()
    expect(opened.value.locator("#person-button")).to_contain_text("Rita Reviewer")
    expect(tab.locator("#person-button")).to_contain_text("Ana Annotator")


def test_without_the_app_the_page_says_so(look: Look) -> None:
    tab = look("ana")
    expect(tab.locator("#connection")).to_have_text("Concord is not connected")
    expect(tab.get_by_role("heading", name="Concord is not connected")).to_be_visible()


def test_nothing_sticks_out_of_the_window(look: Look, workspace: Workspace) -> None:
    workspace.say("ben", "a" * 3000, channel=workspace.channel("rte"))
    tab = look("ana", channel=workspace.channel("rte"))
    for width in (700, 980, 1280):
        tab.set_viewport_size({"width": width, "height": 700})
        expect(tab.locator(".message"), str(width)).to_be_visible()
        expect(tab.locator("#person-button"), str(width)).to_be_in_viewport(ratio=1)
        expect(tab.locator(".composer-send"), str(width)).to_be_in_viewport(ratio=1)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        fit = "[...document.querySelectorAll('.feed')].every((feed) => feed.scrollWidth <= feed.clientWidth)"
        assert tab.evaluate(fit), width


def test_the_page_asks_nobody_but_its_own_server(context: BrowserContext, workspace: Workspace) -> None:
    asked: list[str] = []
    tab: Page = context.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    answer = tab.goto(workspace.url)
    expect(tab.locator("[data-pane]")).to_be_visible()
    assert asked
    assert [url for url in asked if not url.startswith(workspace.url)] == []
    assert answer is not None
    assert "script" not in answer.headers["content-security-policy"].replace("default-src 'self'", "")
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_what_the_page_loads_is_asked_for_once(look: Look) -> None:
    tab = look("ana")
    tab.reload()
    expect(tab.locator("[data-pane]")).to_be_visible()
    loaded = tab.evaluate(
        """() => performance.getEntriesByType("resource").filter((one) => one.name.includes("/static/"))
          .map((one) => [one.name, one.transferSize])"""
    )
    assert len(loaded) > 20
    assert [name for name, size in loaded if size] == [], "these came over the wire again"


def test_a_changed_file_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGES", tmp_path)
    module = tmp_path / "static" / "js" / "app.js"
    module.parent.mkdir(parents=True)
    module.write_text("one")
    os.utime(module, (1, 1))
    before = page.version()
    assert page.version() == before
    os.utime(module, (2, 2))
    changed = page.version()
    (module.parent / "more.js").write_text("two")
    assert len({before, changed, page.version()}) == 3


def test_every_control_has_a_name_and_new_messages_are_announced(look: Look, workspace: Workspace) -> None:
    tab = look("ana", channel=workspace.channel("rte"))
    workspace.say("ben", "hello *there*", channel=workspace.channel("rte"))
    expect(tab.get_by_role("log")).to_contain_text("Ben Annotator: hello")
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input:not([hidden]), textarea")]
          .filter((one) => !one.matches("[aria-label], [aria-labelledby]") && !one.textContent.trim())
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []
    expect(tab.get_by_role("feed", name="Messages in #rte")).to_be_visible()
    expect(tab.get_by_role("navigation", name="Channels and messages")).to_be_visible()


def test_the_sidebar_is_walked_by_keyboard(look: Look, workspace: Workspace) -> None:
    tab = look("ana")
    tab.locator("[data-channel]", has_text="rte").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(f"[data-channel='{workspace.channel('rte')}']")).to_have_attribute("aria-current", "page")
    expect(tab.locator(f"[data-channel='{workspace.channel('rte')}']")).to_be_focused()
    expect(tab.locator(".pane-title")).to_have_text("rte")
