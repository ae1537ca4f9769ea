"""Slack's blocks and their limits, as one table (Slack's block reference; where its pages differ, the stricter)."""

from typing import Any

from templates.fault import Fault
from templates.shapes import (
    Field,
    Shape,
    Walk,
    address,
    by_type,
    identifier,
    items,
    literal,
    matching,
    one_of,
    shape,
    slack_id,
    text_object,
    truth,
    whole_number,
    words,
)

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_CHARACTERS = 11_900
MESSAGE_TEXT = 3_900
VIEW_BYTES = 240_000
RICH_TEXT = 3_000
"""Characters of one rich_text text element: Slack documents none; a section's text has this."""


def _block_id(value: Any, walk: Walk) -> str:
    block_id: str = _ID(value, walk)
    if block_id in walk.block_ids:
        raise Fault(f"the block_id {block_id} comes twice", identifier=True)
    walk.block_ids.add(block_id)
    return block_id


def _action_id(value: Any, walk: Walk) -> str:
    action_id: str = _ID(value, walk)
    if action_id in walk.action_ids:
        raise Fault(f"the action_id {action_id} comes twice in one block", identifier=True)
    walk.action_ids.add(action_id)
    return action_id


def _only(*surfaces: str) -> Any:
    def rule(held: dict[str, Any], walk: Walk) -> None:
        if walk.surface not in surfaces:
            raise Fault(f"{held['type']} is not allowed in a {walk.surface}")

    return rule


def _either(*keys: str) -> Any:
    def rule(held: dict[str, Any], walk: Walk) -> None:
        if not any(key in held for key in keys):
            raise Fault(f"{' or '.join(keys)} is missing")

    return rule


def _exactly_one(*keys: str) -> Any:
    def rule(held: dict[str, Any], walk: Walk) -> None:
        if sum(key in held for key in keys) != 1:
            raise Fault(f"exactly one of {', '.join(keys)} is expected")

    return rule


def _one_block_each(held: dict[str, Any], walk: Walk) -> None:
    """Action ids are unique within their block."""
    walk.action_ids.clear()


def _initial_among_options(held: dict[str, Any], walk: Walk) -> None:
    options = held.get("options") or [o for group in held.get("option_groups", []) for o in group["options"]]
    values = [option.get("value") for option in options]
    if len(set(values)) != len(values):
        raise Fault("two options have the same value", identifier=True)
    initial = held.get("initial_options", [held["initial_option"]] if "initial_option" in held else [])
    if any(option not in options for option in initial):
        raise Fault("what is chosen at first is none of the options")


_ID = identifier(255)
_TYPE: tuple[Field] = (literal,)

CONFIRM = shape(
    title=(text_object(100),),
    text=(text_object(300, "plain_text", "mrkdwn", bare=True),),
    confirm=(text_object(30),),
    deny=(text_object(30),),
    style=one_of("primary", "danger"),
)


def _option(*types: str) -> Shape:
    return shape(
        text=(text_object(75, *types, bare=True),),
        value=(identifier(150, "value"),),
        description=text_object(75, *types, optional=True, bare=True),
        url=address(3000),
    )


_PLAIN_OPTION = _option("plain_text")
_RICH_OPTION = _option("plain_text", "mrkdwn")
_GROUP = shape(label=(text_object(75),), options=(items(_PLAIN_OPTION, 100),))
_PLACEHOLDER = text_object(150, optional=True)


def _interactive(*rules: Any, **fields: Any) -> Shape:
    """An element that people use: `action_id` is required, since a handler needs it."""
    return shape(*rules, type=_TYPE, action_id=(_action_id,), confirm=CONFIRM, focus_on_load=truth, **fields)


def _input_only(*rules: Any, **fields: Any) -> Shape:
    return shape(*rules, type=_TYPE, action_id=(_action_id,), focus_on_load=truth, placeholder=_PLACEHOLDER, **fields)


def _select(*rules: Any, **fields: Any) -> Shape:
    return _interactive(*rules, placeholder=_PLACEHOLDER, **fields)


_STATIC = {"options": items(_PLAIN_OPTION, 100), "option_groups": items(_GROUP, 100)}
_MANY = whole_number(1, 100)
_DATE = matching(r"\d{4}-\d{2}-\d{2}")
_NUMBER = matching(r"-?\d+(\.\d+)?")
_SLACK_IDS = items(slack_id, 100)
_FILTER = shape(
    _either("include", "exclude_external_shared_channels", "exclude_bot_users"),
    include=items(one_of("im", "mpim", "private", "public"), 4),
    exclude_external_shared_channels=truth,
    exclude_bot_users=truth,
)

IMAGE: dict[str, Any] = {
    "alt_text": (words(2000),),
    "image_url": address(3000),
    "slack_file": shape(_exactly_one("id", "url"), id=slack_id, url=address(3000)),
}
_IMAGE_ELEMENT = shape(_exactly_one("image_url", "slack_file"), type=_TYPE, **IMAGE)

_ONE = {
    "button": _interactive(
        text=(text_object(75),),
        value=identifier(2000, "value"),
        url=address(3000),
        style=one_of("primary", "danger"),
        accessibility_label=words(75, optional=True),
    ),
    "overflow": _interactive(_initial_among_options, options=(items(_PLAIN_OPTION, 5),)),
    "static_select": _select(
        _exactly_one("options", "option_groups"), _initial_among_options, initial_option=_PLAIN_OPTION, **_STATIC
    ),
    "multi_static_select": _select(
        _exactly_one("options", "option_groups"),
        _initial_among_options,
        initial_options=items(_PLAIN_OPTION, 100),
        max_selected_items=_MANY,
        **_STATIC,
    ),
    "external_select": _select(initial_option=_PLAIN_OPTION, min_query_length=whole_number(0, 100)),
    "multi_external_select": _select(
        initial_options=items(_PLAIN_OPTION, 100), min_query_length=whole_number(0, 100), max_selected_items=_MANY
    ),
    "users_select": _select(initial_user=slack_id),
    "multi_users_select": _select(initial_users=_SLACK_IDS, max_selected_items=_MANY),
    "channels_select": _select(initial_channel=slack_id, response_url_enabled=truth),
    "multi_channels_select": _select(initial_channels=_SLACK_IDS, max_selected_items=_MANY),
    "conversations_select": _select(
        initial_conversation=slack_id,
        default_to_current_conversation=truth,
        response_url_enabled=truth,
        filter=_FILTER,
    ),
    "multi_conversations_select": _select(
        initial_conversations=_SLACK_IDS,
        default_to_current_conversation=truth,
        max_selected_items=_MANY,
        filter=_FILTER,
    ),
    "radio_buttons": _interactive(
        _initial_among_options, options=(items(_RICH_OPTION, 10),), initial_option=_RICH_OPTION
    ),
    "checkboxes": _interactive(
        _initial_among_options, options=(items(_RICH_OPTION, 10),), initial_options=items(_RICH_OPTION, 10)
    ),
    "datepicker": _select(initial_date=_DATE),
    "timepicker": _select(initial_time=matching(r"([01]\d|2[0-3]):[0-5]\d"), timezone=identifier(100)),
    "datetimepicker": _interactive(initial_date_time=whole_number(10**9, 10**10 - 1)),
}

_DISPATCH = shape(trigger_actions_on=items(one_of("on_enter_pressed", "on_character_entered"), 2))
_TYPED = {
    "plain_text_input": _input_only(
        initial_value=words(3000, optional=True, space=True),
        multiline=truth,
        min_length=whole_number(0, 3000),
        max_length=whole_number(1, 3000),
        dispatch_action_config=_DISPATCH,
    ),
    "number_input": _input_only(
        is_decimal_allowed=(truth,),
        initial_value=_NUMBER,
        min_value=_NUMBER,
        max_value=_NUMBER,
        dispatch_action_config=_DISPATCH,
    ),
    "email_text_input": _input_only(initial_value=words(3000, optional=True), dispatch_action_config=_DISPATCH),
    "url_text_input": _input_only(initial_value=address(3000), dispatch_action_config=_DISPATCH),
    "file_input": shape(
        type=_TYPE, action_id=(_action_id,), filetypes=items(identifier(20), 100), max_files=whole_number(1, 10)
    ),
}

_STYLE = shape(
    bold=truth, italic=truth, strike=truth, code=truth, underline=truth, highlight=truth, client_highlight=truth,
    unlink=truth,
)  # fmt: skip
_LINK = shape(type=_TYPE, url=(address(3000),), text=words(RICH_TEXT, optional=True), style=_STYLE, unsafe=truth)
_TEXT = shape(type=_TYPE, text=(words(RICH_TEXT, space=True),), style=_STYLE)
_INLINE = by_type(
    {
        "text": _TEXT,
        "link": _LINK,
        "user": shape(type=_TYPE, user_id=(slack_id,), style=_STYLE),
        "channel": shape(type=_TYPE, channel_id=(slack_id,), style=_STYLE),
        "usergroup": shape(type=_TYPE, usergroup_id=(slack_id,), style=_STYLE),
        "emoji": shape(type=_TYPE, name=(matching(r"[a-z0-9_+'-]+"),), style=_STYLE),
        "date": shape(
            type=_TYPE,
            timestamp=(whole_number(0, 10**11),),
            format=(literal,),
            fallback=words(RICH_TEXT, optional=True),
            url=address(3000),
            style=_STYLE,
        ),
        "broadcast": shape(type=_TYPE, range=(one_of("here", "channel", "everyone"),)),
    },
    "rich_text element",
)
_INLINES = items(_INLINE, 1000)
_SECTION = shape(type=_TYPE, elements=(_INLINES,))
_BORDER = whole_number(0, 1)
RICH = by_type(
    {
        "rich_text_section": _SECTION,
        "rich_text_list": shape(
            type=_TYPE,
            style=(one_of("bullet", "ordered"),),
            elements=(items(by_type({"rich_text_section": _SECTION}, "list item"), 500),),
            indent=whole_number(0, 8),
            offset=whole_number(0, 10**6),
            border=_BORDER,
        ),
        "rich_text_preformatted": shape(
            type=_TYPE,
            elements=(items(by_type({"text": _TEXT, "link": _LINK}, "preformatted element"), 1000),),
            border=_BORDER,
        ),
        "rich_text_quote": shape(type=_TYPE, elements=(_INLINES,), border=_BORDER),
    },
    "part of a rich_text",
)

_ANY_TEXT = text_object(3000, "plain_text", "mrkdwn")
# Slack states no limit for a text in a context block; the stricter of those that were seen.
_CONTEXT_TEXT = text_object(2000, "plain_text", "mrkdwn")
_CELL = by_type(
    {
        "raw_text": shape(type=_TYPE, text=(words(RICH_TEXT),)),
        "rich_text": shape(type=_TYPE, elements=(items(RICH, 100),)),
    },
    "table cell",
)
_COLUMN = shape(align=one_of("left", "center", "right"), is_wrapped=truth)


def _context_element(value: Any, walk: Walk) -> Any:
    if type(value) is dict and value.get("type") == "image":
        return _IMAGE_ELEMENT(value, walk)
    return _CONTEXT_TEXT(value, walk)


def _block(*rules: Any, **fields: Any) -> Shape:
    return shape(_one_block_each, *rules, type=_TYPE, block_id=_block_id, **fields)


BLOCK = by_type(
    {
        "section": _block(
            _either("text", "fields"),
            text=_ANY_TEXT,
            fields=items(text_object(2000, "plain_text", "mrkdwn"), 10),
            accessory=by_type({**_ONE, "image": _IMAGE_ELEMENT}, "element of a section"),
            expand=truth,
        ),
        "header": _block(text=(text_object(150),)),
        "context": _block(elements=(items(_context_element, 10),)),
        "actions": _block(elements=(items(by_type(_ONE, "element of actions"), 25),)),
        "divider": _block(),
        "image": _block(_exactly_one("image_url", "slack_file"), title=text_object(2000, optional=True), **IMAGE),
        "input": _block(
            _only("modal", "home"),
            label=(text_object(2000),),
            hint=text_object(2000, optional=True),
            element=(
                by_type(
                    {**{key: one for key, one in _ONE.items() if key not in ("button", "overflow")}, **_TYPED},
                    "element of an input",
                ),
            ),
            optional=truth,
            dispatch_action=truth,
        ),
        "rich_text": _block(elements=(items(RICH, 500),)),
        "markdown": _block(_only("message"), text=(words(MESSAGE_CHARACTERS),)),
        "table": _block(
            _only("message"),
            rows=(items(items(_CELL, 20), 100),),
            column_settings=items(_COLUMN, 20),
        ),
    },
    "block",
)

NOTIFICATION = words(MESSAGE_TEXT, optional=True)
MESSAGE = shape(blocks=(items(BLOCK, MESSAGE_BLOCKS),))


def _input_wants_submit(held: dict[str, Any], walk: Walk) -> None:
    if "submit" not in held and any(block["type"] == "input" for block in held["blocks"]):
        raise Fault("a modal with an input needs a submit")


_VIEW: dict[str, Any] = {
    "type": _TYPE,
    "callback_id": _ID,
    "private_metadata": identifier(3000, "private_metadata", optional=True),
    "external_id": _ID,
    "blocks": (items(BLOCK, VIEW_BLOCKS),),
}
VIEW = {
    "modal": shape(
        _input_wants_submit,
        title=(text_object(24),),
        submit=text_object(24),
        close=text_object(24),
        clear_on_close=truth,
        notify_on_close=truth,
        submit_disabled=truth,
        **_VIEW,
    ),
    "home": shape(**_VIEW),
}
