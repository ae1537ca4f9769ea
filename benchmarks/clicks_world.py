"""A project, its people with open batches, and the clicks that they are going to make."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from benchmarks.clicks_slack import TEAM
from storage.engine import Store
from storage.tables import Assignment, Card, Item, Label, Outbox, Project
from tests.builders import World, build
from workflow import assignment

BATCH = 25
OVERLAP = 3
TEXT = (
    "The council met on Tuesday evening to discuss the rebuilding of the harbour bridge, which has been closed to "
    "lorries since a survey in spring found cracks in two of its piers. Work is to begin before the winter, and the "
    "ferry will run every quarter of an hour until it is done, the mayor told reporters after the meeting."
)
HYPOTHESIS = "The harbour bridge will be rebuilt from spring."
# Three different labels on one item escalate it: about one item in forty.
SHARES = (0.85, 0.10, 0.05)


@dataclass(frozen=True)
class Seat:
    """A place of somebody's open batch, and the card that it is on."""

    assignment_id: int
    user_id: str
    channel: str
    ts: str


@dataclass(frozen=True)
class Crowd:
    """People, each with their places in the order in which they come up."""

    store: Store
    people: dict[str, str]
    seats: list[list[Seat]]
    values: list[int]
    project_id: int

    def stored(self) -> set[int]:
        """The places that have a label in the store."""
        with self.store.read() as session:
            return set(session.execute(select(col(Label.assignment_id))).scalars())


def gather(store: Store, people: int, clicks: int) -> Crowd:
    """So many people with enough open batches of 25 for so many clicks."""
    batches = -(-clicks // (people * BATCH))
    names = tuple(f"p{number}" for number in range(people))
    items = -(-people * batches * BATCH // OVERLAP) + BATCH
    world = build(store, annotators=names, items=items, values=("yes", "no", "unsure"), overlap=OVERLAP)
    with store.write() as session:
        session.execute(update(Project).values(fields=["text", "hypothesis"]))
        session.execute(update(Item).values(fields={"text": TEXT, "hypothesis": HYPOTHESIS}))
    now = datetime.now(UTC)
    for name in names:
        with store.write() as session:
            for _ in range(batches):
                assignment.next_batch(session, world.project_id, world.people[name], now, resume=False)
    seats = _seats(store, world, now)
    known = {world.slack_id(name): name for name in (*names, "rita")}
    return Crowd(store, known, seats, list(world.values.values()), world.project_id)


def _seats(store: Store, world: World, now: datetime) -> list[list[Seat]]:
    """Every batch's card has been posted already."""
    with store.write() as session:
        session.execute(delete(Outbox))
        rows = session.execute(
            select(col(Assignment.id), col(Assignment.person_id), col(Assignment.batch_id)).order_by(
                col(Assignment.person_id), col(Assignment.batch_id), col(Assignment.position)
            )
        ).all()
        cards = {row.batch_id: (f"D{row.person_id}", f"1700000000.{row.batch_id:06}") for row in rows}
        shown = [
            {"kind": "batch", "subject_id": batch_id, "channel": channel, "ts": ts, "version": 0, "created_at": now}
            for batch_id, (channel, ts) in cards.items()
        ]
        session.connection().execute(insert(Card), shown)
    users = {person_id: world.slack_id(name) for name, person_id in world.people.items()}
    seats: dict[int, list[Seat]] = {}
    for row in rows:
        seats.setdefault(row.person_id, []).append(Seat(row.id, users[row.person_id], *cards[row.batch_id]))
    return list(seats.values())


def envelopes(crowd: Crowd, count: int, slack_url: str, seed: int = 1) -> Iterator[tuple[int, str]]:
    """Label clicks, the next place of somebody each time, people in random order: place and envelope, as Slack sends it."""
    chance = random.Random(seed)
    asked = [list(reversed(seats)) for seats in crowd.seats]
    for number in range(count):
        if number % len(asked) == 0:
            order = chance.sample(asked, len(asked))
        seat = order[number % len(asked)].pop()
        value = f"{seat.assignment_id}:{chance.choices(crowd.values, SHARES)[0]}"
        action = {"type": "button", "action_id": "label:1", "block_id": f"label:{seat.assignment_id}:0", "value": value}
        yield seat.assignment_id, envelope(str(seat.assignment_id), seat, action, number, slack_url)


def guideline_clicks(crowd: Crowd, count: int, slack_url: str) -> list[str]:
    """Clicks that open the guideline: each needs the Web API."""
    action = {"type": "button", "action_id": "guideline", "block_id": "more:0", "value": str(crowd.project_id)}
    seats = [seats[0] for seats in crowd.seats]
    return [envelope(f"g{n}", seats[n % len(seats)], action, n, slack_url) for n in range(count)]


def envelope(envelope_id: str, seat: Seat, action: dict[str, Any], number: int, slack_url: str) -> str:
    """About 4 KB, as Slack's are: it sends the whole message along."""
    user = {"id": seat.user_id, "username": seat.user_id.lower(), "name": seat.user_id.lower(), "team_id": TEAM}
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": user,
        "api_app_id": "A1",
        "token": "token",
        "container": {"type": "message", "message_ts": seat.ts, "channel_id": seat.channel, "is_ephemeral": False},
        "trigger_id": f"{number}.1.{envelope_id}",
        "team": {"id": TEAM, "domain": "team"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": seat.channel, "name": "directmessage"},
        "message": {"type": "message", "user": "UBOT", "ts": seat.ts, "team": TEAM, "blocks": _blocks(seat)},
        "state": {"values": {}},
        "response_url": f"{slack_url}/actions/{TEAM}/{envelope_id}/secret",
        "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
    }
    told = {"envelope_id": envelope_id, "type": "interactive", "accepts_response_payload": False, "payload": payload}
    return json.dumps(told)


def _blocks(seat: Seat) -> list[dict[str, Any]]:
    quoted = [{"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]} for text in (TEXT, HYPOTHESIS)]
    buttons = [
        {
            "type": "button",
            "action_id": f"label:{n}",
            "text": {"type": "plain_text", "text": "Title of a label", "emoji": True},
            "value": f"{seat.assignment_id}:{n}",
            "accessibility_label": "Label this item Title of a label",
        }
        for n in range(9)
    ]
    texts = [{"type": "rich_text", "block_id": f"t{n}", "elements": [one]} for n, one in enumerate(quoted)]
    return [*texts, {"type": "actions", "block_id": f"label:{seat.assignment_id}:0", "elements": buttons}]
