"""A file dropped into the team channel: its card, its mapping, its import, its refused rows; and everything that fails."""

import csv
import io
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import DropState, FileDrop, Item, Lot
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import words
from tests.house.waiting import until

Json = dict[str, Any]


def table(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


GOOD = table([("id", "text"), ("n1", "The first new one"), ("n2", "The second new one"), ("n3", "")])


def drop(house: House, content: bytes = GOOD, name: str = "items.csv", by: str = "ana", **more: str) -> Json:
    """Drop a file into the team channel; what the workspace says."""
    done = house.workspace.drop_file(by, house.workspace.channel("rte"), name, content, **more)
    assert done["ok"], done
    return done


def replies(house: House, dropped: Json, sees: str = "lea") -> list[Json]:
    """What stands in the thread under the message that brought a file."""
    place = house.workspace.channel("rte")
    found = house.workspace.messages(sees, place, thread_ts=dropped["ts"])
    return [{**message, "channel": place} for message in found if message["ts"] != dropped["ts"]]


def card(house: House, dropped: Json, part: str, sees: str = "lea") -> Json:
    """The card of a file, once it says so."""

    def look() -> Json | None:
        cards = [one for one in replies(house, dropped, sees) if seen.is_card(one, "drop")]
        assert len(cards) <= 1
        return cards[0] if cards and part in words(cards[0]) else None

    return until(look)


def row(house: House, dropped: Json) -> Any:
    return house.one(select(FileDrop).where(col(FileDrop.file_id) == dropped["file_id"]))[0]


def keys(house: House) -> set[str]:
    return {one.key for one in house.rows(select(col(Item.key)))}


def test_a_file_becomes_items_and_its_refused_rows_come_back(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house)
    ready = card(house, dropped, "3 rows")
    shown = words(ready)
    assert "items.csv" in shown
    assert "3 rows = 2 items + 0 duplicates + 1 refused" in shown
    assert "The first new one" in shown
    assert seen.titles(ready) == ["Import", "Change mapping", "Cancel"]
    house.lea.press_ok(ready, "Import")
    done = card(house, dropped, "Imported")
    assert seen.titles(done) == []
    assert "by lea" in words(done)
    assert keys(house) == {"i1", "n1", "n2"}
    kept = row(house, dropped)
    assert (kept.state, kept.by_id) == (DropState.IMPORTED, house.person("lea"))
    assert house.one(select(col(Lot.items), col(Lot.refused)).where(col(Lot.id) == kept.lot_id)) == (2, 1)
    brought = until(lambda: [one for one in replies(house, dropped) if one.get("files")])
    ((file,),) = [one["files"] for one in brought]
    assert file["name"] == f"refused-rows-lot-{kept.lot_id}.csv"
    content = house.workspace.http.request("GET", house.workspace.url + file["url"]).data.decode()
    assert next(csv.DictReader(io.StringIO(content))) == {
        "line": "4", "field": "text", "reason": "empty", "row": "n3,",
    }  # fmt: skip
    until(lambda: not list((house.folder / "drops").iterdir()))
