"""Home and modals: the newest state stays, nothing newer is written over."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import insert
from sqlmodel import col

from bot.answers.hashes import Hashes
from handlers.answer import ShowHome, UpdateView
from storage.tables import Person
from tests.bot.answers_scene import USER, Play, Scene
from tests.databases import Databases
from tests.sandbox_fixtures import wait_for

PUBLISH, UPDATE = "/api/views.publish", "/api/views.update"
CONFLICT = Play(body={"ok": False, "error": "hash_conflict"}, effect=False)


@pytest.fixture
def scene(databases: Databases) -> Iterator[Scene]:
    store = databases.store("sqlite")
    made = Scene(store)
    yield made
    made.close()
    store.close()


def shown(told: str) -> Play:
    return Play(body={"ok": True, "view": {"hash": told}})


def at_rest(scene: Scene) -> bool:
    return not scene.carrier._tools.lines._waiting


def test_home_is_published_without_a_hash_first_and_with_the_one_that_slack_told_afterwards(scene: Scene) -> None:
    scene.slack.play(PUBLISH, shown("100.aa"), shown("101.bb"))
    for _ in range(3):
        scene.carrier.submit(ShowHome(), scene.reply())
        wait_for(lambda: at_rest(scene))
    assert [(body["user_id"], body.get("hash")) for body in scene.slack.effects(PUBLISH)] == [
        (USER, None),
        (USER, "100.aa"),
        (USER, "101.bb"),
    ]


def test_on_a_conflict_home_is_drawn_anew_and_published(scene: Scene) -> None:
    def moved() -> None:
        scene.toy.versions["home", 0] = 2

    scene.slack.play(PUBLISH, Play(body=CONFLICT.body, effect=False, then=moved))
    scene.toy.versions["home", 0] = 1
    scene.carrier.submit(ShowHome(), scene.reply(home_hash="90.aa"))
    assert scene.carrier.close(5)
    first, second = scene.slack.begun
    assert (first.body["hash"], first.body["view"]["title"]) == ("90.aa", "home 1")
    assert ("hash" in second.body, second.body["view"]["title"]) == (False, "home 2")


def test_many_wishes_for_one_home_are_one_publication(scene: Scene) -> None:
    held = threading.Event()
    scene.slack.play(PUBLISH, Play(wait=held))
    scene.carrier.submit(ShowHome(), scene.reply())
    wait_for(lambda: scene.slack.begun)
    for version in range(10):
        scene.toy.versions["home", 0] = version
        scene.carrier.submit(ShowHome(), scene.reply())
    held.set()
    assert scene.carrier.close(5)
    assert [body["view"]["title"] for body in scene.slack.effects(PUBLISH)] == ["home 0", "home 9"]


def test_somebody_elses_home_is_found_by_their_row(scene: Scene) -> None:
    with scene.store.write() as session:
        made = session.execute(
            insert(Person).values(slack_id="U2", name="Ben", active=True).returning(col(Person.id))
        ).scalar_one()
    scene.carrier.submit(ShowHome(made), scene.reply())
    assert scene.carrier.close(5)
    assert [body["user_id"] for body in scene.slack.effects(PUBLISH)] == ["U2"]


@pytest.mark.parametrize(
    "play", [Play(reset=True), Play(status=500, body=b"oops"), Play(status=429, headers={"Retry-After": "0"})]
)
def test_what_failed_for_the_moment_is_drawn_again(scene: Scene, play: Play) -> None:
    scene.slack.play(UPDATE, play)
    scene.carrier.submit(UpdateView("impact"), scene.reply(view_id="V1", view_hash="90.aa"))
    wait_for(lambda: len(scene.slack.begun) == 2)
    assert scene.carrier.close(5)
    assert scene.slack.effects(UPDATE)[-1]["view_id"] == "V1"


def test_a_modal_is_updated_under_its_hash_and_one_that_was_closed_is_left_alone(scene: Scene) -> None:
    scene.slack.play(UPDATE, Play(body={"ok": False, "error": "not_found"}, effect=False))
    scene.carrier.submit(UpdateView("impact"), scene.reply(view_id="V1", view_hash="90.aa"))
    assert scene.carrier.close(5)
    (call,) = scene.slack.begun
    assert (call.body["view_id"], call.body["hash"]) == ("V1", "90.aa")


def test_a_hash_that_comes_late_does_not_replace_a_newer_one() -> None:
    hashes = Hashes()
    hashes.learn("U1", "100.aa")
    hashes.learn("U1", "99.bb")
    assert hashes.get("U1") == "100.aa"
    hashes.learn("U1", "100.cc")
    assert hashes.get("U1") == "100.cc"
    hashes.forget("U1")
    assert hashes.get("U1") is None
