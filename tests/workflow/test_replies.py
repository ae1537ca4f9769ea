"""Replies in a case's thread are kept with it, once each, as people read them; on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from handlers import case_replies
from storage.engine import Store
from storage.tables import Card
from tests.builders import NOW, World, build
from tests.workflow.clicks import Clicks
from workflow.cases import replies

HEAD = "1772442000.000100"


def with_card(store: Store) -> tuple[World, int]:
    world = build(store, items=1)
    clicks = Clicks(world)
    clicks.batch("ana")
    clicks.flag("ana", 0)
    case_id = int(clicks.case(0).id)
    with store.write() as session:
        session.execute(
            insert(Card).values(kind="escalation", subject_id=case_id, channel="CREV", ts=HEAD, created_at=NOW)
        )
    return world, case_id


def told(world: World, event: dict[str, Any]) -> None:
    """Slack tells of it, as the desk passes it on."""
    event = {"type": "message", "channel": "CREV", "channel_type": "channel", **event}
    if case_replies.is_reply(event):
        world.store.transact(lambda session: case_replies.written(session, event, NOW))


def said(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {"user": "UANA", "ts": f"17724421{number:02}.000200", "thread_ts": HEAD, "text": text, **more}


def kept(world: World, case_id: int, most: int = 5) -> tuple[list[tuple[str, str]], int]:
    with world.store.read() as session:
        found, more = replies.of_case(session, case_id, most)
    return [(one.person, one.text) for one in found], more


def test_replies_are_kept_in_order_changed_and_taken_away(store: Store) -> None:
    world, case_id = with_card(store)
    told(world, said(2, "second", user="UNOBODY"))
    told(world, said(1, "first"))
    told(world, said(1, "first"))
    assert kept(world, case_id) == ([("Ana", "first"), ("Somebody", "second")], 0)
    assert kept(world, case_id, most=1) == ([("Somebody", "second")], 1)
    with store.read() as session:
        at = replies.of_case(session, case_id, 5)[0][0].at
    assert at == datetime(2026, 3, 2, 9, 1, 41, 200, tzinfo=UTC)
    told(world, {"subtype": "message_changed", "message": said(1, "first, put right")})
    told(world, said(1, "first"))
    assert kept(world, case_id)[0][0] == ("Ana", "first, put right")
    told(world, {"subtype": "message_deleted", "previous_message": said(1, "first, put right")})
    assert kept(world, case_id) == ([("Somebody", "second")], 0)


def test_what_slack_marks_is_kept_as_people_read_it(store: Store) -> None:
    world, case_id = with_card(store)
    told(
        world,
        said(1, "<@UBEN> <@UGONE|gil> &lt;see&gt; <https://a.example|page 3> <https://b.example> <#C1|team> <!here>"),
    )
    told(world, said(2, "\0 \ud83d broken"))
    assert kept(world, case_id)[0] == [
        ("Ana", "@Ben @gil <see> page 3 (https://a.example) https://b.example #team @here"),
        ("Ana", " \ufffd broken"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"user": "UANA", "ts": "1772442101.000200", "text": "no thread"},
        {"user": "UANA", "ts": HEAD, "thread_ts": HEAD, "text": "the head itself"},
        said(1, "another thread", thread_ts="1772442000.999900"),
        said(1, "elsewhere", channel="COTHER"),
        said(1, "an app", bot_id="B1"),
        said(1, "joined", subtype="channel_join"),
        said(1, " \n"),
        said(1, "forged", ts="now"),
        {"subtype": "message_changed"},
        {"subtype": "message_changed", "message": "forged"},
    ],
)
def test_other_messages_are_nobodys_replies(event: dict[str, Any], databases: Any) -> None:
    with databases.lent("sqlite") as store:
        world, case_id = with_card(store)
        told(world, event)
        assert kept(world, case_id) == ([], 0)
