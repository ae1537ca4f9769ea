"""Block elements: buttons, selects, pickers, inputs, and where each may stand."""

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.rules.checks import (
    Check,
    Seen,
    array,
    boolean,
    by_type,
    exactly_one,
    integer,
    one_of,
    pattern,
    record,
    string,
    url,
)
from sandbox.rules.objects import (
    ACTION_ID,
    IMAGE_SOURCE,
    confirm,
    conversation_filter,
    dispatch_action_config,
    option,
    option_groups,
    options,
    plain_text,
)
from sandbox.rules.rich_text import rich_text

DATE = pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "must be a valid date")
TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "must be a valid time")
USER = pattern(r"[UW][A-Z0-9]{2,}", "must be a valid user id")
CHANNEL = pattern(r"[CG][A-Z0-9]{2,}", "must be a valid channel id")
CONVERSATION = pattern(r"[CDGUW][A-Z0-9]{2,}", "must be a valid conversation id")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
NUMBER = pattern(_NUMBER.pattern, "must be a valid number")


def time_zone(value: Any, path: str, seen: Seen) -> None:
    """An IANA name."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        seen.fault("must be a valid IANA time zone", path)


def focus(value: Any, path: str, seen: Seen) -> None:
    """``focus_on_load``: on one element of a view at most."""
    boolean(value, path, seen)
    if value is True:
        seen.focused += 1
        if seen.focused > 1:
            seen.fault("only one element can be focused on load", path)


def _element(
    name: str, required: dict[str, Check] | None = None, optional: dict[str, Check] | None = None, *also: Check
) -> dict[str, Check]:
    fields = {"action_id": ACTION_ID, **(optional or {})}
    return {name: record({"type": one_of(name), **(required or {})}, fields, *also)}


_CONFIRM: dict[str, Check] = {"confirm": confirm}
_FOCUS: dict[str, Check] = {"focus_on_load": focus}
_PLACEHOLDER: dict[str, Check] = {"placeholder": plain_text(150)}
_SELECT: dict[str, Check] = {**_CONFIRM, **_FOCUS, **_PLACEHOLDER}
_MULTI: dict[str, Check] = {**_SELECT, "max_selected_items": integer(1, 100)}


def _chosen_is_offered(value: Any, path: str, seen: Seen) -> None:
    groups = value.get("option_groups") if isinstance(value.get("option_groups"), list) else []
    listed = [entry for group in groups if isinstance(group, dict) for entry in group.get("options") or []]
    listed += value.get("options") if isinstance(value.get("options"), list) else []
    for name in ("initial_option", "initial_options"):
        chosen = value.get(name)
        for entry in chosen if isinstance(chosen, list) else [chosen] if name in value else []:
            if entry not in listed:
                seen.fault(f"{name} must be among the options", f"{path}/{name}")


def _no_more_than_may(value: Any, path: str, seen: Seen) -> None:
    most = value.get("max_selected_items")
    for name, chosen in value.items():
        if name.startswith("initial_") and isinstance(chosen, list) and isinstance(most, int) and len(chosen) > most:
            seen.fault("must not be more than max_selected_items", f"{path}/{name}")


button = _element(
    "button",
    {"text": plain_text(75)},
    {
        "value": string(0, 2000),
        "url": url(),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(1, 75),
        **_CONFIRM,
    },
)
overflow = _element("overflow", {"options": options(5, with_url=True)}, _CONFIRM)
static_select = _element(
    "static_select",
    {},
    {"options": options(100), "option_groups": option_groups, "initial_option": option(marked=False), **_SELECT},
    exactly_one("options", "option_groups"),
    _chosen_is_offered,
)
multi_static_select = _element(
    "multi_static_select",
    {},
    {
        "options": options(100),
        "option_groups": option_groups,
        "initial_options": array(option(marked=False), 1, 100),
        **_MULTI,
    },
    exactly_one("options", "option_groups"),
    _chosen_is_offered,
    _no_more_than_may,
)
external_select = _element(
    "external_select", {}, {"initial_option": option(marked=False), "min_query_length": integer(0, 1000), **_SELECT}
)
multi_external_select = _element(
    "multi_external_select",
    {},
    {"initial_options": array(option(marked=False), 1, 100), "min_query_length": integer(0, 1000), **_MULTI},
    _no_more_than_may,
)
users_select = _element("users_select", {}, {"initial_user": USER, **_SELECT})
multi_users_select = _element(
    "multi_users_select", {}, {"initial_users": array(USER, 1, 100), **_MULTI}, _no_more_than_may
)
_conversations: dict[str, Check] = {"default_to_current_conversation": boolean, "filter": conversation_filter}
conversations_select = _element(
    "conversations_select",
    {},
    {"initial_conversation": CONVERSATION, "response_url_enabled": boolean, **_conversations, **_SELECT},
)
multi_conversations_select = _element(
    "multi_conversations_select",
    {},
    {"initial_conversations": array(CONVERSATION, 1, 100), **_conversations, **_MULTI},
    _no_more_than_may,
)
channels_select = _element(
    "channels_select", {}, {"initial_channel": CHANNEL, "response_url_enabled": boolean, **_SELECT}
)
multi_channels_select = _element(
    "multi_channels_select", {}, {"initial_channels": array(CHANNEL, 1, 100), **_MULTI}, _no_more_than_may
)
radio_buttons = _element(
    "radio_buttons",
    {"options": options(10, marked=True)},
    {"initial_option": option(marked=True), **_CONFIRM, **_FOCUS},
    _chosen_is_offered,
)
checkboxes = _element(
    "checkboxes",
    {"options": options(10, marked=True)},
    {"initial_options": array(option(marked=True), 1, 10), **_CONFIRM, **_FOCUS},
    _chosen_is_offered,
)
datepicker = _element("datepicker", {}, {"initial_date": DATE, **_SELECT})
timepicker = _element("timepicker", {}, {"initial_time": TIME, "timezone": time_zone, **_SELECT})
datetimepicker = _element(
    "datetimepicker", {}, {"initial_date_time": integer(1_000_000_000, 9_999_999_999), **_CONFIRM, **_FOCUS}
)
image = {
    "image": record(
        {"type": one_of("image"), "alt_text": string(1, 2000)}, dict(IMAGE_SOURCE), exactly_one(*IMAGE_SOURCE)
    )
}


def _min_not_over_max(value: Any, path: str, seen: Seen) -> None:
    low, high = value.get("min_length"), value.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        seen.fault("must be less than or equal to max_length", f"{path}/min_length")
    initial = value.get("initial_value")
    if isinstance(initial, str) and isinstance(high, int) and len(initial) > high:
        seen.fault(f"must be less than {high + 1} characters", f"{path}/initial_value")


def _numbers_in_order(value: Any, path: str, seen: Seen) -> None:
    given = {name: value[name] for name in ("min_value", "initial_value", "max_value") if name in value}
    read = {name: float(text) for name, text in given.items() if isinstance(text, str) and _NUMBER.fullmatch(text)}
    low, high, first = read.get("min_value"), read.get("max_value"), read.get("initial_value")
    if low is not None and high is not None and low > high:
        seen.fault("must be less than or equal to max_value", f"{path}/min_value")
    if first is not None and ((low is not None and first < low) or (high is not None and first > high)):
        seen.fault("must be between min_value and max_value", f"{path}/initial_value")
    if value.get("is_decimal_allowed") is False and any(
        "." in text for text in given.values() if isinstance(text, str)
    ):
        seen.fault("must be integers when is_decimal_allowed is false", path)


_TYPED: dict[str, Check] = {"dispatch_action_config": dispatch_action_config, **_FOCUS, **_PLACEHOLDER}
plain_text_input = _element(
    "plain_text_input",
    {},
    {
        "initial_value": string(0, 3000),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        **_TYPED,
    },
    _min_not_over_max,
)
number_input = _element(
    "number_input",
    {"is_decimal_allowed": boolean},
    {"initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER, **_TYPED},
    _numbers_in_order,
)
email_text_input = _element("email_text_input", {}, {"initial_value": string(0, 3000), **_TYPED})
url_text_input = _element("url_text_input", {}, {"initial_value": string(0, 3000), **_TYPED})
file_input = _element("file_input", {}, {"filetypes": array(string(1, 30), 1, 100), "max_files": integer(1, 10)})
rich_text_input = _element("rich_text_input", {}, {"initial_value": rich_text, **_TYPED})

_SINGLE = {
    **static_select,
    **external_select,
    **users_select,
    **conversations_select,
    **channels_select,
}
_MANY = {
    **multi_static_select,
    **multi_external_select,
    **multi_users_select,
    **multi_conversations_select,
    **multi_channels_select,
}
_PICKERS = {**datepicker, **timepicker}
_CHOICES = {**radio_buttons, **checkboxes}

in_actions = by_type({**button, **overflow, **_SINGLE, **_MANY, **_PICKERS, **datetimepicker, **_CHOICES})
in_section = by_type({**button, **overflow, **_SINGLE, **_MANY, **_PICKERS, **_CHOICES, **image})
_input_anywhere = {**plain_text_input, **_SINGLE, **_MANY, **_PICKERS, **datetimepicker, **_CHOICES, **rich_text_input}
_in_modal_only = {**number_input, **email_text_input, **url_text_input, **file_input}
in_input = {
    "modal": by_type({**_input_anywhere, **_in_modal_only}),
    "home": by_type(_input_anywhere),
    "message": by_type(_input_anywhere),
}
