"""JSON of every kind: lines, arrays, one object after another; under the wrong name; broken."""

import json

from tests.reading.case import Bad, Case, Made, Typed
from workflow.reading.asked import Asked

DEEP = json.loads("[" * 48 + "1" + "]" * 48)
ONE, TWO, THREE = ("1", "one"), ("2", "two"), ("3", "three")


def _lines(file: str, *rows: object, **more: object) -> Case:
    return Case(file, rows=rows, **{"file_format": "jsonl", "delimiter": "", **more})  # type: ignore[arg-type]


def _json(file: str, *rows: object, **more: object) -> Case:
    return _lines(file, *rows, **{"file_format": "json", **more})


CASES = (
    _lines("lines.jsonl", (1, *ONE), (3, "2", "two\nlines", "t"), columns=("id", "text", "topic"), made=Made(2)),
    _lines("lines_named.json", (1, *ONE), (2, *TWO), made=Made(2)),
    _lines("cr_lines.jsonl", (1, *ONE), (2, *TWO), made=Made(2)),
    _json("array_named.jsonl", (1, *ONE), (1, *TWO), (2, *THREE), made=Made(3)),
    _json(
        "pretty.json",
        (2, "1", "brackets ] } in text"),
        (6, "2", 'quote " and backslash \\'),
        made=Made(2, texts={"2": 'quote " and backslash \\'}),
    ),
    _json("concatenated.json", (1, *ONE), (1, *TWO), (1, *THREE), made=Made(3)),
    _json("concatenated_pretty.json", (1, *ONE), (5, *TWO), made=Made(2)),
    _json("two_arrays.json", (1, *ONE), (2, *TWO), made=Made(2)),
    _json(
        "broken_element.json",
        (2, *ONE),
        Bad(3, "", "not JSON: expecting value"),
        (4, *THREE),
        Bad(5, "", "not JSON: expecting ',' delimiter"),
        (6, "5", "five"),
        made=Made(3),
    ),
    _json("unclosed_element.json", (2, *ONE), Bad(3, "", "not JSON: it is not closed"), (4, *THREE), made=Made(2)),
    _json("cut_off.json", (2, *ONE), Bad(3, "", "not JSON: it is not closed"), made=Made(1)),
    _json(
        "scalars.json",
        Bad(1, "", "not an object but a number"),
        Bad(1, "", "not an object but text"),
        Bad(1, "", "not an object but null"),
        (1, "4", "four"),
        Bad(1, "", "not an object but a list"),
        Bad(1, "", "not an object but true or false"),
        made=Made(1),
    ),
    _json("after_the_end.json", (1, *ONE), Bad(2, "", "text stands after the end of the list"), made=Made(1)),
    _lines(
        "broken_lines.jsonl",
        (1, *ONE),
        Bad(2, "", "not JSON: expecting ',' delimiter"),
        Bad(3, "", "not JSON: expecting property name"),
        Bad(4, "", "not JSON: extra data"),
        Bad(5, "", "not JSON: extra data"),
        Bad(6, "", "not an object but a list"),
        Bad(7, "", "not JSON: expecting value"),
        (8, "8", "eight"),
        made=Made(2),
    ),
    _lines(
        "nested.jsonl",
        (1, "1", "one", {"by": {"name": "Ana"}, "tags": ["a", 2, None]}),
        (2, "2", {"en": "two"}),
        (3, "3", ["three"]),
        (4, ["4"], "four"),
        columns=("id", "text", "about"),
        made=Made(
            1,
            refused=(
                Bad(2, "text", "a text is wanted here"),
                Bad(3, "text", "a text is wanted here"),
                Bad(4, "id", "a text is wanted here"),
            ),
        ),
    ),
    _lines(
        "keys_twice.jsonl",
        Bad(1, "text", "the key 'text' stands there twice"),
        Bad(2, "a", "the key 'a' stands there twice"),
        Bad(3, "", "two keys are the same name"),
        (4, "4", "four"),
        made=Made(1),
    ),
    _lines(
        "no_numbers.jsonl",
        Bad(1, "", "NaN is not a value in JSON"),
        Bad(2, "", "Infinity is not a value in JSON"),
        Bad(3, "", "the number 1e400 is too large"),
        (4, "4", "four", Typed("0.5")),
        columns=("id", "text", "score"),
        made=Made(1),
    ),
    _lines(
        "types.jsonl",
        (1, Typed("9007199254740993"), Typed("1.10"), Typed("18446744073709551617")),
        (2, Typed("1e3"), True, Typed("0.1")),
        (3, Typed("-0"), "007", False),
        (4, None, "no id", None),
        (5, "5", None, []),
        (6, Typed("1E-7"), "NA", "NA"),
        columns=("id", "text", "n"),
        made=Made(
            5,
            refused=(Bad(5, "text", "empty"),),
            texts={"9007199254740993": "1.10", "1e3": "true", "-0": "007", "1E-7": "NA"},
        ),
    ),
    _lines(
        "later_columns.jsonl",
        (1, *ONE),
        (2, *TWO, "yes"),
        (3, *THREE, "perhaps"),
        (4, "4", ..., "no"),
        columns=("id", "text", "gold"),
        made=Made(2, refused=(Bad(3, "gold", "not a label value of the project"), Bad(4, "text", "missing"))),
    ),
    _lines(
        "surrogates.jsonl",
        (1, "1", "pair \U0001f600"),
        (2, "2", "alone \ufffd."),
        (3, "3", "nul \ufffd."),
        (4, "4", "\xe9 e\u0301"),
        made=Made(4, texts={"1": "pair \U0001f600", "2": "alone \ufffd.", "3": "nul \ufffd.", "4": "\xe9 \xe9"}),
    ),
    _lines(
        "metadata.jsonl",
        (1, *ONE, {"source": "mail", "n": 2}),
        (2, *TWO, "typed"),
        columns=("id", "text", "metadata"),
        made=Made(2),
    ),
    _lines(
        "separators.jsonl",
        (1, "1", "line\u2028separator"),
        (2, "2", "next\x85line"),
        Bad(3, "", "not JSON: invalid control character"),
        made=Made(2, texts={"1": "line\nseparator", "2": "next\nline"}),
    ),
    _json("marked_array.json", (1, *ONE), made=Made(1), encoding="utf-8-sig"),
    _json("no_elements.json", columns=()),
    _json("mapping_of_ids.json", (1, "one", "two"), columns=("a", "b"), question="No column is called 'text'"),
    _json("lines.jsonl", (1, *ONE), (3, "2", "two\nlines", "t"), columns=("id", "text", "topic"), made=Made(2),
          asked=Asked(file_format="json"), name="lines, as json"),
    _lines(
        "label_studio.json",
        (2, Typed("11"), "one", "t"),
        (13, Typed("12"), "two"),
        Bad(14, "data", "not a task of Label Studio"),
        (15, Typed("14"), "four"),
        columns=("id", "text", "topic"),
        file_format="label-studio",
        made=Made(2, labels=2, refused=(Bad(15, "label", "not a label value of the project: 'perhaps'"),)),
    ),
    _lines(
        "label_studio_lines.jsonl",
        (1, "a", "one"),
        (2, "b", "two"),
        file_format="label-studio",
        made=Made(2, labels=2),
    ),
    _lines(
        "deep.jsonl",
        (1, "1", "one", DEEP),
        Bad(2, "", "nested more than 50 deep"),
        columns=("id", "text", "more"),
        made=Made(1),
    ),
)  # fmt: skip
