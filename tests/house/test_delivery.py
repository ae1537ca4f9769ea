"""Clicks and answers that come twice, late, out of order or not at all; a bot that stops and starts."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.tables import (
    Assignment,
    Batch,
    Digest,
    Escalation,
    Flag,
    Item,
    ItemState,
    Label,
    Outbox,
    Pattern,
    Person,
    Place,
    Ruling,
)
from tests.house import seen
from tests.house.conftest import OpenHouse
from tests.house.house import House
from tests.house.seen import words
from tests.house.someone import Someone
from tests.house.waiting import all_at_once, once, until
from workflow import assignment

SHAKEN = {"duplicate": True, "shuffle": True, "window": 0.15, "seed": 7}


# -- everything twice and out of order ----------------------------------------------------------------------------


def quickly(*acts: Callable[[], Any]) -> None:
    """Do things one shortly after the other, without waiting for what comes of them."""
    threads = []
    for act in acts:
        thread = threading.Thread(target=act)
        thread.start()
        threads.append(thread)
        time.sleep(0.02)
    for thread in threads:
        thread.join()


def label_quickly(somebody: Someone, *titles: str) -> None:
    """Press labels on one card, the last first: what counts is when they were pressed, not when they came."""
    card, begun = somebody.card(), time.time()
    clicks = []
    for at, title in enumerate(titles):
        block, element, _ = seen.control(card, title)
        named = {name: element[name] for name in ("type", "action_id", "value")}
        action = {**named, "block_id": block["block_id"], "action_ts": f"{begun + at / 1000:.6f}"}
        container = {"type": "message", "message_ts": card["ts"], "channel_id": card["channel"]}
        payload = {"type": "block_actions", "container": container, "channel": {"id": card["channel"]}}
        clicks.append({**payload, "actions": [action]})
    told = all_at_once([lambda p=payload: somebody.space.forge(somebody.name, p) for payload in reversed(clicks)])  # type: ignore[misc]
    assert all(one["ok"] for one in told), told
    once(somebody.card, lambda now: seen.quoted(now) != seen.quoted(card))


def label_slowly(somebody: Someone, *titles: str) -> None:
    """The same, each after the other was answered."""
    somebody.answer(titles[0])
    for title in titles[1:]:
        somebody.answer("Back")
        somebody.answer(title)


def a_days_work(house: House, label: Callable[..., None]) -> None:
    """Batches, labels and changes of mind, a skip, a flag, two rulings, a batch from the lead, a digest."""
    for somebody in (house.ana, house.ben):
        somebody.get_batch()
    # The sender compares a card that it has just put up; until then it may write it once more beside a fast click.
    house.quiet()
    label(house.ana, "Yes", "No")
    label(house.ana, "No", "Yes", "No", "Yes")
    house.ana.flag("Which one?")
    label(house.ben, "No")
    label(house.ben, "No")
    house.ben.answer("Skip")
    label(house.ben, "No", "Yes", "No")
    label(house.ana, "No")
    case = once(house.case_cards, lambda cards: len(cards) == 2)
    channel = {"channel": house.workspace.channel("rte-review")}
    for card in case:
        house.rita.rule("Yes", f"Because {seen.quoted(card)[0]}.", card | channel)
    once(house.case_cards, lambda cards: all("Ruled" in words(card) for card in cards))
    house.lea.hears(lambda: house.lea.command("/concord assign @cem 2"), "cem: 2 items")
    house.cem.card()
    house.quiet()
    label(house.cem, "No", "Yes")
    shown = house.lea.hears(lambda: house.lea.command("/concord digest", "rte-leads"), "digest", "rte-leads")
    assert shown
    whisper = [one for one in house.lea.messages("rte-leads") if one["ephemeral"]][-1]
    house.lea.press_ok(whisper, "Post to the leads channel")
    until(lambda: house.posts("lea", "rte-leads"))
    house.quiet()


def outcome(house: House) -> dict[str, Any]:
    """What the work came to, without the ids of rows and moments that may differ from run to run."""
    place = (col(Assignment.position), col(Assignment.state), col(Assignment.value_id), col(Assignment.counted_id))
    item = (col(Item.state), col(Item.final_value_id), col(Item.open_places), col(Pattern.pattern))
    places = (
        select(col(Person.handle), *place, col(Assignment.after_ruling), col(Assignment.skips), *item)
        .join(Item, col(Item.id) == col(Assignment.item_id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .outerjoin(Pattern, col(Pattern.item_id) == col(Item.id))
    )
    return {
        "places": sorted(map(str, house.rows(places))),
        "batches": house.count(Batch),
        "flags": house.count(Flag),
        "cases": house.count(Escalation),
        "rulings": house.count(Ruling),
        "digests": house.count(Digest),
        "posted": {name: len(house.posts(name)) for name in ("ana", "ben", "cem")}
        | {channel: len(house.posts("lea", channel)) for channel in ("rte-review", "rte-leads")},
    }


def test_everything_twice_and_out_of_order_comes_to_the_same(open_house: OpenHouse) -> None:
    house = open_house(items=6, batch_size=4)
    a_days_work(house, label_slowly)
    expected = outcome(house)
    house.close()

    for database in ("sqlite", "postgresql"):
        house.workspace.reset()
        shaken = open_house(items=6, database=database, batch_size=4)
        shaken.workspace.delivery(**SHAKEN)
        a_days_work(shaken, label_quickly)
        assert outcome(shaken) == expected, database
        for name, channel in (("ana", None), ("ben", None), ("cem", None), ("lea", "rte-review"), ("lea", "rte-leads")):
            keys = shaken.keys(name, channel)
            assert len(keys) == len(set(keys)), (database, name, channel)
        shaken.close()


def test_a_batch_asked_for_twice_by_one_click_is_one_card(open_house: OpenHouse) -> None:
    house = open_house(items=4, batch_size=2)
    house.workspace.delivery(duplicate=True)
    house.ana.get_batch()
    house.lea.hears(lambda: house.lea.command("/concord assign @ben 2"), "ben: 2 items")
    house.lea.press_ok(house.lea.home(), "Assign")
    assert house.lea.submit(house.lea.modal(), {"people": [house.ids["cem"]], "size": "2"})["ok"]
    house.cem.card()
    house.quiet()
    assert [len(house.someone(name).cards()) for name in ("ana", "ben", "cem")] == [1, 1, 1]
    assert house.count(Assignment) == 6
    house.workspace.delivery(duplicate=False)
    house.clock.forward(seconds=60)
    house.ana.get_batch()
    assert len(house.ana.cards()) == 2, "another click, later, shows it once more"


def test_lost_acknowledgements_lose_nothing(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    card = house.ana.get_batch()
    # What Home and the batch brought has to be acknowledged first: it is the click's acknowledgement that gets lost.
    house.quiet()
    until(lambda: house.workspace.get("/sandbox/state")["unacknowledged"] == 0)
    house.workspace.settings(ack_seconds=0.3)
    house.workspace.delivery(drop_acks=1)
    assert house.ana.press(card, "Yes") == {"ok": False, "error": "timeout"}
    moved = house.ana.changed(card)
    assert "item 2 of 3" in words(moved), "Slack warned, but it was done"
    house.ana.answer("No", moved)
    assert house.count(Label) == 2


# -- answers ------------------------------------------------------------------------------------------------------


def test_a_slow_answer_never_covers_a_later_one(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    card = house.ana.get_batch()
    house.workspace.faults("response_url", "delay_before", seconds=1.5)
    quickly(lambda: house.ana.press_ok(card, "Yes"), lambda: house.ana.press_ok(card, "No"))
    once(house.ana.card, lambda now: "item 2 of 3" in words(now))
    until(lambda: house.workspace.faults()[0]["fired"])
    back = house.ana.answer("Back")
    assert "You labelled this item No" in words(back)


def test_a_slow_answer_to_label_then_back(open_house: OpenHouse) -> None:
    house = open_house(items=4)
    house.ana.get_batch()
    card = house.ana.answer("Yes")
    house.workspace.faults("response_url", "delay_before", seconds=1.0)
    quickly(lambda: house.ana.press_ok(card, "No"), lambda: house.ana.press_ok(card, "Back"))
    shown = once(house.ana.card, lambda now: "item 1 of 4" in words(now))
    house.quiet()
    assert seen.version(house.ana.card()) == seen.version(shown)
    assert house.count(Label) == 2


def test_a_response_url_that_fails_leaves_no_card_behind(open_house: OpenHouse) -> None:
    kinds = ("500", "503", "reset_before", "reset_after", "error:expired_url", "429")
    house = open_house(items=3 * len(kinds), batch_size=3)
    for batches, kind in enumerate(kinds, start=1):
        house.ana.get_batch()
        house.workspace.faults("response_url", kind, times=2 if kind == "429" else None)
        card = house.ana.answer("Yes")
        assert "item 2 of 3" in words(card), kind
        card = house.ana.answer("No")
        assert "item 3 of 3" in words(card), kind
        assert house.workspace.faults()[0]["fired"], kind
        house.workspace.clear_faults()
        assert "Batch finished" in words(house.ana.answer("Yes", card)), kind
        assert len(house.ana.cards()) == batches, kind
        assert house.count(Label) == 3 * batches, kind


def test_a_deleted_card_comes_back_as_a_new_message(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    card = house.ana.get_batch()
    house.workspace.faults("response_url", "error:expired_url", times=None)
    quickly(lambda: house.ana.press_ok(card, "Yes"))
    house.ana.changed(card)
    second = house.ana.card()
    house.workspace.faults("chat.update", "delay_before", seconds=0.5)
    quickly(
        lambda: house.ana.press_ok(second, "No"),
        lambda: house.workspace.call("chat.delete", channel=second["channel"], ts=second["ts"]),
    )
    fresh = until(lambda: [one for one in house.ana.cards() if one["ts"] != second["ts"]])
    assert len(fresh) == 1
    assert "Batch finished" in words(fresh[0])


# -- stopping and starting ----------------------------------------------------------------------------------------


def test_old_cards_work_after_a_restart(open_house: OpenHouse) -> None:
    house = open_house(items=3)
    house.ana.get_batch()
    card = house.ana.answer("Yes")
    house.ben.get_batch()
    house.ben.flag("?")
    case = once(house.case_cards, lambda cards: cards)[0]
    house.restart()
    moved = house.ana.answer("No", card)
    assert "item 3 of 3" in words(moved)
    house.rita.rule("Yes", "After the restart.", case | {"channel": house.workspace.channel("rte-review")})
    once(house.case_cards, lambda cards: all("Ruled: Yes" in words(one) for one in cards))
    assert len(house.ana.cards()) == 1


def test_what_people_do_while_the_bot_is_down_fails_visibly_and_can_be_done_again(open_house: OpenHouse) -> None:
    house = open_house(items=2)
    card = house.ana.get_batch()
    house.stop()
    assert house.ana.press(card, "Yes") == {"ok": False, "error": "no_connection"}
    house.workspace.set_user("ben", deleted=True)
    house.start()
    house.ana.answer("Yes", card)
    once(lambda: house.person_row("ben"), lambda row: not row.active)
    assert house.count(Assignment, col(Assignment.state) == Place.LABELLED) == 1


def test_messages_of_a_bot_that_stopped_are_sent_by_the_next(open_house: OpenHouse) -> None:
    house = open_house(items=1, overlap=1, running=False)
    person = house.person("ana")
    house.store.transact(lambda session: assignment.next_batch(session, house.project_id, person, house.clock()))
    assert house.count(Outbox) == 1
    house.start()
    house.ana.answer("Yes")
    assert house.count(Item, col(Item.state) == ItemState.ACCEPTED) == 1


def test_sockets_that_are_refreshed_lose_no_click(open_house: OpenHouse) -> None:
    house = open_house(items=12)
    house.ana.get_batch()
    for number in range(12):
        if number % 3 == 0:
            house.workspace.post("/sandbox/connections", reason="refresh_requested")
        done = house.ana.press(house.ana.card(), "Yes")
        card = house.ana.card()
        while not done["ok"]:
            time.sleep(0.02)
            done = house.ana.press(card, "Yes")
        once(house.ana.card, lambda now, n=number: f"item {n + 2} of 12" in words(now) or "finished" in words(now))  # type: ignore[misc]
    assert house.count(Label) == 12
