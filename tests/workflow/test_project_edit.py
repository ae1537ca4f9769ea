"""Editing a project by a file or options: who is meant, all or nothing, nobody overtaken."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from storage.engine import Store
from storage.tables import Person, Role
from workflow import directory, people, project_edit, projects
from workflow.directory import Directory, DirectoryEntry
from workflow.errors import RefusedError
from workflow.project_edit import Asked
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import as_yaml, described

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def made(store: Store) -> int:
    spec = ProjectSpec.model_validate(
        {
            "name": "rte",
            "question": "Is it?",
            "labels": ["yes", "no"],
            "channels": {"team": "#a", "review": "#b", "leads": "#c"},
            "people": [{"user": "@ana", "roles": ["annotator"]}, {"user": "U0LEA", "roles": ["lead", "manager"]}],
        }
    )
    project_id = store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id
    known = Directory([DirectoryEntry("U0ANA", "ana"), DirectoryEntry("U0LEA", "lea"), DirectoryEntry("U0BEN", "ben")])
    store.transact(lambda session: directory.resolve(session, known, NOW))
    return project_id


def crowd(store: Store, project_id: int) -> dict[str, set[Role]]:
    with store.read() as session:
        return {one.name: set(one.roles) for one in people.members(session, project_id)}


def make(store: Store, project_id: int, asked: Asked, **how: Any) -> list[str]:
    differences, _ = project_edit.make(store, project_id, asked, NOW, None, **how)
    return [str(one) for one in differences]


@pytest.mark.parametrize("user", ["@lea", "@LEA", "U0LEA", "<@U0LEA>"])
def test_whatever_somebody_is_called_they_stay_one_person(store: Store, user: str) -> None:
    project_id = made(store)
    assert make(store, project_id, Asked(members={user: (Role.LEAD,)})) == ["roles of @lea: lead, manager -> lead"]
    assert crowd(store, project_id) == {"ana": {Role.ANNOTATOR}, "lea": {Role.LEAD}}
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(Person)).scalar_one() == 2


def test_the_exported_people_are_nobody_new(store: Store, tmp_path: Path) -> None:
    project_id = made(store)
    path = tmp_path / "p.yaml"
    with store.read() as session:
        path.write_text(as_yaml(session, project_id), encoding="utf-8")
        assert project_edit.preview(session, project_id, project_edit.of_file(path)).differences == []


def test_options_win_over_the_people_of_a_file(store: Store) -> None:
    project_id = made(store)
    asked = Asked({"people": [{"user": "U0LEA", "roles": ["lead"]}]}, {"@ana": (Role.REVIEWER,), "@zoe": (Role.LEAD,)})
    assert sorted(make(store, project_id, asked)) == [
        "roles of @ana: annotator -> reviewer",
        "roles of @lea: lead, manager -> lead",
        "roles of @zoe: nothing -> lead",
    ]
    assert crowd(store, project_id) == {"ana": {Role.REVIEWER}, "lea": {Role.LEAD}, "zoe": {Role.LEAD}}
    assert make(store, project_id, asked) == [], "once is enough"


def test_a_fault_among_people_changes_nothing_else(store: Store) -> None:
    project_id = made(store)
    for asked in (
        Asked({"overlap": 5}, {"@zoe": ()}),
        Asked({"overlap": 5, "people": [{"user": "zoe", "roles": ["lead"]}]}),
        Asked({"overlap": 5}, {"nobody at all": (Role.LEAD,)}),
    ):
        with pytest.raises(RefusedError):
            make(store, project_id, asked)
    with store.read() as session:
        assert described(session, project_id)["overlap"] == 3
    assert set(crowd(store, project_id)) == {"ana", "lea"}


def test_what_changed_after_the_difference_was_shown_stops_it(store: Store) -> None:
    project_id = made(store)
    with store.read() as session:
        shown = project_edit.preview(session, project_id, Asked({"overlap": 5}))
    make(store, project_id, Asked({"hold": "2d"}))
    with pytest.raises(RefusedError, match="changed hold from 24h to 2d"):
        make(store, project_id, Asked({"overlap": 5}), mark=shown.mark)
    with store.read() as session:
        assert described(session, project_id)["overlap"] == 3
