"""A project given back as its file: whatever was typed, loading it again is the same project."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from storage.engine import Store
from storage.tables import Person
from workflow import directory, naming, normalise, projects
from workflow.directory import ChannelEntry, Directory, DirectoryEntry
from workflow.project_file import parse
from workflow.project_spec import ProjectSpec
from workflow.project_yaml import as_yaml, written
from workflow.spec_values import span

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHANNELS = {"team": "#rte", "review": "#rte-review", "leads": "C024BE7LH"}
GUESSED = ["yes", "no", "on", "off", "null", "~", "010", "9:30", "1e3", "0x1F", "2026-01-01", "=", "<<", "true", ".5"]
ODD = [
    "# no comment", "- dash", "a: b", "[x]", "{y}", "'quoted'", '"twice"', "back\\slash", "@ana", "`tick`", "% no", "!tag",
    "&anchor", "*alias", "| pipe", "> fold", "? key", "👩‍👩‍👧 🇩🇪", "مرحبا", "שלום", "日本語", "e\u0301", "\u200bhidden",
    "a\u00a0b", "\ufeffmark", "\U0001fffe", "--- x", "...", "trailing:", "x #y",
]  # fmt: skip
LINE = st.one_of(
    st.sampled_from(GUESSED + ODD),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30),
).filter(lambda text: bool(normalise.spaced(text.strip())) and normalise.printable(text.strip()))
LINES = st.lists(st.one_of(LINE, st.just(""), st.sampled_from(["  indented", "- a", "tab\there", "end  "]))).map(
    "\n".join
)


def fold(text: str) -> str:
    return " ".join(normalise.spaced(unicodedata.normalize("NFC", text)).split())


LABELS = st.lists(
    st.fixed_dictionaries({"value": LINE}, optional={"title": LINE, "description": LINES.filter(normalise.spaced)}),
    min_size=2,
    max_size=5,
    unique_by=(lambda label: fold(label["value"]), lambda label: fold(label.get("title", label["value"]))),
)
DESCRIBED = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True), "question": LINE, "labels": LABELS},
    optional={
        "level": st.sampled_from(["nominal", "ordinal"]),
        "fields": st.lists(st.sampled_from(["text", "no", "9:30", "a, b", "# c"]), min_size=1, max_size=3, unique=True),
        "overlap": st.integers(1, 1000),
        "batch_size": st.integers(1, 100),
        "accept": st.sampled_from(["majority", "unanimous", "0.8", "1"]),
        "skip": st.sampled_from(["others", "later", "never"]),
        "hold": st.sampled_from(["90m", "24h", "2d", "1m", "30d", "1d"]),
        "guideline": LINES.map(lambda text: text + "\n").filter(lambda text: normalise.markdown(text).strip() != ""),
        "time_zone": st.sampled_from(["UTC", "Asia/Kathmandu"]),
        "digest": st.sampled_from(["00:00", "9:30", "23:59"]),
        "near": st.sampled_from(["report", "link", "off", {"do": "link", "threshold": "0.75"}]),
        "guidelines": st.sampled_from(
            [
                {},
                {"grace": "90m", "check": "2"},
                {"clarification_grace": "0", "open_batches": "pause", "wanted_width": ".2"},
            ]
        ),
        "quality": st.sampled_from(
            [
                {},
                {"review": {"share": "0.00001", "newcomer": "10", "disagreement": "on"}, "disputes": {"window": "0"}},
                {
                    "cases": {"due": "2d", "remind": "90m", "begins": "8:30", "days": ["sunday", "monday"]},
                    "audits": {"every": "week", "aql": ".01", "day": "friday", "summary": "never"},
                },
            ]
        ),
        "steps": st.sampled_from([{}, {"html_entities": "off"}, {"html_entities": "on"}]),
        "filters": st.sampled_from(
            [
                [],
                [
                    {"name": "no: 1", "length": {"min": "10"}, "reason": "- too short #"},
                    {"name": "✉", "fields": ["text"], "personal_data": ["email", "card"], "do": "mask"},
                    {"name": "on", "field": "source", "values": ["yes", "no", "010", "null"]},
                    {"name": "x", "pattern": "^\\s*\\[a: b\\]", "must": "not_match", "do": "flag"},
                ],
            ]
        ),
    },
)


def equal(spec: ProjectSpec) -> dict[str, Any]:
    """What makes two descriptions the same: everything but how a person's name was capitalised."""
    people = sorted((naming.person(person.user).key, sorted(person.roles)) for person in spec.people)
    return {**spec.model_dump(exclude={"people", "guideline"}), "people": people, "text": spec.guideline_markdown}


def made(store: Store, spec: ProjectSpec) -> int:
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def exported(store: Store, project_id: int) -> str:
    with store.read() as session:
        return as_yaml(session, project_id)


def specs(**given: Any) -> ProjectSpec:
    data = {"name": "rte", "question": "Does it follow?", "labels": ["yes", "no"], "channels": CHANNELS, **given}
    return ProjectSpec.model_validate(data)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(described=DESCRIBED, number=st.integers(0, 10**9))
def test_a_project_given_back_is_the_same_project(store: Store, described: dict[str, Any], number: int) -> None:
    people = [{"user": "@Ana #1", "roles": ["annotator", "lead"]}, {"user": "b+1@example.org", "roles": ["reviewer"]}]
    name = f"{described['name']}-{number}-{id(described)}"[:40]
    spec = specs(**{**described, "name": name, "people": people})
    project_id = made(store, spec)
    text = exported(store, project_id)
    again = parse(text.encode())
    assert equal(again) == equal(spec)


@given(DESCRIBED)
def test_what_other_readers_of_yaml_find_is_the_same_text(described: dict[str, Any]) -> None:
    found = yaml.safe_load(written({**described, "channels": CHANNELS}))
    values = [label["value"] if isinstance(label, dict) else label for label in found["labels"]]
    assert values == [label["value"] for label in described["labels"]]
    assert found["question"] == described["question"]
    assert found.get("guideline") == described.get("guideline")


def test_who_slack_knows_stands_by_the_id_with_the_name_beside_it(store: Store) -> None:
    people = [{"user": "@ana", "roles": ["annotator"]}, {"user": "U024BE7LH", "roles": ["lead"]}]
    project_id = made(store, specs(people=people))
    known = Directory(
        [DirectoryEntry("UANA1", "ana"), DirectoryEntry("U024BE7LH", "Lea\n  - {user: evil, roles: [lead]}")],
        [ChannelEntry("C1", "rte"), ChannelEntry("C2", "rte-review"), ChannelEntry("C024BE7LH", "leads")],
    )
    store.transact(lambda session: directory.resolve(session, known, NOW))
    text = exported(store, project_id)
    lines = text.splitlines()
    assert "  - {user: '@ana', roles: [annotator]}" in lines
    assert "  - {user: U024BE7LH, roles: [lead]}  # Lea   - {user: evil, roles: [lead]}" in lines
    spec = parse(text.encode())
    assert {person.user for person in spec.people} == {"@ana", "U024BE7LH"}
    assert (spec.channels.team, spec.channels.leads) == ("#rte", "#leads")


def test_the_short_forms_are_used_where_they_say_it_all(store: Store) -> None:
    project_id = made(store, specs(labels=[{"value": "yes", "title": "Implies"}, "no"], fields=["text", "hypothesis"]))
    assert exported(store, project_id) == (
        "name: rte\n"
        "question: Does it follow?\n"
        "task: choice\n"
        "level: nominal\n"
        "labels:\n"
        "  - value: 'yes'\n"
        "    title: Implies\n"
        "  - 'no'\n"
        "fields: [text, hypothesis]\n"
        "overlap: 3\n"
        "batch_size: 25\n"
        "accept: majority\n"
        "skip: others\n"
        "hold: 24h\n"
        "channels:\n"
        "  team: '#rte'\n"
        "  review: '#rte-review'\n"
        "  leads: C024BE7LH\n"
        "time_zone: UTC\n"
        "digest: 09:00\n"
    )


@pytest.mark.parametrize("guideline", ["One line.", "# Rules\n\n- a\n    - b\n\n```\n code \n```\n", "x\n" * 9000])
def test_a_guideline_stands_in_the_file(store: Store, guideline: str) -> None:
    project_id = made(store, specs().with_guideline(guideline))
    spec = parse(exported(store, project_id).encode())
    assert spec.guideline_markdown == normalise.markdown(guideline)


def test_a_nameless_person_is_written_without_a_comment(store: Store) -> None:
    project_id = made(store, specs(people=[{"user": "U024BE7LH", "roles": ["lead"]}]))
    store.transact(lambda session: session.execute(update(Person).values(name=" \u2028 ")))
    assert exported(store, project_id).endswith("people:\n  - {user: U024BE7LH, roles: [lead]}\n")


@given(st.integers(1, 30 * 24 * 60))
def test_a_time_span_is_typed_as_it_is(minutes: int) -> None:
    spec = ProjectSpec.model_validate(
        {"name": "a", "question": "b", "labels": ["c", "d"], "channels": CHANNELS, "hold": span(minutes * 60)}
    )
    assert spec.hold == minutes * 60
