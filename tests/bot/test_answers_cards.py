"""Cards: the later state stays, whatever Slack, other writers and the wire do."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlmodel import col

from bot.slack.client import ssl_context
from handlers.answer import Say, ShowCard
from storage.engine import Store
from storage.tables import Card, Outbox, OutboxKind
from tests.bot.answers_scene import CHANNEL, NOW, QUICK, TS, USER, Play, Scene
from tests.databases import Databases
from tests.sandbox_fixtures import wait_for

URL, NEXT_URL, UPDATE = "/actions/1", "/actions/2", "/api/chat.update"
SHOW = ShowCard("batch", 7)


@pytest.fixture
def scene(databases: Databases) -> Iterator[Scene]:
    store = databases.store("sqlite")
    made = Scene(store)
    yield made
    made.close()
    store.close()


@pytest.fixture
def both(store: Store) -> Iterator[Scene]:
    made = Scene(store)
    yield made
    made.close()


def texts(scene: Scene, path: str) -> list[str]:
    return [body["text"] for body in scene.slack.effects(path)]


def outbox(scene: Scene) -> list[Outbox]:
    with scene.store.read() as session:
        return list(session.execute(select(Outbox)).scalars())


def card_row(scene: Scene) -> None:
    row = {"kind": "batch", "subject_id": 7, "channel": CHANNEL, "ts": TS, "version": 0, "created_at": NOW}
    with scene.store.write() as session:
        session.execute(insert(Card).values(row))


def test_a_click_is_answered_by_one_replacement(scene: Scene) -> None:
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    assert scene.carrier.close(5)
    assert [(call.path, call.body) for call in scene.slack.took_effect] == [
        (URL, {"text": "batch 1", "replace_original": True})
    ]


def test_clicks_while_a_post_is_under_way_are_answered_by_one_more_with_the_latest_state(scene: Scene) -> None:
    held = threading.Event()
    scene.slack.play(URL, Play(wait=held))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: scene.slack.begun)
    for number in range(2, 7):
        scene.toy.click()
        scene.carrier.submit(SHOW, scene.reply(f"/actions/{number}"))
    held.set()
    wait_for(lambda: len(scene.slack.took_effect) == 2)
    scene.carrier.close(5)
    assert [(call.path, call.body["text"]) for call in scene.slack.took_effect] == [
        (URL, "batch 1"),
        ("/actions/6", "batch 6"),
    ]


def test_a_card_that_another_writer_moved_meanwhile_is_put_up_again(scene: Scene) -> None:
    def ruled() -> None:
        scene.toy.click()

    scene.slack.play(URL, Play(then=ruled))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: len(scene.slack.took_effect) == 2)
    scene.carrier.close(5)
    assert texts(scene, URL) == ["batch 1", "batch 2"]


def test_a_drawing_that_never_tells_its_version_does_not_post_for_ever(scene: Scene) -> None:
    scene.toy.click()
    scene.toy.version = lambda *_: 99  # type: ignore[method-assign]
    scene.carrier.submit(SHOW, scene.reply())
    scene.carrier.close(5)
    assert texts(scene, URL) == ["batch 1", "batch 1"]


@pytest.mark.parametrize("effect", [False, True], ids=["before", "after"])
def test_a_reset_before_or_after_the_effect_is_simply_done_again(scene: Scene, effect: bool) -> None:
    scene.slack.play(URL, Play(reset=True, effect=effect))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: len(scene.slack.begun) == 2)
    assert scene.carrier.close(5)
    assert texts(scene, URL) == ["batch 1"] * (2 if effect else 1)


def test_a_post_that_takes_effect_long_after_its_time_out_does_not_leave_the_older_state(databases: Databases) -> None:
    store = databases.store("sqlite")
    scene = Scene(store, pace=replace(QUICK, timeout=0.15, settle=0.5))
    late = threading.Event()
    scene.slack.play(URL, Play(wait=late))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: scene.slack.begun)
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply(NEXT_URL))
    wait_for(lambda: texts(scene, NEXT_URL) == ["batch 2"])
    late.set()
    wait_for(lambda: texts(scene, URL) == ["batch 1"])
    wait_for(lambda: len(texts(scene, NEXT_URL)) == 2)
    scene.close()
    store.close()
    assert scene.slack.took_effect[-1].body["text"] == "batch 2"


def test_nothing_is_posted_again_where_the_doubtful_post_can_only_show_the_truth(scene: Scene) -> None:
    scene.slack.play(URL, Play(status=500, body=b"oops"))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: texts(scene, URL) == ["batch 1"])
    looks = scene.toy.drawn
    checked = threading.Event()
    version = scene.toy.version

    def seen(*args: Any) -> int | None:
        checked.set()
        return version(*args)

    wait_for(lambda: not scene.carrier._tools.lines._waiting)
    scene.toy.version = seen  # type: ignore[method-assign, assignment]
    assert checked.wait(5)
    scene.carrier.close(5)
    assert texts(scene, URL) == ["batch 1"]
    assert scene.toy.drawn == looks


def test_slack_is_given_the_time_it_asks_for_and_the_newest_state_goes_out_then(scene: Scene) -> None:
    scene.slack.play(URL, Play(status=429, body=b"", headers={"Retry-After": "0.3"}))
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: scene.slack.begun)
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply(NEXT_URL))
    wait_for(lambda: scene.slack.took_effect)
    scene.carrier.close(5)
    assert [(call.path, call.body["text"]) for call in scene.slack.took_effect] == [(NEXT_URL, "batch 2")]


def test_an_address_that_is_limited_again_and_again_gives_way_to_chat_update(scene: Scene) -> None:
    scene.slack.always[URL] = Play(status=429, body=b"", headers={"Retry-After": "0.01"}, effect=False)
    scene.toy.click()
    scene.carrier.submit(SHOW, scene.reply())
    wait_for(lambda: scene.slack.effects(UPDATE))
    scene.carrier.close(5)
    assert [body["text"] for body in scene.slack.effects(UPDATE)] == ["batch 1"]


@pytest.mark.parametrize(
    "refusal",
    [
        Play(status=404, body={"ok": False, "error": "used_url"}),
        Play(status=404, body={"ok": False, "error": "expired_url"}),
        Play(status=404, body=b"No service"),
        Play(status=200, body={"ok": False, "error": "invalid_blocks"}),
    ],
)
def test_a_refused_address_gives_way_to_chat_update_and_is_not_used_again(scene: Scene, refusal: Play) -> None:
    refusal.effect = False
    scene.slack.play(URL, refusal)
    for _ in range(2):
        scene.toy.click()
        scene.carrier.submit(SHOW, scene.reply())
        wait_for(lambda: not scene.carrier._tools.lines._waiting)
    updates = scene.slack.effects(UPDATE)
    assert [(body["channel"], body["ts"], body["text"]) for body in updates] == [
        (CHANNEL, TS, "batch 1"),
        (CHANNEL, TS, "batch 2"),
    ]
    assert [call.path for call in scene.slack.begun].count(URL) == 1


def test_an_address_is_used_five_times_and_then_no_more(scene: Scene) -> None:
    for _ in range(6):
        scene.toy.click()
        scene.carrier.submit(SHOW, scene.reply())
        wait_for(lambda: not scene.carrier._tools.lines._waiting)
    assert texts(scene, URL) == [f"batch {n}" for n in range(1, 6)]
    assert [body["text"] for body in scene.slack.effects(UPDATE)] == ["batch 6"]


def test_a_lost_message_becomes_a_new_card_once(both: Scene) -> None:
    both.slack.always[URL] = Play(status=404, body={"ok": False, "error": "expired_url"})
    both.slack.always[UPDATE] = Play(body={"ok": False, "error": "message_not_found"}, effect=False)
    for _ in range(2):
        both.toy.click()
        both.carrier.submit(SHOW, both.reply())
        wait_for(lambda: not both.carrier._tools.lines._waiting)
    (row,) = outbox(both)
    assert (row.template, row.context, row.channel) == ("batch", {"id": 7}, CHANNEL)
    assert (row.card_kind, row.subject_id, row.kind) == ("batch", 7, OutboxKind.POST)
    assert "message_not_found" in row.key
    assert both.nudges


def test_an_invalid_card_is_a_fault_of_ours_and_makes_no_second_one(scene: Scene) -> None:
    scene.slack.always[URL] = Play(body={"ok": False, "error": "invalid_blocks"}, effect=False)
    scene.slack.always[UPDATE] = Play(body={"ok": False, "error": "invalid_blocks"}, effect=False)
    scene.carrier.submit(SHOW, scene.reply())
    assert scene.carrier.close(5)
    assert outbox(scene) == []


def test_while_slack_is_down_the_card_is_left_to_the_sender(both: Scene) -> None:
    card_row(both)
    for path in (URL, UPDATE):
        both.slack.always[path] = Play(status=503, body=b"down")
    both.toy.click()
    both.carrier.submit(SHOW, both.reply())
    wait_for(lambda: outbox(both))
    both.carrier.close(5)
    (row,) = outbox(both)
    assert (row.kind, row.card_kind, row.subject_id, row.channel) == (OutboxKind.UPDATE, "batch", 7, CHANNEL)


def test_what_is_shown_is_written_down_and_only_ever_raised(both: Scene) -> None:
    def kept() -> list[tuple[str, int, str, str, int]]:
        columns = (Card.kind, Card.subject_id, Card.channel, Card.ts, Card.version)
        with both.store.read() as session:
            return [tuple(row) for row in session.execute(select(*map(col, columns)))]

    both.toy.versions["batch", 7] = 5
    both.carrier.submit(SHOW, both.reply())
    wait_for(lambda: kept() == [("batch", 7, CHANNEL, TS, 5)])
    both.toy.versions["batch", 7] = 3
    both.carrier.submit(SHOW, both.reply(NEXT_URL))
    both.carrier.close(5)
    assert kept() == [("batch", 7, CHANNEL, TS, 5)]


def test_a_card_changed_from_a_modal_is_replaced_over_the_address_of_the_click_before(both: Scene) -> None:
    card_row(both)
    both.carrier.submit(Say("hint", {"message": "first"}), both.reply())
    both.toy.click()
    both.carrier.submit(SHOW, both.reply(None, channel=None, ts=None, trigger_id="t", view_id="V1"))
    wait_for(lambda: len(both.slack.took_effect) == 2)
    both.carrier.close(5)
    assert {"text": "batch 1", "replace_original": True} in both.slack.effects(URL)


def test_an_ephemeral_card_falls_back_to_a_new_ephemeral_and_leaves_no_row(scene: Scene) -> None:
    scene.slack.play(URL, Play(status=404, body={"ok": False, "error": "expired_url"}))
    scene.carrier.submit(SHOW, scene.reply(ephemeral=True))
    assert scene.carrier.close(5)
    (body,) = scene.slack.effects("/api/chat.postEphemeral")
    assert (body["channel"], body["user"]) == (CHANNEL, USER)
    with scene.store.read() as session:
        assert session.execute(select(Card)).all() == []


def test_a_web_api_that_takes_seconds_delays_no_card(scene: Scene) -> None:
    stuck = threading.Event()
    scene.slack.always[UPDATE] = Play(wait=stuck)
    for number in range(100):
        scene.carrier.submit(SHOW, scene.reply(None, ts=f"{number}.0"))
    wait_for(lambda: len(scene.slack.begun) == scene.pace.web_threads)
    for number in range(100):
        scene.carrier.submit(SHOW, scene.reply(f"/actions/{number}", ts=f"1{number}.5"))
    wait_for(lambda: len(scene.slack.took_effect) == 100)
    assert all(call.path.startswith("/actions/") for call in scene.slack.took_effect)
    stuck.set()


def test_closing_finishes_what_is_under_way(scene: Scene) -> None:
    for number in range(50):
        scene.carrier.submit(SHOW, scene.reply(f"/actions/{number}", ts=f"{number}.5"))
    assert scene.carrier.close(10)
    assert len(scene.slack.took_effect) == 50


def test_connections_are_reused_and_all_answers_share_one_ssl_context(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ssl.SSLContext] = []
    genuine: Any = ssl.SSLContext.__new__

    def counted(*args: object, **more: object) -> ssl.SSLContext:
        made.append(genuine(*args, **more))
        return made[-1]

    monkeypatch.setattr(ssl.SSLContext, "__new__", counted)
    for number in range(20):
        scene.carrier.submit(SHOW, scene.reply(f"/actions/{number}"))
        wait_for(lambda: not scene.carrier._tools.lines._waiting)
    assert len({call.connection for call in scene.slack.took_effect}) == 1
    assert made == []
    assert scene.wire.pool.connection_pool_kw["ssl_context"] is ssl_context()
    ssl.create_default_context()
    assert len(made) == 1, "this test would not notice"
