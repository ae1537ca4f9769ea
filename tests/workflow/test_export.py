"""Labels and items as files: exact, streamed, and safe in a spreadsheet in a way that can be undone."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import Assignment, BackTo, Guideline, Item, ItemState, Place
from tests import builders
from tests.builders import NOW, World
from tests.workflow.reviewers import LATER, Reviewers
from workflow import export
from workflow.quality_rules import ReviewRules

CELL = st.text(st.characters(codec="utf-8"), max_size=15)
RISKY = st.sampled_from(
    ["=1+1", "+1", "-1", "-1.5", "+49 30 1", "@SUM(A1)", "\tx", "\rx", "\nx", "'", "''x", "\uff1dx", "=", "-", "x=1"]
)


def place(world: World, name: str, item: int, value: str | None, **more: Any) -> None:
    with world.store.write() as session:
        guideline_id = session.execute(Guideline.__table__.select()).first().id  # type: ignore[attr-defined, union-attr]
        row = {
            "project_id": world.project_id,
            "item_id": world.items[item],
            "person_id": world.people[name],
            "state": Place.LABELLED if value else Place.OPEN,
            "value_id": world.values[value] if value else None,
            "counted_id": world.values[value] if value else None,
            "guideline_id": guideline_id,
            "given_at": NOW,
            "labelled_at": NOW + timedelta(minutes=item),
        }
        session.execute(insert(Assignment).values(**row | more))


def labels(world: World) -> list[dict[str, Any]]:
    with world.store.read() as session:
        return list(export.labels(session, world.project_id))


def items(world: World) -> list[dict[str, Any]]:
    with world.store.read() as session:
        return list(export.items(session, world.project_id))


def test_every_label_in_force_is_written_with_what_became_of_its_item(store: Store) -> None:
    world = builders.build(store, items=2)
    place(world, "ana", 0, "yes")
    place(world, "ben", 0, "no", after_ruling=True, counted_id=None)
    place(world, "cem", 1, None)
    with store.write() as session:
        session.execute(
            update(Item)
            .where(col(Item.id) == world.items[0])
            .values(state=ItemState.RULED, final_value_id=world.values["no"])
        )
    common = {"item_id": "i0", "guideline": "1.0", "at": "2026-03-02T09:00:00Z", "state": "ruled", "final": "no"}
    assert labels(world) == [
        common | {"person": "Ana", "value": "yes", "after_ruling": False, "counted": "yes", "slack_id": "UANA"},
        common | {"person": "Ben", "value": "no", "after_ruling": True, "counted": None, "slack_id": "UBEN"},
    ]


def test_every_item_is_written_with_where_it_stands(store: Store) -> None:
    world = builders.build(store, items=3)
    with store.write() as session:
        changes: list[dict[str, Any]] = [
            {"extra": {"n": 2**60, "deep": ["\U0001f600", None]}, "segment": "news", "gold": "yes"},
            {"state": ItemState.DUPLICATE, "duplicate_of": world.items[0], "queue_id": None},
            {"state": ItemState.LOADING},
        ]
        for item_id, values in zip(world.items, changes, strict=True):
            session.execute(update(Item).where(col(Item.id) == item_id).values(**values))
    first, second = items(world)
    assert list(first) == [
        "id", "text", "state", "final", "decided_by", "reviewed", "reason_code", "duplicate_of", "near_of", "segment",
        "skill", "difficulty", "priority", "gold", "flagged_by", "metadata",
    ]  # fmt: skip
    assert (first["id"], first["text"], first["state"], first["priority"]) == ("i0", "Text number 0", "open", 0)
    assert (first["segment"], first["gold"], first["metadata"]) == (
        "news",
        "yes",
        {"n": 2**60, "deep": ["\U0001f600", None]},
    )
    assert (second["state"], second["duplicate_of"], second["priority"]) == ("duplicate", "i0", None)


def test_an_item_says_who_decided_and_what_a_reviewer_said_of_it(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=5)
    for item in range(5):
        shop.labelled("yes", "yes", "yes", item=item)
    shop.pick()
    for item in range(4):
        assert shop.next() == shop.review(item).id
        if item == 1:
            shop.correct("no", item=item)
        elif item == 2:
            shop.back(BackTo.NOTED, "ana", item=item)
        else:
            shop.accept(item=item)
    # What a reviewer said of an earlier decision says nothing of this one.
    shop.label("ana", 3, "no", now=LATER + timedelta(hours=1))
    assert [
        tuple(row[name] for name in ("state", "final", "decided_by", "reviewed", "reason_code"))
        for row in items(shop.world)
    ] == [
        ("accepted", "yes", "majority", "accepted", None),
        ("ruled", "no", "review", "corrected", "misread"),
        ("accepted", "yes", "majority", "noted", None),
        ("accepted", "yes", "majority", None, None),
        ("in_review", "yes", "majority", None, None),
    ]


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_more_rows_than_are_read_at_once_keep_their_order(store: Store) -> None:
    world = builders.build(store, items=2500)
    assert [row["id"] for row in items(world)] == [f"i{number}" for number in range(2500)]


def test_a_project_without_labels_has_a_header(store: Store) -> None:
    world = builders.build(store, items=0)
    out = io.StringIO()
    export.write_csv(labels(world), export.LABEL_COLUMNS, out)
    assert out.getvalue() == ",".join(export.LABEL_COLUMNS) + "\n"


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": CELL, "text": CELL | RISKY, "metadata": st.dictionaries(CELL, CELL | st.integers())}
        )
    )
)
def test_json_lines_are_exact(rows: list[dict[str, Any]]) -> None:
    out = io.StringIO(newline="")
    export.write_jsonl(rows, out)
    lines = out.getvalue().encode().decode().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == rows
    assert lines[-1] == ""


def written(rows: list[list[str]], *, raw: bool) -> tuple[list[list[str]], int]:
    columns = ["a", "b"]
    out = io.StringIO(newline="")
    escaped = export.write_csv([dict(zip(columns, row, strict=True)) for row in rows], columns, out, raw=raw)
    [header, *back] = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert header == columns
    return back, escaped


TABLE = st.lists(st.lists(CELL | RISKY, min_size=2, max_size=2), max_size=6)


@given(TABLE)
def test_raw_csv_is_exact(rows: list[list[str]]) -> None:
    assert written(rows, raw=True) == (rows, 0)


@given(TABLE)
def test_safe_csv_holds_no_formula_and_can_be_undone(rows: list[list[str]]) -> None:
    back, escaped = written(rows, raw=False)
    cells = [cell for row in back for cell in row]
    for cell in cells:
        dangerous = cell[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") and cell != ""
        assert not dangerous or float(cell) is not None
    undone = [[cell.removeprefix("'") for cell in row] for row in back]
    assert undone == rows
    assert escaped == sum(
        cell != kept for row, other in zip(back, rows, strict=True) for cell, kept in zip(row, other, strict=True)
    )


@pytest.mark.parametrize("number", ["-1", "+2", "-0.5", "3", "10.25"])
def test_plain_numbers_stay_numbers(number: str) -> None:
    assert written([[number, "x"]], raw=False) == ([[number, "x"]], 0)


def test_times_are_in_utc() -> None:
    berlin = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert export._utc(berlin) == "2026-07-01T12:00:00Z"
    assert export._utc(None) is None
