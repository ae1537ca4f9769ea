"""Values stay values on every way through a template, and what would carry one into the YAML is refused."""

import threading
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from templates.engine import _parsed, tree
from templates.fault import TemplateError
from tests.templates.conftest import Filled, Write
from tests.templates.harness import HOSTILE

NASTY = "a: [b] - # {{ x }} \ue0000\ue001 \U0001f389 \"'"

WAYS = {
    "lone": "x: {{ v }}",
    "quoted": 'x: "{{ v }}"',
    "flow": "x: {y: {{ v }}, z: [{{ v }}]}",
    "literal_block": "x: |\n  {{ v }}",
    "mixed": "x: Hi {{ v }}, {{ v }}!",
    "loop": "x:\n{% for one in [v, v] %}\n- {{ one }}\n{% endfor %}",
    "condition": "x: {{ v if v else 'none' }}",
    "macro": "{% macro m(a) %}{y: {{ a }}}{% endmacro %}\nx: {{ m(v) }}",
    "nested_macro": "{% macro n(a) %}{{ a }}{% endmacro %}{% macro m(a) %}[{{ n(a) }}]{% endmacro %}\nx: {{ m(v) }}",
    "macro_as_argument": "{% macro m(a) %}{y: {{ a }}}{% endmacro %}\nx: {{ m(m(v)) }}",
    "caller": "{% macro m() %}{y: {{ caller() }}}{% endmacro %}\nx: {% call m() %}{{ v }}{% endcall %}",
    "set_block": "{% set s %}Hi {{ v }}{% endset %}\nx: {{ s }}",
    "set": "{% set s = v %}\nx: {{ s }}",
    "include": "x:\n{% include 'piece.yaml.j2' %}",
    "import": "{% import 'parts.yaml.j2' as parts %}\nx: {{ parts.pair(v) }}",
    "from_import": "{% from 'parts.yaml.j2' import pair as two %}\nx: {{ two(v) }}",
    "filter": "x: {{ [v] | join('') }}",
    "default": "x: {{ v | default('none') }}",
}
FILES = {"piece": "- {{ v }}\n- in {{ v }}\n", "parts": "{% macro pair(a) %}[{{ a }}, in {{ a }}]{% endmacro %}\n"}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("value", [NASTY, *(v for v in HOSTILE.values() if v.isprintable() and v)])
def test_a_value_arrives_as_it_is(filled: Filled, source: str, value: str) -> None:
    placeholder = "STAND-IN"
    expected = _swap(filled(source, FILES, v=placeholder), placeholder, value)
    assert placeholder not in str(expected)
    assert filled(source, FILES, v=value) == expected


def _swap(node: Any, old: str, new: str) -> Any:
    if isinstance(node, dict):
        return {key: _swap(inner, old, new) for key, inner in node.items()}
    if isinstance(node, list):
        return [_swap(inner, old, new) for inner in node]
    return node.replace(old, new)


def test_values_are_cleaned_everywhere(filled: Filled) -> None:
    made = filled("x: {{ v }}\ny: in {{ v }}\nz: {{ w }}", v="a\x00\x9b\u2028b\ud800\r\n\tc", w=[{"k": "\x00d"}])
    assert made == {"x": "a\nb\ufffd\n\tc", "y": "in a\nb\ufffd\n\tc", "z": [{"k": "d"}]}


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize("value", [5, -1, 2.5, True, False, [1, 2], {"a": 1}, {"a": [True]}, 2**40])
def test_a_lone_value_keeps_its_type(filled: Filled, value: Any) -> None:
    made = filled("x: {{ v }}", v=value)["x"]
    assert made == value
    assert type(made) is type(value)


def test_enums_tuples_and_numbers_in_text(filled: Filled) -> None:
    assert filled("x: {{ c }}\ny: [{{ t }}]\nz: {{ n }} of {{ m }}", c=Colour.RED, t=(1, 2), n=3, m=1.5) == {
        "x": "red",
        "y": [[1, 2]],
        "z": "3 of 1.5",
    }


def test_literals_follow_yaml_1_2(filled: Filled) -> None:
    source = (
        "a: No\nb: yes\nc: 010\nd: 0o10\ne: 0x1F\nf: 1e3\ng: true\nh: 9:30\ni: 'null'\nj: on\nk: 1_000\n"
        "l: 2026-01-01\nm: .5"
    )
    assert filled(source) == {
        "a": "No", "b": "yes", "c": 10, "d": 8, "e": 31, "f": 1000.0, "g": True, "h": "9:30", "i": "null", "j": "on",
        "k": "1_000", "l": "2026-01-01", "m": 0.5,
    }  # fmt: skip


def test_a_literal_in_an_expression_is_a_value(filled: Filled) -> None:
    assert filled("x: {{ 'No: [' }}\ny: {{ 'a' if 1 == 1 else 'b' }}") == {"x": "No: [", "y": "a"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x: {{ 'a' ~ v }}", "~ is not allowed"),
        ("x: {{ v + 'a' }}", r"\+ is not allowed"),
        ("x: {{ '%s' % v }}", "% is not allowed"),
        ("x: {{ v * 2 }}", r"\* is not allowed"),
        ("x: {{ v.upper() }}", "no methods"),
        ("{% macro m() %}a{% endmacro %}\nx: {{ m().format(v) }}", "no methods"),
        ("{% macro m() %}a{% endmacro %}\nx: {{ m()|upper }}", "not for what a macro returns"),
        ("{% macro m() %}a{% endmacro %}\nx: {{ [m()]|join }}", "not for what a macro returns"),
        ("{% set s %}a{{ v }}{% endset %}\nx: {{ s|upper }}", "not for what a macro returns"),
        ("{% set s %}a{% endset %}\nx: {{ [s, v]|join }}", "not for what a macro returns"),
        ("{% set s %}a{% endset %}\nx: {{ [v, v]|join(s) }}", "not for what a macro returns"),
        ("{% set s | upper %}a{{ v }}{% endset %}\nx: {{ s }}", "takes no filter"),
        ("{% filter upper %}x: {{ v }}{% endfilter %}", "filter block"),
        ("{% autoescape false %}x: {{ v }}{% endautoescape %}", "autoescape|not known|unknown tag"),
        ("{% extends 'other.yaml.j2' %}", "extends"),
        ("{% include v %}", "written out"),
        ("x: {{ range(3) }}", "only macros"),
        ("x: {{ v(1) }}", "only macros"),
        ("{% set s %}ab{{ v }}{% endset %}\nx: {{ s[1:] }}{{ s[0:4] }}", "torn apart"),
        *[
            (f"x: {{{{ v|{name} }}}}", "not one of|No filter")
            for name in ("safe", "e", "escape", "forceescape", "urlize", "xmlattr", "tojson", "string", "format", "map")
        ],
    ],
)
def test_ways_around_the_marks_are_refused(filled: Filled, source: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        filled(source, v="value")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x: []", "list is empty"),
        ("x:\n{% for a in [] %}\n- {{ a }}\n{% endfor %}", "nothing here"),
        ("x: null", "nothing here"),
        ("x: {{ v }}\n{{ v }}: 1", "a key"),
        ("x: {a-{{ v }}: 1}", "a key"),
        ("x: 1\nx: 2", "comes twice"),
        ("x: &a [1]\ny: *a", "alias"),
        ("x: !!python/name:os.system 1", "tag"),
        ("x: !!set {a}", "tag"),
        ("type: {{ v }}", "written out"),
        ("- 1", "mapping"),
        ("x: [1", "no YAML"),
        ("x: a: b", "no YAML"),
        ("x: \ue0000\ue001", "kept for values"),
        ("text: {{ '<!' }}\nx: {type: mrkdwn, text: '<!{{ v }}>'}", "written out"),
        ("x: {{ v", "card.yaml.j2, line 1"),
        ("{% import 'values.yaml.j2' as p %}\nx: {{ p.m() }}", "only macros"),
    ],
)
def test_malformed_templates_are_refused(filled: Filled, source: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        filled(source, {"values": "{% set a %}{{ 1 }}{% endset %}{% macro m() %}{{ a }}{% endmacro %}"}, v="value")


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), object(), b"bytes", {1, 2}, len])
def test_values_without_a_form_are_refused_with_the_line(filled: Filled, value: Any) -> None:
    with pytest.raises(TemplateError, match=r"card\.yaml\.j2, line 2: "):
        filled("a: 1\nx: {{ v }}", v=value)


@pytest.mark.parametrize("value", [[None], {"a": None}, {1: "a"}, [], [{"type": "broadcast", "range": "here"}]])
def test_containers_are_looked_into(filled: Filled, value: Any) -> None:
    with pytest.raises(TemplateError, match=r"card\.yaml\.j2, x"):
        filled("x: {{ v }}", v=value)


@pytest.mark.parametrize("value", [[1], {"a": 1}, True])
def test_only_words_and_numbers_stand_in_text(filled: Filled, value: Any) -> None:
    with pytest.raises(TemplateError, match=r"card.yaml.j2, a\[0\].x"):
        filled("a: [{x: 'in {{ v }}'}]", v=value)


@pytest.mark.parametrize("value", [Markup("a: b"), [Markup("a")], {"k": [Markup("a")]}])
def test_markup_from_outside_is_refused(filled: Filled, value: Any) -> None:
    with pytest.raises(TemplateError, match="Markup"):
        filled("x: {{ v }}", v=value)


@pytest.mark.parametrize(
    "source",
    ["x: {{ who }}", "x: {{ a.who }}", "{% if who %}x: 1{% endif %}", "x: {{ [who]|join }}", "x: {{ who|number }}"],
)
def test_an_undefined_variable_is_named(filled: Filled, source: str) -> None:
    with pytest.raises(TemplateError, match=r"line 1: .*who"):
        filled(source, a={})


def test_an_undefined_variable_in_an_imported_macro_is_named_with_its_file(filled: Filled) -> None:
    with pytest.raises(TemplateError, match=r"parts\.yaml\.j2, line 2: .*who"):
        filled(
            "{% import 'parts.yaml.j2' as p %}\nx: {{ p.m() }}", {"parts": "{% macro m() %}\n{{ who }}{% endmacro %}"}
        )


def test_a_key_of_a_dict_goes_before_its_methods(filled: Filled) -> None:
    assert filled("x: {{ b.items }}\ny: {{ b.keys }}", b={"items": 3, "keys": "k"}) == {"x": 3, "y": "k"}


def test_a_missing_template_is_named() -> None:
    with pytest.raises(TemplateError, match=r"nowhere\.yaml\.j2"):
        tree("nowhere.yaml.j2", {})


def test_other_values_need_no_other_yaml(write: Write) -> None:
    folders = write(card="x: {{ v }}")
    tree("card.yaml.j2", {"v": "a"}, folders)
    before = _parsed.cache_info()  # type: ignore[attr-defined]
    tree("card.yaml.j2", {"v": NASTY}, folders)
    after = _parsed.cache_info()  # type: ignore[attr-defined]
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)
    assert after.maxsize is not None


def test_what_was_parsed_is_not_handed_out(write: Write) -> None:
    folders = write(card="x: [1, {y: z}]")
    tree("card.yaml.j2", {}, folders)["x"][1]["y"] = "changed"
    assert tree("card.yaml.j2", {}, folders) == {"x": [1, {"y": "z"}]}


def test_more_values_than_prepared_marks(filled: Filled) -> None:
    many = [f"v{n}" for n in range(1500)]
    assert filled("x:\n{% for v in many %}\n- {{ v }}\n{% endfor %}", many=many)["x"] == many


def test_threads_do_not_mix_their_values(write: Write) -> None:
    folders = write(
        card="x:\n{% for v in many %}\n- {{ v }}\n{% endfor %}",
    )
    wrong: list[str] = []

    def work(name: str) -> None:
        for round_ in range(60):
            many = [f"{name}{round_}.{n}" for n in range(20)]
            made = [text.whole() for text in tree("card.yaml.j2", {"many": many}, folders)["x"]]
            if made != many:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_filters(filled: Filled) -> None:
    source = (
        "a: {{ 8000|number }}\nb: {{ 0.81549|decimals }}\nc: {{ -0.0001|decimals(2) }}\nd: {{ (-0.5)|decimals(1) }}\n"
        "e: {{ 0.125|percent(1) }}\nf: {{ 1|plural('item', 'items') }}\ng: {{ 1200|plural('item', 'items') }}\n"
        "h: {{ [1, 'b']|join }}\ni: {{ [1, 2]|length }}\nj: {{ 'aB'|upper }}{{ 'aB'|lower }}{{ 'aB'|capitalize }}\n"
        "k: {{ none_such|default('d') }}"
    )
    assert filled(source) == {
        "a": "8,000", "b": "0.815", "c": "0.00", "d": "\u22120.5", "e": "12.5\u00a0%", "f": "1 item",
        "g": "1,200 items", "h": "1, b", "i": 2, "j": "ABabAb", "k": "d",
    }  # fmt: skip


def test_folders_are_searched_in_order(tmp_path: Path, write: Write) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "card.yaml.j2").write_text("x: 2", encoding="utf-8")
    mine = write(card="x: 1")
    assert tree("card.yaml.j2", {}, mine) == {"x": 1}
    assert tree("card.yaml.j2", {}, (other, *mine)) == {"x": 2}
