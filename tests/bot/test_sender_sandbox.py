"""The same promises over real HTTP, against the workspace on this machine, with real time-outs."""

import io
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from bot.sender import Attachment, Draw, Drawn, Picture, Rate, Sender, SenderSettings
from bot.sender import cards as sender_cards
from bot.slack.client import web_client
from bot.slack.directory import channels, people
from storage.engine import Store
from storage.tables import Lane, Outbox, OutboxKind, OutboxState, Person, Project
from tests.bot.fake_slack import KilledError
from tests.bot.sender_rig import OPEN, a_project, version_of
from tests.sandbox_fixtures import Workspace, wait_for
from workflow import outbox
from workflow.outbox import To

pytestmark = pytest.mark.slack

SETTINGS = SenderSettings(
    poll=0.05,
    breath=0.01,
    call_timeout=1.0,
    late_effect=1.0,
    lease=4.0,
    retry_base=0.1,
    mend_every=0.2,
    picture_poll=0.05,
    history_page=3,
    place=Rate(0.05),
    rates={"chat.postMessage": Rate(0.01, 10)},
)
# The smallest picture there is.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)
KINDS = ["429", "500", "internal_error", "reset_before", "reset_after", "500_after", "fatal_error_after", "late"]


def text_blocks(text: str) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "plain_text", "text": text}}]


class Drawing:
    """Draws the text in the context, the version of the project for a card, and a chart's picture."""

    def draw(self, session: Session, template: str, context: Any) -> Drawn:
        if template == "card":
            version = session.execute(select(col(Project.version)).where(col(Project.id) == context["id"])).scalar_one()
            return Drawn(f"v{version}", text_blocks(f"v{version}"), version)
        blocks = text_blocks(context["text"])
        if "file_id" in context:
            blocks.append({"type": "image", "slack_file": {"id": context["file_id"]}, "alt_text": "a chart"})
        return Drawn(context["text"], blocks)

    def picture(self, _session: Session, _template: str, _context: Any) -> Picture:
        return Picture(PIXEL, "a chart", "chart.png")

    def attachment(self, _session: Session, _template: str, context: Mapping[str, Any]) -> Attachment:
        data = context["text"].encode()
        return Attachment(io.BytesIO(data), len(data), "rows.csv", "Refused rows")


class House:
    """A store with the workspace's people, and a sender at work."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self.store, self.workspace = store, workspace
        self.sender = self.new_sender()
        with store.write() as session:
            project = a_project()
            session.add(project)
            session.add_all(Person(name=one.real_name, slack_id=one.slack_id) for one in people(self.client()))
            session.flush()
            self.project_id = project.id or 0
        with store.read() as session:
            rows = session.execute(select(col(Person.name), col(Person.id)))
            self.people: dict[str, int] = {name.split()[0].lower(): person_id for name, person_id in rows}
        self.channels = {one.name: one.slack_id for one in channels(self.client())}

    def client(self) -> Any:
        return web_client(self.workspace.bot_token, base_url=self.workspace.api_url, timeout=SETTINGS.call_timeout)

    def new_sender(self) -> Sender:
        draw: Draw = Drawing()
        client, clock, chance = self.client(), lambda: datetime.now(UTC), random.Random(1)
        return Sender(self.store, client, draw, clock, SETTINGS, version_of=version_of, chance=chance)

    def put(self, key: str, to: To, template: str = "text", **more: Any) -> None:
        context = more.pop("context", {"text": key})
        with self.store.write() as session:
            outbox.put(session, datetime.now(UTC), key, template, to, context, **more)

    def move(self) -> int:
        with self.store.write() as session:
            statement = update(Project).where(col(Project.id) == self.project_id).values(version=Project.version + 1)
            version: int = session.execute(statement.returning(col(Project.version))).scalar_one()
            outbox.rewrite(session, datetime.now(UTC), "project", self.project_id, version, "card")
        return version

    def settled(self) -> bool:
        with self.store.read() as session:
            return session.execute(select(Outbox).where(col(Outbox.state).in_(OPEN))).first() is None

    def wait(self) -> None:
        """Until nothing is on its way; then nothing was left behind unsent, and every fault has struck."""
        self.sender.nudge()
        wait_for(self.settled, timeout=60)
        with self.store.read() as session:
            states = session.execute(select(col(Outbox.key), col(Outbox.state), col(Outbox.error))).all()
        assert {state for _, state, _ in states} == {OutboxState.SENT}, states
        assert all(fault["fired"] for fault in self.workspace.faults())

    def said(self, person: str, channel: str | None = None) -> list[str]:
        return [message["text"] for message in self.workspace.messages(person, channel)]


@pytest.fixture
def house(store: Store, workspace: Workspace) -> Iterator[House]:
    made = House(store, workspace)
    made.sender.start()
    yield made
    workspace.clear_faults()
    assert made.sender.stop(20)


def strike(workspace: Workspace, method: str, kind: str, channel: str | None = None) -> None:
    more = {} if channel is None else {"channel": channel}
    if kind == "late":
        # It takes effect half a second after the client has given up.
        workspace.faults(method, "delay_before", seconds=SETTINGS.call_timeout + 0.5, **more)
    else:
        workspace.faults(method, kind, **more)


def test_every_fault_says_everything_once_in_order(house: House) -> None:
    """Each kind of failure in a DM or a channel of its own, all at once, and one on every look-up."""
    places = {name: To(person_id=house.people[name]) for name in ("ana", "ben", "cem", "rita", "odo", "lea", "max")}
    house.put("hello", To(channel=house.channels["rte"]))
    for name, to in places.items():
        house.put(f"hello {name}", to)
    house.wait()
    where = {name: house.workspace.dm(name) for name in places} | {"rte": house.channels["rte"]}
    for kind, (name, channel) in zip(KINDS, where.items(), strict=True):
        strike(house.workspace, "chat.postMessage", kind, channel)
        to = To(channel=channel) if name == "rte" else places[name]
        for number in range(3):
            house.put(f"{kind} {number}", to, subject=kind, lane=Lane(2 - number))
    for kind in ("429", "500", "reset_before"):
        house.workspace.faults("conversations.history", kind)
    house.wait()
    for kind, (name, channel) in zip(KINDS, where.items(), strict=True):
        said = house.said("ana" if name == "rte" else name, channel)
        assert said[1:] == [f"{kind} {number}" for number in range(3)], kind


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_reply_and_a_card_survive_every_fault(house: House) -> None:
    leads = house.channels["rte-leads"]
    house.put("card", To(channel=leads), "card", context={"id": house.project_id}, card=("project", house.project_id))
    house.wait()
    for kind in ("reset_after", "late", "500_after"):
        strike(house.workspace, "chat.postMessage", kind, leads)
        house.put(f"reply {kind}", To(channel=leads), thread_key="card")
    for kind in ("reset_before", "500", "late"):
        strike(house.workspace, "chat.update", kind)
        version = house.move()
    house.wait()
    (card,) = house.workspace.messages("lea", leads)
    assert card["text"] == f"v{version}"
    thread = house.workspace.messages("lea", leads, thread_ts=card["ts"])
    replies = Counter(message["text"] for message in thread if message["ts"] != card["ts"])
    assert replies == Counter(f"reply {kind}" for kind in ("reset_after", "late", "500_after"))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["files.completeUploadExternal", "files.info", "chat.postMessage"])
def test_a_chart_survives_every_fault(house: House, method: str) -> None:
    leads = house.channels["rte-leads"]
    for kind in ("429", "reset_after", "late"):
        strike(house.workspace, method, kind)
    house.put("week 9", To(channel=leads), kind=OutboxKind.CHART)
    house.wait()
    (message,) = house.workspace.messages("lea", leads)
    assert message["text"] == "week 9"
    assert message["blocks"][1]["slack_file"]["id"].startswith("F")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_picture_whose_bytes_got_lost_is_uploaded_anew(house: House) -> None:
    leads = house.channels["rte-leads"]
    house.workspace.faults("files.completeUploadExternal", "error:file_not_found", times=1)
    house.put("week 9", To(channel=leads), kind=OutboxKind.CHART)
    house.wait()
    (message,) = house.workspace.messages("lea", leads)
    assert message["blocks"][1]["slack_file"]["id"].startswith("F")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_without_the_scope_for_files_the_message_goes_out_alone(house: House) -> None:
    leads = house.channels["rte-leads"]
    house.workspace.faults("files.getUploadURLExternal", "error:missing_scope", times=None)
    house.put("week 9", To(channel=leads), kind=OutboxKind.CHART)
    house.wait()
    (message,) = house.workspace.messages("lea", leads)
    assert (message["text"], [block["type"] for block in message["blocks"]]) == ("week 9", ["section"])


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("method", ["upload", "files.completeUploadExternal", "files.info"])
def test_a_file_is_in_its_thread_once_whatever_fails(house: House, method: str) -> None:
    leads = house.channels["rte-leads"]
    if method == "files.info":
        strike(house.workspace, "files.completeUploadExternal", "reset_after")
    strike(house.workspace, method, "reset_before")
    house.put("card", To(channel=leads))
    house.put("line,reason\n1,empty\n", To(channel=leads), kind=OutboxKind.FILE, thread_key="card")
    house.wait()
    (card,) = house.workspace.messages("lea", leads)
    thread = wait_for(lambda: house.workspace.messages("lea", leads, thread_ts=card["ts"])[1:])
    ((file,),) = [message["files"] for message in thread]
    assert (file["name"], file["title"]) == ("rows.csv", "Refused rows")
    assert house.workspace.http.request("GET", house.workspace.url + file["url"]).data == b"line,reason\n1,empty\n"


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_sender_killed_between_effect_and_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    posted = sender_cards.posted
    kills: list[int] = []

    def die_once(*arguments: Any) -> None:
        if not kills:
            kills.append(1)
            raise KilledError
        posted(*arguments)

    monkeypatch.setattr(sender_cards, "posted", die_once)
    house.put("once", To(person_id=house.people["ana"]))
    house.put("then", To(person_id=house.people["ana"]), subject="once")
    house.wait()
    assert kills
    assert house.said("ana") == ["once", "then"]
