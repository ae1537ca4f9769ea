"""The forms for a project: what was typed becomes a description and back, and every fault is at its field."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storage.engine import Store
from storage.tables import Role
from tests.workflow.test_project_yaml import LABELS
from workflow import new_project, people, project_form, projects, quality_rules, saving_settings
from workflow.errors import NotAllowedError
from workflow.guidelines import rules
from workflow.project_form import FormError, fits, labels_text, labels_typed
from workflow.project_spec import LabelSpec, ProjectSpec
from workflow.saving_settings import Opened, OvertakenError

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GIVEN = {"name": "rte", "question": "Is it?", "labels": "yes | Implies\nno"}


def form(**typed: Any) -> dict[str, Any]:
    return {**project_form.blank("C024BE7LH", "ULEA1", "Europe/Berlin"), **GIVEN, **typed}


def faults(**typed: Any) -> dict[str, str]:
    spec, found = project_form.new_project(form(**typed), "ULEA1")
    assert spec is None
    return found


def spec_of(**typed: Any) -> ProjectSpec:
    spec, found = project_form.new_project(form(**typed), "ULEA1")
    assert spec is not None, found
    return spec


@given(LABELS)
def test_labels_are_the_same_after_the_form(described: list[dict[str, str]]) -> None:
    labels = [LabelSpec.model_validate(label) for label in described]
    text = labels_text([label.model_dump() for label in labels])
    typed, wrong = labels_typed(text)
    assert wrong == ""
    assert [LabelSpec.model_validate(label) for label in typed] == labels


@given(st.text(st.sampled_from("ab |\\\n\t:-#"), max_size=60))
def test_whatever_is_typed_as_labels_is_read_or_refused_with_words(text: str) -> None:
    labels, wrong = labels_typed(text)
    assert all(label["value"] == label["value"].strip() for label in labels)
    assert wrong == "" or wrong.startswith("Line ")


def test_labels_are_typed_in_lines() -> None:
    text = "yes | Implies | It is so.\n  Really.\n\n  Trust me.\n\nno\n| Empty\n a \\| b || x | y\r\nlast"
    labels, wrong = labels_typed(text)
    assert labels[0] == {"value": "yes", "title": "Implies", "description": "It is so.\nReally.\n\nTrust me."}
    assert labels[1:] == [{"value": "no"}, {"value": "", "title": "Empty"}]
    assert wrong == "Line 8 is indented: it would go on with a description, and label 3 has none."
    labels, wrong = labels_typed("a \\| b || x | y\r\nlast")
    assert labels == [{"value": "a | b", "description": "x | y"}, {"value": "last"}]


def test_a_filled_in_form_is_a_project() -> None:
    spec = spec_of(overlap="2", annotators=["U1ANA", "U1BEN"], reviewers=["U1ANA"], leads=[], fields="text\n\n more \n")
    assert (spec.overlap, spec.fields, spec.time_zone, spec.channels.leads) == (
        2,
        ("text", "more"),
        "Europe/Berlin",
        "C024BE7LH",
    )
    assert {person.user: set(person.roles) for person in spec.people} == {
        "U1ANA": {Role.ANNOTATOR, Role.REVIEWER},
        "U1BEN": {Role.ANNOTATOR},
        "ULEA1": {Role.LEAD, Role.MANAGER},
    }, "whoever makes it can change it afterwards"


def test_a_guideline_of_one_line_is_a_guideline_and_no_path() -> None:
    assert spec_of(guideline="rules.md").guideline_markdown == "rules.md\n"
    assert "Implies" in spec_of(guideline=" \n ").guideline_markdown, "an empty one is none"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": "R T E"}, "name", "'R T E' is not a name"),
        ({"name": None}, "name", "This is needed."),
        ({"question": "  "}, "question", "This is empty."),
        ({"question": "x" * 1001}, "question", "This has 1001 characters: at most 1000 can be shown."),
        ({"labels": "yes"}, "labels", "This has 1: write 2 to 100."),
        ({"labels": "a\na"}, "labels", "Label 2: 'a' is the value of label 1 too"),
        ({"labels": "a\nb", "level": "ratio"}, "labels", "Label 1: 'a' is not a number"),
        ({"labels": "\n".join(f"v{n}" for n in range(101))}, "labels", "This has 101: write 2 to 100."),
        ({"labels": "a | " + "t" * 76 + "\nb"}, "labels", "Label 1: has 76 characters: at most 75"),
        ({"fields": "text\ngold"}, "fields", "Line 2: 'gold' is a column that Concord fills itself"),
        ({"fields": ""}, "fields", "This has 0: write 1 to 20."),
        ({"overlap": "0"}, "overlap", "at least 1"),
        ({"overlap": "3.5"}, "overlap", "is not a whole number"),
        ({"batch_size": "101"}, "batch_size", "at most 100"),
        ({"accept": "1.5"}, "accept", "is no rule"),
        ({"skip": "maybe"}, "skip", "'maybe' is not known"),
        ({"hold": "2 weeks"}, "hold", "is no time span"),
        ({"channel_team": None}, "channel_team", "This is needed."),
        ({"channel_leads": "D024BE7LH"}, "channel_leads", "names no channel"),
        ({"time_zone": "Berlin"}, "time_zone", "is no time zone: did you mean"),
        ({"digest": "25:00"}, "digest", "is no time of day"),
        ({"near": "perhaps"}, "near", "'perhaps' is not known"),
        ({"guideline": "x\n" * 250_000}, "guideline", "at most 400,000"),
    ],
)
def test_a_fault_is_at_its_field(typed: dict[str, Any], field: str, said: str) -> None:
    found = faults(**typed)
    assert list(found) == [field]
    assert said in found[field]


def test_many_faults_of_one_field_are_a_few_and_a_number() -> None:
    found = faults(labels="\n".join(["a"] * 40), hold="x", digest="x")
    assert set(found) == {"labels", "hold", "digest"}
    assert found["labels"].endswith("And 34 more.")


def test_what_cannot_be_shown_whole_is_not_shown() -> None:
    assert fits("x" * 3000)
    assert not fits("x" * 3001)
    assert not fits("&" * 601), "Slack counts an entity"
    assert not fits("\U0001f600" * 1501), "Slack counts units of UTF-16"
    assert not fits("\uffff")


# -- settings -----------------------------------------------------------------------------------------------------


def made(store: Store, **given: Any) -> int:
    data = {
        "name": "rte",
        "question": "Is it?",
        "labels": ["yes", "no"],
        "people": [{"user": "ULEA1", "roles": ["lead"]}],
    }
    channels = {"team": "C1TEAM", "review": "C1TEAM", "leads": "C1LEADS"}
    spec = ProjectSpec.model_validate({**data, "channels": channels, **given})
    return store.transact(lambda session: projects.create(session, spec, NOW, None)).project_id


def opened(store: Store, project_id: int) -> tuple[dict[str, Any], Opened]:
    with store.read() as session:
        shown, known, _ = saving_settings.open_form(session, project_id)
    return shown, Opened.read(str(known))


def save(store: Store, known: Opened, typed: dict[str, Any]) -> list[str]:
    def work(session: Any) -> list[str]:
        return [str(one) for one in saving_settings.save(session, known, typed, NOW, people.named(session, "ULEA1"))]

    return store.transact(work)


def test_a_form_sent_as_it_was_opened_changes_nothing(store: Store) -> None:
    rich = {"near": "link", "steps": {"html_entities": "off"}, "filters": [{"name": "s", "length": {"min": 3}}]}
    shown, known = opened(store, made(store, **rich, hold="90m", accept="0.85"))
    assert save(store, known, shown) == []
    assert save(store, known, {**shown, "overlap": str(shown["overlap"])}) == [], "Slack gives numbers back as text"


def test_imports_are_changed_as_yaml(store: Store) -> None:
    project_id = made(store, near="link", filters=[{"name": "s", "length": {"min": 3}}])
    shown, known = opened(store, project_id)
    assert "near: link" in shown["imports"]
    said = save(store, known, {**shown, "imports": "steps: {html_entities: off}\n"})
    assert [line.partition(":")[0] for line in said] == ["near", "steps", "filters"]
    with store.read() as session:
        form, _, _ = saving_settings.open_form(session, project_id)
    assert form["imports"] == "steps:\n  html_entities: 'off'\n", "what is left out is as it is by itself"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("near: [", "Line 1"),
        ("near: link\nnear: off", "Line 2"),
        ("just text", "Write keys and values"),
        ("overlap: 4", "“overlap” is not known here. Known are near, steps, filters."),
        ("near: maybe", "near"),
        ("filters:\n  - {name: a, length: {min: x}}", "filters[0].length.min"),
        ("steps: {nothing: off}", "steps.nothing"),
    ],
)
def test_faults_of_imports_are_at_their_field(store: Store, text: str, said: str) -> None:
    shown, known = opened(store, made(store))
    with pytest.raises(FormError) as caught:
        save(store, known, {**shown, "imports": text})
    ((field, words),) = caught.value.by_field.items()
    assert field == "imports"
    assert said in words


def test_rules_for_new_versions_are_changed_as_yaml(store: Store) -> None:
    project_id = made(store, guidelines={"grace": "24h", "check": "3"})
    shown, known = opened(store, project_id)
    assert shown["guidelines"] == "grace: 24h\ncheck: 3\n"
    said = save(store, known, {**shown, "guidelines": "grace: 0\napprovals: 2\n"})
    assert said == ["guidelines.approvals: 1 -> 2", "guidelines.grace: 24h -> 0", "guidelines.check: 3 -> 0"]
    shown, known = opened(store, project_id)
    assert shown["guidelines"] == "approvals: 2\n", "what is as it is by itself need not be said"
    with pytest.raises(FormError) as caught:
        save(store, known, {**shown, "guidelines": "grace: soon\ncheck: 99"})
    assert caught.value.by_field["guidelines"].startswith("grace: 'soon' is no time span")
    assert "check: 99 is out of bounds: at most 10." in caught.value.by_field["guidelines"]
    with pytest.raises(FormError, match="“near” is not known here"):
        save(store, known, {**shown, "guidelines": "near: link"})
    save(store, known, {**shown, "guidelines": ""})
    with store.read() as session:
        assert rules.of_project(session, project_id) == rules.GuidelineRules()


def test_rules_for_quality_are_changed_as_yaml_with_every_fault_named(store: Store) -> None:
    project_id = made(store, quality={"review": {"share": "0.1"}, "cases": {"days": ["monday"]}})
    shown, known = opened(store, project_id)
    assert shown["quality"] == "review:\n  share: 0.1\ncases:\n  days:\n    - monday\n"
    said = save(store, known, {**shown, "quality": "review: {share: .2, flagged: yes}\naudits: {every: week}"})
    assert said == [
        "quality.review.share: 0.1 -> 0.2",
        "quality.review.flagged: no -> yes",
        "quality.cases.days: monday -> monday, tuesday, wednesday, thursday, friday",
        "quality.audits.every: never -> week",
    ]
    shown, known = opened(store, project_id)
    wrong = {"begins": "17:00", "ends": "9:00"}, {"aql": 0.1, "ltpd": "0.05"}
    text = f"cases: {wrong[0]}\naudits: {wrong[1]}\nreview: {{flagged: perhaps, shares: 1}}"
    with pytest.raises(FormError) as caught:
        save(store, known, {**shown, "quality": text})
    said_of_it = caught.value.by_field["quality"]
    for expected in (
        "cases: begins at 17:00 and ends at 09:00: begins must be earlier.",
        "audits: aql is 0.1 and ltpd 0.05: aql must be smaller.",
        "review.flagged: ",
        "review.shares: is not a key here: did you mean share?",
    ):
        assert expected in said_of_it
    with pytest.raises(FormError, match="“near” is not known here"):
        save(store, known, {**shown, "quality": "near: link"})
    save(store, known, {**shown, "quality": ""})
    with store.read() as session:
        assert quality_rules.of_project(session, project_id) == quality_rules.QualityRules()


def test_who_changes_what_somebody_else_changed_meanwhile_is_told_once(store: Store) -> None:
    project_id = made(store)
    (mine, known), (_, theirs) = opened(store, project_id), opened(store, project_id)
    save(store, theirs, {**mine, "overlap": "7"})
    with pytest.raises(OvertakenError) as caught:
        save(store, known, {**mine, "hold": "2d"})
    assert caught.value.told == ["ULEA1 changed overlap from 3 to 7."]
    assert caught.value.typed == {"hold": "2d"}
    assert save(store, known, {**mine, "overlap": "7"}) == [], "who wanted the same has nothing to be told"


def test_required_fields_cannot_be_emptied(store: Store) -> None:
    shown, known = opened(store, made(store))
    with pytest.raises(FormError) as caught:
        save(store, known, {**shown, "hold": None, "channel_team": None})
    assert caught.value.by_field == {"hold": "This is needed.", "channel_team": "This is needed."}


def test_labels_too_long_for_a_field_are_left_to_the_file(store: Store) -> None:
    labels = [{"value": f"v{n}", "description": "d" * 1999} for n in range(3)]
    project_id = made(store, labels=labels)
    with store.read() as session:
        shown, known, too_long = saving_settings.open_form(session, project_id)
    assert too_long == ["labels"]
    assert "labels" not in shown
    assert save(store, known, {**shown, "labels": "a\nb", "hold": "2d"}) == ["hold: 24h -> 2d"]


# -- who ----------------------------------------------------------------------------------------------------------


def test_where_only_leads_make_projects_others_are_told_whom_to_ask(store: Store) -> None:
    with store.read() as session, pytest.raises(NotAllowedError, match="the command line can make the first project"):
        new_project.require(session, "UANA1", new_project.LEADS)
    made(store)
    with store.read() as session:
        new_project.require(session, "ULEA1", new_project.LEADS)
        new_project.require(session, "UANA1", new_project.ANYBODY)
        with pytest.raises(NotAllowedError, match="ask @ULEA1"):
            new_project.require(session, "UANA1", new_project.LEADS)


def test_one_form_makes_one_project(store: Store) -> None:
    def work(session: Any) -> int | None:
        return new_project.make(session, form(), "ULEA1", "V1", NOW)

    assert store.transact(work) is not None
    assert store.transact(work) is None
    with pytest.raises(FormError) as caught:
        store.transact(lambda session: new_project.make(session, form(hold="x"), "UBEN1", "V2", NOW))
    assert set(caught.value.by_field) == {"name", "hold"}


def test_faults_of_a_description_that_no_form_holds_are_somewhere() -> None:
    with pytest.raises(ValidationError) as caught:
        ProjectSpec.model_validate(
            {"channels": "x", "people": [{"user": "x", "roles": []}], "nothing": unicodedata.name("a")}
        )
    found = project_form.faults_of(caught.value)
    assert {"annotators", "channel_team", "channel_review", "channel_leads", "name"} <= set(found)
