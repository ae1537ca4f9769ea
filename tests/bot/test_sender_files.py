"""A file in a thread: shown exactly once whatever fails, and asked for by its id where nobody knows."""

from typing import Any

import pytest

from storage.engine import Store
from tests.bot.fake_slack import AFTER_EFFECT, BEFORE_EFFECT, Fault
from tests.bot.sender_rig import OutboxKind, OutboxState, Rig, To
from workflow.outbox import Thread, thread_of

EVERY = BEFORE_EFFECT + AFTER_EFFECT
STEPS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


@pytest.fixture
def rig(store: Store) -> Rig:
    return Rig(store)


def put_file(rig: Rig, key: str, **more: Any) -> None:
    rig.put(key, To(channel="C1"), kind=OutboxKind.FILE, **more)


def shown(rig: Rig) -> list[tuple[bytes, str, str | None]]:
    """What people see: the bytes, where, and under which message."""
    rig.slack.catch_up()
    files = rig.slack.files.values()
    return [(file["data"], file["shown"]["channel"], file["shown"]["thread"]) for file in files if "shown" in file]


@pytest.mark.parametrize("method", STEPS)
@pytest.mark.parametrize("kind", EVERY)
def test_a_file_is_shown_once(rig: Rig, method: str, kind: str) -> None:
    rig.slack.faults = [Fault(method, kind)]
    put_file(rig, "rows")
    rig.run()
    assert shown(rig) == [(b"rows", "C1", None)]
    assert rig.slack.faults[0].times == 0
    assert rig.rows()["rows"].state is OutboxState.SENT
    assert rig.slack.texts() == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", EVERY)
def test_a_look_that_fails_is_done_again(rig: Rig, kind: str) -> None:
    rig.slack.faults = [Fault("files.completeUploadExternal", "reset_after"), Fault("files.info", kind, times=2)]
    put_file(rig, "rows")
    rig.run()
    assert [fault.times for fault in rig.slack.faults] == [0, 0]
    assert shown(rig) == [(b"rows", "C1", None)]
    row = rig.rows()["rows"]
    assert (row.state, row.sent_ts) == (OutboxState.SENT, rig.slack.files[row.file_id or ""]["shown"]["ts"])


@pytest.mark.parametrize("outcome", ["reset_after", "late"])
def test_what_slack_is_slow_to_show_is_not_uploaded_again(rig: Rig, outcome: str) -> None:
    rig.slack.file_seconds = 120
    rig.slack.faults = [Fault("files.completeUploadExternal", outcome)]
    put_file(rig, "rows")
    rig.run(seconds=90)
    row = rig.rows()["rows"]
    assert row.state is OutboxState.UNKNOWN
    assert "has not shown it" in (row.error or "")
    rig.run()
    assert shown(rig) == [(b"rows", "C1", None)]
    assert rig.slack.count("upload") == 1
    assert rig.rows()["rows"].state is OutboxState.SENT


def test_it_goes_into_the_thread_of_its_card(rig: Rig) -> None:
    rig.put("head")
    put_file(rig, "rows", thread_key="head")
    rig.run()
    (head,) = rig.slack.messages
    assert shown(rig) == [(b"rows", "C1", head.ts)]


@pytest.mark.parametrize(("channel", "expected"), [("C1", "111.222"), ("C9", None)])
def test_a_thread_under_somebody_elses_message_in_that_channel_only(
    rig: Rig, channel: str, expected: str | None
) -> None:
    key = str(Thread(channel, "111.222"))
    assert thread_of(key) == Thread(channel, "111.222")
    put_file(rig, "rows", thread_key=key)
    rig.put("said", thread_key=key)
    rig.run()
    assert shown(rig) == [(b"rows", "C1", expected)]
    assert [message.thread_ts for message in rig.slack.messages] == [expected]


def test_a_file_with_nothing_in_it_is_not_sent(rig: Rig) -> None:
    put_file(rig, "rows", context={"text": "", "empty": True})
    rig.run()
    assert shown(rig) == []
    assert rig.rows()["rows"].state is OutboxState.DROPPED


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
@pytest.mark.parametrize("kind", ["", *EVERY])
def test_without_the_scope_its_message_says_so_once(rig: Rig, method: str, kind: str) -> None:
    rig.slack.faults = [Fault(method, "missing_scope", times=99)]
    if kind:
        rig.slack.faults.append(Fault("chat.postMessage", kind))
    put_file(rig, "rows")
    rig.run()
    assert shown(rig) == []
    assert rig.slack.texts() == ["rows"]
    assert rig.rows()["rows"].state is OutboxState.SENT


def test_a_file_for_a_channel_that_is_closed_waits_for_somebody(rig: Rig) -> None:
    rig.slack.faults = [Fault("files.completeUploadExternal", "not_in_channel", times=2)]
    put_file(rig, "rows")
    rig.run(seconds=30)
    row = rig.rows()["rows"]
    assert row.state is OutboxState.WAITING
    assert "/invite" in (row.error or "")
    rig.run()
    assert shown(rig) == [(b"rows", "C1", None)]
