"""The card and the forms of projects that are as large as they get."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.messages import Messages
from bot.readings_projects import YAML_PIECE, YAML_ROOM, made
from storage.engine import Store
from templates.foreign import escaped_length
from tests.house.seen import words
from workflow import projects
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import as_yaml

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LARGE: dict[str, Any] = {
    "name": "r" * 40,
    "question": "<&>" * 333,
    "labels": [
        {"value": f"{n}|" + "\U0001f600" * 70, "title": f"{n} & <!channel>", "description": "مرحبا\n\n<&>" * 60}
        for n in range(100)
    ],
    "fields": [f"field {n} " + "x" * 50 for n in range(20)],
    "guideline": "# Rules\n" + "&" * 39_000,
    "filters": [{"name": f"f{n}", "values": ["no", "010"] * 20} for n in range(50)],
    "people": [{"user": f"U{n:05}", "roles": ["annotator"]} for n in range(300)],
}
SMALL: dict[str, Any] = {"name": "rte", "question": "Is it?", "labels": ["yes", "no"]}


def make(store: Store, described: dict[str, Any]) -> int:
    channels = {"team": "#" + "t" * 60, "review": "#b", "leads": "C1"}
    spec = ProjectSpec.model_validate({**described, "channels": channels})
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


@pytest.mark.parametrize(("described", "whole"), [(SMALL, True), (LARGE, False)])
def test_the_file_stands_on_the_card_whole_or_as_its_first_lines(
    store: Store, described: dict[str, Any], whole: bool
) -> None:
    project_id = make(store, described)
    with store.read() as session:
        values = made(session, {"id": project_id}, NOW)
        text = as_yaml(session, project_id)
        drawn = Messages(lambda: NOW).draw(session, "project_made", {"id": project_id})
    assert values is not None
    assert drawn is not None
    shown = "".join(values["yaml"])
    assert (shown == text) == whole == (not values["cut"])
    assert text.startswith(shown)
    assert shown.endswith("\n")
    assert escaped_length(shown) <= YAML_ROOM
    assert all(0 < escaped_length(piece) <= YAML_PIECE for piece in values["yaml"])
    assert (f"concord project export {described['name']}" in words({"blocks": drawn.blocks})) != whole


@pytest.mark.parametrize("described", [SMALL, LARGE])
def test_the_forms_are_drawn_whatever_the_project(store: Store, described: dict[str, Any]) -> None:
    project_id = make(store, described)
    told = [f"{n} changed everything from {'x' * 60} to {'<!here>' * 8}." for n in range(30)]
    with store.read() as session:
        draw = Messages(lambda: NOW).draw_view
        plain = draw(session, "project_settings", {"project_id": project_id})
        overtaken = draw(session, "project_settings", {"project_id": project_id, "told": told, "typed": {"hold": "9m"}})
        fresh = draw(session, "project_new", {"user_id": "U1", "channel": "D1"})
        assert "not there" in str(draw(session, "project_settings", {"project_id": 99})).lower()
    labels = [block for block in plain["blocks"] if str(block.get("block_id")).startswith("labels:")]
    assert bool(labels) == (described is SMALL)
    assert ("Too long to be changed here: labels" in words(dict(plain))) == (described is LARGE)
    assert "and 20 more changes" in words(dict(overtaken))
    inputs = [block for view in (plain, overtaken, fresh) for block in view["blocks"] if block["type"] == "input"]
    assert all(block["label"]["text"] for block in inputs)
