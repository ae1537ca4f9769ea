"""Changing a project that is there: all or nothing, in the history, and never what its labels rest on."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, insert, select
from sqlmodel import col

from jobs import digests
from storage.engine import Store
from storage.tables import (
    Channel,
    Claim,
    Digest,
    Guideline,
    History,
    Item,
    ItemState,
    LabelValue,
    Lot,
    Project,
)
from tests import builders
from tests.workflow.clicks import Clicks, state_of
from workflow import directory, people, project_settings, projects
from workflow.directory import ChannelEntry, Directory
from workflow.project_settings import SettingsError
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import described

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHANNELS = {"team": "#rte", "review": "#rte-review", "leads": "#rte-leads"}
LABELS = [{"value": "yes", "title": "Implies", "description": "It does."}, "no"]


def make(store: Store, **given: Any) -> int:
    data = {"name": "rte", "question": "Does it follow?", "labels": LABELS, "channels": CHANNELS, **given}
    spec = ProjectSpec.model_validate({**data, "people": [{"user": "ULEA1", "roles": ["lead"]}]})
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def change(store: Store, project_id: int, changes: Mapping[str, Any], by: int | None = None) -> list[str]:
    found = store.transact(lambda session: project_settings.change(session, project_id, changes, NOW, by))
    return [str(one) for one in found]


def read(store: Store, project_id: int) -> dict[str, Any]:
    with store.read() as session:
        return described(session, project_id)


def notes(store: Store) -> list[tuple[str, Any, Any]]:
    with store.read() as session:
        rows = session.execute(select(History).where(col(History.action).like("project.%")).order_by(col(History.id)))
        return [(row.action, row.before, row.after) for row in rows.scalars() if row.action != "project.created"]


def an_item(store: Store, project_id: int) -> None:
    def put(session: Any) -> None:
        row = {"project_id": project_id, "file_name": "a.csv", "sha256": "0", "state": "complete", "started_at": NOW}
        lot = session.execute(insert(Lot).values(**row, seen_at=NOW).returning(col(Lot.id))).scalar_one()
        item = {"project_id": project_id, "lot_id": lot, "key": "a", "fields": {"text": "t"}, "digest": "d"}
        session.execute(insert(Item).values(**item, state=ItemState.OPEN, extra={}))

    store.transact(put)


def test_what_differs_is_changed_and_kept_in_the_history_with_who(store: Store) -> None:
    project_id = make(store)
    with store.read() as session:
        lea = people.named(session, "ULEA1")
    said = change(store, project_id, {"overlap": "4", "batch_size": 10, "accept": ".80", "hold": "90m"}, lea)
    assert said == ["overlap: 3 -> 4", "batch_size: 25 -> 10", "accept: majority -> 0.8", "hold: 24h -> 90m"]
    now = read(store, project_id)
    assert [now[key] for key in ("overlap", "batch_size", "accept", "hold", "skip")] == [4, 10, "0.8", "90m", "others"]
    assert notes(store) == [
        ("project.overlap", {"overlap": 3}, {"overlap": 4}),
        (
            "project.changed",
            {"batch_size": 25, "accept": "majority", "hold": "24h"},
            {"batch_size": 10, "accept": "0.8", "hold": "90m"},
        ),
    ]
    with store.read() as session:
        assert set(
            session.execute(select(col(History.actor_id)).where(col(History.actor_id).is_not(None))).scalars()
        ) == {lea}
        assert len(project_settings.changed_since(session, project_id, 0)) == 4


def test_the_same_again_changes_nothing(store: Store) -> None:
    project_id = make(store)
    changes = {**read(store, project_id), "digest": "9:00", "overlap": "03", "channels": {"team": "#RTE"}}
    del changes["people"]
    before = project_settings_row(store, project_id)
    assert change(store, project_id, changes) == []
    assert notes(store) == []
    assert project_settings_row(store, project_id) == before


def project_settings_row(store: Store, project_id: int) -> Project:
    with store.read() as session:
        row: Project = session.execute(select(Project).where(col(Project.id) == project_id)).scalar_one()
        return row


def test_a_fault_in_one_value_changes_nothing_and_all_faults_are_told(store: Store) -> None:
    project_id = make(store)
    with pytest.raises(ValidationError) as caught:
        change(store, project_id, {"overlap": 4, "accept": "2", "time_zone": "Mars", "channels": {"team": "x"}})
    assert {detail["loc"] for detail in caught.value.errors()} == {("accept",), ("time_zone",), ("channels", "team")}
    assert read(store, project_id)["overlap"] == 3
    assert notes(store) == []


def test_what_the_labels_rest_on_may_not_change_once_items_are_there(store: Store) -> None:
    project_id = make(store)
    an_item(store, project_id)
    wanted = {
        "name": "other",
        "labels": ["yes", "no", "maybe"],
        "level": "ordinal",
        "fields": ["text", "more"],
        "guideline": "# Another\n\nRule.\n",
        "overlap": 5,
    }
    with pytest.raises(SettingsError) as caught:
        change(store, project_id, wanted)
    assert set(caught.value.by_key) == {"name", "labels", "level", "fields", "guideline"}
    assert "an item is there already" in caught.value.by_key["labels"]
    assert all("/concord guideline propose" in caught.value.by_key[key] for key in ("labels", "guideline"))
    assert read(store, project_id)["overlap"] == 3, "all or nothing"
    with store.read() as session:
        assert project_settings.preview(session, project_id, {"overlap": 5})
        assert described(session, project_id)["overlap"] == 3, "a preview writes nothing"


def test_a_running_import_counts_as_items(store: Store) -> None:
    project_id = make(store)
    row = {"project_id": project_id, "file_name": "a", "sha256": "0", "started_at": NOW, "seen_at": NOW}
    store.transact(lambda session: session.execute(insert(Lot).values(**row, state="running")))
    with pytest.raises(SettingsError, match="an item is there already"):
        change(store, project_id, {"fields": ["body"]})


def test_before_the_first_item_everything_but_the_name_may_change(store: Store) -> None:
    project_id = make(store)
    change(store, project_id, {"labels": ["low", "mid", "high"], "level": "ordinal", "fields": ["body"]})
    with store.read() as session:
        rows = session.execute(select(col(LabelValue.value), col(LabelValue.number)).order_by(col(LabelValue.position)))
        assert [tuple(row) for row in rows] == [("low", 1.0), ("mid", 2.0), ("high", 3.0)]
    change(store, project_id, {"labels": ["high", "mid", "low"]})
    with store.read() as session:
        rows = session.execute(select(col(LabelValue.value), col(LabelValue.number)).order_by(col(LabelValue.position)))
        assert [tuple(row) for row in rows] == [("high", 1.0), ("mid", 2.0), ("low", 3.0)]


def test_titles_and_descriptions_may_change_with_labels_given_and_the_guideline_follows(store: Store) -> None:
    world = builders.build(store, items=1, overlap=2)
    ids = dict(world.values)
    labels = [{"value": "no", "title": "Nope"}, {"value": "yes", "title": "Yep", "description": "It follows."}]
    said = change(store, world.project_id, {"labels": labels})
    assert "title of yes: Yes -> Yep" in said
    assert "labels: yes, no -> no, yes" in said
    rows = world.rows(
        select(col(LabelValue.id), col(LabelValue.value), col(LabelValue.title), col(LabelValue.position))
    )
    assert {row.value: (row.id, row.title, row.position) for row in rows} == {
        "yes": (ids["yes"], "Yep", 2),
        "no": (ids["no"], "Nope", 1),
    }


def test_a_guideline_that_the_descriptions_make_gets_a_new_minor_version(store: Store) -> None:
    project_id = make(store)
    an_item(store, project_id)
    change(store, project_id, {"labels": [{**LABELS[0], "description": "It really does."}, "no"]})  # type: ignore[dict-item]
    with store.read() as session:
        versions = session.execute(select(Guideline).order_by(col(Guideline.id))).scalars().all()
        force = session.execute(select(col(Project.guideline_id))).scalar_one()
    assert [(one.major, one.minor) for one in versions] == [(1, 0), (1, 1)]
    assert force == versions[1].id
    assert "It really does" in versions[1].markdown
    assert "guideline" not in read(store, project_id)


def test_a_guideline_of_its_own_stays_whatever_the_labels_say(store: Store) -> None:
    project_id = make(store, guideline="# Rules\n\nRead twice.\n")
    change(store, project_id, {"question": "Does it really?", "guideline": None})
    assert read(store, project_id)["guideline"] == "# Rules\n\nRead twice.\n"
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(Guideline)).scalar_one() == 1


def test_a_channel_by_its_id_is_the_channel_that_is_there(store: Store) -> None:
    project_id = make(store)
    seen = [ChannelEntry(f"C{n}", name[1:]) for n, name in enumerate(CHANNELS.values(), start=1)]
    store.transact(lambda session: directory.resolve(session, Directory((), seen), NOW))
    assert change(store, project_id, {"channels": {"team": "C1", "leads": "C2"}}) == [
        "channels.leads: #rte-leads -> C2"
    ]
    with store.read() as session:
        rows = session.execute(select(col(Channel.slack_id)).order_by(col(Channel.purpose))).scalars().all()
    assert sorted(rows) == ["C1", "C2", "C2"]


def test_two_at_once_are_told_of_each_other(store: Store) -> None:
    project_id = make(store)
    with store.read() as session:
        since = project_settings.mark(session, project_id)
        lea = people.named(session, "ULEA1")
    change(store, project_id, {"question": "Is it so?", "channels": {"team": "#other"}}, lea)
    change(store, project_id, {"overlap": 2})
    with store.read() as session:
        assert project_settings.changed_since(session, project_id, since) == [
            "ULEA1 changed team from #rte to #other.",
            "ULEA1 changed question from Does it follow? to Is it so?.",
            "Somebody at the command line changed overlap from 3 to 2.",
        ]
        assert project_settings.changed_since(session, project_id, project_settings.mark(session, project_id)) == []


def test_another_rule_of_acceptance_decides_nothing_anew(store: Store) -> None:
    world = builders.build(store, items=2, overlap=3, accept="unanimous")
    clicks = Clicks(world)
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        clicks.batch(name)
        clicks.label(name, 0, value)
    assert state_of(world, 0) == ItemState.ESCALATED
    change(store, world.project_id, {"accept": "majority"})
    assert state_of(world, 0) == ItemState.ESCALATED
    for name, value in (("ana", "yes"), ("ben", "no"), ("cem", "yes")):
        clicks.label(name, 1, value)
    assert state_of(world, 1) == ItemState.ACCEPTED, "the next last label is under the new rule"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"time_zone": "Asia/Tokyo"}, {"time_zone": "America/Los_Angeles"}),
        ({"time_zone": "America/Los_Angeles"}, {"time_zone": "Asia/Tokyo"}),
        ({"digest": "09:00"}, {"digest": "17:00"}),
        ({"digest": "17:00"}, {"digest": "09:00"}),
        ({"time_zone": "Pacific/Kiritimati", "digest": "23:30"}, {"time_zone": "Pacific/Niue", "digest": "00:30"}),
    ],
)
def test_another_zone_or_time_neither_doubles_nor_loses_a_digest(
    store: Store, first: dict[str, str], then: dict[str, str]
) -> None:
    """For ten days there is a tick every hour; the change comes in the middle, between two of them."""
    project_id = make(store, **first)
    for hour in range(240):
        if hour == 125:
            change(store, project_id, then)
        digests.post_due(store, NOW + timedelta(hours=hour, minutes=10))
    with store.read() as session:
        made = session.execute(select(Digest).order_by(col(Digest.id))).scalars().all()
        claims = session.execute(select(func.count()).select_from(Claim)).scalar_one()
    dates = [one.local_date for one in made]
    assert len(set(dates)) == len(dates) == claims, "one a date"
    assert all(left.to_at == right.from_at for left, right in itertools.pairwise(made)), "no moment twice or never"
    assert all(right.to_at - left.to_at <= timedelta(hours=49) for left, right in itertools.pairwise(made))
    assert made[0].from_at == NOW
    assert 8 <= len(made) <= 11
