"""Where a template becomes blocks: limits held, foreign texts cut between characters, everything else refused."""

import json
from typing import Any

import pytest

from templates.blocks import IdentifierError, Payload, TemplateError, render, render_view
from tests.templates.conftest import Write
from tests.templates.harness import FAMILY, payload
from tests.templates.oracle import faults, length
from tests.templates.samples import CARDS

SECTION = "{type: section, text: {type: mrkdwn, text: '%s'}}"


@pytest.fixture
def message(write: Write) -> Any:
    def made(blocks: str, **values: Any) -> Payload:
        return render("card.yaml.j2", write(card=blocks), **values)

    return made


@pytest.fixture
def view(write: Write) -> Any:
    def made(source: str, **values: Any) -> Payload:
        return render_view("card.yaml.j2", write(card=source), **values)

    return made


RICH = "blocks:\n- {type: rich_text, elements: [{type: rich_text_section, elements: [%s]}]}"


def button(**fields: str) -> str:
    given = {"text": "Go", "action_id": "go", **fields}
    inner = ", ".join(f"{key}: {value}" for key, value in given.items())
    return f"blocks:\n- {{type: actions, elements: [{{type: button, {inner}}}]}}"


def test_a_message() -> None:
    made = payload("labelling.yaml.j2", CARDS["labelling.yaml.j2"])
    assert made.text == "Item 3 of 25 in rte: text: The cat sat on the mat. hypothesis: A cat was sitting. "
    assert [block["type"] for block in made.blocks] == [
        "context", "rich_text", "rich_text", "section", "actions", "actions",
    ]  # fmt: skip
    labels = made.blocks[4]["elements"]
    assert [(one["text"]["text"], one["value"], one.get("style")) for one in labels] == [
        ("Implies", "1017:1", None),
        ("Does not", "1017:2", "primary"),
    ]
    assert made.view is None
    assert json.loads(json.dumps(made.blocks)) == made.blocks


def test_bare_words_become_plain_text_without_emoji_codes(message: Any) -> None:
    made = message(button(text="{{ v }}"), v=":tada:")
    assert made.blocks[0]["elements"][0]["text"] == {"type": "plain_text", "text": ":tada:", "emoji": False}


def test_values_in_mrkdwn_are_escaped_and_the_templates_own_markup_is_not(message: Any) -> None:
    made = message("blocks:\n- " + SECTION % "*{{ v }}* & <@{{ u }}>", v="<!here> *x* & y_z", u="U12")
    assert made.blocks[0]["text"] == {
        "type": "mrkdwn",
        "text": "*&lt;!here&gt; \u2217x\u2217 &amp; y_z* & <@U12>",
        "verbatim": True,
    }


def test_a_value_may_be_a_link_in_mrkdwn(message: Any) -> None:
    made = message(
        "blocks:\n- " + SECTION % "<{{ u }}|{{ t }}> <!date^{{ at }}^{date}|{{ t }}> <https://x.y/{{ p }}>",
        u="https://a.b/?c=1&d=2", t="a>|*b*", at=1700000000, p="q",
    )  # fmt: skip
    assert made.blocks[0]["text"]["text"] == (
        "<https://a.b/?c=1&amp;d=2|a&gt;|\u2217b\u2217> <!date^1700000000^{date}|a&gt;|\u2217b\u2217> <https://x.y/q>"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<{{ v }}|x>", "javascript:alert(1)"),
        ("<{{ v }}|x>", "!channel"),
        ("<{{ v }}|x>", "https://a b"),
        ("<https://x.y/{{ v }}>", "a|b"),
        ("<@{{ v }}>", "u1"),
        ("<#{{ v }}>", ""),
    ],
)
def test_what_is_no_address_or_id_is_refused_inside_angle_brackets(message: Any, text: str, value: str) -> None:
    with pytest.raises(IdentifierError, match=r"blocks\[0\].text.text"):
        message("blocks:\n- " + SECTION % text, v=value)


@pytest.mark.parametrize(
    ("blocks", "limit", "path"),
    [
        ("{type: header, text: {{ v }}}", 150, ("text", "text")),
        ("{type: section, text: {type: plain_text, text: {{ v }}}}", 3000, ("text", "text")),
        ("{type: section, fields: [{type: plain_text, text: {{ v }}}]}", 2000, ("fields", 0, "text")),
        ("{type: image, image_url: 'https://a.b/c.png', alt_text: {{ v }}}", 2000, ("alt_text",)),
        ("{type: context, elements: [{type: plain_text, text: {{ v }}}]}", 2000, ("elements", 0, "text")),
        (
            "{type: actions, elements: [{type: button, action_id: a, text: {{ v }}}]}",
            75,
            ("elements", 0, "text", "text"),
        ),
        (
            "{type: rich_text, elements: [{type: rich_text_section, elements: [{type: text, text: {{ v }}}]}]}",
            3000,
            ("elements", 0, "elements", 0, "text"),
        ),
    ],
)
@pytest.mark.parametrize("unit", ["x", "&", FAMILY, "e\u0301", "日", "\U0001f389"])
def test_long_texts_are_cut_between_characters(
    message: Any, blocks: str, limit: int, path: tuple[Any, ...], unit: str
) -> None:
    one = length(unit)
    fitting = limit // one
    for count, cut in ((fitting, False), (fitting + 1, True), (20_000, True)):
        made = message(f"blocks:\n- {blocks}", v=unit * count)
        text: Any = made.blocks[0]
        for step in path:
            text = text[step]
        assert made.cut is cut
        if not cut:
            assert text == unit * count
        else:
            assert text == unit * ((limit - 1) // one) + "…"
        assert faults(made) == []


def test_only_values_are_cut_and_markup_stays_closed(message: Any) -> None:
    made = message("blocks:\n- " + SECTION % "*{{ a }}* and _{{ b }}_ end", a="a" * 5000, b="short")
    text = made.blocks[0]["text"]["text"]
    assert text.startswith("*aaa")
    assert text.endswith("a…* and _short_ end")
    assert len(text) == 3000


def test_long_values_share_the_room(message: Any) -> None:
    made = message("blocks:\n- " + SECTION % "{{ a }}{{ b }}{{ c }}", a="a" * 5000, b="b" * 10, c="c" * 5000)
    text = made.blocks[0]["text"]["text"]
    assert (text.count("a"), text.count("b"), text.count("c")) == (1494, 10, 1494)


def test_all_texts_of_a_message_together_stay_below_the_limit(message: Any) -> None:
    blocks = "blocks:\n" + "".join("- " + SECTION % f"{{{{ v{n} }}}}" + "\n" for n in range(8))
    made = message(blocks, **{f"v{n}": ("short" if n < 2 else "&" * 3000) for n in range(8)})
    assert made.cut
    assert [made.blocks[n]["text"]["text"] for n in range(2)] == ["short", "short"]
    assert 11_000 < sum(len(block["text"]["text"]) for block in made.blocks) < 12_000
    assert faults(made) == []


def test_a_view_stays_below_its_size(view: Any) -> None:
    source = (
        "type: modal\ntitle: t\nblocks:\n{% for v in many %}\n- {type: rich_text, elements: [{type: rich_text_section, "
        "elements: [{type: text, text: {{ v }}}]}]}\n{% endfor %}"
    )
    made = view(source, many=[FAMILY * 250] * 60)
    assert made.cut
    assert 200_000 < len(json.dumps(made.view)) < 250_000
    assert faults(made) == []


def test_the_notification_text_is_cut_for_chat_update(message: Any) -> None:
    made = message("text: 'New: {{ v }}.'\nblocks: [{type: divider}]", v="<" * 3000)
    assert made.text.startswith("New: &lt;")
    assert made.text.endswith("&lt;….")
    assert 3890 < len(made.text) <= 3900
    assert not made.cut


@pytest.mark.parametrize(("value", "shown"), [("", "—"), ("  \n", "—")])
def test_an_empty_text_is_shown_as_a_dash(message: Any, value: str, shown: str) -> None:
    made = message("blocks:\n- {type: header, text: {{ v }}}\n- " + SECTION % "{{ v }}", v=value)
    assert made.blocks[0]["text"]["text"] == shown
    assert made.blocks[1]["text"]["text"] == shown


def test_empty_optional_texts_are_left_out(view: Any) -> None:
    source = (
        "type: home\nblocks:\n- type: input\n  label: l\n  hint: {{ v }}\n"
        "  element: {type: plain_text_input, action_id: a, placeholder: {{ v }}, initial_value: {{ v }}}"
    )
    made = view(source, v="")
    assert "hint" not in made.blocks[0]
    assert set(made.blocks[0]["element"]) == {"type", "action_id"}


@pytest.mark.parametrize(
    ("blocks", "values", "words"),
    [
        (button(action_id="{{ v }}"), {"v": "a" * 256}, r"elements\[0\].action_id: the id has 256"),
        (button(action_id="{{ v }}"), {"v": ""}, "is empty"),
        (button(value="{{ v }}"), {"v": "a" * 2001}, "the value has 2001"),
        (button(url="{{ v }}"), {"v": "javascript:alert(1)"}, "no address"),
        (button(style="{{ v }}"), {"v": "loud"}, "none of primary, danger"),
        ("blocks:\n- {type: divider, block_id: {{ v }}}\n- {type: divider, block_id: a}", {"v": "a"}, "comes twice"),
        (
            RICH % "{type: user, user_id: {{ v }}}",
            {"v": "<!here>"},
            "no id of Slack's",
        ),
        (
            (
                "blocks:\n- {type: actions, elements: [{type: overflow, action_id: o, options: ["
                "{text: a, value: {{ v }}}, {text: b, value: x}]}]}"
            ),
            {"v": "x"},
            "the same value",
        ),
    ],
)
def test_ids_and_values_are_never_cut(message: Any, blocks: str, values: dict[str, str], words: str) -> None:
    with pytest.raises(IdentifierError, match=words):
        message(blocks, **values)


SELECT = "blocks:\n- {type: actions, elements: [{type: static_select, action_id: s, %s}]}"


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ("text: t", "blocks is missing"),
        ("blocks: [{type: divider}]\nother: 1", "other is not known"),
        ("type: modal\nblocks: [{type: divider}]", "render_view"),
        ("blocks: [{type: banner}]", "banner is no block"),
        ("blocks: [{type: divider, colour: red}]", r"blocks\[0\]: colour is not known"),
        ("blocks: [{type: section}]", "text or fields is missing"),
        ("blocks: [{type: section, text: words}]", "a text object is expected"),
        ("blocks: [{type: image, image_url: 'https://a.b'}]", "alt_text is missing"),
        ("blocks: [{type: image, alt_text: a}]", "exactly one of image_url"),
        ("blocks: [{type: header, text: " + "x" * 151 + "}]", "1 to 150"),
        ("blocks: [{type: header, text: true}]", "a text is expected"),
        ("blocks: [{type: header, text: {type: mrkdwn, text: a}}]", "plain_text"),
        ("blocks: [{type: input, label: l, element: {type: plain_text_input, action_id: a}}]", "not allowed in a message"),
        ("blocks:\n" + "- {type: divider}\n" * 51, "1 to 50 are allowed here; there are 51"),
        ("blocks:\n- {type: actions, elements: [{type: button, text: a}]}", "action_id is missing"),
        (
            ("blocks:\n- {type: actions, elements: [{type: button, text: a, action_id: x}, "
            "{type: button, text: b, action_id: x}]}"),
            "comes twice in one block",
        ),
        (
            "blocks:\n- type: actions\n  elements:\n"
            + "".join(f"  - {{type: button, text: a, action_id: b{n}}}\n" for n in range(26)),
            "1 to 25",
        ),
        (SELECT % ("options: [" + ", ".join(f"{{text: a, value: v{n}}}" for n in range(101)) + "]"), "1 to 100"),
        (SELECT % "placeholder: p", "exactly one of options"),
        (SELECT % "options: [{text: a, value: b}], initial_option: {text: a, value: c}", "none of the options"),
        (SELECT % "options: [{text: a}]", "value is missing"),
        ("blocks:\n- {type: section, text: {type: mrkdwn, text: '{{ v }} " + "x" * 3000 + "'}}", "leaves no room"),
        ("blocks:\n" + ("- " + SECTION % ("y" * 2999) + "\n") * 4, "too long for one message"),
    ],
)  # fmt: skip
def test_what_slack_would_refuse_is_refused_here(message: Any, blocks: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as caught:
        message(blocks, v="v")
    assert str(caught.value).startswith("card.yaml.j2")


def test_the_same_action_id_may_stand_in_two_blocks(message: Any) -> None:
    block = "- {type: actions, elements: [{type: button, text: a, action_id: x}]}\n"
    assert len(message("blocks:\n" + block * 2).blocks) == 2


def test_a_chosen_option_is_still_among_the_options_after_both_were_cut(message: Any) -> None:
    blocks = SELECT % "options: [{text: {{ v }}, value: a}], initial_option: {text: {{ v }}, value: a}"
    element = message(blocks, v="long " * 50).blocks[0]["elements"][0]
    assert element["initial_option"] == element["options"][0]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("type: modal\nblocks: [{type: divider}]", "title is missing"),
        ("type: modal\ntitle: " + "t" * 25 + "\nblocks: [{type: divider}]", "1 to 24"),
        ("type: modal\ntitle: t\nblocks: [{type: markdown, text: a}]", "not allowed in a modal"),
        (
            "type: modal\ntitle: t\nblocks: [{type: input, label: l, element: {type: plain_text_input, action_id: a}}]",
            "needs a submit",
        ),
        ("type: home\ntitle: t\nblocks: [{type: divider}]", "title is not known"),
        ("type: tab\nblocks: [{type: divider}]", "modal or home"),
        ("blocks: [{type: divider}]", "modal or home"),
        ("type: home\nblocks:\n" + "- {type: divider}\n" * 101, "1 to 100"),
        ("type: home\nprivate_metadata: " + "m" * 3001 + "\nblocks: [{type: divider}]", "3001"),
    ],
)
def test_what_slack_would_refuse_in_a_view(view: Any, source: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        view(source)


def test_prepared_structures_bring_no_markup(message: Any) -> None:
    made = message(
        "blocks:\n- {{ block }}\n- {type: context, elements: {{ texts }}}",
        block={"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "<!here> *a*"}]},
        ]},
        texts=[{"type": "mrkdwn", "text": "<!here> *a*"}, {"type": "plain_text", "text": ":tada:"}],
    )  # fmt: skip
    assert made.blocks[0]["elements"][0]["elements"][0]["text"] == "<!here> *a*"
    assert made.blocks[1]["elements"] == [
        {"type": "mrkdwn", "text": "&lt;!here&gt; \u2217a\u2217", "verbatim": True},
        {"type": "plain_text", "text": ":tada:", "emoji": False},
    ]


def test_a_markdown_block_escapes_values(message: Any) -> None:
    made = message("blocks:\n- {type: markdown, text: '**{{ v }}**'}", v="<!here> [x](y) *a*")
    text = made.blocks[0]["text"]
    assert text.startswith("**&lt;\u2060\\!here&gt; \\[x\\]")
    assert text.endswith("**")


def test_every_element_passes_the_outside_oracle(view: Any) -> None:
    source = """
type: modal
callback_id: all
title: All
submit: Send
blocks:
- type: section
  text: {type: mrkdwn, text: "*{{ v }}*"}
  accessory: {type: overflow, action_id: more, options: [{text: {{ v }}, value: a, url: "https://a.b"}]}
- {type: image, slack_file: {id: F123}, alt_text: {{ v }}, title: {{ v }}}
- {type: divider, block_id: line}
- type: actions
  elements:
  - {type: users_select, action_id: users, placeholder: {{ v }}, initial_user: U123}
  - {type: conversations_select, action_id: conversations, filter: {include: [im, public], exclude_bot_users: true}}
  - {type: datepicker, action_id: date, initial_date: "2026-11-25"}
  - {type: timepicker, action_id: time, initial_time: "09:30"}
  - {type: multi_users_select, action_id: many, initial_users: [U1, U2]}
  - type: button
    text: {{ v }}
    action_id: button
    accessibility_label: {{ v }}
    confirm: {title: {{ v }}, text: {{ v }}, confirm: Yes, deny: No, style: danger}
- type: input
  label: {{ v }}
  element: {type: checkboxes, action_id: check, options: [{text: {type: mrkdwn, text: {{ v }}}, value: a}]}
- type: input
  label: {{ v }}
  element:
    {type: radio_buttons, action_id: radio, options: [{text: {{ v }}, value: a}],
     initial_option: {text: {{ v }}, value: a}}
- type: input
  label: {{ v }}
  element: {type: number_input, action_id: number, is_decimal_allowed: false, min_value: 0, max_value: "10"}
- type: rich_text
  elements:
  - type: rich_text_list
    style: ordered
    indent: 1
    offset: 2
    border: 0
    elements: [{type: rich_text_section, elements: [{type: text, text: {{ v }}, style: {bold: true}}]}]
  - {type: rich_text_quote, elements: [{type: user, user_id: U1}, {type: link, url: "https://a.b", text: {{ v }}}]}
  - {type: rich_text_preformatted, border: 0, elements: [{type: text, text: {{ v }}}]}
"""
    for value in ("plain words", "long " * 5000, FAMILY * 2000, "<!here>"):
        assert faults(view(source, v=value)) == []
