"""Everything that people read can be read, in light and in dark."""

from typing import Literal

from playwright.sync_api import Page, expect

from tests.chromium import Look
from tests.house.conftest import OpenHouse

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FAINT = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.querySelector(".feed"), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility({opacityProperty: true})) continue;
    const [upper, lower] = [light(numbers(getComputedStyle(parent).color)), light(behind(parent))].sort((a, b) => b - a);
    const contrast = (upper + 0.05) / (lower + 0.05);
    if (contrast < 4.5) faint.push(`${node.textContent.trim()}: ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


def test_every_card_can_be_read(open_house: OpenHouse, look: Look) -> None:
    labels = [
        {"value": "yes", "title": "Yes", "description": "It follows."},
        {"value": "no", "title": "No", "description": "It does not."},
    ]
    house = open_house(items=2, labels=labels)
    house.ana.get_batch()
    house.ana.answer("Yes")
    house.ana.answer("Back")
    house.ana.flag(note="Hm.")
    house.lea.hears(lambda: house.lea.command("/concord digest rte", "rte-leads"), "quality digest", "rte-leads")

    def readable(tab: Page, text: str) -> None:
        for scheme in SCHEMES:
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            expect(tab.locator("html")).to_have_attribute("data-theme", scheme)
            expect(tab.locator("[data-pane]")).to_contain_text(text)
            assert tab.evaluate(FAINT) == [], scheme

    readable(look("ana", channel=house.workspace.dm("ana")), "item 2 of 2")
    readable(look("rita", channel=house.workspace.channel("rte-review")), "Needs a ruling")
    readable(look("lea", channel=house.workspace.channel("rte-leads")), "Only you see this.")
