"""The sender in its threads: lanes in the worker pool, nudges, stopping, two senders on one database."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.sender import Rate, SenderSettings
from storage.engine import Store
from tests.bot.fake_slack import FakeSlack, Fault
from tests.bot.sender_rig import Lane, OutboxState, Rig, To

FAST = SenderSettings(
    workers=4,
    poll=0.02,
    breath=0.002,
    call_timeout=0.1,
    late_effect=0.1,
    lease=5.0,
    retry_base=0.02,
    mend_every=0.05,
    picture_poll=0.02,
    clock_skew=5.0,
    place=Rate(0.0),
    rates={},
)


def real(rig: Rig, settings: SenderSettings = FAST) -> None:
    """Give the rig the real clock and a Slack that needs no turning."""
    rig.settings = settings
    rig.clock = lambda: datetime.now(UTC)  # type: ignore[assignment]
    rig.slack = FakeSlack(rig.clock, lambda _seconds: None)
    rig.sender = rig.new_sender()


def until(true: Callable[[], bool]) -> None:
    """Wait for something that must come; a test that waits in vain fails."""
    for _ in range(4000):
        if true():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never came")


def bulk_that_hangs(rig: Rig, many: int) -> threading.Event:
    gate = threading.Event()
    for number in range(many):
        rig.slack.gates[f"D{number}"] = gate
        rig.put(f"bulk {number}", To(channel=f"D{number}"), lane=Lane.BULK)
    return gate


def test_bulk_never_takes_all_workers(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    gate = bulk_that_hangs(rig, 20)
    rig.sender.start()
    until(lambda: rig.slack.count("chat.postMessage") == 2)
    rig.put("digest", To(channel="C1"), lane=Lane.URGENT)
    rig.put("card", To(channel="C2"), lane=Lane.WAITED_FOR)
    rig.sender.nudge()
    until(lambda: sorted(rig.slack.texts()) == ["card", "digest"])
    assert rig.slack.count("chat.postMessage") == 4
    gate.set()
    until(lambda: not rig.open_rows())
    assert rig.sender.stop(10)
    assert len(rig.slack.texts()) == 22


def test_slow_urgent_messages_leave_a_worker_for_what_somebody_waits_for(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    gate = threading.Event()
    for number in range(8):
        rig.slack.gates[f"D{number}"] = gate
        rig.put(f"urgent {number}", To(channel=f"D{number}"), lane=Lane.URGENT)
    rig.sender.start()
    until(lambda: rig.slack.count("chat.postMessage") == 3)
    rig.put("card", To(channel="C2"), lane=Lane.WAITED_FOR)
    rig.sender.nudge()
    until(lambda: rig.slack.texts() == ["card"])
    gate.set()
    assert rig.sender.stop(10)


def test_one_channel_has_one_message_on_its_way(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    gate = rig.slack.gates["C1"] = threading.Event()
    for number in range(3):
        rig.put(f"{number}", To(channel="C1"))
    rig.sender.start()
    until(lambda: rig.slack.count("chat.postMessage") == 1)
    rig.put("elsewhere", To(channel="C2"))
    rig.sender.nudge()
    until(lambda: rig.slack.texts() == ["elsewhere"])
    assert rig.slack.count("chat.postMessage") == 2
    gate.set()
    until(lambda: not rig.open_rows())
    assert rig.sender.stop(10)
    assert rig.slack.texts("C1") == ["0", "1", "2"]


def test_a_nudge_wakes_a_sender_that_would_sleep_for_an_hour(store: Store) -> None:
    rig = Rig(store)
    real(rig, replace(FAST, poll=3600.0))
    rig.put("first")
    rig.sender.start()
    until(lambda: rig.slack.texts() == ["first"])
    until(lambda: not rig.open_rows())
    rig.put("second")
    rig.sender.nudge()
    until(lambda: rig.slack.texts() == ["first", "second"])
    assert rig.sender.stop(10)


def test_stopping_finishes_what_is_in_flight_and_takes_nothing_new(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    gate = bulk_that_hangs(rig, 2)
    rig.sender.start()
    until(lambda: rig.slack.count("chat.postMessage") == 2)
    rig.put("new", lane=Lane.BULK)
    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(rig.sender.stop(10)))
    stopping.start()
    until(rig.sender._stopping.is_set)
    gate.set()
    stopping.join()
    assert stopped == [True]
    states = {key: row.state for key, row in rig.rows().items()}
    assert states == {"bulk 0": OutboxState.SENT, "bulk 1": OutboxState.SENT, "new": OutboxState.WAITING}


def test_what_hangs_when_stopping_is_said_to_hang(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    gate = bulk_that_hangs(rig, 1)
    rig.sender.start()
    until(lambda: rig.slack.count("chat.postMessage") == 1)
    assert not rig.sender.stop(0.05)
    gate.set()
    until(lambda: not rig.open_rows())


def test_two_senders_on_one_database_never_say_anything_twice(store: Store) -> None:
    rig = Rig(store)
    real(rig)
    rig.slack.faults += [
        Fault("chat.postMessage", kind, skip=7 * n) for n, kind in enumerate(["reset_after", "500"] * 3)
    ]
    subjects: dict[str, list[str]] = {}
    for number in range(60):
        key, subject = f"{number}", f"subject {number % 10}"
        rig.put(key, To(channel=f"C{number % 7}"), subject=subject, lane=Lane(number % 3))
        subjects.setdefault(subject, []).append(key)
    other = rig.new_sender()
    rig.sender.start()
    other.start()
    until(lambda: not rig.open_rows())
    assert rig.sender.stop(10)
    assert other.stop(10)
    assert Counter(rig.slack.texts()) == Counter(map(str, range(60)))
    said = rig.slack.texts()
    assert all([key for key in said if key in keys] == keys for keys in subjects.values())


def test_a_database_that_fails_once_does_not_end_the_sender(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(store)
    real(rig)
    broken = threading.Event()
    take = rig.sender._take

    def fail_once(limit: int) -> object:
        if not broken.is_set():
            broken.set()
            raise ConnectionError("no database")
        return take(limit)

    # This sender alone: another test's may still be at work in this process.
    monkeypatch.setattr(rig.sender, "_take", fail_once)
    rig.put("once")
    rig.sender.start()
    until(lambda: rig.slack.texts() == ["once"])
    assert rig.sender.stop(10)
    assert broken.is_set()
