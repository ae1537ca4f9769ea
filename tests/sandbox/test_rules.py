"""Slack's limits, each at its edge, with the path of the fault; slack_sdk's models as an outside oracle."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from sandbox.rules.checks import Seen
from sandbox.rules.messages import check_message_blocks
from sandbox.rules.objects import option
from sandbox.rules.views import check_view
from sandbox.shapes import escaped, mrkdwn

Json = dict[str, Any]


def plain(length: int | str) -> Json:
    return {"type": "plain_text", "text": length if isinstance(length, str) else "x" * length}


def marked(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def button(text: int = 2, **more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain(text), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def choose(count: int, **more: Any) -> Json:
    options = [{"text": plain(str(n)), "value": str(n)} for n in range(count)]
    return {"type": "static_select", "action_id": "s", "options": options, **more}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def confirm(title: int = 2, text: int = 2, yes: int = 2, no: int = 2) -> Json:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}


def field(kind: str, **more: Any) -> Json:
    element = {"type": kind, "action_id": "i", **more}
    return {"type": "input", "label": plain("Label"), "element": element}


def faults(*blocks: Json) -> list[str]:
    answer = check_message_blocks(list(blocks), lambda _: True)
    return [] if answer is None else [answer[0], *answer[1]]


# (fits, over the edge, where the fault is)
EDGES = {
    "section text": (section(text=marked(3000)), section(text=marked(3001)), "/blocks/0/text/text"),
    "section fields": (
        section(fields=[marked(2)] * 10),
        section(fields=[marked(2)] * 11),
        "/blocks/0/fields",
    ),
    "a field": (section(fields=[marked(2000)]), section(fields=[marked(2001)]), "/blocks/0/fields/0/text"),
    "header": (
        {"type": "header", "text": plain(150)},
        {"type": "header", "text": plain(151)},
        "/blocks/0/text/text",
    ),
    "context": (
        {"type": "context", "elements": [marked(1)] * 10},
        {"type": "context", "elements": [marked(1)] * 11},
        "/blocks/0/elements",
    ),
    "actions": (
        actions(*[button(action_id=f"a{n}") for n in range(25)]),
        actions(*[button(action_id=f"a{n}") for n in range(26)]),
        "/blocks/0/elements",
    ),
    "button text": (actions(button(75)), actions(button(76)), "/blocks/0/elements/0/text/text"),
    "button value": (
        actions(button(value="x" * 2000)),
        actions(button(value="x" * 2001)),
        "/blocks/0/elements/0/value",
    ),
    "button url": (
        actions(button(url="https://e.example/" + "x" * 2982)),
        actions(button(url="https://e.example/" + "x" * 2983)),
        "/blocks/0/elements/0/url",
    ),
    "action_id": (
        actions(button(action_id="x" * 255)),
        actions(button(action_id="x" * 256)),
        "/blocks/0/elements/0/action_id",
    ),
    "block_id": (
        {"type": "divider", "block_id": "x" * 255},
        {"type": "divider", "block_id": "x" * 256},
        "/blocks/0/block_id",
    ),
    "options": (actions(choose(100)), actions(choose(101)), "/blocks/0/elements/0/options"),
    "placeholder": (
        actions(choose(1, placeholder=plain(150))),
        actions(choose(1, placeholder=plain(151))),
        "/blocks/0/elements/0/placeholder/text",
    ),
    "overflow": (
        actions({**choose(5), "type": "overflow"}),
        actions({**choose(6), "type": "overflow"}),
        "/blocks/0/elements/0/options",
    ),
    "radio buttons": (
        actions({**choose(10), "type": "radio_buttons"}),
        actions({**choose(11), "type": "radio_buttons"}),
        "/blocks/0/elements/0/options",
    ),
    "confirm title": (
        actions(button(confirm=confirm(title=100))),
        actions(button(confirm=confirm(title=101))),
        "/blocks/0/elements/0/confirm/title/text",
    ),
    "confirm text": (
        actions(button(confirm=confirm(text=300))),
        actions(button(confirm=confirm(text=301))),
        "/blocks/0/elements/0/confirm/text/text",
    ),
    "confirm button": (
        actions(button(confirm=confirm(yes=30))),
        actions(button(confirm=confirm(yes=31))),
        "/blocks/0/elements/0/confirm/confirm/text",
    ),
    "alt text": (
        {"type": "image", "image_url": "https://e.example/x.png", "alt_text": "x" * 2000},
        {"type": "image", "image_url": "https://e.example/x.png", "alt_text": "x" * 2001},
        "/blocks/0/alt_text",
    ),
    "input label": (
        {**field("plain_text_input"), "label": plain(2000)},
        {**field("plain_text_input"), "label": plain(2001)},
        "/blocks/0/label/text",
    ),
    "max_length": (
        field("plain_text_input", max_length=3000),
        field("plain_text_input", max_length=3001),
        "/blocks/0/element/max_length",
    ),
    "table rows": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 100},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
        "/blocks/0/rows",
    ),
    "table columns": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]},
        "/blocks/0/rows/0",
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_the_edge_fits_and_one_more_does_not(name: str) -> None:
    fits, over, path = EDGES[name]
    assert faults(fits) == []
    error, *messages = faults(over)
    assert error == "invalid_blocks"
    assert [message.split("[json-pointer:")[1] for message in messages] == [path + "]"]


@pytest.mark.parametrize("name", EDGES)
def test_slack_sdk_takes_what_fits(name: str) -> None:
    fits = EDGES[name][0]
    parsed = Block.parse(fits)
    assert parsed is not None
    parsed.validate_json()
    assert parsed.to_dict() == fits


REFUSED: dict[str, tuple[Json, str]] = {
    "an unknown field": (section(text=marked(1), color="red"), "invalid additional property: color"),
    "an unknown block": ({"type": "banner"}, "unsupported type: banner"),
    "no type": ({"text": marked(1)}, "missing required field: type"),
    "an unknown element": (actions({"type": "knob", "action_id": "a"}), "unsupported type: knob"),
    "empty text": (section(text=marked(0)), "must be more than 0 characters"),
    "blank text": (section(text={"type": "mrkdwn", "text": "  "}), "must be more than 0 characters"),
    "mrkdwn in a button": (actions(button() | {"text": marked(2)}), "unsupported type: mrkdwn"),
    "mrkdwn in a header": ({"type": "header", "text": marked(2)}, "unsupported type: mrkdwn"),
    "emoji in mrkdwn": (section(text={**marked(2), "emoji": True}), "invalid additional property: emoji"),
    "a section of nothing": (section(), "must define either"),
    "no alt text": ({"type": "image", "image_url": "https://e.example/"}, "missing required field: alt_text"),
    "two sources": (
        {"type": "image", "alt_text": "x", "image_url": "https://e.example/", "slack_file": {"id": "F1"}},
        "exactly one of",
    ),
    "an action_id twice": (actions(button(), button()), "must be unique"),
    "an option twice": (
        actions(choose(0) | {"options": [{"text": plain("a"), "value": "1"}] * 2}),
        "must be unique",
    ),
    "an initial option that is not offered": (
        actions(choose(2, initial_option={"text": plain("9"), "value": "9"})),
        "must be among the options",
    ),
    "options and groups": (
        actions(choose(1, option_groups=[{"label": plain(1), "options": choose(1)["options"]}])),
        "exactly one of",
    ),
    "an unknown style": (actions(button(style="loud")), "must be a valid enum value"),
    "a lone surrogate": (section(text=plain("\ud800x")), "must be valid unicode"),
    "a number where text belongs": (section(text={"type": "plain_text", "text": 3}), "must be a string"),
    "a radio button in a context": (
        {"type": "context", "elements": [{**choose(2), "type": "radio_buttons"}]},
        "unsupported type: radio_buttons",
    ),
    "an input element for modals only": (field("number_input", is_decimal_allowed=False), "unsupported type"),
    "an empty rich text": (rich({"type": "text", "text": ""}), "must be more than 0 characters"),
    "an unknown rich text element": (rich({"type": "mark", "text": "x"}), "unsupported type: mark"),
    "an unknown style of rich text": (
        rich({"type": "text", "text": "x", "style": {"loud": True}}),
        "invalid additional property: loud",
    ),
    "a user that is no id": (rich({"type": "user", "user_id": "ana"}), "must be a valid user id"),
    "a list without a style": (
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": rich()["elements"]}]},
        "missing required field: style",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    block, words = REFUSED[name]
    assert any(words in message for message in faults(block)), faults(block)


def test_fifty_blocks_and_unique_ids() -> None:
    assert faults(*[{"type": "divider"}] * 50) == []
    assert faults(*[{"type": "divider"}] * 51)[1].startswith("[ERROR] no more than 50 items allowed")
    assert "unique" in faults(*[{"type": "divider", "block_id": "b"}] * 2)[1]


def test_all_text_together() -> None:
    long = [section(text=marked(3000))] * 4
    assert faults(*long) == []
    assert faults(*long, section(text=marked(1))) == ["msg_blocks_too_long"]
    counted = [section(text={"type": "mrkdwn", "text": "&" * 2400})]
    assert faults(*counted) == []
    assert faults(*counted, section(text=marked(1))) == ["msg_blocks_too_long"]
    assert faults(rich({"type": "text", "text": "x" * 11_000})) == []
    assert faults(rich({"type": "text", "text": "x" * 11_990})) == ["msg_blocks_too_long"]


def test_markdown_has_one_allowance_and_no_place_in_views() -> None:
    half = {"type": "markdown", "text": "x" * 6000}
    assert faults(half, half) == []
    assert "markdown" in faults(half, half, {"type": "markdown", "text": "x"})[1]
    for kind in ("modal", "home"):
        view = {"type": kind, "blocks": [half]} | ({"title": plain(2)} if kind == "modal" else {})
        assert check_view(view, kind, lambda _: True) == [
            "[ERROR] unsupported type: markdown [json-pointer:/view/blocks/0/type]"
        ]


def chart(points: list[str], *, names: tuple[str, ...] = ("alpha",)) -> Json:
    series = [{"name": name, "data": [{"label": label, "value": 0.5} for label in points]} for name in names]
    axis = {"categories": ["Mon", "Tue"], "y_label": "alpha"}
    return {
        "type": "data_visualization",
        "title": "Agreement",
        "chart": {"type": "line", "series": series, "axis_config": axis},
    }


def test_a_chart_has_one_point_a_category() -> None:
    fits = chart(["Mon", "Tue"])
    assert faults(fits, fits) == []
    assert "no more than 2" in faults(fits, fits, fits)[1]
    assert "must match" in faults(chart(["Mon"]))[1]
    assert "unique" in faults(chart(["Mon", "Tue"], names=("a", "a")))[1]


def test_a_picture_without_a_known_type() -> None:
    block = {"type": "image", "alt_text": "x", "slack_file": {"id": "F123"}}
    answer = check_message_blocks([block], lambda _: False)
    assert answer == ("invalid_blocks", ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"])


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain(24), "blocks": [{"type": "divider"}], **more}


@pytest.mark.parametrize(
    ("view", "path"),
    [
        (modal(title=plain(25)), "/view/title/text"),
        (modal(close=plain(25)), "/view/close/text"),
        (modal(submit=plain(25)), "/view/submit/text"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(external_id="x" * 256), "/view/external_id"),
        (modal(blocks=[{"type": "divider"}] * 101), "/view/blocks"),
        (modal(blocks=[]), "/view/blocks"),
        (modal(blocks=[field("plain_text_input")]), "/view"),
        (modal(hash="1"), "/view"),
        (modal(blocks=[field("plain_text_input", focus_on_load=True)] * 2, submit=plain(1)),
         "/view/blocks/1/element/focus_on_load"),
        ({"type": "home", "blocks": []}, "/view"),
        (modal(blocks=[section(text=marked(3000))] * 90), "/view"),
    ],
)  # fmt: skip
def test_views(view: Json, path: str) -> None:
    messages = check_view(view, "modal", lambda _: True)
    assert [message.split("[json-pointer:")[1] for message in messages][:1] == [path + "]"]


def number(**limits: str) -> Json:
    return field("number_input", is_decimal_allowed=False, **limits)


@pytest.mark.parametrize(
    ("block", "path"),
    [
        (number(min_value="3", max_value="2"), "/element/min_value"),
        (number(initial_value="10", max_value="9"), "/element/initial_value"),
        (number(initial_value="0", min_value="1"), "/element/initial_value"),
        (number(initial_value="1.5"), "/element"),
        (field("timepicker", timezone="Mars/Olympus"), "/element/timezone"),
        (field("timepicker", initial_time="24:00"), "/element/initial_time"),
        (field("multi_users_select", initial_users=["U0A", "U0B"], max_selected_items=1), "/element/initial_users"),
        (field("conversations_select", filter={"include": ["secret"]}), "/element/filter/include/0"),
    ],
)
def test_inputs_of_a_modal_that_contradict_themselves(block: Json, path: str) -> None:
    view = {"type": "modal", "title": plain(2), "submit": plain(2), "blocks": [block]}
    assert [fault for fault in check_view(view, "modal", lambda _: True) if f"/view/blocks/0{path}]" in fault]


def test_numbers_at_their_limits_fit() -> None:
    view = {"type": "modal", "title": plain(2), "submit": plain(2)}
    blocks = [number(min_value="1", max_value="9", initial_value=edge) for edge in ("1", "9")]
    assert check_view({**view, "blocks": blocks}, "modal", lambda _: True) == []


def test_a_full_modal_fits() -> None:
    inputs = [
        field(kind, **more)
        for kind, more in (
            ("plain_text_input", {"multiline": True, "min_length": 1, "max_length": 3000}),
            ("number_input", {"is_decimal_allowed": True, "min_value": "-1.5"}),
            ("email_text_input", {}),
            ("url_text_input", {}),
            ("datepicker", {"initial_date": "2026-02-28"}),
            ("timepicker", {"initial_time": "09:30"}),
            ("users_select", {}),
            ("conversations_select", {"default_to_current_conversation": True, "filter": {"include": ["im"]}}),
            ("checkboxes", {"options": choose(10)["options"]}),
            ("file_input", {"max_files": 1}),
        )
    ]
    view = modal(blocks=inputs, submit=plain(24), close=plain(24), private_metadata="x" * 3000, callback_id="c" * 255)
    assert check_view(view, "modal", lambda _: True) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "blocks", "options", "element", "accessory", "label"]), inner
        )
    ),
    max_leaves=20,
)


@given(values)
def test_no_payload_breaks_the_rules_themselves(value: Any) -> None:
    answer = check_message_blocks([value] if isinstance(value, dict) else value, lambda _: True)
    assert answer is None or answer[0] in {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
    assert isinstance(check_view(value, "modal", lambda _: True), list)
    option(marked=True)(value, "", Seen("message"))


@given(st.text())
def test_text_is_escaped_once(text: str) -> None:
    once = mrkdwn(text)
    assert mrkdwn(once) == once
    block = {"type": "section", "text": {"type": "plain_text", "text": text}}
    assert escaped(escaped(block)) == escaped(block)
