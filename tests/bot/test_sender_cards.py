"""Cards: posted once, rewritten when what they show moves, never left stale, forgotten when they are deleted."""

import pytest

from storage.engine import Store
from storage.tables import Purpose
from tests.bot.fake_slack import Fault
from tests.bot.sender_rig import OutboxState, Rig, To
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


def test_another_writer_of_the_same_card_is_not_trusted_to_have_come_last(rig: Rig) -> None:
    """While our update is on its way, somebody writes a newer version on the card and says so in the store."""
    rig.put_card()
    rig.run()
    rig.move()

    def answer() -> None:
        rig.move()
        with rig.store.write() as session:
            (card,) = rig.cards()
            card.version = 3
            session.merge(card)

    rig.draw.during = answer
    rig.run()
    assert rig.slack.texts() == ["v3"]
    assert rig.slack.messages[0].history[-1] == "v3"
