"""What a project says of its imports: read from text, kept as what differs, the same when it is read again."""

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from storage.engine import Store
from storage.tables import History, Project
from workflow import overview, projects
from workflow.intake import spec as intake_spec
from workflow.intake.spec import IntakeSpec, NearSpec, kept, of_project
from workflow.intake.steps import STEPS
from workflow.project_spec import ProjectSpec

NUMBERS = itertools.count()
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PROJECT = {
    "name": "rte",
    "question": "Does it follow?",
    "labels": ["yes", "no"],
    "channels": dict.fromkeys(("team", "review", "leads"), "#a"),
}

SHARES = st.integers(70, 100).map(lambda share: f"0.{share}" if share < 100 else "1")
NAMES = st.sampled_from(["text", "hypothesis", "author", "a, b"])
SWITCHES = st.sampled_from(["on", "off", "yes", "no", "True", "false", " OFF "])
LENGTHS = st.one_of(
    st.fixed_dictionaries({"min": st.integers(1, 50)}),
    st.fixed_dictionaries({"max": st.integers(1, 90).map(str)}),
    st.fixed_dictionaries({"min": st.integers(1, 50).map(str), "max": st.integers(50, 90)}),
)
KINDS = st.one_of(
    st.fixed_dictionaries({"length": LENGTHS}),
    st.fixed_dictionaries(
        {"language": st.one_of(st.sampled_from(["en", "ZH"]), st.just(["de", "fr"]))},
        optional={"min_confidence": st.sampled_from([".5", "0.9", 0.25]), "strict": SWITCHES},
    ),
    st.fixed_dictionaries(
        {"pattern": st.sampled_from(["x+", r"\bfoo\b", "{}", "(?i)a|b", "\u00e9"])},
        optional={"must": st.sampled_from(["match", "not_match"])},
    ),
    st.fixed_dictionaries({"values": st.lists(st.text("ab \u00e9", max_size=3), min_size=1, max_size=4)}),
    st.fixed_dictionaries(
        {"personal_data": st.lists(st.sampled_from(["email", "phone", "card"]), min_size=1, max_size=3)},
        optional={"region": st.sampled_from(["de", "US"]), "do": st.sampled_from(["refuse", "mask", "flag"])},
    ),
)
COMMON = st.fixed_dictionaries(
    {},
    optional={
        "reason": st.sampled_from(["why not", "{braces}"]),
        "do": st.sampled_from(["refuse", "flag"]),
        "fields": st.one_of(NAMES, st.lists(NAMES, min_size=1, max_size=2)),
    },
)
FILTERS = st.lists(st.tuples(COMMON, KINDS), max_size=4).map(
    lambda pairs: [{"name": f"filter {at}", **common, **kind} for at, (common, kind) in enumerate(pairs)]
)
NEAR = st.one_of(
    st.sampled_from(["report", "link", "off"]),
    st.fixed_dictionaries({}, optional={"do": st.just("link"), "threshold": SHARES, "long_threshold": SHARES}),
)
INTAKES = st.fixed_dictionaries(
    {}, optional={"near": NEAR, "steps": st.dictionaries(st.sampled_from(list(STEPS)), SWITCHES), "filters": FILTERS}
)


def faults(**typed: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        IntakeSpec.model_validate(typed)
    return [f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in caught.value.errors()]


@given(INTAKES)
def test_what_is_kept_is_the_same_when_it_is_read_again(typed: dict[str, Any]) -> None:
    spec = IntakeSpec.model_validate(typed)
    document = json.loads(json.dumps(kept(spec)))
    assert IntakeSpec.model_validate(document) == spec
    assert kept(IntakeSpec.model_validate(document)) == document


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=INTAKES)
def test_a_project_is_made_with_it_and_gives_it_back(store: Store, typed: dict[str, Any]) -> None:
    spec = ProjectSpec.model_validate({**PROJECT, **typed, "name": f"p{next(NUMBERS)}"})
    project_id = store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id
    with store.read() as session:
        assert of_project(session, project_id) == spec.intake == IntakeSpec.model_validate(typed)
        found = overview.shown(session, project_id)
    assert intake_spec.read(found) == spec.intake


def test_only_what_differs_is_kept_as_a_project_file_has_it(store: Store) -> None:
    typed = {
        "near": {"do": "link", "threshold": "0.80", "long_threshold": ".95"},
        "steps": {"html_entities": "off", "white_space": "on"},
        "filters": [
            {"name": "short", "do": "refuse", "length": {"min": "20", "max": "400"}},
            {"name": "contact", "personal_data": "email", "field": "text", "do": "flag"},
            {"name": "phone", "personal_data": ["phone"], "region": "de", "do": "mask"},
        ],
    }
    spec = ProjectSpec.model_validate({**PROJECT, **typed})
    store.transact(lambda session: projects.create(session, spec, NOW, None))
    wanted = {
        "near": {"do": "link", "long_threshold": 0.95},
        "steps": {"html_entities": "off"},
        "filters": [
            {"name": "short", "length": {"min": 20, "max": 400}},
            {"name": "contact", "fields": ["text"], "personal_data": ["email"]},
            {"name": "phone", "do": "mask", "personal_data": ["phone"], "region": "DE"},
        ],
    }
    with store.read() as session:
        assert session.execute(select(col(Project.intake))).scalar_one() == wanted
        noted = session.execute(select(col(History.after)).where(col(History.action) == "project.created")).scalar_one()
    assert {key: noted[key] for key in wanted} == wanted


def test_without_a_word_all_steps_are_on_near_duplicates_are_reported_and_nothing_is_filtered() -> None:
    spec = IntakeSpec()
    assert spec.near == NearSpec(do="report", threshold=0.8, long_threshold=0.9)
    assert not spec.off
    assert not spec.filters
    assert kept(spec) == {}


def test_a_project_from_before_has_the_defaults() -> None:
    assert intake_spec.read({}) == IntakeSpec()
    assert intake_spec.shown({}) == {"near": "report"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"near": {"threshold": "0.69"}}, "near.threshold: Input should be greater than or equal to 0.7"),
        ({"near": {"threshold": "1.01"}}, "near.threshold: Input should be less than or equal to 1"),
        ({"near": {"threshold": "80%"}}, "near.threshold: '80%' is not a number: write digits such as 0.8"),
        (
            {"steps": {"unicod_nfc": "off"}},
            "steps.unicod_nfc.[key]: 'unicod_nfc' is no step: did you mean unicode_nfc?",
        ),
        ({"steps": {"unicode_nfc": "of"}}, "steps.unicode_nfc: 'of' is neither on nor off"),
    ],
)
def test_values_that_cannot_be_are_refused(typed: dict[str, Any], said: str) -> None:
    assert faults(**typed) == [said]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({}, "filters.0: looks for nothing: write one of length, language, pattern, values, personal_data"),
        ({"length": {"min": 1}, "pattern": "x"}, "filters.0: looks for length and pattern: make a filter of each"),
        ({"length": {}}, "filters.0.length: is empty: write min: or max:"),
        ({"length": {"min": 3, "max": 2}}, "filters.0.length: is a contradiction: at least 3 and at most 2"),
        ({"length": {"min": 1}, "strict": "yes"}, "filters.0.strict: belongs to a filter with language: take it out"),
        ({"language": []}, "filters.0.language: is empty: write at least one, or leave the line out"),
        ({"language": "english"}, "filters.0.language.0: 'english' is no language code: write one such as en, de or zh"),
        ({"pattern": "(x"}, "filters.0.pattern: is no regular expression: missing ) at position 2"),
        ({"pattern": "x", "region": "DE"}, "filters.0.region: belongs to a filter with personal_data: take it out"),
        ({"personal_data": "phone", "region": "UK"},
         "filters.0.region: 'UK' is no region: write the two letters of a country such as DE or US"),
        ({"length": {"min": 1}, "do": "mask"},
         "filters.0.do: mask hides what is found: it goes with personal_data, and with a pattern and must: not_match"),
        ({"pattern": "x", "do": "mask"},
         "filters.0.do: mask hides what is found: it goes with personal_data, and with a pattern and must: not_match"),
        ({"personal_data": "email", "do": "mask", "fields": ["text", "id"]},
         "filters.0.fields: id cannot be masked: it would be another one"),
        ({"values": ["a"], "field": "x", "fields": ["y"]}, "filters.0.field: says what fields says: write one of them"),
    ],
)  # fmt: skip
def test_filters_that_cannot_be_are_refused(one: dict[str, Any], said: str) -> None:
    assert said in faults(filters=[{"name": "one", **one}])


def test_no_two_filters_share_a_name_and_all_faults_are_told_at_once() -> None:
    found = faults(
        near="linked",
        steps={"nfc": "off"},
        filters=[
            {"name": "Short", "length": {"min": 1}},
            {"name": "short ", "length": {"min": "x"}},
            {"values": ["a"]},
        ],
    )
    assert [line.split(": ")[0] for line in found] == [
        "near.do", "steps.nfc.[key]", "filters.1.name", "filters.1.length.min", "filters.2.name",
    ]  # fmt: skip
    assert "'short ' is the name of filters[0] too: reports could not tell them apart" in found[2]


def test_there_is_an_end_to_filters() -> None:
    many = [{"name": str(at), "length": {"min": 1}} for at in range(intake_spec.MOST_FILTERS + 1)]
    assert faults(filters=many) == ["filters: has 51: write 0 to 50"]
