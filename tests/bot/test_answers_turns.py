"""Who may draw when: clicks first, and not too many at once."""

import threading
from dataclasses import replace

import pytest

from bot.answers.turns import Turns
from bot.in_hand import InHand
from handlers.answer import OpenView, ShowCard
from tests.bot.answers_scene import QUICK, Scene
from tests.databases import Databases
from tests.sandbox_fixtures import wait_for

LONG = 60.0


class Drawer:
    """Draws on a thread of its own until it is told to stop."""

    def __init__(self, turns: Turns) -> None:
        self.drawing = threading.Event()
        self.enough = threading.Event()
        self._thread = threading.Thread(target=self._draw, args=(turns,), daemon=True)
        self._thread.start()

    def _draw(self, turns: Turns) -> None:
        with turns.one():
            self.drawing.set()
            self.enough.wait(LONG)

    def stop(self) -> None:
        self.enough.set()
        self._thread.join(LONG)
        assert not self._thread.is_alive()


def test_drawing_waits_until_every_click_in_hand_is_acknowledged() -> None:
    in_hand = InHand()
    in_hand.begin()
    in_hand.begin()
    drawer = Drawer(Turns(1, LONG, in_hand))
    in_hand.end()
    assert not drawer.drawing.wait(0.1), "one click is still in hand"
    in_hand.end()
    assert drawer.drawing.wait(LONG)
    drawer.stop()


def test_drawing_goes_on_in_time_where_clicks_never_cease() -> None:
    in_hand = InHand()
    with in_hand.one():
        drawer = Drawer(Turns(1, 0.05, in_hand))
        assert drawer.drawing.wait(LONG)
        assert in_hand.count == 1
    drawer.stop()


def test_no_more_draw_at_once_than_there_are_places() -> None:
    turns = Turns(2, LONG, InHand())
    drawers = [Drawer(turns) for _ in range(3)]
    wait_for(lambda: sum(drawer.drawing.is_set() for drawer in drawers) == 2)
    waiting = next(drawer for drawer in drawers if not drawer.drawing.is_set())
    assert not waiting.drawing.wait(0.1)
    next(drawer for drawer in drawers if drawer.drawing.is_set()).stop()
    assert waiting.drawing.wait(LONG)
    for drawer in drawers:
        drawer.stop()


def test_a_turn_and_a_click_end_with_a_fault_too() -> None:
    in_hand = InHand()
    turns = Turns(1, LONG, in_hand)
    with pytest.raises(LookupError), turns.one(), in_hand.one():
        raise LookupError
    assert in_hand.count == 0
    with turns.one():
        pass


def test_while_clicks_are_in_hand_cards_wait_and_what_a_trigger_opens_does_not(databases: Databases) -> None:
    store = databases.store("sqlite")
    scene = Scene(store, pace=replace(QUICK, gives_way=LONG))
    with scene.in_hand.one():
        scene.carrier.submit(ShowCard("batch", 7), scene.reply())
        scene.carrier.submit(OpenView("guideline"), scene.reply(None, trigger_id="1.2"))
        wait_for(lambda: scene.slack.effects("/api/views.open"))
        assert scene.toy.drawn == 0
    wait_for(lambda: scene.slack.effects("/actions/1"))
    scene.close()
    store.close()
