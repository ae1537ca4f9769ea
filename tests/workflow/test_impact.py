"""What a version touches, against the same said in plain Python; and what who decides is told of it."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlmodel import col

from storage.engine import Store
from storage.tables import (
    Assignment,
    Escalation,
    EscalationReason,
    EscalationState,
    Guideline,
    Item,
    ItemState,
    Pattern,
    Place,
    Ruling,
)
from tests.builders import NOW, World, build
from tests.workflow import life, life_again, rule_change
from tests.workflow.clicks import Clicks
from workflow.agreement import alpha, interval
from workflow.guidelines.decisions import impact, touched
from workflow.guidelines.decisions.touched import Touch

PEOPLE = ("ana", "ben", "cem")
STATES = (
    ItemState.OPEN,
    ItemState.ACCEPTED,
    ItemState.IN_REVIEW,
    ItemState.RULED,
    ItemState.ESCALATED,
    ItemState.REPLACED,
)


def scatter(world: World, seed: int) -> None:
    """Items in any state, with any labels of any of two versions; nothing need fit together."""
    chance = random.Random(seed)
    values = [*world.values.values()]
    with world.store.write() as session:
        for table in (Ruling, Escalation, Assignment):
            session.execute(delete(table))
        for item_id in world.items:
            state, segment = chance.choice(STATES), chance.choice(["", "news"])
            session.execute(update(Item).where(col(Item.id) == item_id).values(state=state, segment=segment))
            for name in chance.sample(PEOPLE, chance.randint(0, 3)):
                row: dict[str, Any] = {
                    "state": chance.choice([Place.LABELLED, Place.LABELLED, Place.OPEN, Place.RETURNED])
                }
                if row["state"] is Place.LABELLED:
                    row |= {"value_id": chance.choice(values), "counted_id": chance.choice([None, *values])}
                    row |= {"guideline_id": chance.choice([1, 2])}
                whose = {"project_id": world.project_id, "person_id": world.people[name], "item_id": item_id}
                session.execute(insert(Assignment).values(**whose, **row, given_at=NOW))
            if state is ItemState.RULED:
                rule(session, world, item_id, chance.choice(values), chance.choice([1, 2]))


def rule(session: Any, world: World, item_id: int, value_id: int, guideline_id: int) -> None:
    case = {"project_id": world.project_id, "item_id": item_id, "reason": EscalationReason.UNCLEAR}
    case_id = session.execute(
        insert(Escalation).values(**case, state=EscalationState.RULED, opened_at=NOW).returning(col(Escalation.id))
    ).scalar_one()
    row = {"escalation_id": case_id, "item_id": item_id, "person_id": world.people["rita"], "value_id": value_id}
    session.execute(insert(Ruling).values(**row, rationale="so", guideline_id=guideline_id, at=NOW))


@pytest.fixture
def scene(store: Store) -> World:
    """A project with a second version."""
    world = build(store, items=12, values=("yes", "no", "maybe"))
    with store.write() as session:
        session.execute(insert(Guideline).values(project_id=world.project_id, major=2, minor=0, markdown="", at=NOW))
    return world


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    named=st.sets(st.sampled_from(["yes", "no", "maybe"])),
    segments=st.sampled_from([(), ("news",)]),
    version=st.sampled_from([None, 1, 2]),
)
def test_the_database_finds_what_plain_python_finds(
    scene: World, seed: int, named: set[str], segments: tuple[str, ...], version: int | None
) -> None:
    scatter(scene, seed)
    ids = frozenset(scene.values[value] for value in named)
    touch = Touch(scene.project_id, ids or None, segments, version)
    seen = life.look(scene)
    values = ids or set(scene.values.values())
    expected = {
        item_id
        for item_id, item in seen.items.items()
        if (not segments or item.segment in segments)
        and life_again.touches(scene, item, seen.places[item_id], version or 9, values)
    }
    found = scene.rows(select(col(Item.id)).where(touched.items(touch)))
    assert {row.id for row in found} == expected
    with scene.store.read() as session:
        by_state = impact.items_by_state(session, touch)
    assert by_state == Counter(seen.items[row.id].state for row in found)


def test_who_decides_is_told_what_it_touches_and_how_far_people_agree(store: Store) -> None:
    world = build(store, items=5, values=("yes", "no", "maybe"))
    people = Clicks(world)
    given_labels = {"ana": "yes no no maybe yes", "ben": "yes no maybe maybe yes", "cem": "yes no no"}
    for name, labels in given_labels.items():
        people.batch(name)
        for item, value in enumerate(labels.split()):
            people.label(name, item, value)
    with store.write() as session:
        proposal_id = rule_change.propose(session, world.project_id, labels=("maybe", "a new one"))
        told = impact.count(session, proposal_id, NOW)
        names = impact.names(session, told, most=1)
    assert (told["finished"], told["open"], told["escalated"]) == (1, 1, 0)
    assert names == (["Ana"], 1)
    [about] = told["labels"]
    patterns = Counter({((0, 3),): 2, ((0, 2), (1, 1)): 1, ((1, 2),): 1, ((0, 2),): 1})
    assert about["alpha"] == pytest.approx(alpha(patterns, "nominal", [0, 1]).value)
    assert about["words"].startswith("alpha .")
    assert (about["value"], about["items"], about["low"]) == ("maybe", 5, None)
    assert "too few: 5 of 50 items" in about["words"]


def test_with_enough_items_the_figure_has_its_interval_and_only_the_present_version_counts(store: Store) -> None:
    world = build(store, items=90)
    yes, no = world.values["yes"], world.values["no"]
    texts = [f"{yes}:2"] * 60 + [f"{yes}:1,{no}:1"] * 10 + [f"{no}:2"] * 20
    with store.write() as session:
        rows = [
            {"item_id": item_id, "major": major, "project_id": world.project_id, "pattern": text}
            for item_id, text in zip(world.items, texts, strict=True)
            for major, text in ((1, text), (2, f"{no}:2"))
        ]
        session.connection().execute(insert(Pattern), rows)
        told = impact.agreement(session, Touch(world.project_id))
    patterns = Counter({((0, 2),): 60, ((0, 1), (1, 1)): 10, ((1, 2),): 20})
    sure = interval(patterns, "nominal", [0, 1])
    for one in told:
        assert one["alpha"] == pytest.approx(alpha(patterns, "nominal", [0, 1]).value)
        assert (one["low"], one["high"]) == pytest.approx((sure.low, sure.high))
    assert [one["value"] for one in told] == ["yes", "no"]


def test_before_anything_is_labelled_it_touches_nothing(store: Store) -> None:
    world = build(store, items=2)
    with store.write() as session:
        told = impact.count(session, rule_change.propose(session, world.project_id), NOW)
        assert impact.names(session, told) == ([], 0)
    assert (told["finished"], told["open"], told["value_ids"]) == (0, 0, None)
    assert {one["words"] for one in told["labels"]} == {"no labels yet: no figure"}
