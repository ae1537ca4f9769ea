"""Nobody else's text becomes markup, breaks a card or gets past Slack's limits: in every value of every template."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.blocks import IdentifierError, TemplateError
from tests.templates.harness import (
    HOSTILE,
    SAMPLES,
    all_faces,
    all_samples,
    everywhere,
    harmless,
    leaves,
    payload,
    replaced,
    rotated,
    templates_and_variables,
    wrong,
    wrong_at,
)
from tests.templates.samples import CARDS, Id

Sample = tuple[str, dict[str, Any]]
samples = pytest.mark.parametrize(("name", "sample"), all_samples(), ids=[name for name, _ in all_samples()])
faces = pytest.mark.parametrize(("name", "sample"), all_faces(), ids=[name for name, _ in all_faces()])
NO_IDS = ["", "<!channel>", "a b", "\x00", "\ud800", "x" * 40_000, "{{x}}", "\ue0000\ue001"]
FACES = all_faces()
WITH_TEXTS = [(name, sample) for name, sample in FACES if list(leaves(sample))]
anything = st.text(st.characters() | st.sampled_from("\ud800\udfff\x00\x85\u2028\ue000\ue001*_~`<>&:@!|{}%\u200d\n"))


def test_every_template_has_a_sample() -> None:
    missing = [name for name, sample in templates_and_variables() if sample is None]
    assert missing == [], "add a sample context to tests/templates/samples.py"


def test_every_sample_has_a_template() -> None:
    assert sorted(set(SAMPLES) - {name for name, _ in templates_and_variables()}) == []


@faces
def test_the_sample_itself_is_sound(name: str, sample: dict[str, Any]) -> None:
    assert wrong(name, sample, sample) == []
    assert not payload(name, sample).cut


@samples
def test_each_hostile_value_in_each_place(name: str, sample: dict[str, Any]) -> None:
    found = {turn: wrong(name, sample, rotated(sample, turn)) for turn in range(len(HOSTILE))}
    assert not any(found.values()), found


@samples
def test_anything_but_an_id_where_slack_reads_one(name: str, sample: dict[str, Any]) -> None:
    found = []
    for path, text in leaves(sample):
        if isinstance(text, Id):
            for value in NO_IDS:
                found += wrong(name, sample, replaced(sample, path, value), identifier=True)
    assert found == []


@faces
def test_the_same_hostile_value_everywhere(name: str, sample: dict[str, Any]) -> None:
    found = {
        called: wrong(name, everywhere(sample, harmless(value)), everywhere(sample, value))
        for called, value in HOSTILE.items()
    }
    assert not any(found.values()), found


@samples
def test_an_undefined_value_is_named(name: str, sample: dict[str, Any]) -> None:
    """Or it is not needed for what this sample shows."""
    whole = payload(name, sample)
    for key in sample:
        without = {other: value for other, value in sample.items() if other != key}
        fault = _fault(name, without)
        assert re.search(rf"\b{key}\b", fault) if fault else payload(name, without) == whole


def test_the_cards_here_need_every_value() -> None:
    for name, sample in CARDS.items():
        for key in sample:
            assert key in _fault(name, {other: value for other, value in sample.items() if other != key})


def _fault(name: str, values: dict[str, Any]) -> str:
    try:
        payload(name, values)
    except TemplateError as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize("value", ["<!channel>", "not an id", "", "\ue0000\ue001"])
def test_a_value_that_is_no_id_is_refused_where_slack_reads_one(value: str) -> None:
    with pytest.raises(IdentifierError, match="identifier"):
        payload("unclear.yaml.j2", {**CARDS["unclear.yaml.j2"], "person": value})


@given(value=anything, data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_text_in_any_value(value: str, data: st.DataObject) -> None:
    name, sample = data.draw(st.sampled_from(WITH_TEXTS), label="template")
    path, _ = data.draw(st.sampled_from(list(leaves(sample))), label="value")
    assert wrong_at(name, sample, path, value) == []


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_other_texts_in_all_values(data: st.DataObject) -> None:
    name, sample = data.draw(st.sampled_from(FACES), label="template")
    values = twin = sample
    for path, text in leaves(sample):
        if not isinstance(text, Id):
            value = data.draw(anything | st.sampled_from(list(HOSTILE.values())))
            values, twin = replaced(values, path, value), replaced(twin, path, harmless(value))
    assert wrong(name, twin, values) == []
