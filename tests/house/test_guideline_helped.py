"""The lead sees whether a version helped: under its announcement, with a picture, once."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from jobs import guidelines
from storage.tables import Guideline, Item, ItemState, Pattern, Project
from tests.house.conftest import OpenHouse
from tests.house.house import House, Json
from tests.house.seen import words
from tests.house.waiting import until
from workflow.guidelines.acknowledgement import announcing


def replies(house: House, head: Json) -> list[Json]:
    found = house.workspace.messages("lea", house.workspace.channel("rte"), thread_ts=head["ts"])
    return [one for one in found if one["ts"] != head["ts"]]


def unlike_items() -> list[dict[str, str]]:
    """Sixty, as unlike as hashes are: near duplicates are one observation together."""
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(60)]
    return [{"id": digest[:8], "text": digest} for digest in digests]


def label_under_both(session: Session, house: House, items: Iterable[int]) -> None:
    """People agree on these half of the time under 1.x, and always under 2.0."""
    yes, no = sorted(house.values())
    before = {0: f"{yes}:2", 1: f"{no}:2", 2: f"{yes}:1,{no}:1", 3: f"{yes}:1,{no}:1"}
    rows = [
        {"item_id": item, "project_id": house.project_id, "major": major, "pattern": pattern}
        for number, item in enumerate(items)
        for major, pattern in ((1, before[number % 4]), (2, f"{(yes, no)[number % 2]}:2"))
    ]
    session.execute(insert(Pattern), rows)
    done = [row["item_id"] for row in rows]
    session.execute(update(Item).where(col(Item.id).in_(done)).values(state=ItemState.ACCEPTED, open_places=0))


def new_version(session: Session, house: House) -> None:
    """It is announced, and every item labelled under both."""
    made = insert(Guideline).values(project_id=house.project_id, major=2, minor=0, markdown="# Rules", at=house.clock())
    version = session.execute(made.returning(col(Guideline.id))).scalar_one()
    rules = {"guideline_id": version, "guidelines": {"wanted_width": 1}}
    session.execute(update(Project).where(col(Project.id) == house.project_id).values(**rules))
    announcing.announce(session, version, house.clock())
    label_under_both(session, house, session.execute(select(col(Item.id))).scalars())


def test_before_and_after_stand_in_the_thread_of_the_announcement(open_house: OpenHouse) -> None:
    house = open_house(items=unlike_items())
    house.store.transact(lambda session: new_version(session, house))
    for _ in range(2):
        guidelines.keep_up(house.store, house.clock(), house.concord.sender.nudge)
    house.quiet()
    head = until(lambda: [one for one in house.posts("lea", "rte") if "2.0" in words(one)])[0]
    told = until(lambda: [one for one in replies(house, head) if "Did 2.0 help?" in words(one)])
    assert len(told) == 1
    assert "People agree more than under 1.x." in words(told[0])
    picture = next(block for block in told[0]["blocks"] if block["type"] == "image")
    assert "under 2.x" in picture["alt_text"]
    kept = house.workspace.call("files.info", form=True, file=picture["slack_file"]["id"])["file"]
    assert kept["mimetype"] == "image/png"
