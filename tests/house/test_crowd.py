"""The crowd of the demo's data: a hundred and twenty recorded labels, clicked through the whole house."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.demo import crowd
from bot.demo import project as demo
from bot.demo.person import Desk
from storage.tables import Assignment, Item, Label, LabelValue, Person
from tests import sandbox_fixtures
from tests.databases import Databases
from tests.house.house import House, Json
from workflow import digest, project_file, projects

ITEMS = 12


@pytest.fixture
def demo_house(tmp_path: Path, databases: Databases) -> Iterator[House]:
    """The demo's project with its first items, in a workspace with everybody of the data set."""
    running = sandbox_fixtures.start(tmp_path / "workspace", demo.seed())
    house = House(running, databases.url("sqlite"), tmp_path)
    spec = project_file.load(demo.FOLDER / "project.yaml")
    made = house.store.transact(lambda session: projects.create(session, spec, house.clock(), None))
    house.project_id = made.project_id
    items, _ = crowd.data(ITEMS)
    house.bring_in(made.project_id, items)
    house.resolve()
    house.start()
    yield house
    house.close()
    running.stop()


def alpha(labels: list[Json]) -> float:
    """Nominal alpha of rows with ``item_id``, ``annotator`` and ``label``, by the package."""
    by_item: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in labels:
        by_item[row["item_id"]][row["label"]] += 1
    counts = np.array([[by_item[item]["yes"], by_item[item]["no"]] for item in by_item])
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


@pytest.mark.slow
def test_each_recorded_label_is_stored_once_and_alpha_is_that_of_the_data(demo_house: House) -> None:
    house = demo_house
    items, labels = crowd.data(ITEMS)
    assert len(labels) == 10 * ITEMS
    desk = Desk(house.workspace.url)
    planned = crowd.enlist(house.store, desk, labels, house.clock())
    assert planned == labels
    with house.store.read() as session:
        shown = dict(session.execute(select(col(LabelValue.value), col(LabelValue.title))).all())
    acts = crowd.script(items, planned, shown)
    progress = crowd.Progress()
    crowd.run(desk, acts, speed=0, people_at_once=8, progress=progress, each=lambda _count: None)
    assert progress.lost == []
    assert progress.clicked == len(labels)

    stored = house.rows(
        select(col(Item.key), col(Person.handle), col(LabelValue.value))
        .select_from(Assignment)
        .join(Item, col(Item.id) == col(Assignment.item_id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(LabelValue, col(LabelValue.id) == col(Assignment.value_id))
    )
    names = {slack_id: name for name, slack_id in house.ids.items()}
    by_person = {
        row.id: names[row.slack_id]
        for row in house.rows(select(col(Person.id), col(Person.slack_id)))
        if row.slack_id in names
    }
    kept = house.rows(select(col(Label.item_id), col(Label.person_id), col(Label.value_id)))
    keys = {row.id: row.key for row in house.rows(select(col(Item.id), col(Item.key)))}
    values = house.values()
    assert Counter((keys[row.item_id], by_person[row.person_id], values[row.value_id]) for row in kept) == Counter(
        (row["item_id"], row["annotator"], row["label"]) for row in labels
    )
    assert len(stored) == len(labels)

    expected = alpha(labels)
    with house.store.read() as session:
        numbers = digest.asked(session, house.project_id, house.clock())
    assert numbers["agreement"]["alpha"] == pytest.approx(expected, abs=1e-9)
    assert numbers["labels"] == len(labels)
    checked = agreement_by_command(house)
    assert checked["alpha"] == pytest.approx(expected, abs=1e-9)
    assert checked["check"]["agrees"]
    assert checked["check"]["package"] == pytest.approx(expected, abs=1e-9)


def agreement_by_command(house: House) -> Json:
    environment = {**os.environ, "CONCORD_DATABASE_URL": house.url}
    command = [sys.executable, "-m", "bot.cli", "agreement", "rte", "--check", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: Json = json.loads(done.stdout)
    return said
