"""A file dropped into the team channel, in the browser: its card, its mapping, its import, its refused rows."""

import csv
import io
import random

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlmodel import col

from storage.tables import Item
from tests.browser.pages import button, choose, drop, message, thread
from tests.chromium import Look
from tests.house.conftest import OpenHouse
from tests.house.house import House

NEARLY = "The quick brown fox jumps over the lazy dog by the river bank in the morning light"
CLAIMS = [f"Claim {random.Random(number).getrandbits(200):050x}" for number in range(3000)]
ROWS = [
    *((f"r{number}", claim) for number, claim in enumerate(CLAIMS)),
    ("near", NEARLY),
    ("nearer", f"{NEARLY}."),
    ("empty", ""),
    ("r7", "Another text for an id that the file has already"),
    ("again", CLAIMS[7]),
]


def table(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def card(place: Page | Locator) -> Locator:
    """The card of the only dropped file."""
    return place.locator("article.message:not(.ephemeral)", has_text="from @").last


def texts(house: House) -> set[str]:
    return {row.fields["text"] for row in house.rows(select(col(Item.fields)))}


def test_a_file_is_mapped_imported_and_its_refused_rows_are_read(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=0, overlap=1)
    place = house.workspace.channel("rte")
    lea, ana = look("lea", channel=place), look("ana", channel=place)
    lea.bring_to_front()
    drop(lea, "claims.csv", table([("uid", "body"), *ROWS]))
    dropped = message(lea, "claims.csv")
    talk = thread(lea, dropped)
    asking = card(talk)
    expect(asking).to_contain_text("has to be answered first")
    expect(button(asking, "Change mapping")).to_be_visible()
    expect(button(asking, "Import")).to_have_count(0)

    button(asking, "Change mapping").click()
    form = lea.get_by_role("dialog", name="Change mapping")
    choose(lea, form, "text", "body")
    choose(lea, form, "id", "uid")
    button(form, "Look again").click()
    expect(form).to_have_count(0)
    ready = card(talk)
    expect(ready).to_contain_text("3,005 rows = 3,002 items + 1 duplicate + 2 refused")
    expect(ready).to_contain_text("1 pair of items says nearly the same")
    expect(ready).to_contain_text("body → text")
    expect(ready).to_contain_text("uid → id")
    expect(ready).to_contain_text(CLAIMS[0])

    ana.bring_to_front()
    hers = card(thread(ana, message(ana, "claims.csv")))
    button(hers, "Import").click()
    told = ana.locator("#thread article.message.ephemeral")
    expect(told).to_contain_text("Only a lead of rte")
    expect(told).to_contain_text("@lea")
    assert texts(house) == set()

    lea.bring_to_front()
    expect(talk.locator("article.message.ephemeral")).to_have_count(0)
    button(ready, "Import").click()
    done = card(talk)
    expect(done).to_contain_text("Imported as lot")
    expect(done).to_contain_text("by lea")
    expect(done).to_contain_text("3,005 rows = 3,002 items + 1 duplicate + 2 refused")
    expect(done).to_contain_text("The refused rows come as a file in this thread.")
    expect(done).to_contain_text("/concord near rte")
    expect(done.locator(".block button")).to_have_count(0)

    refused = talk.locator(".file-card", has_text="Refused rows of claims.csv")
    expect(refused.get_by_role("columnheader")).to_have_text(["line", "field", "reason", "row"])
    cells = refused.get_by_role("cell").all_inner_texts()
    assert [cells[at] for at in (0, 1, 2, 3)] == ["3004", "text", "empty", "empty,"]
    assert [cells[at] for at in (4, 5, 7)] == ["3005", "id", "r7,Another text for an id that the file has already"]
    with lea.expect_download() as started:
        refused.get_by_role("link", name="Download").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text(encoding="utf-8"))))
    assert [row["row"] for row in rows] == [cells[3], cells[7]]

    house.ana.get_batch()
    ana.bring_to_front()
    ana.locator(f"[data-channel='{house.workspace.dm('ana')}']").click()
    label = message(ana, "item 1 of 25")
    expect(label.locator("blockquote").first).to_be_visible()
    assert label.locator("blockquote").first.inner_text().strip() in texts(house)


def test_a_web_page_under_another_name_is_refused_in_words(open_house: OpenHouse, look: Look) -> None:
    house = open_house(items=1)
    lea = look("lea", channel=house.workspace.channel("rte"))
    drop(lea, "export.csv", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n")
    refused = card(thread(lea, message(lea, "export.csv")))
    expect(refused).to_contain_text("This file cannot be taken.")
    expect(refused).to_contain_text("web page")
    expect(button(refused, "Import")).to_have_count(0)
    expect(button(refused, "Look again")).to_be_visible()
    assert len(texts(house)) == 1
