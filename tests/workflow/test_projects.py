"""Making and changing projects, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import Channel, Guideline, History, Item, LabelValue, Project, Purpose, Role
from tests import builders
from workflow import overview, people, project_edit, projects
from workflow.errors import RefusedError
from workflow.project_edit import Asked
from workflow.project_spec import ProjectSpec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHANNELS = {"team": "#rte", "review": "#rte-review", "leads": "C024BE7LH"}


def spec(**changed: object) -> ProjectSpec:
    described = {
        "name": "rte",
        "question": "Does it follow?",
        "labels": [{"value": "yes", "title": "Implies", "description": "It does."}, "no"],
        "fields": ["text", "hypothesis"],
        "overlap": 2,
        "channels": CHANNELS,
        "people": [
            {"user": "@Ana", "roles": ["annotator", "lead"]},
            {"user": "ben@example.org", "roles": ["annotator"]},
            {"user": "U024BE7LH", "roles": ["reviewer"]},
        ],
    }
    return ProjectSpec.model_validate(described | changed)


def make(store: Store, **changed: object) -> projects.Created:
    return store.transact(lambda session: projects.create(session, spec(**changed), NOW, None))


def test_a_project_is_made_with_its_labels_channels_people_and_guideline(store: Store) -> None:
    made = make(store)
    with store.read() as session:
        shown = overview.shown(session, made.project_id)
        guideline = session.execute(select(Guideline)).scalar_one()
        project = session.execute(select(Project)).scalar_one()
    assert shown["labels"][0] == {"value": "yes", "title": "Implies", "description": "It does."}
    assert shown["channels"] == CHANNELS
    assert {person["user"]: person["roles"] for person in shown["people"]} == {
        "@ana": ["annotator", "lead"],
        "ben@example.org": ["annotator"],
        "U024BE7LH": ["reviewer"],
    }
    assert (guideline.major, guideline.minor, project.guideline_id) == (1, 0, guideline.id)
    assert "Implies" in guideline.markdown
    assert made.warnings == []
    assert {point.split()[0] for point in made.open_points} == {"@ana", "ben@example.org", "#rte", "#rte-review"}


def test_ordinal_values_are_numbered_by_their_place(store: Store) -> None:
    make(store, level="ordinal", labels=["low", "mid", "high"])
    with store.read() as session:
        rows = session.execute(select(col(LabelValue.value), col(LabelValue.number)).order_by(col(LabelValue.position)))
        assert [tuple(row) for row in rows] == [("low", 1.0), ("mid", 2.0), ("high", 3.0)]


def test_a_name_is_taken_once(store: Store) -> None:
    make(store)
    with pytest.raises(RefusedError, match="There is a project rte already"):
        make(store)
    with store.read() as session:
        assert len(session.execute(select(Project)).all()) == 1
        with pytest.raises(RefusedError, match=r"no project nope\. There is rte\."):
            projects.by_name(session, "nope")


def test_an_overlap_that_the_people_cannot_reach_is_said(store: Store) -> None:
    assert "has 2 annotators: no item can be finished until 3 more join" in make(store, overlap=5).warnings[0]
    nobody = make(store, name="empty", people=[])
    assert [warning.split(":")[0] for warning in nobody.warnings] == [
        "The overlap of empty is 2, and it has no annotator",
        "empty has no reviewer",
        "empty has no lead",
    ]


def test_changes_are_made_and_kept_in_the_history(store: Store) -> None:
    project_id = make(store).project_id
    asked = Asked(
        {"overlap": 3, "channels": {"review": "#Rulings"}},
        {"@ana": (Role.LEAD,), "@cem": (Role.ANNOTATOR,), "U024BE7LH": ()},
    )
    _, edited = project_edit.make(store, project_id, asked, NOW, None)
    with store.read() as session:
        shown = overview.shown(session, project_id)
        rows = session.execute(select(History).order_by(col(History.id))).scalars()
        notes = [(row.action, row.before, row.after) for row in rows]
    assert shown["overlap"] == 3
    assert shown["channels"]["review"] == "#Rulings"
    assert {person["user"]: person["roles"] for person in shown["people"]} == {
        "@ana": ["lead"],
        "ben@example.org": ["annotator"],
        "@cem": ["annotator"],
    }
    assert ("project.overlap", {"overlap": 2}, {"overlap": 3}) in notes
    assert ("project.channel", {"review": "#rte-review"}, {"review": "#Rulings"}) in notes
    assert ("person.roles", {"roles": ["annotator", "lead"]}, {"roles": ["lead"]}) in notes
    assert ("person.removed", {"roles": ["reviewer"]}, {"roles": []}) in notes
    assert any("until 1 more" in warning for warning in edited.warnings)


def test_a_change_that_cannot_be_is_no_change_at_all(store: Store) -> None:
    project_id = make(store).project_id
    with pytest.raises(RefusedError, match="names no channel"):
        project_edit.make(store, project_id, Asked({"overlap": 7, "channels": {"team": "no channel"}}), NOW, None)
    with pytest.raises(RefusedError, match="overlap: 0 is out of bounds: at least 1"):
        project_edit.make(store, project_id, Asked({"overlap": 0}), NOW, None)
    with store.read() as session:
        assert session.execute(select(col(Project.overlap))).scalar_one() == 2
        assert (
            session.execute(select(col(Channel.name)).where(col(Channel.purpose) == Purpose.TEAM)).scalar_one()
            == "#rte"
        )


def test_a_changed_overlap_reaches_the_items(store: Store) -> None:
    world = builders.build(store, items=3, overlap=2)
    project_edit.make(store, world.project_id, Asked({"overlap": 3}), NOW, None)
    rows = world.rows(select(col(Item.overlap), col(Item.open_places)))
    assert [tuple(row) for row in rows] == [(3, 3)] * 3


def test_a_list_counts_what_is_to_do(store: Store) -> None:
    builders.build(store, items=3)
    make(store, name="second")
    with store.read() as session:
        listed = {entry["name"]: entry for entry in overview.listed(session)}
    assert (listed["rte"]["items"], listed["rte"]["done"], listed["rte"]["people"]) == (3, 0, 4)
    assert (listed["second"]["items"], listed["second"]["people"]) == (0, 3)


def test_people_are_found_by_any_of_their_names(store: Store) -> None:
    project_id = make(store).project_id
    with store.read() as session:
        assert (
            len({people.find(session, project_id, user) for user in ("@ana", "@ANA", "<@U024BE7LH>", "U024BE7LH")}) == 2
        )
        with pytest.raises(RefusedError, match=r"@zoe is not in this project\. In it: @Ana, "):
            people.find(session, project_id, "@zoe")
        with pytest.raises(RefusedError, match="names nobody"):
            people.find(session, project_id, "zoe")
