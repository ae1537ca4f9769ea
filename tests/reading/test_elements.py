"""JSON that is no JSON Lines, however it is laid out and wherever it is cut: every element by itself, by its line."""

import json
from itertools import count, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.reading import elements
from workflow.reading.elements import OPEN_LIST, TOO_DEEP, Element, split

TEXT = st.text(st.sampled_from('ab{}[]",:\\/ \t\r\n\u2028é😀'), max_size=6)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, VALUE, max_size=4), max_size=6)
INDENTS = st.sampled_from([None, 0, 1, 4, "\t"])
SIZES = st.integers(1, 40)


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def read(text: str, size: int = 1000) -> list[Element]:
    return list(split(cut(text, size)))


@given(OBJECTS, INDENTS, st.booleans(), st.booleans(), SIZES)
def test_an_array_comes_back(objects: list[Any], indent: Any, ascii_only: bool, spaced: bool, size: int) -> None:
    text = " \n" * spaced + json.dumps(objects, indent=indent, ensure_ascii=ascii_only) + "\r\n" * spaced
    found = read(text, size)
    assert [json.loads(element.text) for element in found] == objects
    assert not any(element.problem for element in found)
    at = 0
    for element in found:
        at = text.index(element.text, at)
        assert element.line == text.count("\n", 0, at) + 1
        at += len(element.text)


@given(OBJECTS, INDENTS, st.sampled_from(["", "\n", "\r\n", ", ", ",\n", "\n\n", "\x1e"]), SIZES)
def test_objects_one_after_another_come_back(objects: list[Any], indent: Any, between: str, size: int) -> None:
    found = read(between.join(json.dumps(one, indent=indent) for one in objects), size)
    assert [(json.loads(element.text), element.problem) for element in found] == [(one, None) for one in objects]


@given(st.lists(st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False), max_size=6), SIZES)
def test_numbers_and_texts_are_not_cut_in_two(values: list[Any], size: int) -> None:
    assert [json.loads(element.text) for element in read(json.dumps(values), size)] == values


@given(st.text(st.sampled_from('{}[]",:\\a1 \n'), max_size=60), SIZES)
def test_any_text_ends_and_its_lines_go_up(text: str, size: int) -> None:
    found = read(text, size)
    lines = [element.line for element in found]
    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    assert found == read(text, 1000)


GOOD = [{"id": number, "text": "t", "of": [{"id": 9}, {"n": 1}]} for number in range(5)]
FAULTS = {
    "no value": '{"id": 2, "text": , "of": []}',
    "no comma": '{"id": 2 "text": "t"}',
    "no brace": '{"id": 2, "text": "t"',
    "no bracket": '{"id": 2, "of": [1, 2}',
    "no quote": '{"id": 2, "text": "t}',
    "a quote too many": '{"id": 2, "text": "t""}',
    "single quotes": "{'id': 2, 'text': 't'}",
    "a key without quotes": '{id: 2, "text": "t"}',
    "a comma at the end": '{"id": 2, "of": [1, 2,],}',
    "a line end in a text": '{"id": 2, "text": "a\nb"}',
    "no object at all": "oops",
    "nothing but a brace": "{",
    "too deep": '{"id": ' + "[" * 3000 + "]" * 3000 + "}",
}


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("layout", ["lines", "indented", "no list", "one line"])
def test_a_broken_element_costs_itself_alone(fault: str, layout: str) -> None:
    texts = [json.dumps(one) for one in GOOD]
    texts[2] = FAULTS[fault]
    if layout == "no list":
        text = "\n".join(texts)
    elif layout == "one line":
        text = "[" + ",".join(texts) + "]"
    else:
        text = "[\n" + ",\n".join("  " * (layout == "indented") + one for one in texts) + "\n]"
    begins = text.index('{"id": 1') + text[text.index('{"id": 1') :].index(texts[2], 1)
    found = read(text)
    good = [json.loads(element.text) for element in found if element.problem is None]
    # Where all stands on one line, a text that is not closed reaches into the next element.
    lost = {2, 3} if (fault, layout) == ("no quote", "one line") else {2}
    assert good == [one for one in GOOD if one["id"] not in lost]
    bad = [element for element in found if element.problem]
    assert 1 <= len(bad) <= 2
    assert {element.line for element in bad} <= {text.count("\n", 0, begins) + add for add in (1, 2)}


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_that_breaks_off_is_said(indent: int | None) -> None:
    whole = json.dumps(GOOD, indent=indent)
    between = whole.index('"id": 3') - (1 if indent is None else whole[: whole.index('"id": 3')][::-1].index("{") + 1)
    found = read(whole[:between])
    assert [json.loads(element.text)["id"] for element in found if not element.problem] == [0, 1, 2]
    assert [element.problem for element in found if element.problem] == [OPEN_LIST]
    within = read(whole[: between + 9])
    assert [element.problem for element in within if element.problem] == [elements.UNCLOSED]


def test_an_element_that_is_too_long_is_refused_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "LONGEST_LINE", 100)
    long = {"id": 1, "of": [{"id": number} for number in range(200)]}
    for text in (json.dumps([GOOD[0], long, GOOD[4]]), json.dumps([GOOD[0], long, GOOD[4]], indent=1)):
        found = read(text, 16)
        assert [json.loads(element.text)["id"] for element in found if not element.problem] == [0, 4]
        assert [element.problem for element in found if element.problem] == ["longer than 100 characters"]


def test_no_more_than_the_longest_is_held() -> None:
    held = 0

    def endless() -> Any:
        nonlocal held
        for number in count():
            held = max(held, number)
            yield ('[{"id": 1, "text": "' if number == 0 else "") + "x" * 65536

    [first] = islice(split(islice(endless(), 500)), 1)
    assert (first.line, first.problem) == (1, "longer than 4,194,304 characters")
    assert len(first.text) <= 1000


@pytest.mark.parametrize(
    "piece", ["[", "{", '"', ",", "\x00", "]", '{"a":', '{"a":\n', '{"a":[\n', '{"a":"\n', "[{}", "[\n"]
)
def test_hostile_texts_end(piece: str) -> None:
    found = read(piece * (100_000 // len(piece)), 65536)
    assert all(len(element.text) <= 1000 for element in found if element.problem)


def test_what_is_nested_beyond_all_measure_costs_itself_alone() -> None:
    deep = '{"id": 2, "x": ' + "[" * 50_000 + "]" * 50_000 + "}"
    found = read("[" + ",".join([json.dumps(GOOD[0]), deep, json.dumps(GOOD[4])]) + "]", 65536)
    assert [element.problem for element in found] == [None, TOO_DEEP, None]
