"""A file dropped into the team channel: its card, its mapping, its import, its refused rows; and everything that fails."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import DropState, FileDrop, Item, Lot, LotState
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import TEAM, House
from tests.house.seen import words
from tests.house.someone import Someone
from tests.house.waiting import all_at_once, until
from workflow import intake

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


def is_told(house: House, who: Someone, dropped: Json, act: Callable[[], Json], part: str) -> str:
    """What is said to them alone after ``act``: in the file's thread, or in the channel."""
    done = act()
    assert done["ok"], done

    def look() -> str | None:
        seen_by_them = [*replies(house, dropped, who.name), *who.messages("rte")]
        whispers = [words(one) for one in seen_by_them if one["ephemeral"]]
        return next((said for said in whispers if part in said), None)

    return until(look)


def press_as_seen(who: Someone, shown: Json, title: str) -> Json:
    """Press what stood on a card when it was looked at, whatever stands there now: a click may come late."""
    block, element, _ = seen.control(shown, title)
    action = {name: element[name] for name in ("type", "action_id", "value")} | {"block_id": block["block_id"]}
    message = {"type": "message", "message_ts": shown["ts"], "channel_id": shown["channel"]}
    where = {"type": "block_actions", "container": message, "channel": {"id": shown["channel"]}}
    return who.space.forge(who.name, {**where, "actions": [action]})


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


# -- who may ------------------------------------------------------------------------------------------------------


def test_only_leads_import_and_the_second_is_told_who_did(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={**TEAM, "rita": ["reviewer", "lead"]})
    dropped = drop(house)
    ready = card(house, dropped, "3 rows")
    before = house.dump("card", "outbox")
    for title in ("Import", "Change mapping", "Cancel"):
        told = is_told(house, house.ana, dropped, partial(house.ana.press, ready, title), "Only a lead of rte")
        assert "@lea" in told
    assert house.dump("card", "outbox") == before
    pressed = all_at_once([partial(press_as_seen, who, ready, "Import") for who in (house.lea, house.rita)])
    assert [one["ok"] for one in pressed] == [True, True]
    done = card(house, dropped, "Imported")
    by = row(house, dropped).by_id
    assert by in (house.person("lea"), house.person("rita"))
    assert house.count(Lot) == 2
    assert seen.titles(done) == []
    second = house.rita if by == house.person("lea") else house.lea
    is_told(house, second, dropped, lambda: {"ok": True}, "asked for the import already")


def test_a_press_on_a_card_that_was_decided_says_by_whom(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house)
    ready = card(house, dropped, "3 rows")
    house.lea.press_ok(ready, "Cancel")
    gone = card(house, dropped, "cancelled this file")
    assert "lea cancelled" in words(gone)
    assert seen.titles(gone) == []
    is_told(house, house.lea, dropped, partial(press_as_seen, house.lea, ready, "Import"), "lea cancelled this file")
    house.quiet()
    assert row(house, dropped).state is DropState.CANCELLED
    assert keys(house) == {"i1"}


# -- the mapping --------------------------------------------------------------------------------------------------


def test_a_question_is_answered_in_the_form(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house, table([("key", "body", "answer"), ("n1", "The first", "yes"), ("n2", "The second", "no")]))
    asking = card(house, dropped, "has to be answered first")
    assert seen.titles(asking) == ["Change mapping", "Cancel"]
    house.lea.press_ok(asking, "Change mapping")
    form = house.lea.modal()
    twice = house.lea.submit(form, {"role:0": "1", "role:1": "2", "role:6": "2"})
    assert twice["action"] == "errors"
    assert list(twice["errors"]) == ["role:6"]
    assert house.lea.submit(form, {"role:0": "1", "role:1": "0", "role:6": "2"})["ok"]
    ready = card(house, dropped, "2 rows")
    assert "body → text" in words(ready)
    assert "answer → gold" in words(ready)
    quotes = seen.quoted(ready)
    assert len(quotes) == 2
    assert not any("yes" in one or "gold" in one for one in quotes)
    house.lea.press_ok(ready, "Import")
    card(house, dropped, "Imported")
    assert keys(house) == {"i1", "n1", "n2"}


def test_who_opened_the_form_before_another_decided_is_told_so(open_house: OpenHouse) -> None:
    house = open_house(items=1, people={**TEAM, "rita": ["lead"]})
    dropped = drop(house)
    ready = card(house, dropped, "3 rows")
    house.lea.press_ok(ready, "Change mapping")
    form = house.lea.modal()
    house.rita.press_ok(ready, "Cancel")
    card(house, dropped, "cancelled")
    told = house.lea.submit(form, {})
    assert told["action"] == "errors"
    assert "rita cancelled this file" in next(iter(told["errors"].values()))


def test_another_delimiter_is_tried_from_the_form(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house, b"id|text\nn1|one, two\n", "odd.csv")
    shown = until(lambda: [one for one in replies(house, dropped) if "Change mapping" in seen.titles(one)])[0]
    if "Import" in seen.titles(shown):
        return  # Found out without being told.
    house.lea.press_ok(shown, "Change mapping")
    assert house.lea.submit(house.lea.modal(), {"delimiter": "pipe"})["ok"]
    ready = card(house, dropped, "1 row")
    assert "pipe between columns" in words(ready)


# -- several projects ---------------------------------------------------------------------------------------------


def test_with_two_projects_in_one_channel_a_lead_says_which(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    other = house.make_project(
        [], name="sentiment", people={"ana": ["annotator"], "max": ["lead"], "rita": ["reviewer"]}
    )
    dropped = drop(house)
    asking = card(house, dropped, "Which one is this file for?")
    assert {"rte", "sentiment"} <= set(seen.titles(asking))
    is_told(house, house.lea, dropped, partial(house.lea.press, asking, "sentiment"), "Only a lead of sentiment")
    house.max.press_ok(asking, "sentiment")
    ready = card(house, dropped, "3 rows")
    assert "for sentiment" in words(ready)
    house.max.press_ok(ready, "Import")
    card(house, dropped, "Imported")
    found = house.rows(select(col(Item.project_id)).where(col(Item.key).in_(("n1", "n2"))))
    assert found == [(other,), (other,)]


# -- what cannot be taken -----------------------------------------------------------------------------------------


def test_a_file_of_another_workspace_is_refused_with_what_to_do(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house, external="1")
    refused = card(house, dropped, "cannot be taken")
    assert "Slack Connect" in words(refused)


def test_without_the_scope_to_read_files_it_says_so_and_looks_again(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.workspace.faults("files.info", "error:missing_scope", times=1)
    place = house.workspace.channel("rte")
    dropped = drop(house)
    shown = until(lambda: [one for one in house.posts("lea", "rte") if "files:read" in words(one)])
    house.lea.press_ok({**shown[0], "channel": place}, "Look again")
    ready = until(lambda: [one for one in house.posts("lea", "rte") if "Import" in seen.titles(one)])
    assert ready[0]["ts"] == shown[0]["ts"]
    assert row(house, dropped).state is DropState.READY


def test_a_sign_in_page_is_no_file(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.stop()
    dropped = drop(house)
    house.workspace.faults("download", "delay_before", seconds=0.5)
    house.start()
    card(house, dropped, "Looking at this file")
    house.workspace.lacks(scopes=["files:read"])
    refused = card(house, dropped, "cannot be taken")
    assert "files:read" in words(refused)
    house.workspace.lacks(scopes=[])
    house.lea.press_ok(refused, "Look again")
    card(house, dropped, "3 rows")


def test_a_download_that_breaks_off_is_begun_anew(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    for fault in ("reset_before", "reset_after", "500", "429"):
        house.workspace.clear_faults()
        house.workspace.faults("download", fault, times=1, **({"retry_after": 0} if fault == "429" else {}))
        dropped = drop(house, table([("id", "text"), *((f"{fault}{n}", "A long text " * 20) for n in range(500))]))
        card(house, dropped, "500 rows")
        assert house.workspace.faults()[0]["fired"], fault
        assert row(house, dropped).size > 100_000, fault


def test_a_file_that_is_deleted_before_it_is_looked_at(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.stop()
    dropped = drop(house)
    assert house.workspace.delete_file(dropped["file_id"], "ana")["ok"]
    house.start()
    shown = until(lambda: [one for one in house.posts("lea", "rte") if "cannot be taken" in words(one)])
    assert "deleted" in words(shown[0])


def test_what_is_too_large_or_empty_is_said_so(open_house: OpenHouse) -> None:
    house = open_house(items=1, running=False)
    house.drops = replace(house.drops, largest=1000)
    house.start()
    large = drop(house, table([("id", "text"), ("n1", "x" * 2000)]))
    assert "up to 1 KB in chat" in words(card(house, large, "cannot be taken"))
    assert "is empty" in words(card(house, drop(house, b""), "cannot be taken"))


def test_pictures_and_files_elsewhere_are_nobodys_business(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    picture = drop(house, b"\x89PNG\r\n\x1a\n", "party.png")
    passed_over = (col(FileDrop.file_id) == picture["file_id"], col(FileDrop.state) == DropState.REFUSED)
    until(lambda: house.count(FileDrop, *passed_over))
    assert replies(house, picture) == []
    house.workspace.drop_file("rita", house.workspace.channel("rte-review"), "items.csv", GOOD)
    dropped = drop(house)
    card(house, dropped, "3 rows")
    assert house.count(FileDrop) == 2


def test_a_name_of_any_sort_is_shown_as_it_is(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    names = ("n" * 250, "مرحبا\u202e שלום 🎉", "*bold* <!channel> `x`", "'; drop table item; --")
    for number, name in enumerate(names):
        content = table([("id", "text"), *((f"{number}-{n}", f"Text {n} of file {number}") for n in range(3))])
        dropped = drop(house, content, name=f"{name}.csv")
        ready = card(house, dropped, "3 rows")
        assert f"{name}.csv"[:60].replace("*", "") in words(ready), name
        assert "<!channel>" not in ready["text"], name
        house.lea.press_ok(ready, "Import")
        assert "3 rows = 3 items" in words(card(house, dropped, "Imported")), name


# -- much at once, stops and starts -------------------------------------------------------------------------------


def test_ten_files_in_one_message_each_told_twice(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.workspace.delivery(duplicate=True, shuffle=True, window=0.1, seed=3)
    try:
        dropped = [
            drop(house, table([("id", "text"), (f"m{n}", f"Another text {n}")]), f"part-{n}.csv") for n in range(10)
        ]
        for one in dropped:
            house.lea.press_ok(card(house, one, "1 row"), "Import")
        for one in dropped:
            card(house, one, "Imported")
    finally:
        house.workspace.delivery()
    assert keys(house) == {"i1", *(f"m{n}" for n in range(10))}
    assert (house.count(FileDrop), house.count(Lot)) == (10, 11)


def test_a_restart_takes_an_import_up_again(open_house: OpenHouse) -> None:
    house = open_house(items=1, database="postgresql")
    dropped = drop(house, table([("id", "text"), *((f"r{n}", f"Row number {n} of many") for n in range(3000))]))
    ready = card(house, dropped, "3,000 rows")
    house.lea.press_ok(ready, "Import")
    until(lambda: house.count(Lot) == 2)
    house.restart()
    done = card(house, dropped, "Imported")
    assert "3,000 rows = 3,000 items" in words(done)
    assert len(keys(house)) == 3001
    complete = house.rows(select(col(Lot.items)).where(col(Lot.state) == LotState.COMPLETE))
    assert sorted(complete) == [(1,), (3000,)]


def test_progress_is_told_on_the_card(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house, table([("id", "text"), *((f"r{n}", f"Row number {n} of many") for n in range(6000))]))
    house.lea.press_ok(card(house, dropped, "6,000 rows"), "Import")
    moving = card(house, dropped, "% ")
    assert "about" in words(moving)
    assert seen.titles(moving) == []
    done = card(house, dropped, "Imported")
    assert done["ts"] == moving["ts"]


def test_the_same_file_again_brings_nothing_new(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    for figures in ("2 items + 0 duplicates + 1 refused", "0 items + 2 duplicates + 1 refused"):
        dropped = drop(house)
        house.lea.press_ok(card(house, dropped, figures), "Import")
        card(house, dropped, "Imported")
    assert keys(house) == {"i1", "n1", "n2"}


def test_refused_rows_that_may_not_be_uploaded_are_to_be_had_by_command(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    house.workspace.lacks(scopes=["files:write"])
    try:
        dropped = drop(house)
        house.lea.press_ok(card(house, dropped, "3 rows"), "Import")
        said = until(lambda: [one for one in replies(house, dropped) if "files:write" in words(one)])
    finally:
        house.workspace.lacks(scopes=[])
    assert f"concord lots refused {row(house, dropped).lot_id}" in words(said[0])


def test_refused_rows_with_answers_in_them_are_for_leads(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house, table([("id", "text", "gold"), ("n1", "One", "yes"), ("n2", "", "no")]))
    house.lea.press_ok(card(house, dropped, "2 rows"), "Import")
    done = card(house, dropped, "Imported")
    assert "leads channel" in words(done)
    brought = until(lambda: [one for one in house.posts("lea", "rte-leads") if one.get("files")])
    assert [file["name"] for one in brought for file in one["files"]] == [
        f"refused-rows-lot-{row(house, dropped).lot_id}.csv"
    ]
    assert [one for one in replies(house, dropped, "ana") if one.get("files")] == []


def test_an_undone_import_is_said_on_its_card(open_house: OpenHouse) -> None:
    house = open_house(items=1)
    dropped = drop(house)
    house.lea.press_ok(card(house, dropped, "3 rows"), "Import")
    card(house, dropped, "Imported")
    intake.undo(house.store, house.project_id, row(house, dropped).lot_id, house.clock(), None)
    assert "can be taken back" not in words(card(house, dropped, "was undone"))
    assert keys(house) == {"i1"}
