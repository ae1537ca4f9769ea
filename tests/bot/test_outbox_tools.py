"""The operator's hand in the outbox, beside a sender that is at work on it: nothing is said twice, nothing is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from bot.sender import rows
from bot.sender.due import Free, candidates
from bot.sender.job import Job, LeaseLostError
from storage.engine import Store
from storage.tables import History, Outbox, Purpose
from tests.bot.fake_slack import Fault
from tests.bot.sender_rig import OutboxKind, OutboxState, Rig, To
from workflow.errors import RefusedError
from workflow.resending import Outcome, drop, failed, retry
from workflow.undelivered import UNSENT, listed


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def tell(rig: Rig, *keys: str) -> list[Outcome]:
    ids = [rig.rows()[key].id or 0 for key in keys]
    return rig.store.transact(lambda session: retry(session, ids, rig.clock(), rig.ben))


def give_up(rig: Rig, *keys: str) -> list[Outcome]:
    ids = [rig.rows()[key].id or 0 for key in keys]
    return rig.store.transact(lambda session: drop(session, ids, " the channel is gone ", rig.clock(), rig.ben))


def claimed(rig: Rig, key: str) -> Job:
    """A sender has just taken a row."""
    kinds = list(OutboxKind)

    def take(session: object) -> Job | None:
        free = Free(lanes=[0, 1, 2], send=kinds, settle=kinds)
        row = next(one for one in candidates(session, rig.clock(), free, 50) if one.id == rig.rows()[key].id)  # type: ignore[arg-type]
        return rows.claim(session, row, rig.clock(), rig.clock() + timedelta(seconds=60))  # type: ignore[arg-type]

    job = rig.store.transact(take)
    assert job is not None
    return job


def failing(rig: Rig, key: str, kind: OutboxKind = OutboxKind.POST) -> None:
    """A message that fails although nobody knows whether it arrived: Slack answers with a fault each time."""
    fault = "chat.postEphemeral" if kind is OutboxKind.EPHEMERAL else "chat.postMessage"
    rig.slack.faults = [Fault(fault, "500_after", times=1)]
    rig.put(key, To(rig.project_id, Purpose.TEAM, rig.ana if kind is OutboxKind.EPHEMERAL else None), kind=kind)
    rig.run(seconds=1)
    assert rig.rows()[key].state is OutboxState.UNKNOWN


def test_messages_are_listed_page_by_page_with_their_reasons(rig: Rig) -> None:
    rig.slack.refused["chat.postMessage C1"] = "is_archived"
    rig.put("a", To(rig.project_id, Purpose.TEAM))
    rig.run()
    rig.put("b", To(person_id=rig.ana))
    rig.put("c", To(rig.project_id, Purpose.LEADS))
    with rig.store.read() as session:
        found = listed(session)
        assert [(one.to, one.state.value, one.maybe_sent) for one in found] == [
            ("#leads", "waiting", False),
            ("Ana", "waiting", False),
            ("#team", "failed", False),
        ]
        assert found[2].reason == "The channel is archived."
        assert found[2].project == "rte"
        assert listed(session, most=1) == found[:1]
        assert listed(session, before=found[0].id) == found[1:]
        assert listed(session, [OutboxState.FAILED]) == found[2:]
        assert listed(session, UNSENT, rig.project_id) == [found[0], found[2]]
        assert failed(session) == failed(session, rig.project_id) == [found[2].id]
        assert failed(session, rig.project_id + 1) == failed(session, after=found[2].id) == []


def test_a_message_that_slack_refused_is_sent_again_and_only_it(rig: Rig) -> None:
    rig.slack.refused["chat.postMessage C1"] = "is_archived"
    rig.put("a", To(rig.project_id, Purpose.TEAM))
    rig.put("b", To(person_id=rig.ana))
    rig.run()
    rig.slack.refused.clear()
    assert [one.words for one in tell(rig, "a", "b")] == ["is sent again", "was sent"]
    rig.run()
    assert rig.slack.texts() == ["b", "a"]
    assert rig.slack.count("conversations.history") == 0


@pytest.mark.parametrize("arrived", [True, False])
def test_a_message_that_may_have_arrived_is_looked_for_before_it_is_sent_again(rig: Rig, arrived: bool) -> None:
    rig.slack.faults = [Fault("chat.postMessage", "500_after" if arrived else "500")]
    rig.put("a")
    rig.run(seconds=1)
    rig.slack.refused["conversations.history C1"] = "is_archived"
    rig.run()
    row = rig.rows()["a"]
    assert row.state is OutboxState.FAILED
    assert row.sending_since is not None
    rig.slack.refused.clear()
    looked = rig.slack.count("conversations.history")
    assert [one.words for one in tell(rig, "a")] == [
        "may have arrived: Concord looks for it, and sends it where it is not there"
    ]
    rig.run()
    assert rig.slack.texts() == ["a"]
    assert rig.slack.count("conversations.history") > looked
    assert rig.slack.count("chat.postMessage") == (1 if arrived else 2)


def test_an_ephemeral_that_may_have_been_seen_is_never_said_twice(rig: Rig) -> None:
    failing(rig, "psst", OutboxKind.EPHEMERAL)
    rig.run()
    assert rig.rows()["psst"].state is OutboxState.FAILED
    (told,) = tell(rig, "psst")
    assert not told.done
    assert "ask again" in told.words
    rig.run()
    assert len(rig.slack.ephemerals) == 1


def test_an_unknown_message_is_left_to_its_settling(rig: Rig) -> None:
    failing(rig, "a")
    (told,) = tell(rig, "a")
    assert not told.done
    assert "by itself" in told.words
    rig.run()
    assert rig.slack.texts() == ["a"]
    assert rig.rows()["a"].state is OutboxState.SENT


def test_a_message_that_waits_long_is_sent_at_once(rig: Rig) -> None:
    rig.put("later", due_at=rig.clock() + timedelta(days=3))
    rig.run(seconds=5)
    assert rig.slack.texts() == []
    assert [one.words for one in tell(rig, "later")] == ["is sent now"]
    rig.run(seconds=5)
    assert rig.slack.texts() == ["later"]


def test_what_is_given_up_is_never_sent_and_says_why_and_who(rig: Rig) -> None:
    rig.slack.refused["chat.postMessage C1"] = "is_archived"
    rig.put("failed", To(rig.project_id, Purpose.TEAM))
    rig.run()
    rig.put("waits", To(channel="C2"))
    assert [one.words for one in give_up(rig, "failed", "waits")] == ["is dropped", "is dropped"]
    rig.slack.refused.clear()
    rig.run()
    assert rig.slack.texts() == []
    assert {row.error for row in rig.rows().values()} == {"Dropped: the channel is gone"}
    with rig.store.read() as session:
        noted = session.execute(select(History).order_by(col(History.id))).scalars().all()
    assert [(one.action, one.actor_id, one.before["state"], one.after) for one in noted if one.before] == [
        ("outbox.dropped", rig.ben, "failed", {"state": "dropped", "reason": "the channel is gone"}),
        ("outbox.dropped", rig.ben, "waiting", {"state": "dropped", "reason": "the channel is gone"}),
    ]
    assert [one.words for one in give_up(rig, "failed")] == ["was dropped"]
    assert [one.words for one in tell(rig, "failed")] == ["was dropped"]


def test_a_message_that_is_being_sent_can_be_neither_dropped_nor_tried_again(rig: Rig) -> None:
    rig.put("a")
    job = claimed(rig, "a")
    for told in (*give_up(rig, "a"), *tell(rig, "a")):
        assert not told.done
        assert told.words == "is just being sent: look again in a minute"
    rig.store.transact(lambda s: rows.sent(s, job, rig.clock(), "C1", "1.1"))
    assert rig.rows()["a"].state is OutboxState.SENT


def test_an_unknown_message_that_is_being_looked_for_is_left_alone(rig: Rig) -> None:
    failing(rig, "a")
    rig.clock.now = rig.rows()["a"].due_at
    job = claimed(rig, "a")
    assert job.state is OutboxState.UNKNOWN
    (told,) = give_up(rig, "a")
    assert not told.done
    assert "just looking" in told.words
    rig.store.transact(lambda s: rows.sent(s, job, rig.clock(), "C1", "1.1"))


def test_a_sender_that_comes_after_a_drop_writes_nothing(rig: Rig) -> None:
    """The row was taken, its lease ran out, it was put back and dropped; the first sender wakes up."""
    rig.put("a")
    late = claimed(rig, "a")
    rig.clock.turn(120)
    rig.store.transact(lambda s: rows.take_over(s, rig.clock()))
    assert [one.words for one in give_up(rig, "a")] == ["is dropped"]
    for write in (
        lambda s: rows.begin(s, late, rig.clock(), rig.clock()),
        lambda s: rows.put_back(s, late, rig.clock(), None, failed=False),
        lambda s: rows.settle(s, late, rig.clock(), OutboxState.FAILED, "?"),
    ):
        with pytest.raises(LeaseLostError):
            rig.store.transact(write)
    assert rig.rows()["a"].state is OutboxState.DROPPED


def test_an_unknown_message_may_be_given_up_and_what_follows_it_goes_on(rig: Rig) -> None:
    failing(rig, "a")
    rig.put("b", subject="a")
    with rig.store.write() as session:
        session.execute(update(Outbox).where(col(Outbox.key) == "a").values(due_at=rig.clock() + timedelta(days=9)))
    rig.run(seconds=30)
    assert rig.rows()["b"].state is OutboxState.WAITING
    assert [one.words for one in give_up(rig, "a")] == ["is dropped; it may have arrived before"]
    rig.run()
    assert rig.rows()["b"].state is OutboxState.SENT
    assert sorted(rig.slack.texts()) == ["a", "b"]


def test_what_is_not_there_is_said_and_a_reason_is_needed(rig: Rig) -> None:
    told = rig.store.transact(lambda s: retry(s, [999, 999], rig.clock(), None))
    assert told == [Outcome(999, done=False, words="there is no such message")]
    with pytest.raises(RefusedError, match="Say why"):
        rig.store.transact(lambda s: drop(s, [1], "  ", rig.clock(), None))
