"""Nobody else's text becomes markup, breaks a card or gets past Slack's limits: in every value of every template."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.blocks import IdentifierError, TemplateError
from tests.templates.harness import (
    HOSTILE,
    all_samples,
    everywhere,
    leaves,
    payload,
    replaced,
    templates_and_variables,
    wrong,
)
from tests.templates.samples import CARDS, SAMPLES, Id

Sample = tuple[str, dict[str, Any]]
samples = pytest.mark.parametrize(("name", "sample"), all_samples(), ids=[name for name, _ in all_samples()])
hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
anything = st.text(st.characters() | st.sampled_from("\ud800\udfff\x00\x85\u2028\ue000\ue001*_~`<>&:@!|{}%\u200d\n"))


def test_every_template_has_a_sample() -> None:
    missing = [name for name, sample in templates_and_variables() if sample is None]
    assert missing == [], "add a sample context to tests/templates/samples.py"


def test_every_sample_has_a_template() -> None:
    assert sorted(set(SAMPLES) - {name for name, _ in templates_and_variables()}) == []


@samples
def test_the_sample_itself_is_sound(name: str, sample: dict[str, Any]) -> None:
    assert wrong(name, sample, sample) == []
    assert not payload(name, sample).cut


@hostile
@samples
def test_one_hostile_value(name: str, sample: dict[str, Any], value: str) -> None:
    found = []
    for path, text in leaves(sample):
        found += [
            f"{path}: {fault}"
            for fault in wrong(name, sample, replaced(sample, path, value), identifier=isinstance(text, Id))
        ]
    assert found == []


@hostile
@samples
def test_the_same_hostile_value_everywhere(name: str, sample: dict[str, Any], value: str) -> None:
    assert wrong(name, sample, everywhere(sample, value)) == []


@samples
def test_an_undefined_value_is_named(name: str, sample: dict[str, Any]) -> None:
    for key in sample:
        without = {other: value for other, value in sample.items() if other != key}
        with pytest.raises(TemplateError, match=rf"\b{key}\b"):
            payload(name, without)


@pytest.mark.parametrize("value", ["<!channel>", "not an id", "", "\ue0000\ue001"])
def test_a_value_that_is_no_id_is_refused_where_slack_reads_one(value: str) -> None:
    with pytest.raises(IdentifierError, match="identifier"):
        payload("unclear.yaml.j2", {**CARDS["unclear.yaml.j2"], "person": value})


@given(value=anything, data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_text_in_any_value(value: str, data: st.DataObject) -> None:
    name, sample = data.draw(st.sampled_from(all_samples()), label="template")
    path, text = data.draw(st.sampled_from(list(leaves(sample))), label="value")
    assert wrong(name, sample, replaced(sample, path, value), identifier=isinstance(text, Id)) == []


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_other_texts_in_all_values(data: st.DataObject) -> None:
    name, sample = data.draw(st.sampled_from(all_samples()), label="template")
    values = sample
    for path, text in leaves(sample):
        if not isinstance(text, Id):
            values = replaced(values, path, data.draw(anything | st.sampled_from(list(HOSTILE.values()))))
    assert wrong(name, sample, values) == []
