"""A project, files for it, and what became of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Item, LabelValue, PriorLabel
from workflow import intake, projects
from workflow.intake import lots
from workflow.intake.lots import Report
from workflow.project_spec import ProjectSpec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def make_project(store: Store, *, name: str = "rte", fields: tuple[str, ...] = ("text",), **more: Any) -> int:
    spec = ProjectSpec.model_validate(
        {
            "name": name,
            "question": "q",
            "labels": ["yes", "no"],
            "fields": fields,
            "overlap": 2,
            "channels": {"team": "#a", "review": "#b", "leads": "#c"},
            "people": [
                {"user": "UANA", "roles": ["annotator"]},
                {"user": "UBEN", "roles": ["annotator"]},
                {"user": "ULEA", "roles": ["lead", "reviewer"]},
            ],
            **more,
        }
    )
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def bring_in(
    store: Store, project_id: int, folder: Path, content: str, *, name: str = "items.csv", **how: Any
) -> Report:
    path = folder / name
    path.write_bytes(content.encode())
    return intake.import_file(store, project_id, path, lambda: NOW, lambda _: None, None, **how)


def refused(store: Store, report: Report) -> list[tuple[int, str, str]]:
    with store.read() as session:
        return [(row["line"], row["field"], row["reason"]) for row in lots.refused_rows(session, report.lot_id)]


def items(store: Store, project_id: int) -> dict[str, Item]:
    """Every item by its id."""
    with store.read() as session:
        rows = session.execute(select(Item).where(col(Item.project_id) == project_id).order_by(col(Item.id))).scalars()
        return {item.key: item for item in rows}


def texts(store: Store, project_id: int) -> Mapping[str, str]:
    """The text of every item by its id."""
    return {key: item.fields["text"] for key, item in items(store, project_id).items()}


def prior_labels(store: Store) -> set[tuple[str, str, str]]:
    """(item, annotator, value) of the labels that items came with."""
    with store.read() as session:
        rows = session.execute(
            select(col(Item.key), col(PriorLabel.annotator), col(LabelValue.value))
            .join(Item, col(Item.id) == col(PriorLabel.item_id))
            .join(LabelValue, col(LabelValue.id) == col(PriorLabel.value_id))
        )
        return {(key, annotator, value) for key, annotator, value in rows}
