"""Pins: the newest announcement at the top of its channel, and no other; what cannot be pinned is kept with its reason."""

from datetime import timedelta

import pytest

from storage.engine import Store
from tests.bot.fake_slack import AFTER_EFFECT, BEFORE_EFFECT, Fault
from tests.bot.sender_rig import OutboxState, Rig, To
from workflow import outbox
from workflow.resending import retry
from workflow.undelivered import undelivered


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def announce(rig: Rig, key: str) -> None:
    """A message, and its pin right behind it."""
    rig.put(key)
    with rig.store.write() as session:
        outbox.pin(session, rig.clock(), To(channel="C1"), key, "guideline of rte")


def pinned(rig: Rig) -> list[str]:
    texts = {(message.channel, message.ts): message.text for message in rig.slack.messages}
    return [texts.get(pin, "somebody else's") for pin in rig.slack.pinned]


def reason(rig: Rig, key: str) -> tuple[OutboxState, str]:
    row = rig.rows()[f"pin:{key}"]
    return row.state, row.error or ""


def test_the_newest_message_takes_the_place_of_the_one_before(rig: Rig) -> None:
    rig.slack.pinned = [("C1", "1.0")]
    for key in ("1.0", "1.1", "2.0"):
        announce(rig, key)
        rig.run()
        assert pinned(rig) == ["somebody else's", key]


def test_a_message_that_is_pinned_already_is_done(rig: Rig) -> None:
    rig.put("2.0")
    rig.run()
    rig.slack.pinned = [("C1", rig.slack.messages[0].ts)]
    announce(rig, "2.0")
    rig.run()
    assert (pinned(rig), reason(rig, "2.0")) == (["2.0"], (OutboxState.SENT, ""))


def test_whatever_fails_one_message_is_pinned_in_the_end(rig: Rig) -> None:
    announce(rig, "first")
    rig.run()
    for kind in BEFORE_EFFECT + AFTER_EFFECT:
        rig.slack.faults = [Fault("pins.add", kind), Fault("pins.remove", kind)]
        announce(rig, kind)
        rig.run()
        assert pinned(rig) == [kind]
        assert not any(fault.times for fault in rig.slack.faults), kind
    assert {row.state for row in rig.rows().values()} == {OutboxState.SENT}


def test_a_full_channel_is_said_and_tried_again_on_request(rig: Rig) -> None:
    rig.slack.most_pins = 1
    rig.slack.pinned = [("C1", "1.0")]
    announce(rig, "2.0")
    rig.run()
    assert reason(rig, "2.0") == (
        OutboxState.FAILED,
        "The channel has as many pins as Slack allows. Unpin something there, and try this again.",
    )
    with rig.store.read() as session:
        (kept,) = undelivered(session)
    assert not kept.still_trying
    rig.slack.pinned.clear()
    with rig.store.write() as session:
        retry(session, [kept.id], rig.clock(), None)
    rig.run()
    assert pinned(rig) == ["2.0"]


def test_in_a_channel_with_its_last_pin_the_one_before_makes_room(rig: Rig) -> None:
    rig.slack.most_pins = 1
    for key in ("1.0", "2.0"):
        announce(rig, key)
        rig.run()
    assert pinned(rig) == ["2.0"]


def test_without_the_scope_the_message_stands_and_the_pin_says_what_is_missing(rig: Rig) -> None:
    rig.slack.faults = [Fault("pins.add", "missing_scope"), Fault("pins.remove", "missing_scope")]
    announce(rig, "2.0")
    rig.run()
    state, words = reason(rig, "2.0")
    assert (state, rig.slack.texts()) == (OutboxState.FAILED, ["2.0"])
    assert "pins:write" in words


def test_a_message_that_was_deleted_or_never_came_is_not_pinned(rig: Rig) -> None:
    announce(rig, "1.0")
    rig.run()
    rig.slack.faults = [Fault("chat.postMessage", "restricted_action_thread_only")]
    announce(rig, "lost")
    rig.run()
    assert reason(rig, "lost") == (
        OutboxState.FAILED,
        "The message to be pinned was not delivered. Deliver that one first, then this.",
    )
    rig.slack.after_post = rig.slack.messages.clear
    announce(rig, "deleted")
    rig.run()
    assert reason(rig, "deleted") == (OutboxState.FAILED, "The message to be pinned was deleted.")


def test_an_old_pin_that_is_tried_again_late_does_not_take_the_place_of_a_newer_one(rig: Rig) -> None:
    rig.slack.faults = [Fault("pins.add", "too_many_pins")]
    announce(rig, "1.0")
    rig.run()
    announce(rig, "2.0")
    rig.run()
    with rig.store.write() as session:
        retry(session, [rig.rows()["pin:1.0"].id or 0], rig.clock(), None)
    rig.run()
    assert (pinned(rig), reason(rig, "1.0")[0]) == (["2.0"], OutboxState.DROPPED)


def test_pins_keep_to_their_pace_and_leave_messages_theirs(rig: Rig) -> None:
    for number in range(8):
        rig.put(f"head {number}", To(channel=f"C{number}"))
        with rig.store.write() as session:
            outbox.pin(session, rig.clock(), To(channel=f"C{number}"), f"head {number}", f"place {number}")
    rig.run(step=0.1)
    calls = [at for at, method, _ in rig.slack.calls if method == "pins.add"]
    posts = [at for at, method, _ in rig.slack.calls if method == "chat.postMessage"]
    assert calls[-1] - calls[0] >= timedelta(seconds=3 * (8 - 4))
    assert posts[-1] < calls[-1]
