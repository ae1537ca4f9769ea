"""Take the pictures in ``docs/screenshots``: ``python -m tests.browser.screenshots``, some five minutes, Chromium needed.

``python -m tests.browser.screenshots guideline`` takes one part alone: ``labelling``, ``guideline`` or ``quality``.
The demo on its real data, in a workspace of its own that is gone afterwards. The data set's people label by clicking for
six days of a clock that is moved on; every morning's digest is made when it is due, so no number is made up.
"""

import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from bot.demo import crowd
from tests.browser import demo_house, guideline_pictures, intake_pictures, pictures, quality_pictures
from tests.browser.pages import button, home, message
from tests.chromium import CHROMIUM, FLAGS
from tests.house.house import House

log = structlog.get_logger()

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
ITEMS_A_DAY = (64, 81, 47, 92, 70, 76)
# What is compared before and after needs fifty items of each segment on either side.
COMPARED = ("CD", "RC")
UNCLEAR, OPEN = "1694", "186"
ANA = [UNCLEAR, "2010", "1839"]
ANA_NEXT = ["863", "2041", "1016", "716", "919", "1596", "1521", "2071", "1634", "1572", "1586", "2014"]
NOTES = {
    UNCLEAR: "They raided his home. Is that enough to say that he lives in that town?",
    OPEN: "Is “unauthorized” the same as “illegal”? I can read it either way.",
}
RULING = "Point 5: very likely is good enough. A raid on somebody's home says where they live."


def main() -> None:
    """Play the stories that were asked for and take their pictures, each in a workspace of its own."""
    if CHROMIUM is None:
        sys.exit("There is no Chromium on this machine.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder, demo_house.demo_house(Path(folder)) as house:
            PARTS[name](house)


def labelling(house: House) -> None:
    """Six days of work, and what comes in."""
    play_days(house, ITEMS_A_DAY)
    play_today(house)
    with looking(house) as context:
        take(house, context)


def guideline(house: House) -> None:
    """Two days of work, a new rule, and work under it, on two segments."""
    left = play_days(house, ITEMS_A_DAY[:2], COMPARED)
    play_today(house)
    with looking(house) as context:
        guideline_pictures.take(house, windows(house, context), FOLDER, UNCLEAR, left)


def quality(house: House) -> None:
    """Three days of work on two segments, each audited, then what reviewers and auditors make of the last."""
    play_days(
        house, quality_pictures.ITEMS_A_DAY, quality_pictures.SEGMENTS, quality_pictures.KEPT, quality_pictures.evening
    )
    demo_house.review_what_waits(house, 0)
    with looking(house) as context:
        quality_pictures.take(house, windows(house, context), FOLDER)


def play_days(
    house: House,
    items_a_day: tuple[int, ...],
    segments: tuple[str, ...] = (),
    keep: Collection[str] = (),
    evening: Callable[[House], None] = lambda _house: None,
) -> list[str]:
    """Days of labelling, rulings and morning digests, up to the last nine o'clock; the items that are left.

    Of these segments alone, where some are named; ``keep`` is kept for later, ``evening`` ends each day.
    """
    mornings = demo_house.last_mornings(house.clock(), len(items_a_day) + 1)
    demo_house.set_clock(house, mornings[0] + timedelta(hours=1))
    demo_house.begin(house)
    kept = {UNCLEAR, OPEN, *ANA, *ANA_NEXT, *keep}
    rows = [item for item in crowd.data()[0] if not segments or item["segment"] in segments]
    items = [item["id"] for item in rows if item["id"] not in kept]
    for count, before, after in zip(items_a_day, mornings, mornings[1:], strict=False):
        demo_house.set_clock(house, before + timedelta(hours=4))
        clicked = demo_house.let_crowd_label(house, items[:count])
        del items[:count]
        demo_house.rule_on_all_but(house, 2)
        demo_house.review_what_waits(house, 3)
        evening(house)
        demo_house.morning(house, after)
        log.info("a day is over", date=f"{after:%d %b}", labels=clicked)
    house.clock.ahead = timedelta(0)
    return items


def play_today(house: House) -> None:
    """Ana flags an item and Ben another; Rita rules on Ana's; Ana is at the third item of her next batch."""
    demo_house.give(house, "ana", ANA)
    demo_house.give(house, "ben", [OPEN])
    house.ana.get_batch()
    house.ana.flag(NOTES[UNCLEAR], reason="several_fit")
    for _ in ANA[1:]:
        house.ana.answer("Does not")
    house.ben.get_batch()
    house.ben.flag(NOTES[OPEN], reason="guideline_silent")
    house.quiet()
    house.rita.rule("Implies", RULING, house.case_cards()[-2] | {"channel": house.workspace.channel("rte-review")})
    house.quiet()
    demo_house.give(house, "ana", ANA_NEXT)
    house.ana.get_batch()
    for _ in range(2):
        house.ana.answer("Implies")


@contextmanager
def looking(house: House) -> Iterator[BrowserContext]:
    """A browser with sharp pictures, in the project's time zone."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_context(
            viewport=pictures.WINDOW,
            device_scale_factor=2,
            locale="en-GB",
            timezone_id=demo_house.ZONE,
            reduced_motion="reduce",
        )
        browser.close()


def windows(house: House, context: BrowserContext) -> Callable[[str, str | None], Page]:
    """Opens the page as somebody, in a channel or in their DM."""

    def window(name: str, channel: str | None = None) -> Page:
        tab = context.new_page()
        place = house.workspace.channel(channel) if channel else house.workspace.dm(name)
        tab.goto(f"{house.workspace.url}/?user={house.ids[name]}&channel={place}")
        expect(tab.locator("article.message, .feed h3").last).to_be_visible()
        return tab

    return window


def take(house: House, context: BrowserContext) -> None:
    """All pictures: of the labelling from the same state, then of what comes in."""
    window = windows(house, context)
    ana = window("ana", None)
    pictures.newest(ana, 1, FOLDER / "labelling-light.png")
    ana.emulate_media(color_scheme="dark")
    pictures.newest(ana, 1, FOLDER / "labelling-dark.png")
    ana.emulate_media(color_scheme="light")
    pictures.message(message(ana, "Rita Lindqvist ruled"), FOLDER / "ruling-notice.png")
    unclear(ana, FOLDER / "unclear.png")
    pictures.newest(window("rita", "rte-review"), 2, FOLDER / "review-channel.png")
    leads = window("lea", "rte-leads")
    pictures.message(message(leads, "quality digest"), FOLDER / "digest.png")
    for name, tab, file in (("ana", ana, "home-annotator.png"), ("lea", leads, "home-lead.png")):
        house.someone(name).home()  # published anew, so that no older one is taken
        tab.bring_to_front()
        home(tab)
        expect(button(tab, "Guideline")).to_be_visible()
        pictures.home(tab, FOLDER / file)
    intake_pictures.take(house, window, FOLDER)


def unclear(tab: Page, file: Path) -> None:
    """The modal behind *Unclear*, filled in and not sent."""
    button(tab, "Unclear").last.click()
    form = tab.get_by_role("dialog")
    form.get_by_role("combobox").click()
    tab.get_by_role("option", name="Several labels fit").click()
    form.get_by_role("textbox").fill("St. Fermin is the saint; it is the fiesta that draws the fans. Does that count?")
    pictures.modal(tab, file)
    button(form, "Cancel").click()


PARTS: dict[str, Callable[[House], None]] = {"labelling": labelling, "guideline": guideline, "quality": quality}

if __name__ == "__main__":
    main()
