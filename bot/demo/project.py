"""The demo project, and the people and channels that it has in the workspace on this machine."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlmodel import col

import demo
from bot.manifest import EVENTS, SCOPES
from storage.engine import Store
from storage.tables import Project
from workflow import intake, project_file, projects

log = structlog.get_logger()

FOLDER = Path(demo.__file__).parent
ITEMS = FOLDER / "data" / "items.csv"
LABELS = FOLDER / "data" / "labels.csv"
TEAM: list[dict[str, Any]] = [
    {"name": "ana", "real_name": "Ana Ruiz", "title": "Annotator", "tz": "Europe/Berlin", "featured": True},
    {"name": "ben", "real_name": "Ben Osei", "title": "Annotator", "tz": "Europe/Berlin", "featured": True},
    {"name": "cem", "real_name": "Cem Aydın", "title": "Annotator", "tz": "Europe/Istanbul", "featured": True},
    {"name": "rita", "real_name": "Rita Lindqvist", "title": "Reviewer", "tz": "Europe/Berlin", "featured": True},
    {"name": "odo", "real_name": "Odo Brandt", "title": "Auditor", "tz": "Europe/Berlin", "featured": True},
    {"name": "lea", "real_name": "Lea Moreau", "title": "Lead", "tz": "Europe/Berlin", "featured": True},
    {"name": "max", "real_name": "Max Tanaka", "title": "Manager", "tz": "Asia/Tokyo", "featured": True},
]


def recorded() -> list[dict[str, str]]:
    """The data set's labels: ``item_id``, ``annotator``, ``label``."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed() -> dict[str, Any]:
    """The workspace: the team, the crowd of the data set, three channels, and buttons that start and stop the crowd."""
    workers = sorted({row["annotator"] for row in recorded()})
    crowd = [{"name": name, "real_name": f"Worker {name[1:]}", "title": "Crowd"} for name in workers]
    # Nobody chose another name to be called by, as in most workspaces: Slack then shows the real one.
    people = [{**person, "display_name": ""} for person in [*TEAM, *crowd]]
    everybody = [person["name"] for person in TEAM]
    return {
        "team": {"name": "Entailment Lab", "domain": "entailment-lab"},
        "app": {
            "name": "Concord",
            "display_name": "concord",
            "command": "/concord",
            "events": EVENTS,
            "scopes": sorted(SCOPES),
            "escape": True,
        },
        "users": people,
        "channels": [
            {"name": "rte", "members": everybody, "bot": True},
            {"name": "rte-review", "members": ["rita", "odo", "lea"], "bot": True},
            {"name": "rte-leads", "members": ["lea", "max"], "bot": True},
        ],
        "page_buttons": [
            {"label": "Start the crowd", "command": "/concord crowd"},
            {"label": "Stop the crowd", "command": "/concord crowd stop"},
        ],
    }


def ensure(store: Store, clock: Callable[[], datetime]) -> bool:
    """Make the demo project in a store that has no project, and import its items; whether it did."""
    with store.read() as session:
        if session.execute(select(col(Project.id)).limit(1)).first() is not None:
            return False
    spec = project_file.load(FOLDER / "project.yaml")
    made = store.transact(lambda session: projects.create(session, spec, clock(), None))
    report = intake.import_file(store, made.project_id, ITEMS, clock, lambda _done: None, None)
    log.info("demo project made", items=report.items, duplicates=report.duplicates, refused=report.refused)
    return True
