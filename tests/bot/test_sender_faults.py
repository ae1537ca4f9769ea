"""Slack fails in every way it knows, the process dies: everything appears exactly once, in order where order matters."""

import random
from datetime import timedelta

import pytest

from bot.sender.job import Job
from bot.sender.work import work
from storage.engine import Store
from storage.tables import Purpose
from tests.bot.fake_slack import AFTER_EFFECT, BEFORE_EFFECT, Fault, random_faults
from tests.bot.sender_rig import Lane, OutboxKind, OutboxState, Rig, To
from workflow.undelivered import undelivered

EVERY = BEFORE_EFFECT + AFTER_EFFECT


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def test_posts_appear_once_and_in_order(rig: Rig) -> None:
    for kind in EVERY:
        rig.slack.faults = [Fault("chat.postMessage", kind), Fault("chat.postMessage", kind, skip=2)]
        rig.slack.messages.clear()
        keys = {name: f"{kind} {name}" for name in ("before", "after", "dm", "reply")}
        rig.put(keys["before"], subject=kind)
        rig.put(keys["after"], subject=kind)
        rig.put(keys["dm"], To(person_id=rig.ana))
        rig.put(keys["reply"], thread_key=keys["before"])
        rig.run()
        assert sorted(rig.slack.texts()) == sorted(keys.values()), kind
        said = rig.slack.texts("C1")
        assert said.index(keys["before"]) < said.index(keys["after"]), kind
        assert not any(fault.times for fault in rig.slack.faults), kind
        rows = rig.rows()
        assert {rows[m.text].sent_ts for m in rig.slack.messages} == {m.ts for m in rig.slack.messages}, kind
    assert {row.state for row in rig.rows().values()} == {OutboxState.SENT}


def test_a_reply_that_is_unknown_is_looked_for_in_its_thread(rig: Rig) -> None:
    rig.put("head")
    rig.run()
    for kind in EVERY:
        rig.slack.faults = [Fault("chat.postMessage", kind)]
        rig.put(kind, thread_key="head")
        rig.run()
    assert rig.slack.texts() == ["head", *EVERY]
    assert {message.thread_ts for message in rig.slack.messages[1:]} == {rig.slack.messages[0].ts}


def test_an_update_is_the_truth_and_the_last_thing_on_the_card(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    version = 1
    for kind in EVERY:
        rig.slack.faults = [Fault("chat.update", kind)]
        rig.slack.messages[0].history.clear()
        rig.move()
        rig.sender_after_a_kill()
        rig.move()
        rig.run()
        version += 2
        assert rig.slack.texts() == [f"v{version}"], kind
        # Never backwards: an attempt that nobody waits for any more has no effect after a later one.
        assert rig.slack.messages[0].history == sorted(rig.slack.messages[0].history, key=lambda text: int(text[1:]))
        assert [card.version for card in rig.cards()] == [version], kind


@pytest.mark.parametrize(
    "method",
    ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info", "chat.postMessage"],
)
def test_a_chart_appears_once(rig: Rig, method: str) -> None:
    for kind in EVERY:
        rig.slack.faults = [Fault(method, kind)]
        rig.slack.messages.clear()
        rig.slack.files.clear()
        rig.put(kind, To(rig.project_id, Purpose.TEAM), kind=OutboxKind.CHART)
        rig.run()
        (message,) = rig.slack.messages
        assert message.text == kind
        done = [file_id for file_id, file in rig.slack.files.items() if file["done"] is not None]
        assert done == [message.blocks[0]["slack_file"]["id"]], kind
        assert rig.rows()[kind].state is OutboxState.SENT
        assert rig.slack.faults[0].times == 0, kind


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("outcome", ["reset", "reset_after", "late"])
def test_a_look_up_that_fails_is_done_again(rig: Rig, outcome: str) -> None:
    for kind in BEFORE_EFFECT:
        rig.slack.faults = [Fault("chat.postMessage", outcome), Fault("conversations.history", kind, times=3)]
        rig.put(f"{kind} once")
        rig.put(f"{kind} then", subject=f"{kind} once")
        rig.run()
        assert not any(fault.times for fault in rig.slack.faults), kind
    assert rig.slack.texts() == [f"{kind} {when}" for kind in BEFORE_EFFECT for when in ("once", "then")]


def test_a_look_up_that_somebody_has_to_allow_is_waited_for(rig: Rig) -> None:
    rig.slack.faults.append(Fault("chat.postMessage", "reset_after"))
    rig.slack.refused["conversations.history C1"] = "missing_scope"
    rig.put("once")
    rig.run(seconds=90)
    with rig.store.read() as session:
        (row,) = undelivered(session)
    assert row.still_trying
    assert "scope" in row.reason
    rig.slack.refused.clear()
    rig.run(seconds=600)
    assert rig.slack.texts() == ["once"]
    assert rig.rows()["once"].state is OutboxState.SENT


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["reset", "500", "late", "internal_error_after"])
def test_nobody_looks_before_the_call_can_have_no_effect_any_more(rig: Rig, kind: str) -> None:
    rig.slack.faults.append(Fault("chat.postMessage", kind, seconds=9.5))
    rig.put("once")
    rig.run()
    called = [at for at, method, _ in rig.slack.calls if method == "chat.postMessage"]
    looked = [at for at, method, _ in rig.slack.calls if method == "conversations.history"]
    assert min(looked) - called[0] >= timedelta(seconds=20)
    assert all(at >= max(looked) for at in called[1:])
    assert rig.slack.texts() == ["once"]


def test_the_look_up_reads_on_until_before_the_attempt(store: Store) -> None:
    rig = Rig(store)
    rig.slack.faults.append(Fault("chat.postMessage", "reset_after"))
    rig.put("once")
    rig.sender.run_due()
    for number in range(250):
        rig.slack.chat_postMessage({"channel": "C1", "text": f"chatter {number}"})
    rig.run()
    assert rig.slack.texts().count("once") == 1
    assert rig.slack.count("conversations.history") == 3


def test_a_sender_that_dies_before_its_call_leaves_nothing_to_look_up(rig: Rig) -> None:
    rig.slack.faults.append(Fault("conversations.open", "killed_after"))
    rig.put("once", To(person_id=rig.ana))
    rig.run()
    assert rig.slack.texts() == ["once"]
    assert rig.slack.count("conversations.history") == 0


def test_a_sender_taken_for_dead_changes_nothing_any_more(rig: Rig) -> None:
    """It hangs while it draws, for longer than its lease; meanwhile another takes the row, and has not sent it yet."""
    other = rig.new_sender()
    taken: list[Job] = []

    def hang() -> None:
        rig.clock.turn(121)
        other._tend()
        taken.extend(other._take(limit=1))

    rig.put_card()
    rig.draw.during = hang
    rig.sender.run_due()
    assert len(taken) == 1
    assert rig.slack.texts() == []
    work(other._delivery, taken[0])
    assert rig.slack.texts() == ["v1"]
    assert rig.rows()["card"].state is OutboxState.SENT


def test_what_was_posted_is_sent_although_the_lease_was_over(rig: Rig) -> None:
    """It hangs between the call and the commit: the message is there all the same, and is not looked up for ever."""
    other = rig.new_sender()

    def late() -> None:
        rig.clock.turn(121)
        other._tend()

    rig.slack.after_post = late
    rig.put("once")
    rig.sender.run_due()
    assert rig.rows()["once"].state is OutboxState.SENT
    assert rig.slack.count("conversations.history") == 0
    assert rig.slack.texts() == ["once"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["reset", "reset_after", "killed_after", "late"])
def test_an_ephemeral_is_said_at_most_once(rig: Rig, kind: str) -> None:
    rig.slack.faults.append(Fault("chat.postEphemeral", kind))
    rig.put("psst", To(channel="C1", person_id=rig.ana), kind=OutboxKind.EPHEMERAL)
    rig.run()
    assert rig.slack.count("chat.postEphemeral") == 1
    row = rig.rows()["psst"]
    assert row.state is OutboxState.FAILED
    assert "cannot tell" in (row.error or "")


def test_slack_away_for_hours_loses_nothing(rig: Rig) -> None:
    rig.slack.faults.append(Fault("*", "503", times=20))
    rig.put("digest", To(rig.project_id, Purpose.TEAM), lane=Lane.URGENT)
    rig.run(seconds=4 * 3600, step=20)
    assert rig.slack.texts() == ["digest"]


def test_what_fails_for_ever_ends(store: Store) -> None:
    rig = Rig(store)
    rig.settings = type(rig.settings)(most_attempts=3)
    rig.sender = rig.new_sender()
    rig.slack.faults.append(Fault("*", "fatal_error", times=10_000))
    rig.put("never")
    rig.run(seconds=4000, step=5)
    row = rig.rows()["never"]
    assert row.state is OutboxState.FAILED
    assert "3 times" in (row.error or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("store", "seed"),
    [*(("sqlite", seed) for seed in range(8)), *(("postgresql", seed) for seed in range(8, 12))],
    indirect=["store"],
)
def test_any_schedule_of_faults_says_everything_once_in_order(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    rig = Rig(store)
    rig.put_card()
    methods = ["chat.postMessage", "chat.postMessage", "conversations.history", "chat.update", "conversations.open"]
    methods += ["upload", "files.completeUploadExternal", "files.info", "conversations.replies"]
    rig.slack.faults += random_faults(chance, methods, 14)
    keys = [f"{number}" for number in range(24)]
    for key in keys:
        to = chance.choice([To(channel="C1"), To(channel="C2"), To(person_id=rig.ana), To(person_id=rig.ben)])
        kind = OutboxKind.CHART if chance.random() < 0.2 else OutboxKind.POST
        thread = chance.choice(keys) if chance.random() < 0.2 else None
        subject = f"subject {chance.randrange(6)}"
        thread = thread if thread is not None and int(thread) < int(key) else None
        rig.put(key, to, kind=kind, lane=chance.choice(list(Lane)), subject=subject, thread_key=thread)
    for _ in range(3):
        rig.run(seconds=4)
        rig.move()
    rig.run(seconds=3000)
    rows = rig.rows()
    assert {row.state for row in rows.values()} == {OutboxState.SENT}
    assert sorted(rig.slack.texts()) == sorted([*keys, "v4"])
    said = {message.text: message.ts for message in rig.slack.messages}
    by_subject: dict[str, list[str]] = {}
    for key in keys:
        by_subject.setdefault(rows[key].subject, []).append(said[key])
    assert all(times == sorted(times) for times in by_subject.values())
    assert [card.version for card in rig.cards()] == [4]
