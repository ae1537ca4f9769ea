"""The desk's wrapper, without Slack: which handler runs, what is acknowledged, what is answered."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_bolt import BoltRequest, BoltResponse
from sqlalchemy import select
from sqlmodel import Session, col

from bot.app import Installation, build_app
from handlers.answer import Answer, Errors, Reply, Say, ShowHome, UpdateView
from handlers.click import Click
from handlers.desk import Desk
from storage.engine import Store
from storage.tables import Outbox
from tests.databases import Databases
from workflow import outbox
from workflow.errors import RefusedError

HERE = Installation("T1", "House", "B1", "UB", "xoxb-1")


@dataclass
class Kept:
    """Keeps the answers instead of carrying them out."""

    taken: list[tuple[Answer, Reply]] = field(default_factory=list)
    nudges: int = 0

    def submit(self, answer: Answer, reply: Reply) -> None:
        self.taken.append((answer, reply))

    def view(self, template: str, context: Mapping[str, Any]) -> Mapping[str, Any]:
        if template == "broken":
            raise LookupError("no such template")
        return {"type": "modal", "title": template}

    def nudge_sender(self) -> None:
        self.nudges += 1


@dataclass
class Counter:
    """A desk, its answers, and a way in."""

    store: Store
    answers: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        self.app = build_app(HERE, self.answers)
        self.desk = Desk(self.app, self.store, self.answers, lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def bring(self, body: dict[str, Any]) -> BoltResponse:
        whole = {"team": {"id": "T1"}, "user": {"id": "U1"}, **body}
        return self.app.dispatch(BoltRequest(mode="socket_mode", body=whole))

    def click(self, action: str, value: str = "7") -> BoltResponse:
        used = {"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2"}
        return self.bring({"type": "block_actions", "actions": [used]})

    def send(self, callback_id: str, *blocks: dict[str, Any]) -> dict[str, Any]:
        view = {"type": "modal", "id": "V1", "callback_id": callback_id, "blocks": list(blocks)}
        answer = self.bring({"type": "view_submission", "view": view})
        assert answer.status == 200
        return dict(json.loads(answer.body)) if answer.body else {}

    def happen(self, event: dict[str, Any]) -> BoltResponse:
        return self.bring({"type": "event_callback", "team_id": "T1", "event": event})

    @property
    def said(self) -> list[Answer]:
        return [answer for answer, _ in self.answers.taken]


@pytest.fixture
def counter(databases: Databases) -> Iterator[Counter]:
    store = databases.store("sqlite")
    yield Counter(store)
    store.close()


def test_an_action_is_found_by_its_name_before_any_pattern_and_a_pattern_means_the_whole_of_it(
    counter: Counter,
) -> None:
    counter.desk.action(re.compile(r"label:\d+"), lambda session, click: Say("pattern", {"of": click.action}))
    counter.desk.action("label:1", lambda session, click: Say("name"))
    for action in ("label:1", "label:2", "label:2x"):
        assert counter.click(action).status == 200
    assert counter.said == [Say("name"), Say("pattern", {"of": "label:2"})]


def test_a_name_has_one_handler(counter: Counter) -> None:
    counter.desk.action("label", lambda session, click: None)
    with pytest.raises(ValueError, match="label"):
        counter.desk.action("label", lambda session, click: None)


def test_errors_outside_of_a_sent_modal_are_said(counter: Counter) -> None:
    counter.desk.action("label", lambda session, click: Errors({"a": "One.", "b": "Two."}))
    counter.click("label")
    assert counter.said == [Say("refused", {"message": "One.\nTwo."})]


def test_a_modal_whose_picture_fails_after_the_commit_is_acknowledged_all_the_same(counter: Counter) -> None:
    counter.desk.submission("form", lambda session, click: [UpdateView("broken"), ShowHome()])
    assert counter.send("form") == {}
    assert counter.said == [ShowHome()]


def test_a_refusal_is_shown_at_the_first_input_of_the_modal(counter: Counter) -> None:
    def refuse(*_: Any) -> None:
        raise RefusedError("Not now.")

    counter.desk.submission("form", refuse)
    blocks = [
        {"type": "section", "block_id": "s"},
        {"type": "input", "block_id": "i"},
        {"type": "input", "block_id": "j"},
    ]
    assert counter.send("form", *blocks) == {"response_action": "errors", "errors": {"i": "Not now."}}
    assert counter.send("form", blocks[0]) == {
        "response_action": "update",
        "view": {"type": "modal", "title": "refused"},
    }
    assert counter.said == []


def test_an_event_that_is_refused_is_acknowledged_since_again_would_not_help(counter: Counter) -> None:
    def refuse(*_: Any) -> None:
        raise RefusedError("Not now.")

    counter.desk.event("user_change", refuse)
    assert counter.happen({"type": "user_change", "user": {"id": "U1"}}).status == 200
    assert counter.said == []


def test_an_event_that_fails_is_not_acknowledged(counter: Counter) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("on purpose")

    counter.desk.event("user_change", fail)
    assert counter.happen({"type": "user_change", "user": {"id": "U1"}}).status == 500


def test_an_event_that_names_nobody_is_handled_and_answers_nobody(counter: Counter) -> None:
    seen: list[str] = []

    def handle(_session: Any, event: Mapping[str, Any], _now: datetime) -> ShowHome:
        seen.append(event["type"])
        return ShowHome()

    counter.desk.event("channel_archive", handle)
    assert counter.happen({"type": "channel_archive", "channel": "C1"}).status == 200
    assert (seen, counter.said) == (["channel_archive"], [])


def test_the_sender_is_nudged_once_something_is_committed_for_it_and_not_otherwise(counter: Counter) -> None:
    def speak(session: Session, click: Click) -> None:
        outbox.put(session, click.now, "key", "said", outbox.To(channel="C1"), {"message": "hello"})

    def speak_and_refuse(session: Session, click: Click) -> None:
        speak(session, click)
        raise RefusedError("not now")

    for name, handler in (("quiet", lambda *_: None), ("refused", speak_and_refuse), ("speaks", speak)):
        counter.desk.action(name, handler)
    counter.click("quiet")
    counter.click("refused")
    assert counter.answers.nudges == 0
    counter.click("speaks")
    assert counter.answers.nudges == 1
    with counter.store.read() as session:
        assert session.execute(select(col(Outbox.key))).scalars().all() == ["key"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "channel": "C1", "text": "x"}},
        {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "subtype": "message_changed"}},
        {"type": "event_callback", "team_id": "T1", "event": {"type": "reaction_added", "user": "U1"}},
        {"type": "view_closed", "view": {"type": "modal", "callback_id": "form", "id": "V1"}},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "old", "id": "V1", "blocks": []}},
        {"type": "block_suggestion", "action_id": "x", "block_id": "b", "value": "v"},
        {"type": "shortcut", "callback_id": "x"},
        {"command": "/other", "user_id": "U1", "team_id": "T1", "text": ""},
    ],
)
def test_what_nobody_handles_is_acknowledged(counter: Counter, body: dict[str, Any]) -> None:
    assert counter.bring(body).status == 200
    assert counter.said == []


@pytest.mark.parametrize("event", [{"bot_id": "B2", "user": "U2"}, {"user": "UB"}])
def test_what_bots_say_is_not_handled(counter: Counter, event: dict[str, Any]) -> None:
    counter.desk.event("message", lambda *_: ShowHome())
    body = {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "channel": "C1", **event}}
    whole = {"user": {"id": event["user"]}, **body}
    assert counter.bring(whole).status == 200
    assert counter.said == []


@pytest.mark.parametrize(("team", "said"), [("T1", 1), ("T2", 0)])
def test_only_the_served_workspace_is_let_in(counter: Counter, team: str, said: int) -> None:
    counter.desk.action("label", lambda session, click: Say("done"))
    used = {"type": "button", "action_id": "label", "block_id": "b", "value": "7", "action_ts": "1.2"}
    body = {"type": "block_actions", "actions": [used], "team": {"id": team}, "response_url": "https://r"}
    assert counter.bring(body).status == 200
    assert counter.said.count(Say("done")) == said
    if not said:
        (refusal,) = counter.said
        assert isinstance(refusal, Say)
        assert "House" in refusal.context["message"]
