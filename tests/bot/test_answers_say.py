"""Words for the one who acted: in the place of the click, else wherever they can be reached; never twice."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from handlers.answer import OpenView, Say, ShowCard, ShowHome
from storage.engine import Store
from storage.tables import Outbox, Person
from tests.bot.answers_scene import CHANNEL, USER, Play, Scene
from tests.databases import Databases
from tests.sandbox_fixtures import wait_for

URL, EPHEMERAL, OPEN, PUSH = "/actions/1", "/api/chat.postEphemeral", "/api/views.open", "/api/views.push"
WORDS = Say("refused", {"message": "No."})
IN_HOME = {"channel": None, "ts": None, "trigger_id": "t1"}


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


def outbox(scene: Scene) -> list[Outbox]:
    with scene.store.read() as session:
        return list(session.execute(select(Outbox)).scalars())


def test_words_go_to_the_person_alone_and_leave_the_card_as_it_is(scene: Scene) -> None:
    scene.carrier.submit(WORDS, scene.reply())
    assert scene.carrier.close(5)
    assert scene.slack.effects(URL) == [
        {"text": "refused No.", "response_type": "ephemeral", "replace_original": False}
    ]


def test_two_refusals_are_two(scene: Scene) -> None:
    scene.carrier.submit(WORDS, scene.reply())
    scene.carrier.submit(WORDS, scene.reply())
    assert scene.carrier.close(5)
    assert len(scene.slack.effects(URL)) == 2


@pytest.mark.parametrize("url", [None, URL])
def test_without_an_address_that_works_an_ephemeral_message_is_posted(scene: Scene, url: str | None) -> None:
    scene.slack.play(URL, Play(status=404, body={"ok": False, "error": "used_url"}))
    scene.carrier.submit(WORDS, scene.reply(url))
    assert scene.carrier.close(5)
    assert scene.slack.effects(EPHEMERAL) == [{"channel": CHANNEL, "user": USER, "text": "refused No."}]


@pytest.mark.parametrize("known", [False, True])
def test_who_cannot_be_reached_there_gets_a_direct_message(both: Scene, known: bool) -> None:
    if known:
        with both.store.write() as session:
            session.execute(insert(Person).values(slack_id=USER, name="Ana", active=True))
    both.slack.play(URL, Play(status=404, body={"ok": False, "error": "used_url"}))
    both.slack.play(EPHEMERAL, Play(body={"ok": False, "error": "user_not_in_channel"}, effect=False))
    both.carrier.submit(WORDS, both.reply())
    assert both.carrier.close(5)
    (row,) = outbox(both)
    assert (row.template, row.context) == ("refused", {"message": "No."})
    assert (row.person_id is not None, row.channel) == ((True, None) if known else (False, USER))


@pytest.mark.parametrize("play", [Play(reset=True), Play(status=500, body=b"oops")])
def test_words_that_may_have_arrived_are_not_said_again(scene: Scene, play: Play) -> None:
    scene.slack.play(URL, play)
    scene.carrier.submit(WORDS, scene.reply())
    assert scene.carrier.close(5)
    assert len(scene.slack.begun) == 1
    assert outbox(scene) == []


def test_a_wait_that_slack_asks_for_is_kept_and_costs_no_use_of_the_address(scene: Scene) -> None:
    limited = [Play(status=429, body=b"", headers={"Retry-After": "0.01"}) for _ in range(7)]
    scene.slack.play(URL, *limited)
    scene.carrier.submit(WORDS, scene.reply())
    assert scene.carrier.close(5)
    assert len(scene.slack.effects(URL)) == 1


@pytest.mark.parametrize(("in_modal", "path"), [(False, OPEN), (True, PUSH)])
def test_in_home_and_in_a_modal_words_come_as_a_small_modal(scene: Scene, in_modal: bool, path: str) -> None:
    scene.carrier.submit(WORDS, scene.reply(None, in_modal=in_modal, **IN_HOME))
    assert scene.carrier.close(5)
    (body,) = scene.slack.effects(path)
    assert body["trigger_id"] == "t1"
    assert body["view"]["title"].startswith("refused")


def test_in_home_with_an_expired_trigger_the_words_come_as_a_direct_message(scene: Scene) -> None:
    scene.slack.play(OPEN, Play(body={"ok": False, "error": "expired_trigger_id"}, effect=False))
    scene.carrier.submit(WORDS, scene.reply(None, **IN_HOME))
    assert scene.carrier.close(5)
    (row,) = outbox(scene)
    assert row.template == "refused"


@pytest.mark.parametrize("answer", [WORDS, OpenView("unclear")])
def test_a_click_that_is_brought_twice_opens_once_and_says_no_more(scene: Scene, answer: Say | OpenView) -> None:
    scene.slack.play(OPEN, Play(), Play(body={"ok": False, "error": "exchanged_trigger_id"}, effect=False))
    for _ in range(2):
        scene.carrier.submit(answer, scene.reply(None, **IN_HOME))
    assert scene.carrier.close(5)
    assert len(scene.slack.effects(OPEN)) == 1
    assert outbox(scene) == []


def test_a_modal_that_came_too_late_is_owned_up_to(scene: Scene) -> None:
    scene.slack.play(OPEN, Play(body={"ok": False, "error": "expired_trigger_id"}, effect=False))
    scene.carrier.submit(OpenView("unclear"), scene.reply(trigger_id="t1"))
    assert scene.carrier.close(5)
    (body,) = scene.slack.effects(URL)
    assert body["text"].endswith("please click again.")


@pytest.mark.parametrize("effect", [False, True])
def test_a_modal_whose_opening_is_unknown_is_asked_for_once_more_and_opens_once(scene: Scene, effect: bool) -> None:
    again = Play(body={"ok": False, "error": "exchanged_trigger_id"}, effect=False) if effect else Play()
    scene.slack.play(OPEN, Play(reset=True, effect=effect), again)
    scene.carrier.submit(OpenView("unclear"), scene.reply(trigger_id="t1"))
    assert scene.carrier.close(5)
    assert len(scene.slack.effects(OPEN)) == 1
    assert scene.slack.effects(URL) == []


def test_what_holds_a_trigger_waits_neither_behind_cards_nor_behind_a_slow_web_api(scene: Scene) -> None:
    stuck = threading.Event()
    scene.slack.always["/api/views.publish"] = Play(wait=stuck)
    for number in range(80):
        scene.slack.always[f"/actions/{number + 100}"] = Play(wait=stuck)
        scene.carrier.submit(ShowCard("batch", 7), scene.reply(f"/actions/{number + 100}", ts=f"{number}.0"))
        scene.carrier.submit(ShowHome(), scene.reply(None, user_id=f"U{number}"))
    wait_for(lambda: len(scene.slack.begun) == scene.pace.card_threads + scene.pace.web_threads)
    scene.carrier.submit(OpenView("unclear"), scene.reply(trigger_id="t1"))
    wait_for(lambda: scene.slack.effects(OPEN))
    stuck.set()
