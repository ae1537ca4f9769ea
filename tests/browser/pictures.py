"""Pictures of the page: cut to what they show, and small enough for a repository."""

from io import BytesIO
from pathlib import Path

import structlog
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

log = structlog.get_logger()

WINDOW: ViewportSize = {"width": 1000, "height": 900}
WIDE = 1400
HIGH = 2400
COLOURS = 256
MARGIN = 20


def newest(tab: Page, count: int, file: Path) -> None:
    """The window, just high enough for the newest messages."""
    inside = tab.locator(".feed").bounding_box()
    first = tab.locator("article.message").nth(-count).bounding_box()
    last = tab.locator("article.message").last.bounding_box()
    assert inside
    assert first
    assert last
    needed = last["y"] + last["height"] - first["y"] + 24
    tab.set_viewport_size({"width": WINDOW["width"], "height": round(WINDOW["height"] - inside["height"] + needed)})
    tab.locator(".feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
    keep(tab.screenshot(animations="disabled"), file)
    tab.set_viewport_size(WINDOW)


def message(one: Locator, file: Path, width: int = WINDOW["width"]) -> None:
    """One message alone, however high, in a window so wide."""
    tab = one.page
    tab.set_viewport_size({"width": width, "height": HIGH})
    one.evaluate("(it) => it.scrollIntoView({block: 'center'})")
    tab.mouse.move(0, 0)  # What the page shows under the mouse is no part of the message.
    box = one.bounding_box()
    assert box
    keep(tab.screenshot(clip=box, animations="disabled"), file)
    tab.set_viewport_size(WINDOW)


def modal(tab: Page, file: Path, *, whole: bool = False) -> None:
    """The open modal, with a little of what is behind it; ``whole`` lets it be as high as what is in it."""
    sheet = tab.get_by_role("dialog")
    if whole:
        tab.set_viewport_size({"width": WINDOW["width"], "height": HIGH})
        sheet.evaluate("(sheet) => { sheet.style.maxHeight = 'none'; }")
    box = sheet.bounding_box()
    assert box
    clip: FloatRect = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": box["width"] + 2 * MARGIN,
        "height": box["height"] + 2 * MARGIN,
    }
    keep(tab.screenshot(clip=clip, animations="disabled"), file)
    sheet.evaluate("(sheet) => { sheet.style.maxHeight = ''; }")
    tab.set_viewport_size(WINDOW)


def thread(tab: Page, file: Path) -> None:
    """The open thread from its head to its last message."""
    tab.set_viewport_size({"width": WIDE, "height": HIGH})
    pane = tab.locator("#thread").bounding_box()
    last = tab.locator("#thread article.message").last
    expect(last).to_be_in_viewport(ratio=1)
    box = last.bounding_box()
    assert pane
    assert box
    clip: FloatRect = {**pane, "height": box["y"] + box["height"] + MARGIN - pane["y"]}
    keep(tab.screenshot(clip=clip, animations="disabled"), file)
    tab.set_viewport_size(WINDOW)


def home(tab: Page, file: Path) -> None:
    """The window with App Home, no higher than what is on it."""
    content = tab.locator(".home-content").bounding_box()
    assert content
    tab.set_viewport_size({"width": WINDOW["width"], "height": max(420, round(content["y"] + content["height"] - 24))})
    keep(tab.screenshot(animations="disabled"), file)
    tab.set_viewport_size(WINDOW)


def keep(picture: bytes, file: Path) -> None:
    """Save with as few colours as a page has, which the eye does not miss."""
    drawn = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    drawn.save(file, optimize=True)
    log.info("taken", file=file.name, size=f"{drawn.width} x {drawn.height}", kilobytes=file.stat().st_size // 1024)
