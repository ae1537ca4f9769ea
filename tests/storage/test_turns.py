"""One writer at a time, and nobody is kept out by one who writes again and again."""

import threading
import time

from storage.turns import LONG_SECONDS, Turns
from tests.house.waiting import all_at_once


def taken(turns: Turns) -> bool:
    with turns:
        return True


def test_one_at_a_time_whatever_the_number() -> None:
    turns, inside, most = Turns(), [0], [0]

    def work() -> None:
        for _ in range(50):
            with turns:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    all_at_once([work] * 8)
    assert most == [1]


def test_its_holder_may_take_it_again() -> None:
    turns = Turns()
    with turns, turns:
        pass
    assert all_at_once([lambda: taken(turns)]) == [True]


def test_a_fault_inside_lets_go() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns:
                raise LookupError
        except LookupError:
            pass
    assert all_at_once([lambda: taken(turns)]) == [True]


def test_who_writes_for_long_lets_the_others_in() -> None:
    turns, rounds, over = Turns(), [0], threading.Event()

    def long() -> None:
        while not over.is_set():
            with turns:
                rounds[0] += 1
                end = time.monotonic() + 2 * LONG_SECONDS
                while time.monotonic() < end:
                    pass

    writer = threading.Thread(target=long)
    writer.start()
    waited = []
    for _ in range(20):
        before = rounds[0]
        with turns:
            waited.append(rounds[0] - before)
    over.set()
    writer.join()
    assert max(waited) <= 5, "counted in turns of the other, not in time"
