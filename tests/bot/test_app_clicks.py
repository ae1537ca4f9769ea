"""Payloads as Slack sends them, in all their variants, and as nobody should."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import click as clicks
from handlers.answer import Reply
from workflow.errors import RefusedError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ELEMENTS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "button", "value": "7"}, "7"),
    ({"type": "static_select", "selected_option": {"value": "yes", "text": {}}}, "yes"),
    ({"type": "static_select", "selected_option": None}, None),
    ({"type": "overflow", "selected_option": {"value": "more"}}, "more"),
    ({"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}, ["a", "b"]),
    ({"type": "checkboxes", "selected_options": []}, []),
    ({"type": "users_select", "selected_user": "U1"}, "U1"),
    ({"type": "multi_users_select", "selected_users": ["U1", "U2"]}, ["U1", "U2"]),
    ({"type": "conversations_select", "selected_conversation": "C1"}, "C1"),
    ({"type": "multi_channels_select", "selected_channels": ["C1"]}, ["C1"]),
    ({"type": "datepicker", "selected_date": "2026-03-01"}, "2026-03-01"),
    ({"type": "timepicker", "selected_time": "09:00"}, "09:00"),
    ({"type": "datetimepicker", "selected_date_time": 1700000000}, "1700000000"),
    ({"type": "plain_text_input", "value": None}, None),
    ({"type": "plain_text_input", "value": "a\0b"}, "ab"),
]


@pytest.mark.parametrize(("element", "chosen"), ELEMENTS)
def test_a_modal_tells_what_was_chosen_whatever_the_element(element: dict[str, Any], chosen: Any) -> None:
    view = {"id": "V1", "callback_id": "form", "state": {"values": {"block": {"element": element}}}}
    click = clicks.of_submission({"user": {"id": "U1"}, "view": view, "trigger_id": "t"}, NOW)
    assert click.state == {"block": chosen}


def action(**more: Any) -> dict[str, Any]:
    used = {"action_id": "label", "action_ts": "1700000000.000123", "type": "button", "value": "7"}
    return {"user": {"id": "U1"}, "trigger_id": "t", "actions": [used], **more}


def test_a_click_in_a_message_is_answered_there() -> None:
    container = {"type": "message", "channel_id": "D1", "message_ts": "1.2"}
    click = clicks.of_action(action(container=container, response_url="https://r", message={}), NOW)
    assert click.reply == Reply("U1", 1700000000000123, "D1", "1.2", "https://r", "t")
    assert click.subject_id == 7


def test_a_click_in_an_ephemeral_message_has_no_message_and_is_known_as_such() -> None:
    container = {"type": "message", "channel_id": "C1", "message_ts": "1.2", "is_ephemeral": True}
    assert clicks.of_action(action(container=container), NOW).reply.ephemeral


def test_a_click_in_home_brings_the_hash_of_home_and_no_message() -> None:
    view = {"id": "V1", "type": "home", "hash": "1.a", "private_metadata": "data", "state": {"values": {}}}
    reply = clicks.of_action(action(container={"type": "view", "view_id": "V1"}, view=view), NOW).reply
    assert reply == Reply("U1", 1700000000000123, trigger_id="t", home_hash="1.a")


def test_a_click_in_a_modal_brings_its_view_and_what_was_typed() -> None:
    values = {"note": {"text": {"type": "plain_text_input", "value": "hm"}}}
    view = {"id": "V1", "type": "modal", "hash": "1.a", "private_metadata": "data", "state": {"values": values}}
    click = clicks.of_action(action(container={"type": "view", "view_id": "V1"}, view=view), NOW)
    assert (click.state, click.data) == ({"note": "hm"}, "data")
    assert (click.reply.view_id, click.reply.view_hash, click.reply.in_modal) == ("V1", "1.a", True)


@pytest.mark.parametrize(
    ("event", "user"),
    [
        ({"user": "U1"}, "U1"),
        ({"user": {"id": "U1", "deleted": True}}, "U1"),
        ({"channel": "C1"}, None),
        ({"user": None}, None),
        ({"user": {}}, None),
    ],
)
def test_the_answers_to_an_event_go_to_whom_it_names_if_anybody(event: dict[str, Any], user: str | None) -> None:
    reply = clicks.of_event(event)
    assert (reply.user_id if reply else None) == user


@given(st.integers(1, 2**63 - 1))
def test_every_id_that_a_row_can_have_is_read(number: int) -> None:
    assert clicks.as_id(str(number)) == number


@given(st.one_of(st.text(), st.integers().filter(lambda n: not 0 < n < 2**63).map(str), st.floats().map(str)))
def test_what_cannot_be_an_id_is_refused(text: str) -> None:
    if text.isascii() and text.isdecimal() and 0 < int(text) < 2**63:
        return
    with pytest.raises(RefusedError):
        clicks.as_id(text)


@given(st.integers(0, 10**10), st.integers(0, 999_999))
def test_the_moment_of_a_click_is_read_to_the_microsecond(seconds: int, micros: int) -> None:
    assert clicks.microseconds(f"{seconds}.{micros:06}") == seconds * 1_000_000 + micros


@given(st.text())
def test_what_is_no_moment_is_none(text: str) -> None:
    assert clicks.microseconds(f"x{text}") == 0
    assert clicks.microseconds(text) >= 0


@given(st.text(st.characters(exclude_categories=())))
def test_cleaned_text_can_be_kept_and_keeps_everything_else(text: str) -> None:
    cleaned = clicks.clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert clicks.clean(cleaned) == cleaned
    if not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        assert cleaned == text
