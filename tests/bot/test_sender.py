"""The sender on the happy way, and everything that is nobody's fault: recipients, order, lanes, pace, threads."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.sender import SenderSettings
from bot.sender.lookup import opaque
from bot.slack.client import web_client
from storage.engine import Store
from storage.tables import Channel, Person, Purpose
from tests.bot.fake_slack import Fault
from tests.bot.sender_rig import Lane, OutboxKind, OutboxState, Rig, To
from workflow.resending import retry
from workflow.undelivered import undelivered


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def test_a_row_is_said_once_and_remembers_where(rig: Rig) -> None:
    rig.put("hello", To(rig.project_id, Purpose.TEAM))
    rig.put("hello", To(rig.project_id, Purpose.TEAM))
    rig.run()
    assert rig.slack.texts() == ["hello"]
    row = rig.rows()["hello"]
    assert (row.state, row.sent_channel, row.sent_ts) == (OutboxState.SENT, "C1", rig.slack.messages[0].ts)


def test_the_key_in_the_metadata_is_opaque(rig: Rig) -> None:
    rig.put("item 17: the secret text")
    rig.run()
    carried = rig.slack.messages[0].metadata
    assert carried == {
        "event_type": "concord_message",
        "event_payload": {"key": opaque("item 17: the secret text")},
    }
    assert "secret" not in str(carried)


def test_a_dm_is_opened_once_and_kept(rig: Rig) -> None:
    for key in ("a", "b", "c"):
        rig.put(key, To(person_id=rig.ana))
    rig.run()
    assert rig.slack.texts("DU1") == ["a", "b", "c"]
    assert rig.slack.count("conversations.open") == 1
    with rig.store.read() as session:
        ana = session.get(Person, rig.ana)
    assert ana is not None
    assert ana.dm == "DU1"


def test_a_channel_slack_has_not_shown_is_waited_for(rig: Rig) -> None:
    rig.put("digest", To(rig.project_id, Purpose.LEADS))
    rig.run(seconds=5)
    assert rig.slack.texts() == []
    row = rig.rows()["digest"]
    assert row.state is OutboxState.WAITING
    assert row.error is not None
    assert "#leads" in row.error
    assert "/invite" in row.error
    with rig.store.write() as session:
        session.execute(update(Channel).where(col(Channel.purpose) == Purpose.LEADS).values(slack_id="C9"))
    rig.run(seconds=5)
    assert rig.slack.texts("C9") == ["digest"]
    assert rig.rows()["digest"].error is None


def test_somebody_slack_has_not_shown_is_waited_for(rig: Rig) -> None:
    with rig.store.write() as session:
        carla = Person(name="Carla", handle="@carla")
        session.add(carla)
        session.flush()
        carla_id = carla.id
    rig.put("welcome", To(person_id=carla_id))
    rig.run(seconds=5)
    assert "Carla" in (rig.rows()["welcome"].error or "")
    with rig.store.write() as session:
        session.execute(update(Person).where(col(Person.id) == carla_id).values(slack_id="U7"))
    rig.run(seconds=5)
    assert rig.slack.texts("DU7") == ["welcome"]


def test_nothing_is_said_to_somebody_deactivated(rig: Rig) -> None:
    with rig.store.write() as session:
        session.execute(update(Person).where(col(Person.id) == rig.ana).values(active=False))
    rig.put("batch", To(person_id=rig.ana))
    rig.run(seconds=5)
    assert rig.slack.calls == []
    row = rig.rows()["batch"]
    assert (row.state, row.error) == (OutboxState.FAILED, "Ana is deactivated in Slack.")


def test_a_row_for_nobody_fails(rig: Rig) -> None:
    rig.put("lost", To())
    rig.run(seconds=5)
    assert rig.rows()["lost"].state is OutboxState.FAILED


def test_lanes_go_in_their_order(rig: Rig) -> None:
    for number in range(5):
        rig.put(f"bulk {number}", To(channel=f"C{number}"), lane=Lane.BULK)
    rig.put("digest", To(channel="C90"), lane=Lane.URGENT)
    rig.put("card", To(channel="C91"), lane=Lane.WAITED_FOR)
    rig.run()
    assert rig.slack.texts()[:2] == ["card", "digest"]
    assert len(rig.slack.texts()) == 7


def test_rows_about_one_message_go_by_id_whatever_their_lane(rig: Rig) -> None:
    rig.put("first", subject="s", lane=Lane.BULK)
    rig.put("second", To(channel="C2"), subject="s", lane=Lane.WAITED_FOR)
    rig.put("third", To(channel="C3"), subject="s", lane=Lane.URGENT)
    rig.run()
    assert rig.slack.texts() == ["first", "second", "third"]


def test_rows_wait_behind_an_unknown_one_about_the_same_message(rig: Rig) -> None:
    rig.slack.faults.append(Fault("chat.postMessage", "reset_after"))
    rig.put("first", subject="s", lane=Lane.BULK)
    rig.run(seconds=2)
    assert rig.rows()["first"].state is OutboxState.UNKNOWN
    rig.put("second", To(channel="C2"), subject="s", lane=Lane.WAITED_FOR)
    rig.sender.run_due()
    looked = rig.slack.count("conversations.history")
    assert (looked, rig.rows()["first"].state, rig.slack.texts("C2")) == (1, OutboxState.SENT, ["second"])


def test_what_is_due_later_waits(rig: Rig) -> None:
    rig.put("later", due_at=rig.clock() + timedelta(seconds=30))
    rig.sender.run_due()
    assert rig.slack.texts() == []
    rig.run()
    assert rig.slack.texts() == ["later"]


def test_one_message_a_second_in_a_channel(rig: Rig) -> None:
    for number in range(4):
        rig.put(str(number))
        rig.put(f"dm {number}", To(person_id=rig.ana))
    rig.run(step=0.1)
    for channel in ("C1", "DU1"):
        at = [moment for moment, method, where in rig.slack.calls if (method, where) == ("chat.postMessage", channel)]
        assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(at))
        assert len(at) == 4


def test_the_whole_workspace_has_a_pace_and_a_digest_passes_bulk(rig: Rig) -> None:
    for number in range(40):
        rig.put(f"bulk {number}", To(channel=f"C{number}"), lane=Lane.BULK)
    rig.sender.run_due()
    assert len(rig.slack.texts()) == 10
    rig.put("digest", To(channel="C90"), lane=Lane.URGENT)
    rig.run(step=0.1)
    assert rig.slack.texts()[10] == "digest"
    assert len(rig.slack.texts()) == 41


def test_only_the_method_that_slack_slowed_down_rests(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.move()
    rig.slack.faults.append(Fault("chat.update", "429", seconds=30))
    rig.sender.run_due()
    started = rig.clock()
    rig.put("hello", To(channel="C2"))
    rig.sender.run_due()
    assert rig.slack.texts() == ["v1", "hello"]
    rig.run()
    assert rig.slack.texts() == ["v2", "hello"]
    assert [at - started for at, method, _ in rig.slack.calls if method == "chat.update"][1:] == [timedelta(seconds=30)]


def test_bulk_that_slack_slowed_down_does_not_hide_what_may_go(rig: Rig) -> None:
    rig.put_card()
    rig.run()
    rig.slack.faults.append(Fault("chat.postMessage", "429", seconds=3600))
    for number in range(30):
        rig.put(f"bulk {number}", To(channel=f"C{number}"))
    rig.sender.run_due()
    rig.move()
    rig.run(seconds=10)
    assert rig.slack.texts() == ["v2"]


def test_a_reply_waits_for_the_head_of_its_thread(rig: Rig) -> None:
    rig.put("reply", thread_key="head", lane=Lane.WAITED_FOR)
    rig.put("head", lane=Lane.BULK)
    rig.run()
    head, reply = rig.slack.messages
    assert (head.text, reply.text, reply.thread_ts) == ("head", "reply", head.ts)


def test_a_reply_whose_head_never_came_is_said_outside(rig: Rig) -> None:
    rig.slack.refused["chat.postMessage C2"] = "is_archived"
    rig.put("head", To(channel="C2"))
    rig.put("reply", thread_key="head")
    rig.put("other", thread_key="a key that nobody put")
    rig.run()
    assert [(message.text, message.thread_ts) for message in rig.slack.messages] == [("reply", None), ("other", None)]


def test_what_cannot_be_drawn_fails_without_telling_its_text(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    rig.put("x", template="broken")
    rig.put("y")
    rig.run()
    row = rig.rows()["x"]
    assert row.state is OutboxState.FAILED
    assert "template broken, KeyError" in (row.error or "")
    assert "belongs to an item" not in capsys.readouterr().out + (row.error or "")
    assert rig.slack.texts() == ["y"]


def test_what_is_not_worth_saying_is_dropped(rig: Rig) -> None:
    rig.put("x", template="nothing")
    rig.run()
    assert rig.rows()["x"].state is OutboxState.DROPPED
    with rig.store.read() as session:
        assert undelivered(session) == []


def test_what_cannot_be_delivered_is_listed_with_its_reason(rig: Rig) -> None:
    rig.slack.refused |= {"chat.postMessage C1": "is_archived", "chat.postMessage C2": "not_in_channel"}
    rig.put("a", To(rig.project_id, Purpose.TEAM))
    rig.put("b", To(rig.project_id, Purpose.REVIEW))
    rig.put("c", To(person_id=rig.ana))
    rig.run(seconds=5)
    with rig.store.read() as session:
        listed = undelivered(session, rig.project_id)
        assert undelivered(session, rig.project_id + 1) == []
    assert [(row.to, row.still_trying) for row in listed] == [("#review", True), ("#team", False)]
    assert "Invite it there" in listed[0].reason
    assert "archived" in listed[1].reason


def test_what_was_put_right_is_sent(rig: Rig) -> None:
    rig.slack.refused |= {"chat.postMessage C1": "is_archived", "chat.postMessage C2": "not_in_channel"}
    rig.put("failed", To(rig.project_id, Purpose.TEAM))
    rig.put("waits", To(rig.project_id, Purpose.REVIEW))
    rig.run(seconds=5)
    rig.slack.refused.clear()
    rig.run(seconds=90)
    assert rig.slack.texts() == ["waits"]
    with rig.store.write() as session:
        tried = retry(session, [row.id for row in undelivered(session)], rig.clock(), None)
    assert [(one.done, one.words) for one in tried] == [(True, "is sent again")]
    rig.run()
    assert rig.slack.texts() == ["waits", "failed"]


def test_what_slack_never_takes_fails_with_the_place_of_the_fault(rig: Rig) -> None:
    rig.slack.refused["chat.postMessage C1"] = "invalid_blocks"
    rig.put("a")
    rig.run(seconds=5)
    assert "invalid_blocks" in (rig.rows()["a"].error or "")
    assert rig.slack.count("chat.postMessage") == 1


def test_an_ephemeral_goes_to_one_person(rig: Rig) -> None:
    rig.put("psst", To(rig.project_id, Purpose.TEAM, rig.ana), kind=OutboxKind.EPHEMERAL)
    rig.run()
    assert [(one["channel"], one["user"], one["text"]) for one in rig.slack.ephemerals] == [("C1", "U1", "psst")]
    assert rig.slack.texts() == []


def test_a_chart_is_uploaded_unseen_and_shown_by_one_message(rig: Rig) -> None:
    rig.put("week 9", To(rig.project_id, Purpose.TEAM), kind=OutboxKind.CHART)
    rig.run()
    (message,) = rig.slack.messages
    assert message.blocks[0]["slack_file"] == {"id": "F0"}
    assert rig.slack.files["F0"]["data"] == b"\x89PNGweek 9"
    assert (rig.draw.pictures, len(rig.slack.files)) == (1, 1)


def test_a_picture_that_slack_does_not_take_yet_is_tried_again(rig: Rig) -> None:
    rig.slack.faults.append(Fault("chat.postMessage", "invalid slack file"))
    rig.put("week 9", kind=OutboxKind.CHART)
    rig.run()
    assert rig.slack.texts() == ["week 9"]
    assert len(rig.slack.files) == 1


def test_a_client_that_the_sender_cannot_trust_is_refused(rig: Rig) -> None:
    with pytest.raises(ValueError, match="waits longer"):
        type(rig.sender)(rig.store, web_client("x", timeout=30), rig.draw, rig.clock)
    with pytest.raises(ValueError, match="a lease of"):
        SenderSettings(lease=15)


def test_a_digest_does_not_wait_for_a_message_to_everybody(rig: Rig) -> None:
    """Sixty people are asked to read a guideline at Slack's pace; what is urgent goes between them."""
    with rig.store.write() as session:
        people = [Person(name=f"Person {number}", slack_id=f"UX{number}") for number in range(60)]
        session.add_all(people)
        session.flush()
        ids = [person.id or 0 for person in people]
    for person_id in ids:
        rig.put(f"read {person_id}", To(person_id=person_id), lane=Lane.BULK)
    rig.run(seconds=20)
    asked = len(rig.slack.texts())
    assert 20 <= asked < 40
    since = rig.clock()
    rig.put("digest", To(channel="C2"), lane=Lane.URGENT)
    rig.put("case", To(channel="C3"), lane=Lane.URGENT)
    rig.run(seconds=600)
    urgent = [at for at, method, where in rig.slack.calls if method == "chat.postMessage" and where in ("C2", "C3")]
    assert len(urgent) == 2
    assert max(urgent) - since <= timedelta(seconds=2)
    assert len(rig.slack.texts()) == 62
