"""The numbers of a digest against figures worked out by hand, on both databases."""

import csv
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col
from typer.testing import CliRunner

from bot import cli
from storage.engine import Store
from storage.tables import Assignment, Escalation, Item, ItemState, Outbox, OutboxState, Pattern, Place
from tests.builders import NOW
from tests.workflow.clicks import MOMENTS
from tests.workflow.digest_world import DAY, MINUTE, Days, utc, world
from workflow import digest, membership, rulings, skips
from workflow.patterns import format_pattern

BEGUN = utc("2026-06-10 12:00")
TO = utc("2026-06-11 12:00")
LABELS = Path(__file__).parents[2] / "demo" / "data" / "labels.csv"
# From the data's own README; computed there with the package krippendorff.
DEMO_ALPHA = 0.24147876613881025


def numbers(days: Days, from_at: datetime = BEGUN, to_at: datetime = TO) -> dict[str, Any]:
    with days.store.read() as session:
        return digest.compute(session, days.project_id, from_at, to_at)


def skip(days: Days, name: str, item: int, at: datetime) -> None:
    place, us = days.place(name, days.items[item]), next(MOMENTS)
    days.store.transact(lambda s: skips.skip(s, days.slack_id(name), place.id, us, at))


def rule(days: Days, item: int, value: str, at: datetime) -> None:
    case = days.one(
        select(col(Escalation.id), col(Escalation.version)).where(col(Escalation.item_id) == days.items[item])
    )
    value_id = days.values[value]
    days.store.transact(lambda s: rulings.rule(s, "URITA", case.id, case.version, value_id, "So it reads.", at))


@pytest.fixture
def day(store: Store) -> Days:
    """Six items for two people each; ana and ben hold them all.

    0 yes yes, accepted; 1 yes no, disputed; 2 no no, accepted; 3 no and one to come; 4 skipped by ana and one to come;
    5 flagged by ana, ben still holds it. Besides these a duplicate, and an item of an import that is not complete.
    """
    days = world(store, "Europe/Berlin", "09:00", BEGUN, items=6, overlap=2)
    days.give(BEGUN, "ana", "ben")
    first = BEGUN + timedelta(hours=10)
    for minute, (name, item, value) in enumerate(
        [
            ("ana", 0, "yes"),
            ("ben", 0, "yes"),
            ("ana", 1, "yes"),
            ("ben", 1, "no"),
            ("ana", 2, "no"),
            ("ben", 2, "no"),
            ("ana", 3, "no"),
        ]
    ):
        days.label(name, item, value, first + minute * MINUTE)
    skip(days, "ana", 4, first + 10 * MINUTE)
    days.flag("ana", 5, first + 20 * MINUTE)
    with store.write() as session:
        row = {"project_id": days.project_id, "lot_id": days.lot_id, "fields": {"text": "x"}, "extra": {}}
        session.execute(
            insert(Item).values(key="twin", digest="d", duplicate_of=days.items[0], state=ItemState.DUPLICATE, **row)
        )
        session.execute(insert(Item).values(key="coming", digest="e", state=ItemState.LOADING, **row))
    return days


def test_the_work_of_a_day(day: Days) -> None:
    found = numbers(day)
    assert {key: found[key] for key in ("labels", "items_done", "skips", "people")} == {
        "labels": 7,
        "items_done": 2,
        "skips": 1,
        "people": [{"name": "Ana", "labels": 4}, {"name": "Ben", "labels": 3}],
    }
    # Three places that ben holds, and the one that ana gave back.
    assert {key: found[key] for key in ("items", "done", "to_go", "labels_needed", "no_end")} == {
        "items": 6,
        "done": 2,
        "to_go": 4,
        "labels_needed": 4,
        "no_end": "",
    }
    # Seven labels in the 14 hours since the first: four more take eight hours.
    assert datetime.fromisoformat(found["expected_end"]) == TO + timedelta(hours=8)
    assert found["escalations"] == {"open": 2, "oldest": (BEGUN + timedelta(hours=10, minutes=3)).isoformat()}


def test_the_agreement_of_a_day(day: Days) -> None:
    found = numbers(day)["agreement"]
    # Of six paired labels three are yes: D_o = 2/6, D_e = 2 * 3 * 3 / (6 * 5) = 3/5.
    assert found["alpha"] == pytest.approx(1 - (2 / 6) / (3 / 5), abs=1e-12)
    assert found["raw"] == pytest.approx(2 / 3, abs=1e-12)
    assert (found["items"], found["items_with_one_label"], found["low"], found["high"]) == (3, 1, None, None)
    assert found["words"] == "alpha .444 (too few: 3 of 50 items): too early to say"
    assert found["shares"] == [{"title": "Yes", "share": 3 / 7}, {"title": "No", "share": 4 / 7}]
    assert found["confused"] == {"first": "Yes", "second": "No", "share": 1.0, "items": 1}


def test_a_period_takes_what_lies_in_it(day: Days) -> None:
    first = BEGUN + timedelta(hours=10)
    found = numbers(day, first + MINUTE, first + 5 * MINUTE)  # from inclusive, to exclusive
    assert (found["labels"], found["items_done"], found["skips"]) == (4, 1, 0)
    assert found["people"] == [{"name": "Ana", "labels": 2}, {"name": "Ben", "labels": 2}]
    later = numbers(day, first + 10 * MINUTE, first + 11 * MINUTE)
    assert (later["labels"], later["skips"], later["people"]) == (0, 1, [])


def test_a_digest_is_a_json_document(day: Days) -> None:
    day.tick(utc("2026-06-11 07:00"))
    [row] = day.digests()
    assert json.loads(json.dumps(row.numbers)) == row.numbers
    assert json.loads(json.dumps(numbers(day))) == numbers(day)


def test_labels_given_after_a_ruling_are_work_but_no_agreement(day: Days) -> None:
    before = numbers(day)["agreement"]
    rule(day, 1, "yes", TO - timedelta(hours=1))
    rule(day, 5, "no", TO - timedelta(hours=1))
    day.label("ben", 1, "yes", TO - MINUTE)  # persuaded: no new label, and no agreement of their own
    day.label("ben", 5, "no", TO - MINUTE)  # held it when it was ruled: a label, after the ruling
    found = numbers(day)
    assert found["agreement"] == before
    assert (found["labels"], found["items_done"], found["done"], found["to_go"]) == (8, 4, 4, 2)
    assert found["escalations"] == {"open": 0, "oldest": None}


def test_who_left_has_still_worked(day: Days) -> None:
    before = numbers(day)
    with day.store.write() as session:
        membership.deactivated(session, day.slack_id("ben"), TO)
        membership.remove(session, day.project_id, day.people["ana"], TO, None)
    found = numbers(day)
    assert found["people"] == before["people"]
    assert found["agreement"] == before["agreement"]
    # What ben held is open again; that of the flagged item is gone until it is ruled.
    assert found["labels_needed"] == 3


@pytest.mark.parametrize(
    ("labels", "words", "shares"),
    [
        ([], "no labels yet: no figure", []),
        (
            [("ana", 0, "yes"), ("ana", 1, "no")],
            "one person labels so far (2 items have one label): no figure",
            [0.5, 0.5],
        ),
        (
            [("ana", 0, "yes"), ("ben", 1, "no"), ("ben", 2, "no")],
            "no item has two labels yet (3 items have one label): no figure",
            [1 / 3, 2 / 3],
        ),
        (
            [("ana", 0, "yes"), ("ben", 0, "yes"), ("ana", 1, "yes"), ("ben", 1, "yes")],
            "all 2 items: Yes, so there is nothing to agree about: no figure",
            [1.0, 0.0],
        ),
    ],
    ids=["no labels", "one person", "no overlap", "one value"],
)
def test_where_there_is_no_alpha_words_say_why(
    store: Store, labels: list[tuple[str, int, str]], words: str, shares: list[float]
) -> None:
    days = world(store, "Europe/Berlin", "09:00", BEGUN)
    days.give(BEGUN)
    for name, item, value in labels:
        days.label(name, item, value, BEGUN + MINUTE)
    found = numbers(days)["agreement"]
    assert (found["alpha"], found["low"], found["high"], found["confused"]) == (None, None, None, None)
    assert found["words"] == words
    assert [share["share"] for share in found["shares"]] == shares
    assert days.tick(utc("2026-06-11 07:00")) == 1


def test_why_no_end_is_expected(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", BEGUN, items=1, overlap=2)
    days.give(BEGUN, "ana", "ben")
    assert numbers(days)["no_end"] == "no labels in the last 7 days"
    days.label("ana", 0, "yes", BEGUN)
    assert datetime.fromisoformat(numbers(days)["expected_end"]) == TO + DAY
    late = numbers(days, to_at=BEGUN + 7 * DAY + MINUTE)
    assert (late["expected_end"], late["no_end"]) == (None, "no labels in the last 7 days")
    days.label("ben", 0, "no", BEGUN + MINUTE)
    disputed = numbers(days)
    assert (disputed["to_go"], disputed["expected_end"], disputed["no_end"]) == (1, None, "no label is needed now")
    rule(days, 0, "yes", TO)
    assert numbers(days)["no_end"] == "done"


def test_a_pace_that_takes_ages_is_no_fault(store: Store) -> None:
    """A single label a week ago and a million places would end after the last year that there is a date for."""
    days = world(store, "Europe/Berlin", "09:00", BEGUN)
    days.give(BEGUN, "ana")
    days.label("ana", 0, "yes", BEGUN)
    with store.write() as session:
        session.execute(update(Item).where(col(Item.id) == days.items[1]).values(open_places=1_000_000))
    found = numbers(days, to_at=BEGUN + 7 * DAY)
    assert (found["expected_end"], found["no_end"]) == (None, "in more than 100 years, at the pace of the last 7 days")


def test_what_could_not_be_delivered_is_counted_for_its_project(store: Store) -> None:
    days = world(store, "Europe/Berlin", "09:00", BEGUN)
    other = world(store, "Europe/Berlin", "09:00", BEGUN, name="other", annotators=("dan",), reviewers=())
    with store.write() as session:
        for number, (state, project_id) in enumerate(
            [
                (OutboxState.FAILED, days.project_id),
                (OutboxState.FAILED, days.project_id),
                (OutboxState.WAITING, days.project_id),
                (OutboxState.DROPPED, days.project_id),
                (OutboxState.FAILED, other.project_id),
                (OutboxState.FAILED, None),
            ]
        ):
            session.execute(
                insert(Outbox).values(
                    key=f"k{number}",
                    lane=1,
                    subject="s",
                    template="said",
                    context={},
                    state=state,
                    project_id=project_id,
                    due_at=NOW,
                    created_at=NOW,
                )
            )
    assert numbers(days)["undelivered"] == 2


def test_projects_keep_their_numbers_apart(day: Days) -> None:
    before = numbers(day)
    other = world(day.store, "Europe/Berlin", "09:00", BEGUN, name="other", annotators=("dan", "eve"), reviewers=())
    other.give(BEGUN, "dan", "eve")
    for name in ("dan", "eve"):
        other.label(name, 0, "no", BEGUN + MINUTE)
    assert numbers(day) == before
    assert (numbers(other)["labels"], numbers(other)["people"][0]["name"]) == (2, "Dan")


def test_the_digest_of_the_demo_has_the_alpha_of_its_data(store: Store) -> None:
    """164 people, 800 items, 8,000 labels, as patterns and places."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["annotator"] for row in rows})
    keys = sorted({row["item_id"] for row in rows})
    days = world(store, "Europe/Berlin", "09:00", BEGUN, annotators=tuple(names), items=0)
    with store.write() as session:
        base = {
            "project_id": days.project_id,
            "lot_id": days.lot_id,
            "fields": {},
            "extra": {},
            "state": ItemState.ACCEPTED,
        }
        made = session.execute(
            insert(Item).returning(col(Item.key), col(Item.id)), [{**base, "key": key, "digest": key} for key in keys]
        )
        items: dict[str, int] = {row.key: row.id for row in made}
        patterns: dict[int, Counter[int]] = {item_id: Counter() for item_id in items.values()}
        for row in rows:
            patterns[items[row["item_id"]]][days.values[row["label"]]] += 1
        kept = {"project_id": days.project_id, "major": 1}
        session.execute(
            insert(Pattern),
            [{**kept, "item_id": item_id, "pattern": format_pattern(found)} for item_id, found in patterns.items()],
        )
        session.execute(
            insert(Assignment),
            [
                {
                    **kept, "item_id": items[row["item_id"]], "person_id": days.people[row["annotator"]],
                    "state": Place.LABELLED, "value_id": days.values[row["label"]],
                    "counted_id": days.values[row["label"]], "given_at": BEGUN,
                }
                for row in rows
            ],
        )  # fmt: skip
    found = numbers(days)["agreement"]
    assert found["alpha"] == pytest.approx(DEMO_ALPHA, abs=1e-9)
    assert (found["items"], found["items_with_one_label"]) == (800, 0)
    assert found["low"] < DEMO_ALPHA < found["high"]


def test_the_command_prints_the_same_numbers(day: Days, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONCORD_DATABASE_URL", day.store.engine.url.render_as_string(hide_password=False))
    ran = CliRunner().invoke(cli.app, ["digest", "rte", "--json"])
    assert ran.exit_code == 0, ran.output
    printed = json.loads(ran.stdout)
    wanted = numbers(day)
    moving = ("to", "expected_end", "no_end")
    assert {key: printed[key] for key in wanted if key not in moving} == {
        key: wanted[key] for key in wanted if key not in moving
    }
    assert day.digests() == []
    words = CliRunner().invoke(cli.app, ["digest", "rte"]).stdout
    assert "Labels      7 new, 4 still needed, 1 skips" in words
    assert "Items       2 done now, 2 of 6 in all" in words
    assert "alpha .444 (too few: 3 of 50 items): too early to say" in words
    assert "Waiting     2 for a ruling, the oldest since 2026-06-10T22:03:00+00:00" in words
    assert "Worked      Ana 4, Ben 3" in words


def test_the_command_says_what_an_empty_project_has(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world(store, "Europe/Berlin", "09:00", BEGUN, items=0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONCORD_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    ran = CliRunner().invoke(cli.app, ["digest", "rte"])
    assert ran.exit_code == 0, ran.output
    assert "Agreement   no labels yet: no figure" in ran.stdout
    assert "Worked      nobody" in ran.stdout
    assert "Labels are" not in ran.stdout
