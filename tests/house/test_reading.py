"""Guidelines and long texts, read in full, page by page."""

import pytest

from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import Json
from tests.house.seen import titles, words
from tests.house.someone import Someone
from tests.house.waiting import once, until

LONG = "\n\n".join(f"Paragraph {number}. " + "word " * 120 for number in range(50))


def pages(somebody: Someone) -> list[Json]:
    """Every page of the modal that is open."""
    found = [somebody.modal()]
    while "Next page" in titles(found[-1]):
        before = words(found[-1])
        somebody.press_ok(found[-1], "Next page")
        found.append(once(somebody.modal, lambda view: words(view) != before))  # noqa: B023
    return found


def quoted_text(found: list[Json]) -> str:
    return "".join(
        "".join(element.get("text", "") for part in block["elements"] for element in part["elements"])
        for view in found
        for block in view["blocks"]
        if block["type"] == "rich_text"
    )


def test_a_guideline_is_read_page_by_page_and_back(open_house: OpenHouse) -> None:
    guideline = "# Rules\n\n" + "\n\n".join(f"## Rule {number}\n\n{'Be careful. ' * 60}" for number in range(40))
    house = open_house(items=1, guideline=guideline)
    house.ana.press_ok(house.ana.get_batch(), "Guideline")
    found = pages(house.ana)
    assert len(found) > 1
    assert "Page 1 of" in words(found[0])
    told = "\n".join(words(view) for view in found)
    assert [number for number in range(40) if f"Rule {number}\n" not in told + "\n"] == []
    house.ana.press_ok(found[-1], "Page before")
    once(house.ana.modal, lambda view: words(view) == words(found[-2]))


def test_everybody_in_the_project_reads_the_guideline(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={"ana": ["annotator"], "max": ["manager"]})
    house.max.command("/concord guideline")
    assert "Be careful." in words(house.max.modal())
    house.ben.hears(lambda: house.ben.command("/concord guideline rte"), "can do this")


def test_a_text_of_30000_characters_is_read_in_full(open_house: OpenHouse) -> None:
    long = LONG[:30_000]
    house = open_house([{"id": "long", "text": long}], overlap=1)
    card = house.ana.get_batch()
    shown = seen.quoted(card)[0]
    assert len(shown) < len(long)
    assert "".join(long.split()).startswith("".join(shown.rstrip("…").split()))
    assert "Read all" in titles(card)
    house.ana.press_ok(card, "Read all")
    read = quoted_text(pages(house.ana))
    assert "".join(long.split()) in "".join(read.split())


def test_a_long_text_of_a_case_is_read_in_full(open_house: OpenHouse) -> None:
    house = open_house([{"id": "long", "text": LONG[:30_000]}])
    house.ana.get_batch()
    house.ana.flag()
    case = until(lambda: [one for one in house.rita.messages("rte-review") if seen.is_card(one, "case")])[0]
    house.rita.press_ok(case, "Read all")
    assert "".join(LONG[:30_000].split()) in "".join(quoted_text(pages(house.rita)).split())


def test_several_fields_are_shown_in_the_projects_order(open_house: OpenHouse) -> None:
    rows = [{"id": "one", "hypothesis": "Short.", "text": LONG[:20_000]}]
    house = open_house(rows, fields=["text", "hypothesis"])
    card = house.ana.get_batch()
    assert seen.quoted(card)[1] == "Short."
    assert len(seen.quoted(card)[0]) > 2900, "the short field leaves its room to the long one"


@pytest.mark.parametrize("text", ["x " * 2500, "&" * 900, "🙂" * 1600, "x " * 1400])
def test_whatever_is_cut_can_be_read_in_full(open_house: OpenHouse, text: str) -> None:
    text = text.strip()
    house = open_house([{"id": "one", "text": text}], overlap=1)
    card = house.ana.get_batch()
    whole = seen.quoted(card) == [text]
    assert whole != ("Read all" in titles(card))
    if not whole:
        house.ana.press_ok(card, "Read all")
        assert "".join(text.split()) in "".join(quoted_text(pages(house.ana)).split())
