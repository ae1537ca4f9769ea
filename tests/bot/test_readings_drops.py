"""The card of a dropped file and its form hold whatever a file brings: many columns, long names, long rows."""

import json
from typing import Any

import pytest

from bot import readings_drops
from sandbox.rules.blocks import TEXT_TOGETHER, text_size
from storage.tables import DropState
from templates.blocks import render, render_view
from tests.builders import NOW
from tests.templates.oracle import faults

NAMES = {"plain": "column ", "emoji": "👩‍👩‍👧 ", "marks": "<&>*_` ", "long": "a long name " * 40}


def view_of(name: str, state: DropState, many: int = 300) -> dict[str, Any]:
    """A drop with everything as full as it gets."""
    columns = [f"{name}{number}" for number in range(many)]
    roles = ["text", "hypothesis", "id", "segment", "skill", "difficulty", "priority", "gold", "label", "annotator"]
    fields = [f"{name}field {number}" for number in range(30)]
    figures = {
        "rows": 10**9, "items": 10**9, "duplicates": 0, "near": 12, "refused": 10**6, "changed": 7, "labels": 3, "pairs": 9,
        "steps": dict.fromkeys(map(str, range(15)), 10**8),
        "filters": {f"{name}filter {number}": 10**8 for number in range(50)},
        "refused_by_reason": {f"{name * 20}{number}": 5 for number in range(20)},
    }  # fmt: skip
    looked = {
        **figures,
        "file_format": "csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "columns": dict(zip(columns, roles, strict=False)) | dict.fromkeys(columns[10:], "metadata"),
        "more_columns": 5000,
        "first_rows": [dict.fromkeys(fields, name * 300) for _ in range(5)],
        "questions": [name * 100] * 20,
    }
    return {
        "id": 7, "version": 9, "state": state, "name": name * 40, "size": 10**9, "slack_user": "U1",
        "project": name * 10, "candidates": [], "by": name * 10, "problem": name * 300, "readable": True,
        "note": name * 100, "on_change": "replace", "looked": looked, "done_bytes": 4 * 10**8,
        "lot": {**figures, "id": 12, "undone": False} if state is DropState.IMPORTED else None, "answers_hidden": True,
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("state", DropState)
@pytest.mark.parametrize("asking", [True, False])
def test_a_card_as_full_as_it_gets_is_one_that_slack_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, state: DropState, asking: bool
) -> None:
    view = view_of(name, state)
    if not asking:
        view["looked"]["questions"] = []
    monkeypatch.setattr(readings_drops, "drop_view", lambda _session, _id: view)
    values = readings_drops.card(None, {"id": 7}, NOW)  # type: ignore[arg-type]
    assert values is not None
    drawn = render("drop.yaml.j2", **values)
    assert faults(drawn) == []
    assert text_size(drawn.blocks) <= TEXT_TOGETHER
    shown = json.dumps(drawn.blocks, ensure_ascii=False)
    assert ("drop:import" in shown) == (state is DropState.READY and not asking)
    assert len(drawn.text or "") <= 4000


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("many", [1, 99, 100, 1000])
def test_a_form_with_any_number_of_columns_is_one_that_slack_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, many: int
) -> None:
    columns = [f"{name}{number}" for number in range(many)]
    fields = [f"field {number}" for number in range(20)]
    roles = [*fields, "id", "gold"]
    last = columns[-1]
    view = {
        "id": 7, "version": 9, "name": name, "fields": fields, "roles": roles, "all_columns": columns,
        "column_of": {"gold": last}, "file_format": "csv", "found": {"encoding": "utf-8", "delimiter": ","},
        "choices": {"encoding": "koi8_r", "header": False},
    }  # fmt: skip
    monkeypatch.setattr(readings_drops, "mapping_view", lambda _session, _id: view)
    values = readings_drops.mapping_form(None, {"id": 7}, NOW)  # type: ignore[arg-type]
    assert values is not None
    payload = render_view("drop_mapping.yaml.j2", **values)
    assert faults(payload) == []
    drawn = payload.view
    assert drawn is not None
    assert len(json.dumps(drawn)) < 250_000
    # What is in use is always offered, wherever in the file it stands.
    gold = next(block for block in drawn["blocks"] if block.get("block_id") == f"role:{len(roles) - 1}")
    assert gold["element"]["initial_option"]["value"] == str(many - 1)
    assert gold["element"]["initial_option"] in gold["element"]["options"]


def test_sizes_and_figures_in_words() -> None:
    from jobs.drop_folder import size_words

    assert [size_words(size) for size in (0, 1, 999, 1000, 412_345, 1_200_000, 500_000_000, 2_500_000_000)] == [
        "0 bytes", "1 byte", "999 bytes", "1 KB", "412 KB", "1.2 MB", "500 MB", "2.5 GB",
    ]  # fmt: skip
