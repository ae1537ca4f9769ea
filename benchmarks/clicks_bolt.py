"""The same label click as one would write it first: Bolt's defaults, ORM entities, ``respond()`` in the handler.

    python -m benchmarks.clicks_bolt DATABASE_URL SLACK_URL

The card is drawn by Concord's own templates and statements, and the store is opened as Concord opens it.
"""

import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from sqlmodel import Session, col, select

from bot.messages import Messages
from bot.process import utc_now
from storage.engine import Store, open_store
from storage.tables import (
    Assignment,
    Guideline,
    Item,
    ItemState,
    Label,
    LabelValue,
    Member,
    Pattern,
    Person,
    Place,
    Project,
    Role,
)
from workflow import consensus
from workflow.patterns import format_pattern


def record(session: Session, slack_id: str, assignment_id: int, value_id: int, us: int) -> int:
    """Record a label; the batch whose card is to be shown."""
    place = session.get_one(Assignment, assignment_id, with_for_update=True)
    item = session.get_one(Item, place.item_id, with_for_update=True)
    project = session.get_one(Project, place.project_id)
    person = session.get_one(Person, place.person_id)
    roles = session.exec(select(Member).where(Member.project_id == project.id, Member.person_id == person.id)).all()
    value = session.get_one(LabelValue, value_id)
    guideline = session.get_one(Guideline, project.guideline_id)
    if person.slack_id != slack_id or Role.ANNOTATOR not in {role.role for role in roles} or us <= place.acted_us:
        raise PermissionError
    place.state, place.value_id, place.counted_id = Place.LABELLED, value.id, value.id
    place.major, place.guideline_id, place.acted_us = guideline.major, guideline.id, us
    place.lease_until, place.labelled_at, place.version = None, datetime.now(UTC), place.version + 1
    before = item.state
    keep_item(session, project, item)
    session.add(
        Label(
            project_id=place.project_id,
            assignment_id=assignment_id,
            item_id=place.item_id,
            person_id=place.person_id,
            value_id=value_id,
            guideline_id=guideline.id,
            item_from=before,
            item_to=item.state,
            at=datetime.now(UTC),
        )
    )
    return place.batch_id or 0


def keep_item(session: Session, project: Project, item: Item) -> None:
    """Decide the item where it is complete, and keep its pattern."""
    places = session.exec(select(Assignment).where(col(Assignment.item_id) == item.id)).all()
    values = [place.value_id for place in places if place.state is Place.LABELLED and place.value_id]
    if not item.open_places and not any(place.state in (Place.OPEN, Place.PLANNED) for place in places):
        item.final_value_id = consensus.decide(values, project.accept)
        item.state = ItemState.ACCEPTED if item.final_value_id else ItemState.ESCALATED
    kept: dict[str, Any] = {"item_id": item.id, "major": 1, "project_id": project.id}
    pattern = session.get(Pattern, (item.id, 1)) or Pattern(**kept)
    pattern.pattern = format_pattern(Counter(values))
    session.add(pattern)


def app(store: Store, slack: str) -> App:
    """One listener, all of Bolt's defaults."""
    made = App(token="xoxb-1", client=WebClient("xoxb-1", base_url=f"{slack}/api/"))
    messages = Messages(utc_now)

    @made.action(re.compile("label:.*"))
    def label(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        action = body["actions"][0]
        assignment_id, value_id = (int(number) for number in action["value"].split(":"))
        us = round(float(action["action_ts"]) * 1_000_000)
        with store.write() as session:
            batch_id = record(session, body["user"]["id"], assignment_id, value_id, us)
        with store.read() as session:
            drawn = messages.draw(session, "batch", {"id": batch_id})
        if drawn is not None:
            respond(text=drawn.text, blocks=drawn.blocks, replace_original=True)

    return made


def main() -> None:
    database, slack = sys.argv[1:]
    handler: Any = SocketModeHandler(app(open_store(database), slack), "xapp-1")
    handler.connect()
    print("ready", flush=True)
    sys.stdin.read()
    # What it still has in its queues would keep it for minutes.
    os._exit(0)


if __name__ == "__main__":
    main()
