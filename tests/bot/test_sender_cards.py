"""Cards: posted once, rewritten when what they show moves, never left stale, forgotten when they are deleted."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import update

from bot.sender.work import work as deliver
from storage.engine import Store
from storage.tables import Card, Purpose
from tests.bot.fake_slack import Fault
from tests.bot.sender_rig import OutboxState, Rig, To
from workflow import outbox
from workflow.undelivered import undelivered


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def test_a_card_is_remembered_with_the_version_it_shows(rig: Rig) -> None:
    rig.put_card(to=To(person_id=rig.ana))
    rig.run()
    (card,) = rig.cards()
    (message,) = rig.slack.messages
    assert (card.kind, card.subject_id, card.person_id) == ("project", rig.project_id, rig.ana)
    assert (card.channel, card.ts, card.version) == ("DU1", message.ts, 1)


def test_every_copy_is_rewritten_when_the_thing_moves(rig: Rig) -> None:
    rig.put_card("one", To(channel="C1"))
    rig.put_card("two", To(person_id=rig.ana))
    rig.run()
    rig.move()
    rig.run()
    assert rig.slack.texts() == ["v2", "v2"]
    assert rig.slack.count("chat.update") == 2


def test_a_copy_that_cannot_be_rewritten_holds_back_no_other(rig: Rig) -> None:
    rig.put_card("one", To(channel="C1"))
    rig.put_card("two", To(person_id=rig.ana))
    rig.run()
    rig.slack.refused["chat.update C1"] = "not_in_channel"
    rig.move()
    rig.run(seconds=30)
    rig.move()
    rig.run(seconds=30)
    assert rig.slack.texts() == ["v1", "v3"]
    rig.slack.refused.clear()
    rig.run()
    assert rig.slack.texts() == ["v3", "v3"]


def test_a_thing_that_moves_while_its_card_is_drawn_does_not_leave_it_stale(rig: Rig) -> None:
    rig.draw.during = rig.move
    rig.put_card()
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v2"]
    assert [card.version for card in rig.cards()] == [2]


def test_a_thing_that_moves_while_its_card_is_rewritten_does_not_leave_it_stale(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.move()
    rig.draw.during = rig.move
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v2", "v3"]


def test_two_moves_at_once_are_one_update(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.move()
    rig.move()
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v3"]
    assert rig.slack.count("chat.update") == 1
    assert {row.state for row in rig.rows().values()} == {OutboxState.SENT}


def test_a_card_that_was_found_shows_the_truth_although_nobody_knew_what_it_showed(rig: Rig) -> None:
    rig.slack.faults.append(Fault("chat.postMessage", "killed_after"))
    rig.put_card()
    rig.sender_after_a_kill()
    rig.move()
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v2"]
    assert [card.version for card in rig.cards()] == [2]


def test_a_deleted_card_is_forgotten_and_nobody_is_alarmed(rig: Rig) -> None:
    rig.put_card()
    rig.put_card("other", To(rig.project_id, Purpose.REVIEW))
    rig.run()
    rig.slack.messages = [message for message in rig.slack.messages if message.channel != "C1"]
    rig.move()
    rig.move()
    rig.run()
    assert [card.channel for card in rig.cards()] == ["C2"]
    assert rig.slack.texts() == ["v3"]
    gone = [row for row in rig.rows().values() if row.channel == "C1" and row.key != "card"]
    assert [row.state for row in gone] == [OutboxState.DROPPED] * 2
    assert gone[0].error == "The message was deleted."
    with rig.store.read() as session:
        assert undelivered(session) == []


def another_writer(rig: Rig, version: int) -> None:
    """Somebody else has put a version on the card, and says so in the store."""
    with rig.store.write() as session:
        session.execute(update(Card).values(version=version))


def test_another_writer_that_was_first_in_the_store_may_have_been_first_in_slack(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.move()

    def answer() -> None:
        rig.move()
        another_writer(rig, 3)

    rig.draw.during = answer
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v2", "v3"]


def test_another_writer_that_was_last_in_the_store_may_have_been_first_in_slack(rig: Rig) -> None:
    """Our older version may have come after the newer one: only writing once more makes sure."""
    rig.put_card()
    rig.run()
    rig.move()
    rig.draw.during = rig.move
    work = rig.new_sender()
    jobs = work._take(limit=1)
    deliver(work._delivery, next(jobs))
    another_writer(rig, 3)
    rig.run()
    assert rig.slack.messages[0].history == ["v1", "v2", "v3"]
    assert {row.state for row in rig.rows().values()} == {OutboxState.SENT}


def test_a_card_that_shows_the_newest_version_already_is_left_alone(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.move()
    another_writer(rig, 2)
    rig.run()
    assert rig.slack.count("chat.update") == 0


def test_a_card_may_be_deleted_while_it_is_to_be_rewritten(store: Store) -> None:
    """Forgetting a card and rewriting it take turns: neither breaks the other."""
    rig = Rig(store)
    rig.put_card()
    rig.run()
    rig.slack.messages.clear()
    rig.move()
    moving = threading.Event()

    def forget() -> None:
        moving.wait(10)
        rig.sender.run_due()

    with ThreadPoolExecutor(1) as pool:
        forgetting = pool.submit(forget)
        with store.write() as session:
            outbox.rewrite(session, rig.clock(), "project", rig.project_id, 9, "card")
            moving.set()
            # Long enough for the other to come to the card, and too short to matter where it did not.
            wait([forgetting], 0.1)
        assert forgetting.result() is None
    rig.run()
    assert rig.cards() == []
    assert {row.state for row in rig.rows().values() if row.key != "card"} == {OutboxState.DROPPED}
